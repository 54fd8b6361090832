//! What an agent gives its hook: it becomes a command or is refused. A person is shown the input that
//! the agent wrote, with nothing in it that a terminal obeys, and without an answer nothing is said.

#![no_main]

use std::borrow::Cow;

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use pager_agents::Adapter;
use pager_core::sanitize::{in_line, visible};
use pager_core::{Approval, ApprovalId, Command, RequestId, Sha256Hex, label_for, present};
use pager_fuzz::end_at_panics;
use serde_json::Value;

fuzz_target!(init: end_at_panics(), |raw: &str| {
    for agent in ["claude", "codex"] {
        let Some(adapter) = Adapter::named(agent) else { panic!("{agent} is known") };
        if let Ok(command) = adapter.event(raw, RequestId::from_bytes([7; 16])) {
            look(adapter, raw, command);
        }
        if let Ok(command) = adapter.status_line(raw) {
            assert!(matches!(command, Command::Observe { .. }), "a status line asks nothing");
        }
    }
});

fn look(adapter: Adapter, raw: &str, command: Command) {
    let Command::Ask { facts, request } = command else { return };
    let now = Timestamp::UNIX_EPOCH;
    let id = ApprovalId::from_bytes([8; 16]);
    let label = label_for(facts.cwd.as_deref().unwrap_or_default(), &facts.session);
    let approval = Approval::new(id, &facts, *request, label, now, now);

    let input = approval.input.text();
    assert!(raw.contains(&**input), "the input is what the agent wrote");
    assert_eq!(*approval.input.sha256(), Sha256Hex::of(input.as_bytes()));
    assert!(adapter.decision(&approval).is_none(), "nobody has answered");

    let body = present::body(&approval);
    assert!(matches!(visible(&body), Cow::Borrowed(_)), "{body:?}");
    for line in [present::headline(&approval), approval.summary.clone()] {
        assert!(matches!(in_line(&line), Cow::Borrowed(_)), "{line:?}");
    }
    // Every command is shown whole, as it is or as a string in JSON.
    let command = serde_json::from_str::<Value>(input).ok();
    let command = command.as_ref().and_then(|input| input.get("command")?.as_str());
    if let ("Bash", Some(command)) = (&*approval.tool, command) {
        let escaped = |c: char| c == '"' || c == '\\' || c.is_control();
        let shown = |piece: &str| body.contains(&*visible(piece));
        assert!(command.split(escaped).all(shown), "{command:?} in {body:?}");
    }
}
