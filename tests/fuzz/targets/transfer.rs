//! Paths and names of files from a chat: none leads out of a session's folder, in whatever way it is
//! written.

#![no_main]
#![expect(clippy::expect_used, reason = "a broken target is to be seen at once")]

use std::path::{Component, Path};
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use pager_core::transfer::{Transfer, Wanted, file_name};
use pager_fuzz::end_at_panics;

static RULES: LazyLock<Transfer> = LazyLock::new(|| Transfer::new([]).expect("no patterns"));

fuzz_target!(init: end_at_panics(), |data: &str| {
    if let Ok(wanted) = Wanted::read(data) {
        let path = wanted.path();
        assert!(path.components().count() > 0 && stays(path), "{path:?}");
        let text = path.to_str().expect("it was text");
        // A longer one is none with more around it.
        if text.len() < 1000 {
            let again = Wanted::read(&format!("./{text}/"));
            assert_eq!(again.as_ref(), Ok(&wanted), "a path has one form");
        }
        let denied = RULES.judge(path).is_err();
        let inside = Path::new("src").join(path).join("inner");
        assert!(!denied || RULES.judge(&inside).is_err(), "{path:?} is denied, and not {inside:?}");
        let upper = text.to_ascii_uppercase();
        assert_eq!(RULES.judge(Path::new(&upper)).is_err(), denied, "{path:?}");
    }
    let name = file_name(data);
    assert!(Path::new(&name).components().count() == 1 && stays(Path::new(&name)), "{name:?}");
    assert!(!name.chars().any(char::is_control) && !name.starts_with('-'), "{name:?}");
    assert!(Wanted::read(&name).is_ok(), "{name:?}");
});

fn stays(path: &Path) -> bool {
    path.components().all(|component| matches!(component, Component::Normal(_)))
}
