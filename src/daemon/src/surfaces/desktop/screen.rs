//! What belongs on the screen: a few questions of each session, the rest of them in a line, and what
//! stands still.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use pager_core::access::Pairing;
use pager_core::approval::Kind;
use pager_core::sanitize::visible;
use pager_core::{
    Actor, Approval, ApprovalId, Machine, News, Notice, Phase, Session, SessionId, present,
};
use serde::{Deserialize, Serialize};

use super::card::{self, Card, LET_IN, RESUME, TURN_AWAY, Urgency};
use super::server::Abilities;
use crate::redaction;

/// So many questions of one session are shown at a time; the others are counted in one notification.
const EACH: usize = 3;
/// So many of those are named there.
const NAMED: usize = 4;

/// What a notification stands for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) enum Key {
    /// One question.
    Approval(ApprovalId),
    /// What else of a session waits.
    More(SessionId),
    /// A session that stands still.
    Paused(SessionId),
    /// Somebody who waits to be let in, by their number.
    Stranger(i64),
    /// Something the person should know, by its own key.
    Notice(String),
}

/// Something that belongs on the screen.
#[derive(Debug)]
pub(super) enum Thing {
    Approval(Box<Approval>),
    More(Vec<Approval>),
    Paused(Box<Session>),
    Stranger(Pairing),
}

/// All that belongs on the screen, in the order it came.
pub(super) fn things(machine: &Machine, now: Timestamp) -> Vec<Thing> {
    let mut sessions: BTreeMap<&SessionId, Vec<&Approval>> = BTreeMap::new();
    for approval in machine.pending() {
        sessions.entry(&approval.session).or_default().push(approval);
    }
    let mut each = Vec::new();
    let mut things = Vec::new();
    for (_, mut waiting) in sessions {
        waiting.sort_by_key(|approval| (approval.is_queued(), approval.created, approval.id));
        let asked = waiting.iter().take_while(|approval| !approval.is_queued()).count();
        let more = waiting.split_off(asked.min(EACH));
        each.extend(waiting);
        if !more.is_empty() {
            things.push(Thing::More(more.into_iter().cloned().collect()));
        }
    }
    each.sort_by_key(|approval| (approval.created, approval.id));
    let each = each.into_iter().map(|approval| Thing::Approval(Box::new(approval.clone())));
    let still = |session: &&Session| session.paused.is_some() && session.phase != Phase::Ended;
    let still = machine.sessions().filter(still);
    each.chain(things)
        .chain(still.map(|session| Thing::Paused(Box::new(session.clone()))))
        .chain(machine.pairings(now).cloned().map(Thing::Stranger))
        .collect()
}

impl Thing {
    /// What its notification is known by.
    pub(super) fn key(&self) -> Key {
        match self {
            Self::Approval(approval) => Key::Approval(approval.id),
            Self::More(waiting) => {
                Key::More(waiting.first().map_or_else(no_session, |one| one.session.clone()))
            }
            Self::Paused(session) => Key::Paused(session.id.clone()),
            Self::Stranger(pairing) => Key::Stranger(pairing.user),
        }
    }

    /// What its notification depends on: while it is the same, that need not be shown again.
    pub(super) fn stamp(&self) -> String {
        match self {
            Self::Approval(approval) => present::plain(&present::changing(approval)),
            Self::More(waiting) => waiting.iter().map(|one| one.id.to_string()).collect(),
            Self::Paused(session) => session.denials.to_string(),
            Self::Stranger(pairing) => pairing.asked.to_string(),
        }
    }

    /// How much there is of it: of what was dismissed, only more is shown again.
    pub(super) fn count(&self) -> usize {
        match self {
            Self::More(waiting) => waiting.len(),
            Self::Approval(_) | Self::Paused(_) | Self::Stranger(_) => 1,
        }
    }

    pub(super) fn card(&self, abilities: Abilities) -> Card {
        match self {
            Self::Approval(approval) => card::card(approval, abilities),
            Self::More(waiting) => more(waiting, abilities),
            Self::Paused(session) => paused(session, abilities),
            Self::Stranger(pairing) => stranger(pairing, abilities),
        }
    }
}

