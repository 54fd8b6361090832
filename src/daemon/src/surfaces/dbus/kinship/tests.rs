//! A table of who is who: every process made up, as `ps` would show it.

use super::*;

/// The lineage of the last of `processes`, each of them the child of the one before.
fn lineage(group: &str, processes: &[(u32, &str, bool)]) -> Lineage {
    let ancestor = |(pid, name, on_terminal): &(u32, &str, bool)| Ancestor {
        process: Process { pid: *pid, started: u64::from(*pid) },
        name: (*name).to_owned(),
        on_terminal: *on_terminal,
        group: group.to_owned(),
    };
    Lineage {
        chain: processes.iter().rev().map(ancestor).collect(),
        from_manager: true,
        environment: Some(vec!["PATH=/usr/bin".to_owned()]),
    }
}

const SCOPE: &str = "/user.slice/user-1000.slice/user@1000.service/app.slice/vte-spawn-1.scope";
const OTHER: &str = "/user.slice/user-1000.slice/user@1000.service/app.slice/app-gnome-x-9.scope";
const RUN: &str = "/user.slice/user-1000.slice/user@1000.service/app.slice/run-u7.service";
const RUN_SCOPE: &str = "/user.slice/user-1000.slice/user@1000.service/app.slice/run-r7.scope";
const NAMED: &str = "/user.slice/user-1000.slice/user@1000.service/app.slice/innocent.service";
const OWN_UNIT: &str = "/user.slice/user-1000.slice/user@1000.service/app.slice/mine.service";
const TERMINAL: &[(u32, &str, bool)] = &[(10, "gnome-terminal-", false), (11, "bash", true)];

