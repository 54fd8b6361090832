//! The table of who may do what, and what must hold beyond it.

use std::collections::BTreeSet;

use super::*;

const TABLE: &str = include_str!("../../../../tests/access/table");

fn rules(policy: &str) -> Rules {
    let mut rules = Rules { locked: policy == "locked", ..Rules::default() };
    rules.anyone = policy == "open";
    rules.direct = match policy {
        "open-no-star" => DirectPolicy::Open,
        "locked" => DirectPolicy::Pairing,
        name => DirectPolicy::named(name).unwrap(),
    };
    let reviewer = RoleName::try_from("reviewer".to_owned()).unwrap();
    rules.roles.insert(
        reviewer.clone(),
        Role { rights: [Right::Approve].into_iter().collect(), ..Role::default() },
    );
    rules.people = [
        (1, RoleName::owner()),
        (2, RoleName::admin()),
        (3, RoleName::developer()),
        (4, RoleName::observer()),
        (5, reviewer),
    ]
    .into();
    let list = |ids: &[i64]| ids.iter().copied().collect::<BTreeSet<_>>();
    let lists = Lists(
        [
            (Right::Prompt, list(&[3, 6])),
            (Right::Approve, list(&[1, 4, 6])),
            (Right::Files, list(&[3])),
            (Right::Manage, list(&[])),
        ]
        .into(),
    );
    let off = Topic { off: true, ..Topic::default() };
    let quiet = Topic {
        lists: Lists([(Right::Approve, list(&[]))].into()),
        require_mention: Some(false),
        ..Topic::default()
    };
    let group = Group {
        lists,
        commands: Some(["list", "panic", "token", "manage"].map(str::to_owned).into()),
        topics: [(7, off), (8, quiet)].into(),
        ..Group::default()
    };
    rules.groups = [(-100, group.clone()), (-300, group)].into();
    rules.told = [-300].into();
    rules
}

fn sender(word: &str) -> Sender {
    match word {
        "host" => Sender::Host,
        "bot" => Sender::account(9, true),
        "anonymous" => Sender::account(NOT_A_PERSON[0], false),
        "channel" => Sender::account(NOT_A_PERSON[1], false),
        id => Sender::account(id.parse().unwrap(), false),
    }
}

fn place(word: &str, sender: Sender) -> Place {
    let own = match sender {
        Sender::Person(id) => id,
        Sender::Host | Sender::Nobody => 9,
    };
    let group = |topic| Place::Group { chat: -100, topic };
    match word {
        "host" => Place::Host,
        "direct" => Place::Direct { chat: own },
        "others" => Place::Direct { chat: 3 },
        "channel" => Place::Channel,
        "unknown" => Place::Unknown,
        "unlisted" => Place::Group { chat: -200, topic: None },
        "told" => Place::Group { chat: -300, topic: None },
        "group" => group(None),
        "topic-off" => group(Some(7)),
        "topic" => group(Some(8)),
        other => panic!("{other}"),
    }
}

fn action(word: &str) -> Action {
    match word {
        "look" => Action::Look,
        "prompt" => Action::Prompt,
        "approve" => Action::Approve,
        "deny" => Action::Deny,
        "stop" => Action::Stop,
        "manage" => Action::Manage,
        "files" => Action::Files,
        "panic" => Action::Panic,
        "govern" => Action::Govern,
        other => panic!("{other}"),
    }
}

fn form_of(word: &str, action: Action) -> Form<'static> {
    match word {
        "message" => Form::Message,
        "edited" => Form::Edited,
        "callback" => Form::Callback,
        "command" => Form::Command(match action {
            Action::Panic => "panic",
            Action::Govern => "token",
            Action::Manage => "manage",
            _ => "list",
        }),
        "other" => Form::Command("status"),
        "file" => Form::File,
        "voice" => Form::Voice,
        "reaction" => Form::Reaction,
        other => panic!("{other}"),
    }
}

fn word(access: &Access) -> String {
    let why = match access {
        Access::Granted(role) => return role.to_string(),
        Access::Refused(why) => why,
    };
    match why {
        Why::Locked => "locked",
        Why::NotAPerson => "not-a-person",
        Why::NoSuchPlace => "no-such-place",
        Why::Unhandled => "unhandled",
        Why::DirectOff => "direct-off",
        Why::MayKnock => "may-knock",
        Why::Stranger => "stranger",
        Why::GroupOff => "group-off",
        Why::NotInGroup => "not-in-group",
        Why::NotAddressed => "not-addressed",
        Why::NotHere => "not-here",
        Why::NoRight(right) => return format!("no-right-{}", right.as_str()),
        Why::NotForGuests => "not-for-guests",
        Why::NotOwner => "not-owner",
        Why::HostOnly => "host-only",
    }
    .to_owned()
}

