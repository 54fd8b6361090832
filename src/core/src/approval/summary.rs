//! One line of what a tool would be used on.

use serde_json::Value;

use crate::question;
use crate::sanitize::one_line;

/// The longest summary, in characters.
pub const SUMMARY_MAX: usize = 500;

/// One line that says what a tool would be used on: the command, the file, the address.
pub(super) fn summary(tool: &str, input: &str) -> String {
    let Ok(value) = serde_json::from_str::<Value>(input) else {
        return one_line(input, SUMMARY_MAX);
    };
    if matches!(tool, "AskUserQuestion" | "request_user_input")
        && let Some(first) = question::questions(input).first()
    {
        return one_line(&first.titled(), SUMMARY_MAX);
    }
    one_line(main_text(tool, &value).unwrap_or(input), SUMMARY_MAX)
}

/// The field of a tool's input that says most, for the tools we know.
fn main_text<'a>(tool: &str, input: &'a Value) -> Option<&'a str> {
    let field = |name: &str| input.get(name).and_then(Value::as_str);
    match tool {
        "Bash" | "apply_patch" => field("command"),
        "Task" | "Agent" => field("description"),
        "Edit" | "MultiEdit" | "Write" | "Read" => field("file_path"),
        "NotebookEdit" => field("notebook_path"),
        "WebFetch" => field("url"),
        "WebSearch" => field("query"),
        "Glob" | "Grep" => field("pattern"),
        "ExitPlanMode" => field("plan"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_name_what_matters_on_one_line() {
        let bash = r#"{"command":"touch made &&\n  echo ok","description":"x"}"#;
        assert_eq!(summary("Bash", bash), "touch made && echo ok");
        assert_eq!(summary("Edit", r#"{"file_path":"/a/b.rs","old_string":"x"}"#), "/a/b.rs");
        let asked = r#"{"questions":[{"question":"Which one?","header":"Database"}]}"#;
        for tool in ["AskUserQuestion", "request_user_input"] {
            assert_eq!(summary(tool, asked), "Database: Which one?");
        }
        assert_eq!(summary("mcp__db__query", r#"{"sql":"select 1"}"#), r#"{"sql":"select 1"}"#);
        assert_eq!(summary("Bash", r#"{"command":5}"#), r#"{"command":5}"#);
        let long = format!(r#"{{"command":"{}"}}"#, "a".repeat(5000));
        assert_eq!(summary("Bash", &long).chars().count(), SUMMARY_MAX);
    }

    #[test]
    fn summaries_show_what_hides() {
        let sly = "{\"command\":\"rm \\u202e -rf\\u200b /\\u001b[2K\"}";
        assert_eq!(summary("Bash", sly), "rm ⟨U+202E⟩ -rf⟨U+200B⟩ /⟨U+001B⟩[2K");
    }
}
