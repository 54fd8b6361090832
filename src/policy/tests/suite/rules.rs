//! What a person writes, and what becomes of it.

use std::path::Path;

use pager_core::Ruling::{Allow, Ask, Deny};
use pager_policy::{Call, Cases, Place, Policy, parse, parse_local};
use serde_json::json;

use crate::world::{CWD, HOME, bash, call, expect, judge, now, policy, short, world};

#[test]
fn deny_counts_before_ask_and_ask_before_allow_wherever_they_stand() {
    let rules = [
        ("z-allow", "allow", "[[\"git\", \"**\"]]"),
        ("m-ask", "ask", "[[\"git\", \"push\"]]"),
        ("a-deny", "deny", "[[\"git\", \"push\", \"--force\"]]"),
    ];
    let text = |order: [usize; 3]| {
        let rule = |at: usize| {
            let (name, verdict, command) = rules[at];
            format!("[[rule]]\nname = \"{name}\"\nverdict = \"{verdict}\"\ncommand = {command}\n")
        };
        order.map(rule).concat()
    };
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [1, 0, 2], [0, 2, 1], [2, 0, 1]] {
        let policy = policy(&text(order));
        assert_eq!(short(&bash(&policy, "git status")), "allow z-allow");
        assert_eq!(short(&bash(&policy, "git push origin")), "ask m-ask");
        assert_eq!(short(&bash(&policy, "git push --force")), "deny a-deny");
        assert_eq!(short(&bash(&policy, "git status; git push")), "ask m-ask");
    }
}

#[test]
fn where_no_rule_says_anything_the_default_does() {
    assert_eq!(short(&bash(&policy(""), "ls")), "ask");
    assert_eq!(short(&bash(&policy("default = \"deny\""), "ls")), "deny");
    assert_eq!(short(&judge(&policy(""), "WebFetch", "not json")), "ask");
}

