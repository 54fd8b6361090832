//! A policy file: it is read, or every fault has its place. Of what is read, a repository can allow
//! nothing, and nothing is allowed that a rule denies, wherever that stands.

#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use pager_core::Ruling;
use pager_fuzz::{Nothing, call, end_at_panics, judge, place};
use pager_policy::{Document, Policy, parse, parse_local};

const CALLS: [(&str, &str); 4] = [
    ("Bash", r#"{"command":"git status && ls -l | cat"}"#),
    ("Edit", r#"{"file_path":"/home/u/src/main.rs","old_string":"a","new_string":"b"}"#),
    ("WebFetch", r#"{"url":"https://example.org/","prompt":"p"}"#),
    ("mcp__a__b", r#"{"c":[1,"d"]}"#),
];
/// The name is too long to be made up by chance.
const DENY_ALL: &str = "\n[[rule]]\nname = \"nothing-whatever-it-is\"\nverdict = \"deny\"\n";

static SILENT: LazyLock<Policy> = LazyLock::new(|| pager_fuzz::policy(""));

fuzz_target!(init: end_at_panics(), |text: &str| {
    if let Ok(document) = parse_local(Path::new(".pager/policy.toml"), text) {
        let policy = SILENT.with_local(document);
        for (tool, input) in CALLS {
            assert_ne!(judge(&policy, tool, input).ruling, Ruling::Allow, "by a repository");
        }
    }
    match parse(text) {
        Ok(document) => ask(text, document),
        Err(faults) => {
            let lines = text.split('\n').count();
            assert!(!faults.is_empty(), "refused without a word");
            for fault in faults {
                assert!(fault.line.is_none_or(|line| (1..=lines).contains(&line)), "{fault}");
            }
        }
    }
});

fn ask(text: &str, document: Document) {
    let now = jiff::Timestamp::UNIX_EPOCH;
    for warning in document.warnings(&place(), &Nothing, now) {
        assert!(warning.line.is_some(), "{warning}");
    }
    let Ok(policy) = Policy::new(&place(), Some(document), &Nothing) else { return };
    for (tool, input) in CALLS {
        let judgement = judge(&policy, tool, input);
        if judgement.ruling == Ruling::Allow {
            assert!(judgement.rule.is_some(), "{tool} is allowed by no rule");
        }
        let explained = policy.explain(call(tool, input), &Nothing, now);
        assert_eq!(explained.judgement, judgement, "what is explained is what happens");
    }
    // Not every file can be added to: its last table may be a rule written in one line.
    let Ok(document) = parse(&format!("{text}{DENY_ALL}")) else { return };
    let Ok(policy) = Policy::new(&place(), Some(document), &Nothing) else { return };
    for (tool, input) in CALLS {
        assert_eq!(judge(&policy, tool, input).ruling, Ruling::Deny, "{tool}");
    }
}
