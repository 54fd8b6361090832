//! The lines of the table, and the stage on which each of them is played.

use std::collections::{BTreeMap, BTreeSet};

use pager_core::access::{DirectPolicy, Group, Lists, Right, Role, RoleName, Rules, Topic, Why};
use pager_tests::botapi::{BotApi, Person};

const TABLE: &str = include_str!("../../../../../tests/access/table");
/// The group in which is seen that all before was looked at.
pub(super) const LAST: i64 = -1_000_000_000_001;
pub(super) const LAST_PERSON: i64 = 999_999;

/// A line of the table.
#[derive(Clone, Copy)]
pub(super) struct Line {
    pub(super) text: &'static str,
    pub(super) policy: &'static str,
    pub(super) place: &'static str,
    pub(super) sender: &'static str,
    pub(super) form: &'static str,
    pub(super) addressed: &'static str,
    pub(super) action: &'static str,
    pub(super) expected: &'static str,
    /// Its people and groups are its own: no limit on one of them touches another line.
    base: i64,
}

pub(super) fn lines() -> Vec<Line> {
    let lines = TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let read = |(at, text): (usize, &'static str)| {
        let columns: Vec<_> = text.split_whitespace().collect();
        let [policy, place, sender, form, addressed, action, expected] = columns[..] else {
            panic!("{text}")
        };
        let base = 1_000 * (i64::try_from(at).unwrap() + 1);
        Line { text, policy, place, sender, form, addressed, action, expected, base }
    };
    lines.enumerate().map(read).collect()
}

impl Line {
    /// Why it cannot be told at this door, if it cannot.
    pub(super) fn is_elsewhere(&self) -> Option<&'static str> {
        let action = (self.form, self.action);
        match (self.place, self.addressed) {
            ("host", _) => return Some("it is no update at all"),
            ("unknown", _) => return Some("there is no such chat"),
            ("group" | "topic", "unknown") => return Some("the bot knows its name"),
            _ => {}
        }
        match action {
            ("command", "manage" | "govern") => Some("there is no such command"),
            ("command", "panic" | "stop") if self.is_granted() => {
                Some("it would change what the other lines see")
            }
            _ => None,
        }
    }

    fn person(&self, n: i64) -> i64 {
        self.base + n
    }

    /// Whoever sends it, or stands behind the account that does.
    pub(super) fn who(&self) -> i64 {
        self.person(self.sender.parse().unwrap_or(9))
    }

    fn listed(&self) -> i64 {
        -1_000_000_000_000 - self.base
    }

    pub(super) fn is_granted(&self) -> bool {
        RoleName::try_from(self.expected.to_owned()).is_ok() && why(self.expected).is_none()
    }
}

/// What a word of the table's for a refusal means.
pub(super) fn why(word: &str) -> Option<Why> {
    if let Some(right) = word.strip_prefix("no-right-") {
        return Some(Why::NoRight(Right::named(right).unwrap()));
    }
    let all = [
        ("locked", Why::Locked),
        ("not-a-person", Why::NotAPerson),
        ("no-such-place", Why::NoSuchPlace),
        ("unhandled", Why::Unhandled),
        ("direct-off", Why::DirectOff),
        ("may-knock", Why::MayKnock),
        ("stranger", Why::Stranger),
        ("group-off", Why::GroupOff),
        ("not-in-group", Why::NotInGroup),
        ("not-addressed", Why::NotAddressed),
        ("not-here", Why::NotHere),
        ("not-for-guests", Why::NotForGuests),
        ("not-owner", Why::NotOwner),
        ("host-only", Why::HostOnly),
    ];
    all.into_iter().find(|(known, _)| *known == word).map(|(_, why)| why)
}

/// The stage of one line: its chats, and something that stands in the one that counts.
pub(super) struct Stage {
    pub(super) line: Line,
    pub(super) chat: i64,
    pub(super) speaker: Person,
    pub(super) standing: i64,
}

/// Sets the stage, and adds to the rules what the table's head says.
pub(super) fn stage(api: &BotApi, rules: &mut Rules, line: Line) -> Stage {
    let people: Vec<Person> = [1, 2, 3, 4, 5, 6, 9].map(|n| api.user(line.person(n))).into();
    let everybody: Vec<&Person> = people.iter().collect();
    let roles = ["owner", "admin", "developer", "observer", "reviewer"];
    for (n, role) in (1..).zip(roles) {
        let role = RoleName::try_from(role.to_owned()).unwrap();
        rules.people.insert(line.person(n), role);
    }
    let group = api.group(line.listed(), "listed", &everybody);
    let (off, quiet) = (group.open_topic(&people[0], "off"), group.open_topic(&people[0], "quiet"));
    rules.groups.insert(group.id(), listed(line, off, quiet));
    let who = api.user(line.who());
    let chat = match line.place {
        "direct" => who.id(),
        "others" => line.person(3),
        "channel" => api.channel(line.listed() - 600, "news", &everybody).id(),
        "told" => {
            let told = api.group(line.listed() - 400, "told", &everybody);
            rules.groups.insert(told.id(), listed(line, off, quiet));
            rules.told.insert(told.id());
            told.id()
        }
        "unlisted" => api.group(line.listed() - 500, "unlisted", &everybody).id(),
        _ => group.id(),
    };
    let there = match line.place {
        "topic-off" => who.in_chat(chat).in_topic(off),
        "topic" => who.in_chat(chat).in_topic(quiet),
        "others" => api.user(chat),
        _ => who.in_chat(chat),
    };
    let speaker = match line.sender {
        "anonymous" => there.anonymous(),
        "channel" => there.as_channel(api.channel(line.listed() - 700, "theirs", &[]).id()),
        "bot" => {
            who.be_a_bot();
            there.clone()
        }
        _ => there.clone(),
    };
    let standing = speaker.send("hello");
    Stage { line, chat, speaker, standing }
}

fn listed(line: Line, off: i64, quiet: i64) -> Group {
    let list = |people: &[i64]| people.iter().map(|n| line.person(*n)).collect::<BTreeSet<_>>();
    let lists = [
        (Right::Prompt, list(&[3, 6])),
        (Right::Approve, list(&[1, 4, 6])),
        (Right::Files, list(&[3])),
        (Right::Manage, list(&[])),
    ];
    let number = |topic: i64| i32::try_from(topic).unwrap();
    let shut = Topic { off: true, ..Topic::default() };
    let quiet_topic = Topic {
        lists: Lists([(Right::Approve, list(&[]))].into()),
        require_mention: Some(false),
        ..Topic::default()
    };
    Group {
        lists: Lists(lists.into()),
        commands: Some(["list", "panic", "token", "manage"].map(str::to_owned).into()),
        topics: [(number(off), shut), (number(quiet), quiet_topic)].into(),
        ..Group::default()
    }
}

pub(super) fn rules(policy: &str) -> Rules {
    let mut rules = Rules { anyone: policy == "open", people: BTreeMap::new(), ..Rules::default() };
    rules.direct = match policy {
        "open-no-star" => DirectPolicy::Open,
        "locked" => DirectPolicy::Pairing,
        name => DirectPolicy::named(name).unwrap(),
    };
    let reviewer = RoleName::try_from("reviewer".to_owned()).unwrap();
    let rights = [Right::Approve].into_iter().collect();
    rules.roles.insert(reviewer, Role { rights, ..Role::default() });
    let lists = Lists([(Right::Prompt, [LAST_PERSON].into())].into());
    rules.groups.insert(LAST, Group { lists, ..Group::default() });
    rules
}
