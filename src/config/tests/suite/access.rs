//! Who is known, as what, and in which groups.

use pager_core::access::{DirectPolicy, Right, RoleName};

use crate::folder::load_text;

const GROUP: &str = r#"
[telegram]
allowed_users = [1, 2]
chat = -100
[telegram.roles]
reviewer = [2]
[telegram.groups."-100"]
prompt = [2, 3]
approve = []
require_mention = false
mention_patterns = ['\bpager\b']
commands = ["list"]
[telegram.groups."-100".topics.7]
enabled = false
[telegram.groups."-100".topics.8]
approve = [1]
require_mention = true
[access.roles.reviewer]
rights = ["approve"]
deny_tools = ["Bash", "mcp__deploy__*"]
[access.roles.developer]
deny_tools = ["WebFetch"]
"#;

#[test]
fn groups_roles_and_people_are_read_as_they_are_written() {
    let loaded = load_text(GROUP).unwrap();
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    let telegram = &loaded.config.telegram;
    assert_eq!(telegram.dm_policy, DirectPolicy::Pairing);
    assert_eq!(telegram.roles[&2].as_str(), "reviewer");
    let group = &telegram.groups[&-100];
    assert!(!group.require_mention && group.mentions[0].is_in("Pager!"));
    assert_eq!(group.lists.0[&Right::Prompt].iter().copied().collect::<Vec<_>>(), [2, 3]);
    assert!(group.lists.0[&Right::Approve].is_empty());
    assert!(!group.lists.0.contains_key(&Right::Files), "left out is not the same as empty");
    assert!(group.topics[&7].off && !group.topics[&8].off);
    assert_eq!(group.topics[&8].require_mention, Some(true));
    let roles = &loaded.config.access.roles;
    let reviewer = RoleName::try_from("reviewer".to_owned()).unwrap();
    assert_eq!(roles[&reviewer].denies("mcp__deploy__now"), Some("mcp__deploy__*"));
    let developer = &roles[&RoleName::developer()];
    assert!(developer.rights.has(Right::Approve) && developer.denies("WebFetch").is_some());

    // What is shown can be read again, and says the same.
    let mut shown = toml::Table::new();
    for entry in loaded.entries() {
        let (section, key) = entry.key.split_once('.').unwrap();
        let section = shown.entry(section).or_insert_with(|| toml::Table::new().into());
        if let (Some(value), toml::Value::Table(section)) = (entry.value, section) {
            section.insert(key.to_owned(), value);
        }
    }
    let again = load_text(toml::to_string(&shown).unwrap()).unwrap();
    assert_eq!(again.config, loaded.config);
}