#[test]
fn the_table_holds() {
    let mut wrong = Vec::new();
    let mut lines = 0;
    for line in TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let columns: Vec<_> = line.split_whitespace().collect();
        let [policy, where_, who, form, addressed, wish, expected] = columns[..] else {
            panic!("{line}")
        };
        let (sender, action) = (sender(who), action(wish));
        let inquiry = Inquiry {
            place: place(where_, sender),
            sender,
            form: form_of(form, action),
            addressed: match addressed {
                "yes" => Addressed::Yes,
                "no" => Addressed::No,
                _ => Addressed::Unknown,
            },
            action,
        };
        let judged = word(&rules(policy).judge(&inquiry));
        if judged != expected {
            wrong.push(format!("{judged} instead of: {line}"));
        }
        lines += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(lines > 100, "{lines}");
}

/// Everything that can be asked, in all combinations.
fn everything() -> Vec<Inquiry<'static>> {
    let senders = ["1", "2", "3", "4", "5", "6", "9", "bot", "anonymous", "channel", "host"];
    let places = [
        "host",
        "direct",
        "others",
        "channel",
        "unknown",
        "unlisted",
        "told",
        "group",
        "topic-off",
        "topic",
    ];
    let forms = ["message", "edited", "callback", "command", "other", "file", "voice", "reaction"];
    let actions =
        ["look", "prompt", "approve", "deny", "stop", "manage", "files", "panic", "govern"];
    let mut all = Vec::new();
    for who in senders {
        for where_ in places {
            for word in forms {
                for wish in actions {
                    for addressed in [Addressed::Yes, Addressed::No, Addressed::Unknown] {
                        let (sender, action) = (sender(who), action(wish));
                        let (place, form) = (place(where_, sender), form_of(word, action));
                        all.push(Inquiry { place, sender, form, addressed, action });
                    }
                }
            }
        }
    }
    all
}

fn granted(rules: &Rules, inquiry: &Inquiry<'_>) -> bool {
    matches!(rules.judge(inquiry), Access::Granted(_))
}

#[test]
fn with_no_rules_nobody_is_heard_from_outside() {
    let mut all = everything();
    all.retain(|inquiry| inquiry.place != Place::Host);
    for direct in DirectPolicy::ALL {
        let rules = Rules { direct, ..Rules::default() };
        assert!(all.iter().all(|inquiry| !granted(&rules, inquiry)), "{direct:?}");
        let empty = Rules { groups: [(-100, Group::default())].into(), ..rules };
        assert!(all.iter().all(|inquiry| !granted(&empty, inquiry)), "an empty list is nobody");
    }
}

#[test]
fn nothing_outside_governs_and_nothing_is_heard_after_a_panic() {
    for policy in ["pairing", "allowlist", "open", "disabled", "locked"] {
        let rules = rules(policy);
        for inquiry in everything() {
            let outside = inquiry.place != Place::Host;
            if outside && (inquiry.action == Action::Govern || policy == "locked") {
                assert!(!granted(&rules, &inquiry), "{policy} {inquiry:?}");
            }
            if !matches!(inquiry.sender, Sender::Person(_)) && outside {
                assert!(!granted(&rules, &inquiry), "{policy} {inquiry:?}");
            }
        }
    }
}

#[test]
fn knowing_somebody_never_lets_them_into_a_group() {
    let known = rules("open");
    let unknown = Rules { people: std::collections::BTreeMap::new(), ..known.clone() };
    for inquiry in everything() {
        let group = matches!(inquiry.place, Place::Group { .. });
        if group && granted(&known, &inquiry) && inquiry.action != Action::Panic {
            assert!(granted(&unknown, &inquiry), "{inquiry:?}");
        }
    }
}

#[test]
fn a_role_denies_tools_by_name_and_by_beginning() {
    let role = Role {
        deny_tools: vec!["Bash".to_owned(), "mcp__deploy__*".to_owned()],
        ..Role::default()
    };
    assert_eq!(role.denies("Bash"), Some("Bash"));
    assert_eq!(role.denies("BashOutput"), None);
    assert_eq!(role.denies("mcp__deploy__now"), Some("mcp__deploy__*"));
    assert_eq!(role.denies("mcp__deploy"), None);
}
