//! A command line judged by a policy that allows one program and denies another: whatever stands
//! around it, the second is never run unasked.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use pager_core::Ruling;
use pager_fuzz::{contained, end_at_panics, judge};
use pager_policy::Policy;

static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let rule = |name, verdict, command| {
        format!("[[rule]]\nname = \"{name}\"\nverdict = \"{verdict}\"\ncommand = [\"{command}\"]\n")
    };
    pager_fuzz::policy(&[rule("list", "allow", "ls **"), rule("touch", "deny", "touch")].concat())
});

/// What runs the second before anything else is looked at.
const BEFORE: [&str; 6] =
    ["touch x\n", "touch x;", "touch x&&", "touch x|", "$(touch x) ", "FOO=`touch x` "];

/// None where the parser panicked: then a person is asked.
fn ruling(command: &str) -> Option<Ruling> {
    let input = serde_json::json!({ "command": command }).to_string();
    contained(|| judge(&POLICY, "Bash", &input).ruling)
}

fuzz_target!(init: end_at_panics(), |line: &str| {
    if ruling(line) == Some(Ruling::Allow) {
        assert!(line.contains("ls") || line.contains(['\\', '\'', '"']), "{line:?}");
        // Only within words that are taken as they are.
        let bare = !line.contains(['\\', '\'', '"', '#']);
        assert!(!bare || !line.contains(['`', '(', '*', '?']), "{line:?}");
        // One that is never closed is a letter to the shell.
        assert!(!bare || !line.contains('{') || !line.contains('}'), "{line:?}");
    }
    // One of them at a time: they are judged slowly.
    let before = BEFORE[line.len() % BEFORE.len()];
    let longer = format!("{before}{line}");
    assert!(matches!(ruling(&longer), None | Some(Ruling::Deny)), "{longer:?}");
    // The text of a here-document is no command.
    if !line.contains("<<") {
        let longer = format!("{line}\n\ntouch x");
        assert_ne!(ruling(&longer), Some(Ruling::Allow), "{longer:?}");
    }
});
