//! Other programs that answer for the person, beside pager.

use pager_core::sanitize::one_line;

use super::hooks::AGENTS;
use crate::doctor::report::{Finding, Group};
use crate::doctor::{Check, Found, Look, Scene};
use crate::output::shown;
use crate::programs;

pub(super) static CHECK: Check =
    Check { id: "other-hooks", title: "Other hooks", group: Group::Agents, look: Look::Here(look) };

/// Programs that carry an agent's questions elsewhere, as pager does.
const RELAYS: [&str; 8] =
    ["aipager", "claudio", "untether", "aegis", "clawdbot", "openclaw", "ccgram", "claude-notify"];
/// The longest command that is shown.
const COMMAND_MAX: usize = 120;

fn look(_: &Scene) -> Found {
    // Where the program is not found nothing else is of pager's, which its own check tells.
    let Ok(program) = programs::HOOK.find() else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for (agent, _) in AGENTS {
        let checked = agent.wiring().ok().and_then(|wiring| wiring.check(&program).ok());
        let Some(checked) = checked.filter(|checked| checked.exists) else { continue };
        found.extend(judge(&shown(&checked.file), &checked.others));
    }
    if found.is_empty() {
        found.push(Finding::ok("none that answers in a person's place"));
    }
    Ok(found)
}

/// The relay that a command runs, by the names of its programs.
fn relay(command: &str) -> Option<&'static str> {
    let names = command.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
    let names: Vec<_> = names.map(str::to_ascii_lowercase).collect();
    RELAYS.into_iter().find(|relay| {
        let own = |name: &String| {
            let rest = name.strip_prefix(relay);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
        };
        names.iter().any(own)
    })
}

fn judge(file: &str, others: &[(String, String)]) -> Vec<Finding> {
    let mut said = std::collections::BTreeSet::new();
    let found = others.iter().filter_map(|(event, command)| {
        let shown = one_line(command, COMMAND_MAX);
        let text = match relay(command) {
            Some(relay) if said.insert(relay.to_owned()) => {
                format!("{relay} is wired beside pager, for {event}: {shown}")
            }
            None if event == "PermissionRequest" && said.insert(command.clone()) => {
                format!("another program also answers PermissionRequest: {shown}")
            }
            _ => return None,
        };
        Some(
            Finding::warn(text)
                .means(
                    "The agent asks both, and takes the first that answers: what one of them shows \
                     as waiting may have been decided by the other.",
                )
                .fix(format!("take one of the two out of {file}")),
        )
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(event: &str, command: &str) -> Vec<String> {
        let others = [(event.to_owned(), command.to_owned())];
        judge("/settings.json", &others).into_iter().map(|found| found.text).collect()
    }

    #[test]
    fn relays_are_known_by_name_and_others_by_what_they_answer() {
        let relays = [
            "/home/me/.local/bin/aipager hook",
            "node /opt/claudio/dist/hook.js",
            "untether-hook --quiet",
        ];
        for command in relays {
            let told = told("PreToolUse", command);
            assert!(told.len() == 1 && told[0].contains("is wired beside pager"), "{told:?}");
        }
        assert!(told("PermissionRequest", "/opt/ask.sh")[0].starts_with("another program"));
        for (event, command) in
            [("PreToolUse", "/opt/lint.sh"), ("Stop", "notify-send done"), ("Stop", "aegisx")]
        {
            assert_eq!(told(event, command), [""; 0], "{command}");
        }
    }

    #[test]
    fn one_relay_is_told_of_once() {
        let others: Vec<_> = ["PreToolUse", "Stop", "PermissionRequest"]
            .map(|event| (event.to_owned(), "aipager hook".to_owned()))
            .into();
        assert_eq!(judge("/settings.json", &others).len(), 1);
    }
}
