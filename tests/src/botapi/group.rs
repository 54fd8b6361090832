//! A group chat with the bot in it.

use serde_json::json;

use super::json;
use super::person::Person;
use super::shared::Shared;
use super::world::{Chat, ChatKind, World};

/// A group.
#[derive(Clone, Debug)]
pub struct Group {
    pub(crate) shared: Shared,
    pub(crate) id: i64,
}

impl Group {
    pub(crate) fn create(shared: &Shared, id: i64, title: &str, members: &[&Person]) -> Self {
        // Supergroups are known by their numbers.
        let kind = if id <= -1_000_000_000_000 { ChatKind::Supergroup } else { ChatKind::Group };
        Self::of_kind(shared, id, kind, title, members)
    }

    pub(crate) fn of_kind(
        shared: &Shared,
        id: i64,
        kind: ChatKind,
        title: &str,
        members: &[&Person],
    ) -> Self {
        assert!(id < 0, "the id of a group is negative, not {id}");
        shared.change(|world| {
            let members = members.iter().map(|person| person.id).collect();
            add(world, id, kind, title, members);
        });
        Self { shared: shared.clone(), id }
    }

    /// The chat's id.
    #[must_use]
    pub fn id(&self) -> i64 {
        self.id
    }

    /// Makes the bot an administrator, or takes it back.
    pub fn promote_bot(&self, admin: bool) {
        self.change(|chat| chat.bot_is_admin = admin);
    }

    /// Throws the bot out, or lets it in again; `by` is who did it.
    pub fn kick_bot(&self, by: &Person, out: bool) {
        self.change(|chat| chat.bot_is_member = !out);
        self.shared.change(|world| {
            let (was, is) = if out { ("member", "kicked") } else { ("left", "member") };
            let body = json::membership(world, self.id, by.id, was, is);
            let now = world.clock.now();
            world.updates.push(now, "my_chat_member", body);
        });
    }

    /// Opens a topic in a supergroup, which is a forum from then on; gives the topic's number.
    ///
    /// # Panics
    /// If it is no supergroup.
    #[must_use]
    pub fn open_topic(&self, by: &Person, name: &str) -> i64 {
        self.change(|chat| {
            assert_eq!(chat.kind, ChatKind::Supergroup, "only supergroups have topics");
            chat.is_forum = true;
        });
        self.shared.change(|world| {
            let mut note = world.draft(self.id, by.id);
            let about = json!({ "name": name, "icon_color": 7_322_096 });
            note.service = Some(("forum_topic_created".into(), about));
            let mut note = world.post(note);
            note.topic = Some(note.id);
            world.messages.insert((self.id, note.id), note.clone());
            let body = json::message(world, &note);
            world.updates.push(note.date, "message", body);
            note.id
        })
    }

    /// Turns the group into a supergroup with a new id.
    #[must_use]
    pub fn migrate(&self) -> Self {
        let to = -1_000_000_000_000 + self.id;
        self.shared.change(|world| {
            let Some(old) = world.chats.get_mut(&self.id) else { return };
            old.migrated_to = Some(to);
            let (title, members) = (old.title.clone(), old.members.clone());
            add(world, to, ChatKind::Supergroup, &title, members);
            for (chat, field, other) in
                [(self.id, "migrate_to_chat_id", to), (to, "migrate_from_chat_id", self.id)]
            {
                let mut note = world.draft(chat, world.bot.id);
                note.service = Some((field.into(), other.into()));
                let note = world.post(note);
                let body = json::message(world, &note);
                world.updates.push(note.date, "message", body);
            }
        });
        Self { shared: self.shared.clone(), id: to }
    }

    fn change(&self, change: impl FnOnce(&mut Chat)) {
        self.shared.change(|world| world.chats.get_mut(&self.id).map(change));
    }
}

fn add(
    world: &mut World,
    id: i64,
    kind: ChatKind,
    title: &str,
    members: std::collections::BTreeSet<i64>,
) {
    let chat = Chat {
        kind,
        title: title.into(),
        members,
        bot_is_member: true,
        bot_is_admin: false,
        is_forum: false,
        migrated_to: None,
        pinned: None,
    };
    world.chats.insert(id, chat);
}
