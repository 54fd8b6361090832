//! Whatever a file holds, loading it ends in settings or in errors that point into the file.

use pager_config::{Sources, load};
use proptest::prelude::{Strategy, any, prop, prop_assert, prop_oneof, proptest};

use crate::folder::{Folder, TOKEN};

/// Text that is often nearly right, so that more than the parser is tried.
fn nearly_settings() -> impl Strategy<Value = String> {
    let fragment = prop_oneof![
        prop::sample::select(vec![
            "[telegram]",
            "[limits",
            "[[desktop]]",
            "allowed_users",
            "token",
            "chat",
            "window",
            "requests",
            "enabled",
            " = ",
            ".",
            "\"",
            "'",
            "\"\"\"",
            "[",
            "]",
            "{",
            "}",
            ",",
            "#",
            "\n",
            "\r\n",
            "\r",
            "\t",
            "0",
            "-1",
            "1e400",
            "true",
            "1h",
            "~",
            "http://",
            "ä",
            "\u{202e}",
            "\u{0}",
            TOKEN,
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(fragment, 0..40).prop_map(|parts| parts.concat())
}

fn check(bytes: &[u8]) -> Result<(), proptest::test_runner::TestCaseError> {
    let folder = Folder::new();
    let path = folder.write("pager.toml", 0o644, bytes);
    if let Err(errors) = load(&Sources::single(path)) {
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count() + 1;
        for fault in errors.iter() {
            prop_assert!(fault.line.is_some_and(|line| (1..=lines).contains(&line)), "{fault}");
            prop_assert!(fault.column.is_some_and(|column| column >= 1), "{fault}");
        }
        let text = errors.to_string();
        prop_assert!(!text.contains(TOKEN), "{text}");
        let obeyed = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        prop_assert!(!text.contains(obeyed), "{text:?}");
    }
    Ok(())
}

proptest! {
    #[test]
    fn text_that_is_nearly_settings(text in nearly_settings()) {
        check(text.as_bytes())?;
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check(&bytes)?;
    }
}