fn no_session() -> SessionId {
    SessionId::from_agent("")
}

fn more(waiting: &[Approval], abilities: Abilities) -> Card {
    let label = waiting.first().map_or("", |one| one.label.as_str());
    let wait = if waiting.len() == 1 { "waits" } else { "wait" };
    let summary = format!("{} more {wait} in {}", waiting.len(), visible(label));
    let line = |approval: &Approval| {
        let what = match approval.kind {
            Kind::Permission => redaction::line(&approval.tool, 24),
            Kind::Question | Kind::Plan => approval.kind.as_str().to_owned(),
        };
        format!("{what}: {}\n", redaction::line(&approval.summary, 60))
    };
    // The line that would count a single other one can as well name it.
    let named = if waiting.len() == NAMED + 1 { NAMED + 1 } else { NAMED };
    let mut body: String = waiting.iter().take(named).map(line).collect();
    if waiting.len() > named {
        body.push_str(&format!("and {} others\n", waiting.len() - named));
    }
    body.push_str("To see and answer them all: pagerctl list");
    Card::plain(&summary, &body, Urgency::Staying, abilities)
}

fn paused(session: &Session, abilities: Abilities) -> Card {
    let notice = Notice {
        session: Some(session.id.clone()),
        agent: Some(session.agent.clone()),
        label: session.label.clone(),
        by: Actor::Pager,
        at: session.changed,
        news: News::Paused { denials: session.denials },
    };
    let mut card = told(&notice, Urgency::Critical, abilities);
    if abilities.actions {
        card.actions.push((RESUME.to_owned(), "Resume".to_owned()));
    }
    card
}

fn stranger(pairing: &Pairing, abilities: Abilities) -> Card {
    let notice = Notice {
        session: None,
        agent: None,
        label: String::new(),
        by: Actor::Telegram { user: pairing.user },
        at: pairing.asked,
        news: News::Knocked { user: pairing.user, name: pairing.name.clone() },
    };
    let mut card = told(&notice, Urgency::Staying, abilities);
    let ends = pairing.expires().to_zoned(TimeZone::system()).strftime("%H:%M");
    card.body.push_str(&format!("\nThe code ends at {ends}."));
    if abilities.actions {
        // Anybody can take any name, and the code is kept nowhere; the number is nobody else's.
        card.body.push_str(&format!(
            " To let them in here, have them read out the number above it: it must be {}.",
            pairing.user
        ));
        card.actions.push((LET_IN.to_owned(), "Let in as developer".to_owned()));
        card.actions.push((TURN_AWAY.to_owned(), "Turn away".to_owned()));
    }
    card
}

/// The notification for something the person should know; none where the state shows it, or where it
/// is over.
pub(super) fn notice(notice: &Notice, abilities: Abilities) -> Option<Card> {
    let urgency = match &notice.news {
        News::SelfApproval { .. }
        | News::Meddled { .. }
        | News::Impostor { .. }
        | News::Locked { .. } => Urgency::Critical,
        News::LetIn { .. } | News::WrongCode | News::Rotated { .. } | News::Secured { .. } => {
            Urgency::Staying
        }
        News::Busy { .. }
        | News::TurnedAway { .. }
        | News::Removed { .. }
        | News::Unlocked
        | News::Acknowledged { .. } => Urgency::Passing,
        News::Misfit { .. }
        | News::Queued { .. }
        | News::Paused { .. }
        | News::Resumed
        | News::FileReceived { .. }
        | News::FileSent { .. }
        | News::Knocked { .. } => return None,
    };
    Some(told(notice, urgency, abilities))
}

fn told(notice: &Notice, urgency: Urgency, abilities: Abilities) -> Card {
    let words = present::notice(notice);
    let (summary, body) = words.split_once('\n').unwrap_or((&words, ""));
    Card::plain(summary.trim_end_matches('.'), body, urgency, abilities)
}
