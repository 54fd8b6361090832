//! Telling a permission request from everything else while its bytes pass by.

use std::fmt;
use std::io::Read;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

/// Whether the agent waits for an answer to this event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Waits {
    Yes,
    No,
}

/// Reads just far enough to know what the event is: to the first top-level `hook_event_name`.
///
/// What is no JSON object, or has no such name, does not wait; the daemon is the one to judge it.
pub(crate) fn recognise(input: &mut impl Read) -> Waits {
    let mut waits = Waits::No;
    // The visitor leaves once it knows, and what serde says to an object left half-read does not
    // matter any more.
    drop(serde_json::Deserializer::from_reader(input).deserialize_map(Event(&mut waits)));
    waits
}

struct Event<'a>(&'a mut Waits);

impl<'de> Visitor<'de> for Event<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a hook event")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(is_name) = map.next_key_seed(Is("hook_event_name"))? {
            if is_name {
                if map.next_value_seed(Is("PermissionRequest"))? {
                    *self.0 = Waits::Yes;
                }
                return Ok(());
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

/// Compares a string without keeping it.
struct Is(&'static str);

impl<'de> DeserializeSeed<'de> for Is {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Is {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<bool, E> {
        Ok(text == self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recognised(json: &str) -> Waits {
        recognise(&mut json.as_bytes())
    }

    #[test]
    fn the_name_may_stand_anywhere_at_the_top() {
        for json in [
            r#"{"hook_event_name":"PermissionRequest","a":1}"#,
            r#"{"a":{"b":[1,"}"]},"hook_event_name":"PermissionRequest"}"#,
            r#" { "hook_event_name" : "Permission\u0052equest" } "#,
        ] {
            assert_eq!(recognised(json), Waits::Yes, "{json}");
        }
    }

    #[test]
    fn nothing_else_waits() {
        for json in [
            r#"{"hook_event_name":"PreToolUse"}"#,
            r#"{"hook_event_name":"PermissionRequestX"}"#,
            r#"{"a":{"hook_event_name":"PermissionRequest"}}"#,
            r#"{"hook_event_name":["PermissionRequest"]}"#,
            r#"[{"hook_event_name":"PermissionRequest"}]"#,
            r#"["hook_event_name","PermissionRequest"]"#,
            r#"{"hook_event_name":"Stop","hook_event_name":"PermissionRequest"}"#,
            "",
            "{",
            "garbage",
        ] {
            assert_eq!(recognised(json), Waits::No, "{json}");
        }
    }

    #[test]
    fn depth_costs_no_stack() {
        let depth = 100_000;
        let json = format!(
            r#"{{"a":{}{},"hook_event_name":"PermissionRequest"}}"#,
            "[".repeat(depth),
            "]".repeat(depth)
        );
        assert_eq!(recognised(&json), Waits::Yes);
    }

    #[test]
    fn reading_stops_at_the_name() {
        let json = r#"{"hook_event_name":"Stop","rest":"never read"}"#;
        let mut input = json.as_bytes();
        assert_eq!(recognise(&mut input), Waits::No);
        assert!(input.ends_with(br#""rest":"never read"}"#), "{}", String::from_utf8_lossy(input));
    }
}
