//! The man page and the example describe exactly what the program knows.

use std::collections::BTreeMap;
use std::fs;

use pager_config::{Config, keys};

use crate::folder::{Folder, load_text, repository};

const MANUAL: &str = "man/pager.toml.5";
const EXAMPLE: &str = "packaging/examples/pager.toml";

fn read(name: &str) -> String {
    fs::read_to_string(repository().join(name)).unwrap()
}

/// What the man page says of each key.
fn described() -> BTreeMap<String, String> {
    let mut section = None;
    let mut key = None;
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    for line in read(MANUAL).lines() {
        if line.starts_with(".Sh ") || line.starts_with(".Ss ") {
            let name = line.strip_prefix(".Ss [").and_then(|rest| rest.strip_suffix("] section"));
            (section, key) = (name.map(str::to_owned), None);
        } else if let (Some(section), Some(name)) = (&section, line.strip_prefix(".It Ic ")) {
            key = Some(format!("{section}.{name}"));
            texts.insert(format!("{section}.{name}"), String::new());
        } else if let Some(text) = key.as_ref().and_then(|key| texts.get_mut(key)) {
            text.push_str(line.strip_prefix(".Li ").unwrap_or(line));
            text.push(' ');
        }
    }
    texts
}

#[test]
fn the_manual_describes_every_key_and_no_other() {
    let mut known: Vec<_> = keys().collect();
    known.sort_unstable();
    assert_eq!(described().keys().collect::<Vec<_>>(), known);
}

#[test]
fn the_manual_tells_every_default() {
    let texts = described();
    for entry in Folder::new().load().entries() {
        let default = match (entry.key, entry.value) {
            ("telegram.chat", None) => "Default: the first of".to_owned(),
            (_, None) => "No default.".to_owned(),
            (_, Some(value)) => format!("Default: {} .", value.to_string().replace('"', "\\(dq")),
        };
        let text = &texts[entry.key];
        assert!(text.contains(&default), "{}: {default:?} is not in {text:?}", entry.key);
    }
}

#[test]
fn the_settings_shown_in_the_manual_load() {
    let page = read(MANUAL);
    let shown = page.split(".Bd -literal -offset indent\n").skip(1);
    let settings: Vec<_> = shown
        .map(|block| block.split(".Ed\n").next().unwrap())
        .filter(|block| block.starts_with("[telegram]"))
        .collect();
    assert_eq!(settings.len(), 2);
    for text in settings {
        let loaded = load_text(text).unwrap_or_else(|errors| panic!("{errors}"));
        assert_ne!(loaded.config, Config::default());
        assert!(loaded.warnings.is_empty());
    }
}

#[test]
fn the_example_is_the_defaults() {
    let loaded = load_text(read(EXAMPLE)).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(loaded.config, Config::default());
    assert!(loaded.warnings.is_empty());
}

#[test]
fn the_example_has_every_key_and_each_can_be_taken_into_use() {
    let text = read(EXAMPLE);
    let uncommented: Vec<_> = text
        .lines()
        .map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line))
        .collect();
    let folder = Folder::new();
    // What is private may hold the token, which is one of the keys.
    folder.write("home/.config/pager/pager.toml", 0o600, uncommented.join("\n"));
    let loaded = folder.load();
    for entry in loaded.entries() {
        assert_ne!(entry.origin.to_string(), "default", "{}", entry.key);
    }
}
