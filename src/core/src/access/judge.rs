//! The one function that judges.

use super::role::{Right, Role, RoleName};
use super::{
    Access, Action, Addressed, DirectPolicy, Form, Group, Inquiry, Place, Rules, Sender, Why,
};

impl Rules {
    /// Whether they may.
    pub fn judge(&self, inquiry: &Inquiry<'_>) -> Access {
        match self.weigh(inquiry) {
            Ok(role) => Access::Granted(role),
            Err(why) => Access::Refused(why),
        }
    }

    fn weigh(&self, inquiry: &Inquiry<'_>) -> Result<RoleName, Why> {
        if inquiry.place == Place::Host {
            // The user of the machine has every right; whether it is they, and not an agent of
            // theirs, is asked elsewhere.
            return match inquiry.sender {
                Sender::Host => Ok(RoleName::owner()),
                Sender::Person(_) | Sender::Nobody => Err(Why::NotAPerson),
            };
        }
        if self.locked {
            return Err(Why::Locked);
        }
        let Sender::Person(person) = inquiry.sender else { return Err(Why::NotAPerson) };
        if matches!(inquiry.form, Form::Edited | Form::Reaction) {
            return Err(Why::Unhandled);
        }
        if let Place::Direct { chat } | Place::Group { chat, .. } = inquiry.place
            && self.told.contains(&chat)
        {
            return Err(Why::NoSuchPlace);
        }
        match inquiry.place {
            Place::Direct { chat } if chat == person => self.direct(inquiry.action, person),
            Place::Group { chat, topic } => {
                let group = self.groups.get(&chat).ok_or(Why::GroupOff)?;
                self.group(group, topic, inquiry, person)
            }
            Place::Direct { .. } | Place::Channel | Place::Unknown | Place::Host => {
                Err(Why::NoSuchPlace)
            }
        }
    }

    fn direct(&self, action: Action, person: i64) -> Result<RoleName, Why> {
        let known = self.people.get(&person).cloned();
        let role = match (self.direct, known) {
            (DirectPolicy::Disabled, _) => return Err(Why::DirectOff),
            (_, Some(role)) => role,
            (DirectPolicy::Open, None) if self.anyone => RoleName::guest(),
            (DirectPolicy::Pairing, None) => return Err(Why::MayKnock),
            (DirectPolicy::Allowlist | DirectPolicy::Open, None) => return Err(Why::Stranger),
        };
        self.within(&role, action)?;
        Ok(role)
    }

    fn group(
        &self,
        group: &Group,
        topic: Option<i32>,
        inquiry: &Inquiry<'_>,
        person: i64,
    ) -> Result<RoleName, Why> {
        if group.is_off(topic) {
            return Err(Why::GroupOff);
        }
        let listed = |right| group.lists(topic, right, person);
        if !Right::ALL.into_iter().any(listed) {
            return Err(Why::NotInGroup);
        }
        // A tap is on a button of the bot's own.
        let addressed = inquiry.form == Form::Callback || inquiry.addressed == Addressed::Yes;
        if group.wants_mention(topic) && !addressed {
            return Err(Why::NotAddressed);
        }
        if let (Form::Command(name), Some(commands)) = (inquiry.form, &group.commands)
            && !commands.contains(name)
        {
            return Err(Why::NotHere);
        }
        if let Some(right) = inquiry.action.right()
            && !listed(right)
        {
            return Err(Why::NoRight(right));
        }
        // A role narrows what a group's lists give, and never widens it.
        match self.people.get(&person) {
            Some(role) => self.within(role, inquiry.action).map(|()| role.clone()),
            None if inquiry.action == Action::Panic => Err(Why::NotOwner),
            None if inquiry.action == Action::Govern => Err(Why::HostOnly),
            None => Ok(RoleName::member()),
        }
    }

    /// Whether a role allows it.
    fn within(&self, role: &RoleName, action: Action) -> Result<(), Why> {
        let rights = self.roles.get(role).map(|role: &Role| &role.rights);
        match (action, action.right()) {
            (Action::Govern, _) => Err(Why::HostOnly),
            (Action::Panic, _) if role.is_owner() => Ok(()),
            (Action::Panic, _) => Err(Why::NotOwner),
            // A guest was let in to ask for something, not to see what others do.
            (Action::Look, _) if *role == RoleName::guest() => Err(Why::NotForGuests),
            (_, Some(right)) if !rights.is_some_and(|rights| rights.has(right)) => {
                Err(Why::NoRight(right))
            }
            _ => Ok(()),
        }
    }
}
