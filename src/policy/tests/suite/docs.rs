//! What is told of the policy, held to what it is.

use std::path::Path;

use pager_policy::{Disk, Place, parse_file};

use crate::world::{HOME, now};

#[test]
fn the_example_is_right() {
    let path = Path::new("../../packaging/examples/policy.toml");
    let text = std::fs::read_to_string(path).unwrap();
    let document = parse_file(path, &text).unwrap();
    let place = Place { home: HOME.into(), own: Vec::new() };
    let warnings = document.warnings(&place, &Disk, now());
    assert!(warnings.is_empty(), "{}", warnings[0]);
}
