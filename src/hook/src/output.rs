//! Standard output, which the agent takes for the decision.

use std::os::fd::AsFd;

use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::stdio::stdout;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::watch::{Watch, Woken};

/// As much as a pipe that polls writable takes without blocking.
const PIECE: usize = 4096;

/// Tells whether an agent can take `output` for a decision: an object with `hookSpecificOutput`, itself
/// an object.
pub(crate) fn is_decision(output: &RawValue) -> bool {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Output<'a> {
        #[serde(borrow)]
        hook_specific_output: &'a RawValue,
    }
    // Serde takes an array for a struct as well.
    output.get().starts_with('{')
        && serde_json::from_str(output.get())
            .is_ok_and(|output: Output<'_>| output.hook_specific_output.get().starts_with('{'))
}

/// Prints a decision and a newline. An agent that no longer reads is none of our business any more.
pub(crate) fn print(decision: &RawValue, watch: &Watch) {
    let line = [decision.get().as_bytes(), b"\n"].concat();
    let (stdout, mut rest) = (stdout(), &line[..]);
    while !rest.is_empty() {
        // An agent slow to read must still be able to end the hook.
        let Woken::Ready(_) = watch.wait(Some((stdout.as_fd(), PollFlags::OUT)), None) else {
            return;
        };
        match rustix::io::write(stdout, &rest[..rest.len().min(PIECE)]) {
            Ok(written) => rest = &rest[written..],
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_object_with_the_agents_field_is_a_decision() {
        let cases = [
            (r#"{"hookSpecificOutput":{"decision":{"behavior":"deny"}}}"#, true),
            (r#"{"a":1,"hookSpecificOutput":{}}"#, true),
            (r#"{}"#, false),
            (r#"{"hookSpecificOutput":null}"#, false),
            (r#"{"hookSpecificOutput":"{"}"#, false),
            (r#"[{"a":1}]"#, false),
            (r#"[{"hookSpecificOutput":{}}]"#, false),
            (r#""{\"hookSpecificOutput\":{}}""#, false),
            ("null", false),
        ];
        for (json, expected) in cases {
            let output = RawValue::from_string(json.to_owned()).unwrap();
            assert_eq!(is_decision(&output), expected, "{json}");
        }
    }
}
