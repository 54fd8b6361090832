//! JSON for a person: every number as the agent wrote it, every member in the agent's order.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// How deep lines are set in at most: a nest of a million brackets is not to become a wall of blanks.
const DEEPEST: usize = 24;

/// An object's members in its own order; none where the text is no object, or names a member twice,
/// which one reader takes for the first and another for the last.
pub(super) fn members(json: &str) -> Option<Vec<(String, &RawValue)>> {
    let Members(members) = serde_json::from_str(json).ok()?;
    let mut names = HashSet::new();
    members.iter().all(|(name, _)| names.insert(name.as_str())).then_some(members)
}

struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

/// The same JSON on set-in lines. Strings are written without the escapes they do not need, so that
/// `\u0063url` reads as what it is; numbers and everything else stay as they are. No library does
/// this: a number that goes through a parser comes out as another.
pub(super) fn pretty(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + json.len() / 4);
    let mut depth = 0_usize;
    let mut rest = json.trim_start();
    while let Some(c) = rest.chars().next() {
        let mut taken = c.len_utf8();
        match c {
            '"' => {
                taken = string_len(rest);
                push_string(&mut out, &rest[..taken]);
            }
            '{' | '[' => {
                out.push(c);
                let inside = rest[taken..].trim_start();
                if let Some(end @ ('}' | ']')) = inside.chars().next() {
                    out.push(end);
                    taken = rest.len() - inside.len() + 1;
                } else {
                    depth += 1;
                    new_line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                new_line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c => out.push(c),
        }
        rest = rest[taken..].trim_start_matches([' ', '\t', '\n', '\r']);
    }
    out
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    for _ in 0..depth.min(DEEPEST) {
        out.push_str("  ");
    }
}

/// How long the string is that the text begins with, its quotes included.
fn string_len(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn push_string(out: &mut String, raw: &str) {
    // Half a surrogate pair has no character: such a string is shown as it was written.
    let plain = serde_json::from_str::<String>(raw).and_then(|text| serde_json::to_string(&text));
    out.push_str(plain.as_deref().unwrap_or(raw));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_and_order_stay() {
        let json = r#"{"z":1e400,"a":[5000.0, 123456789012345678901234567890,-0],"e":{ },"l":[ ]}"#;
        let shown = "{\n  \"z\": 1e400,\n  \"a\": [\n    5000.0,\n    123456789012345678901234567890,\
                     \n    -0\n  ],\n  \"e\": {},\n  \"l\": []\n}";
        assert_eq!(pretty(json), shown);
    }

    #[test]
    fn needless_escapes_go_and_half_characters_stay() {
        assert_eq!(
            pretty(r#"["\u0063url \/ \"x\" \u001b", "\ud800"]"#),
            "[\n  \"curl / \\\"x\\\" \\u001b\",\n  \"\\ud800\"\n]"
        );
    }

    #[test]
    fn a_deep_nest_costs_no_more_than_its_length() {
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(pretty(&deep).len() < deep.len() * 60);
    }

    #[test]
    fn a_member_named_twice_is_not_understood() {
        assert!(members(r#"{"a":1,"b":2}"#).is_some());
        assert!(members(r#"{"a":1,"\u0061":2}"#).is_none());
        assert!(members("[1]").is_none());
    }

    proptest! {
        #[test]
        fn pretty_is_the_same_json(
            text in any::<String>(),
            number in any::<f64>(),
            list in prop::collection::vec(any::<i64>(), 0..5),
        ) {
            let json = serde_json::json!({ "text": text, "list": list, text: { "number": number } });
            let json = json.to_string();
            let read = |json: &str| serde_json::from_str::<serde_json::Value>(json).unwrap();
            prop_assert_eq!(read(&pretty(&json)), read(&json));
        }
    }
}
