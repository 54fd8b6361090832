//! Who is let in, who is sent away, and when everything is shut.

use jiff::{SignedDuration, Timestamp};

use super::Machine;
use super::draft::{Draft, ended, refuse};
use crate::access::{Code, Knock, Pairing, Pairings, Principal, Rejected, Role, RoleName, Rules};
use crate::sanitize::one_line;
use crate::{
    AccessChange, AccessCommand, Actor, Approval, ApprovalId, Command, Context, Effect, Event,
    Knocker, News, Outcome, Refusal, Reply, Session, State, Verdict,
};

/// Everything from outside is shut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// Since when.
    pub at: Timestamp,
    /// By whom.
    pub by: Actor,
    /// Why, in their words; may be empty.
    pub reason: String,
}

/// All that was decided on access, and all that waits to be.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Known {
    pub(super) pairings: Pairings,
    pub(super) principals: std::collections::BTreeMap<i64, Principal>,
    pub(super) locked: Option<Lock>,
    pub(super) opened: Option<Timestamp>,
}

impl Machine {
    /// Those who wait to be let in, the oldest first.
    pub fn pairings(&self, now: Timestamp) -> impl Iterator<Item = &Pairing> {
        self.access.pairings.pending(now)
    }

    /// Those who were let in.
    pub fn principals(&self) -> impl Iterator<Item = &Principal> {
        self.access.principals.values()
    }

    /// Since when and by whom everything is shut, if it is.
    pub fn locked(&self) -> Option<&Lock> {
        self.access.locked.as_ref()
    }

    /// When the last panic was ended: nothing that was offered outside before then counts any more.
    pub fn opened(&self) -> Option<Timestamp> {
        self.access.opened
    }

    /// Whether a person outside is kept from doing what would change anything.
    pub(super) fn shuts_out(&self, actor: &Actor, command: &Command) -> bool {
        let changes = matches!(
            command,
            Command::Resolve { .. }
                | Command::Resume { .. }
                | Command::Revoke { .. }
                | Command::Access(AccessCommand::Knock { .. })
        );
        self.access.locked.is_some() && changes && matches!(actor, Actor::Telegram { .. })
    }

    pub(super) fn access(
        &self,
        context: &Context,
        actor: &Actor,
        command: AccessCommand,
    ) -> Outcome {
        let mut draft = Draft::default();
        match command {
            AccessCommand::Knock { user, name } => {
                return self.knock(context, user, &name);
            }
            AccessCommand::Told { user } => {
                let waits = self.pairings(context.now).find(|pairing| pairing.user == user);
                if let Some(pairing) = waits.filter(|pairing| !pairing.told) {
                    let pairing = Pairing { told: true, ..pairing.clone() };
                    change(&mut draft, context, AccessChange::Pairing { pairing });
                }
            }
            AccessCommand::Rotated { bot } => {
                // Another bot has asked nothing yet.
                draft.effects.extend(self.announced().map(Effect::Ask));
                draft.notice(self.notice(context, actor, None, News::Rotated { bot }));
            }
            AccessCommand::Lock { reason } => return self.lock(context, actor, reason),
            _ if !at_the_machine(actor) => {
                let why = "who may speak to the bot is decided on the machine itself".to_owned();
                return refuse(Refusal::NotAllowed(why));
            }
            AccessCommand::LetIn { who, role } => {
                return self.let_in(context, actor, &who, role);
            }
            AccessCommand::TurnAway { who } => {
                let pairing = match self.waiting(&who, context.now) {
                    Ok(pairing) => pairing,
                    Err(why) => return self.wrong_code(context, actor, why),
                };
                let (user, name) = (pairing.user, pairing.name.clone());
                change(&mut draft, context, AccessChange::PairingEnded { user });
                draft.notice(self.notice(context, actor, None, News::TurnedAway { user, name }));
            }
            AccessCommand::Remove { user } => {
                let Some(principal) = self.access.principals.get(&user) else {
                    return refuse(Refusal::Nobody(format!("nobody let {user} in")));
                };
                let Principal { name, role, .. } = principal.clone();
                change(&mut draft, context, AccessChange::Removed { user });
                draft.notice(self.notice(context, actor, None, News::Removed { user, name, role }));
            }
            AccessCommand::Unlock => {
                if self.access.locked.is_none() {
                    let why = "nothing is shut: there was no panic".to_owned();
                    return refuse(Refusal::InvalidArgument(why));
                }
                change(&mut draft, context, AccessChange::Unlocked);
                // What was asked meanwhile was shown on this machine alone.
                draft.effects.extend(self.announced().map(Effect::Ask));
                draft.notice(self.notice(context, actor, None, News::Unlocked));
            }
        }
        draft.done()
    }

