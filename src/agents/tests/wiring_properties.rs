//! For any settings whatever: an install wires pager and nothing else, a removal undoes it.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use pager_agents::wiring::{Outcome, Wiring};
use proptest::prelude::*;
use serde::Serialize;
use serde_json::{Map, Value, json};

const EVENTS: [&str; 5] = ["PermissionRequest", "PreToolUse", "Stop", "PreCompact", "Unheard"];

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            members(any::<String>(), inner).prop_map(Value::from),
        ]
    })
}

fn members(
    names: impl Strategy<Value = String>,
    values: impl Strategy<Value = Value>,
) -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::vec((names, values), 0..4).prop_map(|members| members.into_iter().collect())
}

/// A hook of somebody else's: a command, or a kind only the agent knows.
fn foreign_hook() -> impl Strategy<Value = Value> {
    prop_oneof![
        "[ -~é\u{202e}]{0,20}".prop_map(|text| json!({"type": "command", "command": text})),
        Just(json!({"type": "command", "command": "/opt/not-pager-hook", "timeout": 1.5})),
        Just(json!({"type": "prompt", "prompt": "/usr/bin/pager-hook"})),
        members("[a-z]{1,3}", any_value()).prop_map(Value::from),
    ]
}

fn group() -> impl Strategy<Value = Value> {
    let hooks = prop::collection::vec(foreign_hook(), 0..3);
    (prop::option::of("[a-zA-Z*|]{0,5}"), hooks).prop_map(|(matcher, hooks)| match matcher {
        Some(matcher) => json!({"matcher": matcher, "hooks": hooks}),
        None => json!({"hooks": hooks}),
    })
}

/// An empty `hooks`, or an empty list in it, says nothing and is not told from one pager made.
fn hooks() -> impl Strategy<Value = Value> {
    let lists = prop::collection::vec(group(), 1..3).prop_map(Value::from);
    prop::collection::vec((prop::sample::select(&EVENTS[..]), lists), 1..4)
        .prop_map(|lists| lists.into_iter().map(|(event, list)| (event.to_owned(), list)).collect())
}

fn settings() -> impl Strategy<Value = Map<String, Value>> {
    let hooks = prop::option::of(hooks());
    (members(any::<String>(), any_value()), hooks, members(any::<String>(), any_value())).prop_map(
        |(mut settings, hooks, after)| {
            settings.remove("hooks");
            settings.extend(hooks.map(|hooks| ("hooks".to_owned(), hooks)));
            settings.extend(after.into_iter().filter(|(name, _)| name != "hooks"));
            settings
        },
    )
}

fn laid_out(settings: &Map<String, Value>, indent: Option<&str>) -> String {
    let Some(indent) = indent else { return serde_json::to_string(settings).unwrap() };
    let mut text = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(indent.as_bytes());
    settings.serialize(&mut serde_json::Serializer::with_formatter(&mut text, formatter)).unwrap();
    String::from_utf8(text).unwrap() + "\n"
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_removal_undoes_an_install(
        settings in settings(),
        indent in prop::sample::select(&[None, Some("  "), Some("    "), Some("\t")][..]),
    ) {
        let home = tempfile::tempdir().unwrap();
        let hook = home.path().join("pager-hook");
        fs::write(&hook, "").unwrap();
        fs::set_permissions(&hook, Permissions::from_mode(0o755)).unwrap();
        let wiring = Wiring::claude(home.path(), None);
        fs::create_dir(home.path().join(".claude")).unwrap();
        let text = laid_out(&settings, indent);
        fs::write(wiring.file(), &text).unwrap();

        prop_assert_eq!(wiring.install(&hook).unwrap().outcome, Outcome::Changed);
        let installed = fs::read_to_string(wiring.file()).unwrap();
        prop_assert_eq!(indent.is_some(), installed.ends_with("\n"), "{}", installed);
        let check = wiring.check(&hook).unwrap();
        prop_assert!(check.events.iter().all(|event| event.limited_to.is_none()));
        prop_assert_eq!(check.is_installed(), settings.get("disableAllHooks") != Some(&json!(true)));
        prop_assert_eq!(wiring.install(&hook).unwrap().outcome, Outcome::Unchanged);

        prop_assert_eq!(wiring.remove().unwrap().outcome, Outcome::Changed);
        let removed = fs::read_to_string(wiring.file()).unwrap();
        let value: Map<String, Value> = serde_json::from_str(&removed).unwrap();
        let original: Map<String, Value> = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&value, &original);
        prop_assert!(value.keys().eq(original.keys()), "the order of the keys");
        prop_assert_eq!(wiring.remove().unwrap().outcome, Outcome::Unchanged);
    }
}