#[test]
fn each_criterion_narrows_a_rule() {
    let policy = policy(
        r#"
        [[rule]]
        name = "docs"
        verdict = "allow"
        tool = "WebFetch"
        input = { url = 'https://docs\.rs/.*' }

        [[rule]]
        name = "github"
        verdict = "allow"
        tool = "mcp__github__get_*"
        label = "webshop"
        agent = ["claude", "codex"]

        [[rule]]
        name = "edit"
        verdict = "allow"
        tool = ["Edit", "Write"]
        path = "~/src/webshop/src/**"
        cwd = "~/src/webshop"

        [[rule]]
        name = "old"
        verdict = "allow"
        tool = "WebSearch"
        expires = 2026-01-01T00:00:00Z

        [[rule]]
        name = "drop"
        verdict = "deny"
        tool = "mcp__db__*"
        regex = '(?i)drop\s+table'

        [[rule]]
        name = "prod"
        verdict = "ask"
        path = "/srv/prod/**"
        require = ["remote", "polkit"]
        reason = "this is live"
        "#,
    );
    for (tool, input, wanted) in [
        ("WebFetch", json!({ "url": "https://docs.rs/serde" }), "allow docs"),
        ("WebFetch", json!({ "url": "https://docs.rs.evil.com/" }), "ask"),
        ("WebFetch", json!({ "url": "https://evil.com/?https://docs.rs/" }), "ask"),
        ("WebFetch", json!({ "address": "https://docs.rs/serde" }), "ask"),
        ("WebFetch", json!({ "url": ["https://docs.rs/serde", "https://evil.com"] }), "ask"),
        ("mcp__github__get_issue", json!({}), "allow github"),
        ("mcp__github__merge", json!({}), "ask"),
        ("Edit", json!({ "file_path": "src/a.rs" }), "allow edit"),
        ("Edit", json!({ "file_path": "src/../Cargo.toml" }), "ask"),
        ("Edit", json!({ "file_path": "/home/u/src/webshop-evil/src/a.rs" }), "ask"),
        ("Edit", json!({}), "ask"),
        ("WebSearch", json!({ "query": "x" }), "ask"),
        ("mcp__db__query", json!({ "sql": "DROP\n table x" }), "deny drop"),
        ("mcp__db__query", json!({ "sql": "\u{64}rop table x" }), "deny drop"),
        ("Write", json!({ "file_path": "/srv/prod/x", "content": "" }), "ask prod"),
        ("mcp__files__write", json!({ "to": ["/srv/prod/x"] }), "ask prod"),
    ] {
        assert_eq!(short(&judge(&policy, tool, &input.to_string())), wanted, "{tool} {input}");
    }
    // The escapes of JSON hide nothing.
    let escaped = r#"{"sql":"\u0064rop \u0074able x"}"#;
    assert_eq!(short(&judge(&policy, "mcp__db__query", escaped)), "deny drop");
    let elsewhere = Call {
        cwd: Path::new("/home/u/src"),
        ..call("Edit", r#"{"file_path":"/home/u/src/webshop/src/a"}"#)
    };
    assert_eq!(short(&policy.judge(elsewhere, &world(), now())), "ask");
    let other = Call { label: "", ..call("mcp__github__get_issue", "{}") };
    assert_eq!(short(&policy.judge(other, &world(), now())), "ask");

    let asked = bash(&policy, "ls > /srv/prod/x");
    assert!(asked.require.remote && asked.require.polkit);
    assert_eq!((short(&asked), &*asked.reason), ("ask prod".to_owned(), "this is live"));
}

#[test]
fn each_command_of_a_line_may_have_a_rule_of_its_own() {
    let policy = policy(
        r#"
        [[rule]]
        name = "tests"
        verdict = "allow"
        command = [["cargo", "test", "**"]]

        [[rule]]
        name = "cut"
        verdict = "allow"
        command = ["tail **", "head **"]
        label = "webshop"
        "#,
    );
    expect(&policy, "cargo test | tail", Allow);
    expect(&policy, "cargo test | sort", Ask);
    let input = json!({ "command": "cargo test | tail" }).to_string();
    let other = Call { label: "else", ..call("Bash", &input) };
    assert_eq!(policy.judge(other, &world(), now()).ruling, Ask);
}

#[test]
fn what_is_spelled_out_whole_may_even_be_a_wrapper() {
    let policy = policy(
        r#"
        [[rule]]
        name = "spelled"
        verdict = "allow"
        command = [["sudo", "systemctl", "status"], ["bash", "-c", "make check"], ["find", "**", "-delete"], ["git", "-C", "*", "log", "**"]]
        "#,
    );
    for command in
        ["sudo systemctl status", "bash -c 'make check'", "find x -delete", "git -C x log -3"]
    {
        expect(&policy, command, Allow);
    }
    for command in ["sudo systemctl start", "bash -c 'make  check'", "find x -delete -exec id ;"] {
        expect(&policy, command, Ask);
    }
}

#[test]
fn a_repository_can_only_make_it_stricter() {
    let own = policy("[[rule]]\nname = \"all\"\nverdict = \"allow\"\ncommand = [\"cargo **\"]\n");
    let path = Path::new("/home/u/src/webshop/.pager/policy.toml");
    let local = |text: &str| parse_local(path, text).map(|document| own.with_local(document));

    let stricter = local(
        "default = \"deny\"\n[[rule]]\nname = \"no-publish\"\nverdict = \"deny\"\ncommand = [\"cargo publish\"]\n\
         [[rule]]\nname = \"migrations\"\nverdict = \"ask\"\npath = \"migrations/**\"\n",
    )
    .unwrap();
    expect(&stricter, "cargo publish", Deny);
    expect(&stricter, "cargo test", Allow);
    expect(&stricter, "ls", Deny);
    let input = json!({ "file_path": "migrations/1.sql" }).to_string();
    assert_eq!(short(&judge(&stricter, "Write", &input)), "ask migrations");
    assert_ne!(stricter.hash(), own.hash());

    let looser =
        local("[[rule]]\nname = \"x\"\nverdict = \"allow\"\ncommand = [\"ls\"]\n").unwrap_err();
    assert!(looser[0].message.contains("cannot allow"), "{}", looser[0]);
    assert!(local("[secrets]\nexcept = [\"**/.env\"]\n").is_err());

    // A file that is wrong takes nothing away, and lets nothing through.
    let wrong = own.with_wrong_local("it is wrong");
    expect(&wrong, "cargo test", Ask);
    expect(&wrong, "cat ~/.ssh/id_rsa", Deny);
    assert_eq!(bash(&wrong, "cargo test").reason, "it is wrong");
}

#[test]
fn the_digest_is_that_of_all_that_decides() {
    let hash = |text: &str| policy(text).hash().clone();
    assert_eq!(hash("default = \"ask\""), hash("default = \"ask\""));
    assert_ne!(hash("default = \"ask\""), hash("default = \"deny\""));
    assert_eq!(bash(&policy(""), "ls").policy, hash(""));
}

#[test]
fn an_explanation_names_every_rule_and_criterion() {
    let policy = policy(
        r#"
        [[rule]]
        name = "tests"
        verdict = "allow"
        command = ["cargo test **"]
        label = "other"

        [[rule]]
        name = "no-force"
        verdict = "deny"
        command = ["git push --force|-f"]
        "#,
    );
    let input = json!({ "command": "cargo test; git push -f $x > out" }).to_string();
    let explanation = policy.explain(call("Bash", &input), &world(), now());
    assert_eq!(short(&explanation.judgement), "deny no-force");
    assert_eq!(explanation.doubts, ["it puts in variables or expands words when it runs"]);
    let words: Vec<_> =
        explanation.commands.iter().map(|command| command.words.join(" ")).collect();
    assert_eq!(words, ["cargo test", "git push -f …"]);
    assert_eq!(explanation.paths[0].path, format!("{CWD}/out"));
    let rules: Vec<_> = explanation
        .rules
        .iter()
        .flat_map(|rule| {
            rule.criteria.iter().map(move |criterion| {
                format!(
                    "{} {} {} {}: {}",
                    rule.name, rule.matches, criterion.key, criterion.holds, criterion.saw
                )
            })
        })
        .collect();
    assert_eq!(
        rules,
        [
            "no-force true tool true: Bash",
            "no-force true command true: found in: git push -f …",
            "tests false tool true: Bash",
            "tests false label false: webshop",
            "tests false command true: describes a part, but not: git push -f …",
        ]
    );
}

#[test]
fn a_persons_own_cases_pass_or_say_where_they_fail() {
    let policy =
        policy("[[rule]]\nname = \"tests\"\nverdict = \"allow\"\ncommand = [\"cargo test **\"]\n");
    let cases = Cases::parse(
        Path::new("cases.toml"),
        "[[case]]\nname = \"tests run\"\ncommand = \"cargo test\"\nexpect = \"allow\"\nrule = \"tests\"\n\
         [[case]]\nname = \"keys\"\ntool = \"Read\"\ninput = { file_path = \"~/.ssh/id_rsa\" }\nexpect = \"deny\"\n\
         [[case]]\nname = \"builds\"\ncommand = \"cargo build\"\ncwd = \"~/src\"\nexpect = \"allow\"\n",
    )
    .unwrap();
    let results = cases.run(&policy, Path::new(HOME), Path::new(CWD), &world(), now());
    let passed: Vec<_> = results.iter().map(|result| (result.passed, result.found)).collect();
    assert_eq!(passed, [(true, Allow), (true, Deny), (false, Ask)]);
    assert_eq!(
        results[2].failure.as_ref().unwrap().to_string(),
        "cases.toml:15:10: builds: ask by no rule\n  15 | expect = \"allow\"\n     |          ^^^^^^^\n  expected allow"
    );
}

#[test]
fn nothing_but_the_home_folder_is_followed_in_a_glob() {
    let place = Place { home: HOME.into(), own: Vec::new() };
    let document = parse(
        "[[rule]]\nname = \"a\"\nverdict = \"allow\"\ntool = \"Read\"\npath = \"~/src/webshop/up/**\"\n",
    );
    let document = document.unwrap();
    let warnings = document.warnings(&place, &world(), now());
    assert!(
        warnings[0].to_string().contains("a glob begins with a link to /home/u"),
        "{}",
        warnings[0]
    );
    let policy = Policy::new(&place, Some(document), &world()).unwrap();
    let read = json!({ "file_path": "/home/u/notes" }).to_string();
    assert_eq!(judge(&policy, "Read", &read).ruling, Ask);
}
