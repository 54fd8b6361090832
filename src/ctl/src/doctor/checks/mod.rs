//! The checks, one a file.

mod access;
mod agents;
mod audit;
mod bot;
mod bus_name;
mod chats;
mod clock;
mod codex_trust;
mod configuration;
mod daemon;
mod database;
mod decisions;
mod deny_globs;
mod disk_space;
mod environment;
mod hooks;
mod linger;
mod misplaced;
mod notifications;
mod other_hooks;
mod panic_lock;
pub(crate) mod permission_mode;
mod policy;
mod polkit;
mod repository;
mod sandbox;
mod sockets;
mod state_folder;
mod telegram;
mod token;
mod unit_overrides;
mod units;
mod user_namespaces;
mod voice;
mod webhook;

use super::Check;

/// All of them, in the order in which they are told: what is wrong early is often why something
/// later is.
pub(crate) static ALL: &[&Check] = &[
    &configuration::CHECK,
    &policy::CHECK,
    &access::CHECK,
    &deny_globs::CHECK,
    &misplaced::CHECK,
    &environment::CHECK,
    &token::CHECK,
    &bot::CHECK,
    &webhook::CHECK,
    &chats::CHECK,
    &telegram::CHECK,
    &units::CHECK,
    &unit_overrides::CHECK,
    &daemon::CHECK,
    &sockets::CHECK,
    &bus_name::CHECK,
    &notifications::CHECK,
    &panic_lock::CHECK,
    &agents::CHECK,
    &permission_mode::CHECK,
    &hooks::CHECK,
    &codex_trust::CHECK,
    &other_hooks::CHECK,
    &repository::CHECK,
    &state_folder::CHECK,
    &database::CHECK,
    &audit::CHECK,
    &decisions::CHECK,
    &disk_space::CHECK,
    &clock::CHECK,
    &linger::CHECK,
    &polkit::CHECK,
    &user_namespaces::CHECK,
    &sandbox::CHECK,
    &voice::CHECK,
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_check_has_a_name_of_its_own() {
        let ids: BTreeSet<_> = ALL.iter().map(|check| check.id).collect();
        assert_eq!(ids.len(), ALL.len());
        for id in ids {
            let kebab = |c: char| c.is_ascii_lowercase() || c == '-';
            assert!(id.chars().all(kebab) && !id.starts_with('-'), "{id}");
        }
    }

    #[test]
    fn the_groups_are_told_one_after_the_other() {
        let mut groups: Vec<_> = ALL.iter().map(|check| check.group.title()).collect();
        groups.dedup();
        let told: BTreeSet<_> = groups.iter().collect();
        assert_eq!(told.len(), groups.len(), "{groups:?}");
    }

    fn read(path: &str) -> String {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        std::fs::read_to_string(root.join(path)).unwrap()
    }

    #[test]
    fn the_page_has_a_line_for_each_and_for_no_other() {
        let page = read("man/pagerctl.1");
        let (_, list) = page.split_once("The checks are:").unwrap();
        let (list, _) = list.split_once(".El").unwrap();
        let told: Vec<_> = list.lines().filter_map(|line| line.strip_prefix(".It Cm ")).collect();
        let known: Vec<_> = ALL.iter().map(|check| check.id).collect();
        assert_eq!(told, known);
    }

    #[test]
    fn the_shells_know_each() {
        for file in ["pagerctl", "_pagerctl", "pagerctl.fish"] {
            let completions = read(&format!("packaging/completions/{file}"));
            let known: Vec<_> = ALL.iter().map(|check| check.id).collect();
            assert!(
                completions.contains(&known.join(" ")),
                "{file} does not have:\n{}",
                known.join(" ")
            );
        }
    }
}