    /// The no that a call gets before anybody is asked, as the role of whoever last told the session
    /// what to do may not have such a tool used, and the rule that says so.
    pub(super) fn barred(
        &self,
        rules: &Rules,
        session: &Session,
        approval: &Approval,
    ) -> Option<(Verdict, String)> {
        let owner = RoleName::owner();
        let role = match &session.driver {
            Some(Actor::Telegram { user }) => rules
                .people
                .get(user)
                .or_else(|| self.access.principals.get(user).map(|known| &known.role)),
            _ => Some(&owner),
        };
        let tool = approval.tool.as_str();
        let denies = |role: &Role| role.denies(tool).is_some();
        let name = match role.and_then(|name| Some((name, rules.roles.get(name)?))) {
            Some((name, role)) => denies(role).then_some(name)?,
            // Somebody in a group, a guest, somebody removed since: no more than anybody's.
            None => rules.roles.iter().find(|(_, role)| denies(role)).map(|(name, _)| name)?,
        };
        let reason = format!(
            "pager denies this: {} may not be used while somebody in the role {name}, or in none, says \
             what to do.",
            one_line(tool, 80)
        );
        Some((Verdict::deny(reason), format!("role:{name}")))
    }

    /// What waits and is for a person to see now.
    fn announced(&self) -> impl Iterator<Item = ApprovalId> {
        self.pending().filter(|approval| !approval.is_queued()).map(|approval| approval.id)
    }

    /// Shuts everything, in one transaction with the end of all that waits: no question has an answer
    /// then, and the agents' own dialogs decide.
    fn lock(&self, context: &Context, actor: &Actor, reason: String) -> Outcome {
        let mut draft = Draft::default();
        if self.access.locked.is_some() {
            return draft.done();
        }
        let by = actor.clone();
        change(&mut draft, context, AccessChange::Locked { by, reason: reason.clone() });
        // First, so that the audit log tells the cause before what it led to.
        let cancelled = u32::try_from(self.pending().count()).unwrap_or(u32::MAX);
        let news = News::Locked { reason, cancelled };
        draft.notice(self.notice(context, actor, None, news));
        for approval in self.pending() {
            draft.settle(approval.id, ended(State::Cancelled, actor.clone(), context.now));
        }
        for pairing in self.access.pairings.all() {
            change(&mut draft, context, AccessChange::PairingEnded { user: pairing.user });
        }
        draft.done()
    }

    /// Somebody unknown wrote. Where they are to be told a code the reply has it, this once.
    fn knock(&self, context: &Context, user: i64, name: &str) -> Outcome {
        let [a, b, c, d, e, f, g, h, ..] = context.fresh;
        let code = Code::new(u64::from_be_bytes([a, b, c, d, e, f, g, h]));
        let mut draft = Draft::default();
        let Knock::Tell(pairing) = self.access.pairings.knock(user, name, &code, context.now)
        else {
            return draft.reply(Reply::Knocked(None));
        };
        let new = !self.pairings(context.now).any(|waiting| waiting.user == user);
        let news = News::Knocked { user, name: pairing.name.clone() };
        change(&mut draft, context, AccessChange::Pairing { pairing });
        if new {
            draft.notice(self.notice(context, &Actor::Telegram { user }, None, news));
        }
        draft.reply(Reply::Knocked(Some(code)))
    }