fn below<'a>(
    base: &[(u32, &'a str, bool)],
    rest: &[(u32, &'a str, bool)],
) -> Vec<(u32, &'a str, bool)> {
    [base, rest].concat()
}

/// An agent in the terminal.
fn agent() -> KnownAgent {
    KnownAgent {
        process: Process { pid: 12, started: 12 },
        program: "claude".to_owned(),
        label: "webshop".to_owned(),
        lineage: lineage(SCOPE, &below(TERMINAL, &[(12, "claude", true)])),
    }
}

fn how(caller: &Lineage) -> Option<String> {
    recognise(caller, &[agent()], |unit| unit == "innocent.service")
}

#[test]
fn a_person_is_let_in() {
    let cron = "/system.slice/cron.service";
    let ssh = "/user.slice/user-1000.slice/session-7.scope";
    let tmux = [(20, "tmux: server", false), (21, "bash", true), (22, "pagerctl", true)];
    for (what, caller) in [
        ("the agent's own terminal", lineage(SCOPE, &below(TERMINAL, &[(30, "pagerctl", true)]))),
        ("a pane of tmux", lineage(SCOPE, &tmux)),
        ("a desktop's launcher", lineage(OTHER, &[(30, "pagerctl", false)])),
        ("a timer of one's own", lineage(OWN_UNIT, &[(30, "sh", false), (31, "pagerctl", false)])),
        ("cron", lineage(cron, &[(30, "cron", false), (31, "sh", false), (32, "pagerctl", false)])),
        ("ssh without a terminal", lineage(ssh, &[(30, "sshd", false), (31, "pagerctl", false)])),
        ("a terminal in a scope", lineage(RUN_SCOPE, &tmux)),
        ("a terminal in a unit", lineage(RUN, &tmux)),
        ("a terminal in a named unit", lineage(NAMED, &tmux)),
        (
            "a key binding of what runs the agent's terminal",
            lineage(SCOPE, &[(10, "gnome-terminal-", false), (30, "pagerctl", false)]),
        ),
    ] {
        assert_eq!(how(&caller), None, "{what}");
    }
    let outside = Lineage { from_manager: false, ..lineage(SCOPE, &[(30, "pagerctl", false)]) };
    assert_eq!(how(&outside), None, "what comes from outside of a container");
}

#[test]
fn what_an_agent_runs_is_recognised() {
    let unit = "/user.slice/user-1000.slice/user@1000.service/pager.slice/pager-sessions.slice/\
                pager-session@3.service";
    let with_agent = below(TERMINAL, &[(12, "claude", true), (13, "bash", false)]);
    for (what, caller, said) in [
        (
            "a command of its own",
            lineage(SCOPE, &below(&with_agent, &[(30, "pagerctl", false)])),
            "it runs below the agent of session webshop (claude, process 12)",
        ),
        (
            "in a scope of its own",
            lineage(RUN_SCOPE, &below(&with_agent, &[(30, "pagerctl", false)])),
            "it runs below the agent of session webshop (claude, process 12)",
        ),
        ("the agent", lineage(SCOPE, &below(TERMINAL, &[(12, "claude", true)])), "process 12"),
        ("a managed session", lineage(unit, &[(30, "pagerctl", true)]), "pager-sessions.slice"),
        ("an orphan", lineage(SCOPE, &[(30, "pagerctl", false)]), "in the background"),
        (
            "an orphan's child",
            lineage(SCOPE, &[(30, "sh", false), (31, "pagerctl", false)]),
            "in the background",
        ),
        (
            "systemd-run",
            lineage(RUN, &[(30, "pagerctl", false)]),
            "made up for it (run-u7.service)",
        ),
        ("systemd-run -t", lineage(RUN, &[(30, "pagerctl", true)]), "made up for it"),
        ("systemd-run --unit", lineage(NAMED, &[(30, "pagerctl", false)]), "innocent.service"),
        ("systemd-run --scope", lineage(RUN_SCOPE, &[(30, "pagerctl", false)]), "run-r7.scope"),
    ] {
        let how = how(&caller).unwrap_or_default();
        assert!(how.contains(said), "{what}: {how}");
    }
}

#[test]
fn a_number_used_again_is_another_process() {
    let mut caller =
        lineage(OTHER, &below(TERMINAL, &[(12, "bash", true), (30, "pagerctl", true)]));
    caller.chain[1].process.started = 99;
    assert_eq!(how(&caller), None);
}

#[test]
fn a_multiplexer_runs_nothing_beside_its_terminals_for_an_agent_in_one_of_them() {
    let server = (20, "tmux: server", false);
    let mut agent = agent();
    let mut in_tmux = lineage(SCOPE, &[server, (21, "bash", true), (12, "claude", true)]);
    // Newer ones put each pane in a scope of its own.
    in_tmux.chain[0].group = OTHER.to_owned();
    agent.lineage = in_tmux;
    let job = lineage(SCOPE, &[server, (30, "sh", false), (31, "pagerctl", false)]);
    let pane = lineage(SCOPE, &[server, (30, "bash", true), (31, "pagerctl", true)]);
    let elsewhere = [(25, "tmux: server", false), (30, "sh", false), (31, "pagerctl", false)];
    let no_unit = |_: &str| false;
    let how = recognise(&job, std::slice::from_ref(&agent), no_unit).unwrap();
    assert!(how.starts_with("tmux: server (process 20)"), "{how}");
    assert_eq!(recognise(&pane, std::slice::from_ref(&agent), no_unit), None);
    assert_eq!(recognise(&lineage(OWN_UNIT, &elsewhere), &[agent], no_unit), None);
}

#[test]
fn an_agents_marks_are_seen_and_what_people_set_is_not() {
    let terminal = lineage(OTHER, &below(TERMINAL, &[(30, "pagerctl", true)]));
    for (variable, marked) in [
        ("CLAUDECODE=1", true),
        ("AI_AGENT=claude-code", true),
        ("CODEX_THREAD_ID=0199", true),
        ("CODEX_SANDBOX_NETWORK_DISABLED=1", true),
        ("CLAUDECODE=", false),
        ("CLAUDE_CODE_SSE_PORT=4711", false),
        ("CLAUDE_CODE_USE_BEDROCK=1", false),
        ("CODEX_HOME=/home/me/.codex", false),
        ("XCLAUDECODE=1", false),
    ] {
        let caller = Lineage { environment: Some(vec![variable.to_owned()]), ..terminal.clone() };
        assert_eq!(recognise(&caller, &[], |_| false).is_some(), marked, "{variable}");
    }
}