#[test]
fn observers_are_read_as_they_are_written() {
    let text = r#"
[telegram]
allowed_users = [1]
[[telegram.observers]]
chat = -7
[[telegram.observers]]
chat = 1
token_file = "second"
level = "error"
"#;
    let loaded = load_text(text).unwrap();
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    let [wall, own] = &loaded.config.telegram.observers[..] else { panic!() };
    assert_eq!((wall.chat, wall.levels.len(), wall.token_file.as_ref()), (-7, 3, None));
    assert!(own.token_file.as_ref().unwrap().is_absolute());
    assert_eq!(own.levels, [pager_core::Level::Error].into());
    let same = "[telegram]\nallowed_users = [1]\n[[telegram.observers]]\nchat = 1\n";
    let warnings = load_text(same).unwrap().config.warnings();
    assert!(warnings[0].contains("1 is an observer, so nobody is heard"), "{warnings:?}");
    for (wrong, why) in [
        (r#"level = "error""#, "an observer without a chat"),
        ("chat = -7\nlevel = [\"errors\"]", "there is no level"),
        ("chat = -7\nbuttons = true", "there is no \"buttons\""),
        (r#"chat = "@wall""#, "is not a numeric id"),
        ("chat = 0", "no chat has the id 0"),
    ] {
        let errors = load_text(format!("[[telegram.observers]]\n{wrong}\n")).unwrap_err();
        assert!(errors.to_string().contains(why), "{errors}");
    }
}

#[test]
fn everybody_takes_both_the_policy_and_the_star() {
    let warned = |text: &str| {
        let loaded = load_text(format!("[telegram]\n{text}\n")).unwrap();
        let warnings: Vec<_> = loaded.warnings.iter().map(ToString::to_string).collect();
        assert_eq!(loaded.config.warnings().len(), warnings.len(), "as many for who asks later");
        (loaded.config.telegram.anyone, warnings.join("\n"))
    };
    let (anyone, words) = warned("dm_policy = \"open\"\nallowed_users = [1, \"*\"]");
    assert!(anyone && words.contains("everybody on Telegram may write to the bot"), "{words}");
    let (anyone, words) = warned("dm_policy = \"open\"\nallowed_users = [1]");
    assert!(!anyone && words.contains("nothing is open without \"*\""), "{words}");
    let (_, words) = warned("allowed_users = [\"*\"]");
    assert!(words.contains("\"*\" does nothing"), "{words}");
    let (_, words) = warned("allowed_users = [1]\nchat = -5");
    assert!(words.contains("nobody is heard in that group"), "{words}");
    let (_, words) = warned("allowed_users = [1]\nroles.developer = [2]");
    assert!(words.contains("2 is developer, but is not in allowed_users"), "{words}");
    let (_, words) = warned("allowed_users = [1]\nroles.pilot = [1]");
    assert!(words.contains("there is no role pilot"), "{words}");
}

#[test]
fn what_is_wrong_is_refused_with_its_place_and_what_to_do() {
    for (text, message) in [
        (
            "[telegram]\ndm_policy = \"Open\"",
            "2:13: telegram.dm_policy: there is no policy \"Open\"",
        ),
        ("[telegram]\nallowed_users = [\"@ada\"]", "\"@ada\" is not a numeric id"),
        ("[telegram]\nallowed_users = [\"* \"]", "\"*\" is not a numeric id"),
        ("[telegram]\nroles.guest = [1]", "nobody is made a guest"),
        ("[telegram]\nroles = { admin = [1], developer = [1] }", "1 is admin already"),
        ("[telegram]\nroles.Admin = [1]", "\"Admin\" is no name of a role"),
        ("[telegram.groups.100]", "100 is a person's id, not a group's"),
        ("[telegram.groups.main]", "\"main\" is not the id of a group"),
        ("[telegram.groups.-5]\nprompt = [-5]", "prompt: -5 is a group's id, not a person's"),
        ("[telegram.groups.-5]\nprompt = 1", "prompt: an integer is not taken here"),
        ("[telegram.groups.-5]\naprove = [1]", "there is no \"aprove\""),
        ("[telegram.groups.-5]\nmention_patterns = ['(']", "\"(\" cannot be used"),
        ("[telegram.groups.-5]\nmention_patterns = ['.*']", "it fits everything"),
        ("[telegram.groups.-5]\ncommands = [\"/list\"]", "\"/list\" is no command"),
        ("[telegram.groups.-5.topics.x]", "\"x\" is no topic"),
        ("[telegram.groups.-5.topics.3]\ncommands = []", "there is no \"commands\""),
        ("[access.roles.owner]\nrights = []", "the rights of \"owner\" stand"),
        ("[access.roles.pilot]", "it says nothing of its rights"),
        ("[access.roles.pilot]\nrights = [\"fly\"]", "there is no right \"fly\""),
        (
            "[access.roles.pilot]\nrights = []\ndeny_tools = [\"a b\"]",
            "\"a b\" is no name of a tool",
        ),
    ] {
        let errors = load_text(text).unwrap_err();
        assert!(errors.contains(message), "{text}\n{errors}");
        assert_eq!(errors.matches("pager.toml:").count(), 1, "one fault, told once: {errors}");
    }
    let errors = load_text("[telegram.groups.-5]\naprove = [1]").unwrap_err();
    assert!(errors.contains("did you mean approve?"), "{errors}");
}

#[test]
fn more_yeses_than_there_are_people_are_warned_of() {
    let warnings = |n: u32, more: &str| {
        let text = format!("[approvals]\nrequire_n = {n}\n{more}");
        load_text(text).unwrap().warnings.iter().map(ToString::to_string).collect::<String>()
    };
    let two = "[telegram]\nallowed_users = [1, 2]\nchat = 1\n[telegram.roles]\nobserver = [2]\n";
    assert_eq!(warnings(1, ""), "");
    let told = warnings(2, "");
    assert!(told.contains("it takes 2 people to say yes, and only you"), "{told}");
    assert_eq!(warnings(2, two), "");
    let told = warnings(3, two);
    assert!(told.contains("it takes 3 people to say yes, and fewer"), "{told}");
    assert!(load_text("[approvals]\nrequire_n = 6\n").is_err());
    assert!(load_text("[approvals]\nrequire_n = 0\n").is_err());
}