    fn waiting(&self, who: &Knocker, now: Timestamp) -> Result<&Pairing, Rejected> {
        match who {
            Knocker::Code(code) => self.access.pairings.find(code, now),
            Knocker::User(user) => {
                self.pairings(now).find(|pairing| pairing.user == *user).ok_or(Rejected::Gone)
            }
        }
    }

    fn let_in(&self, context: &Context, actor: &Actor, who: &Knocker, role: RoleName) -> Outcome {
        let pairing = match self.waiting(who, context.now) {
            Ok(pairing) => pairing.clone(),
            Err(why) => return self.wrong_code(context, actor, why),
        };
        let Pairing { user, name, .. } = pairing;
        let (by, at) = (actor.clone(), context.now);
        let principal = Principal { user, name: name.clone(), role: role.clone(), by, at };
        let mut draft = Draft::default();
        // One transaction: nobody stops waiting who is not let in.
        change(&mut draft, context, AccessChange::LetIn { principal: principal.clone() });
        change(&mut draft, context, AccessChange::PairingEnded { user });
        draft.notice(self.notice(context, actor, None, News::LetIn { user, name, role }));
        draft.reply(Reply::LetIn(principal))
    }

    /// A wrong code is refused, and counted all the same.
    fn wrong_code(&self, context: &Context, actor: &Actor, why: Rejected) -> Outcome {
        let mut draft = Draft::default();
        if why == Rejected::Unknown {
            change(&mut draft, context, AccessChange::WrongCode);
            draft.notice(self.notice(context, actor, None, News::WrongCode));
        }
        let refusal = match why {
            Rejected::Unknown | Rejected::Gone => Refusal::Nobody(why.to_string()),
            Rejected::TooMany(_) => Refusal::NotAllowed(why.to_string()),
        };
        Outcome { reply: Err(refusal), ..draft.done() }
    }

    /// When the first of the codes ends.
    pub(super) fn pairing_expiry(&self) -> Option<Timestamp> {
        let ends = self.access.pairings.all().map(Pairing::expires).min()?;
        // It holds at that very moment.
        Some(ends.saturating_add(SignedDuration::from_millis(1)).unwrap_or(Timestamp::MAX))
    }

    /// Lets go of those whose codes have ended.
    pub(super) fn end_pairings(&self, draft: &mut Draft, context: &Context) {
        for pairing in self.access.pairings.all().filter(|pairing| !pairing.holds(context.now)) {
            change(draft, context, AccessChange::PairingEnded { user: pairing.user });
        }
    }

    pub(super) fn apply_access(&mut self, change: &AccessChange, at: Timestamp) {
        let known = &mut self.access;
        match change {
            AccessChange::Pairing { pairing } => known.pairings.put(pairing, at),
            AccessChange::PairingEnded { user } => known.pairings.take(*user),
            AccessChange::WrongCode => known.pairings.wrong(at),
            AccessChange::LetIn { principal } => {
                known.principals.insert(principal.user, principal.clone());
            }
            AccessChange::Removed { user } => {
                known.principals.remove(user);
            }
            AccessChange::Locked { by, reason } => {
                known.locked = Some(Lock { at, by: by.clone(), reason: reason.clone() });
            }
            AccessChange::Unlocked => {
                known.locked = None;
                known.opened = Some(at);
            }
        }
    }
}

fn change(draft: &mut Draft, context: &Context, change: AccessChange) {
    draft.events.push(Event::AccessChanged { change, at: context.now });
}

/// Whether somebody is at the machine, by the kernel's word.
fn at_the_machine(actor: &Actor) -> bool {
    matches!(actor, Actor::Dbus { .. } | Actor::Desktop)
}
