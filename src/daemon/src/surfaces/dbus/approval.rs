//! The Approval interface: one question, and the ways to answer it.

use std::collections::HashMap;

use jiff::Timestamp;
use pager_core::present::Part;
use pager_core::{Approval, Require, Verdict, present};
use zbus::message::Header;
use zbus::zvariant::{OwnedObjectPath, Value};
use zbus::{Connection, fdo, interface};

use super::context::{Context, plain};
use super::error::{Error, unreadable};
use super::names::session_path;

/// Serves one approval. What never changes of it is at hand; where it stands is asked of the engine.
pub(super) struct ApprovalObject {
    context: Context,
    facts: Approval,
}

impl ApprovalObject {
    pub(super) fn new(context: Context, facts: Approval) -> Self {
        Self { context, facts }
    }

    async fn now(&self) -> fdo::Result<Approval> {
        let known = self.context.handle().approval(self.facts.id).await.map_err(unreadable)?;
        known.ok_or_else(|| unreadable("the approval is no longer known"))
    }
}

/// The word and the name that a settled approval's properties carry.
pub(super) fn standing(approval: &Approval) -> (&'static str, String) {
    let by = approval.resolution.as_ref().map(|resolution| plain(&resolution.by.to_string()));
    (approval.state().as_str(), by.unwrap_or_default())
}

/// What of an approval can change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Marks {
    pub(super) pending: bool,
    pub(super) queued: bool,
    /// What the policy, and those who have said yes, add to the body.
    pub(super) changing: Vec<Part>,
}

impl Marks {
    pub(super) fn of(approval: &Approval) -> Self {
        let (pending, queued) = (approval.is_pending(), approval.is_queued());
        Self { pending, queued, changing: present::changing(approval) }
    }
}

/// The properties that change, as they are now.
pub(super) fn changing(approval: &Approval) -> HashMap<&'static str, Value<'static>> {
    let (state, by) = standing(approval);
    HashMap::from([
        ("State", state.into()),
        ("ResolvedBy", by.into()),
        ("Queued", approval.is_queued().into()),
        ("Require", require(approval).into()),
        ("Yeses", yeses(approval).into()),
    ])
}

/// Those who have said yes where it takes more than one.
fn yeses(approval: &Approval) -> Vec<String> {
    approval.yeses.iter().map(|yes| plain(&yes.by.to_string())).collect()
}

/// The property that is as long as what is asked: that it changed is told, not what it is now.
pub(super) const BODY: &str = "Body";

/// The doors a yes must come through, by the names the policy has for them.
fn require(approval: &Approval) -> &'static str {
    match approval.require() {
        Require { remote: false, polkit: false } => "",
        Require { remote: true, polkit: false } => "remote",
        Require { remote: false, polkit: true } => "polkit",
        Require { remote: true, polkit: true } => "remote polkit",
    }
}

/// The flattened form of answers on the bus: for each question its labels or the free text.
pub(super) type Answers = HashMap<String, Vec<String>>;

pub(super) fn answer(answers: Answers) -> Verdict {
    Verdict::Answer { answers: answers.into_iter().collect() }
}

/// A no after which the agent's turn ends.
pub(super) fn stop(reason: String) -> Verdict {
    Verdict::Deny { reason, interrupt: true }
}

/// The longest body that is served: a client that is sent too much at once is cut off its bus.
const BODY_MAX: usize = 8 << 20;

fn within(mut text: String, max: usize) -> String {
    if text.len() > max {
        let end = (0..=max).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        let left_out = text[end..].chars().count();
        text.truncate(end);
        text.push_str(&format!("\n{} All of it is in Input.", present::cut(left_out)));
    }
    text
}

pub(super) fn microseconds(time: Timestamp) -> u64 {
    u64::try_from(time.as_microsecond()).unwrap_or_default()
}

/// One question of an agent's and the one answer it gets. The first answer wins, whichever door it
/// comes through. The object stays for an hour after it was settled.
#[interface(name = "org.pagerd.Pager1.Approval")]
impl ApprovalObject {
    /// Says yes, this once.
    async fn allow(
        &self,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        self.context.resolve(connection, &header, self.facts.id, Verdict::Allow).await
    }

    /// Says yes, and grants what AlwaysRule says; InvalidArgument where that is empty.
    async fn allow_always(
        &self,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        self.context.resolve(connection, &header, self.facts.id, Verdict::AllowAlways).await
    }

    /// Says no; the agent is told the reason, which may be empty.
    async fn deny(
        &self,
        reason: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        self.context.resolve(connection, &header, self.facts.id, Verdict::deny(reason)).await
    }

    /// Says no, and ends the agent's turn; the agent is told the reason, which may be empty.
    /// InvalidArgument where Stoppable is false.
    async fn deny_and_stop(
        &self,
        reason: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        self.context.resolve(connection, &header, self.facts.id, stop(reason)).await
    }

    /// Says yes to a plan and to the edits that follow from it; InvalidArgument where it is no plan.
    async fn accept_edits(
        &self,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        self.context.resolve(connection, &header, self.facts.id, Verdict::AllowEdits).await
    }

    /// Answers a question: for each question's text the chosen labels, or one free text.
    async fn answer(
        &self,
        answers: Answers,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        self.context.resolve(connection, &header, self.facts.id, answer(answers)).await
    }

    /// 32 hexadecimal digits.
    #[zbus(property(emits_changed_signal = "const"))]
    fn id(&self) -> String {
        self.facts.id.to_string()
    }

    /// The session that asks.
    #[zbus(property(emits_changed_signal = "const"))]
    fn session(&self) -> OwnedObjectPath {
        session_path(&self.facts.session)
    }

    /// The agent's short name: claude, codex, …
    #[zbus(property(emits_changed_signal = "const"))]
    fn agent(&self) -> String {
        plain(self.facts.agent.as_str())
    }

    /// What sort of answer is wanted: permission, question or plan.
    #[zbus(property(emits_changed_signal = "const"))]
    fn kind(&self) -> &str {
        self.facts.kind.as_str()
    }

    /// The tool's name as the agent gave it.
    #[zbus(property(emits_changed_signal = "const"))]
    fn tool(&self) -> String {
        plain(&self.facts.tool)
    }

    /// One line for a person, safe to print, possibly cut (it ends in … then).
    #[zbus(property(emits_changed_signal = "const"))]
    fn summary(&self) -> String {
        plain(&self.facts.summary)
    }

    /// All that is asked, as text for a person, safe to print: what pager has to say of it, and, set in
    /// by four blanks, what the agent wrote, for a change of a file as a diff. Of more than 8 MiB the end
    /// is cut, and the last line says so. It changes with what the policy says of it.
    #[zbus(property(emits_changed_signal = "invalidates"))]
    async fn body(&self) -> fdo::Result<String> {
        Ok(plain(&within(present::body(&self.now().await?), BODY_MAX)))
    }

    /// The whole tool input, the JSON text exactly as the agent wrote it. Not safe to print as it is.
    #[zbus(property(emits_changed_signal = "const"))]
    fn input(&self) -> String {
        plain(self.facts.input.text())
    }

    /// The SHA-256 of exactly that text, in hexadecimal digits.
    #[zbus(property(emits_changed_signal = "const"))]
    fn input_sha256(&self) -> String {
        self.facts.input.sha256().to_string()
    }

    /// The folder the agent works in.
    #[zbus(property(emits_changed_signal = "const"))]
    fn cwd(&self) -> String {
        plain(&self.facts.cwd)
    }

    /// What "always" would grant, in the agent's notation, one rule a line; empty if nothing.
    #[zbus(property(emits_changed_signal = "const"))]
    fn always_rule(&self) -> String {
        self.facts.always.as_ref().map(|always| plain(&always.rule)).unwrap_or_default()
    }

    /// Whether a no can end the agent's turn: Codex's hook, where its app-server is not there, has no
    /// way to say that.
    #[zbus(property(emits_changed_signal = "const"))]
    fn stoppable(&self) -> bool {
        self.facts.stoppable
    }

    /// pending, allowed, denied, answered, expired, cancelled, or elsewhere (at the terminal).
    #[zbus(property)]
    async fn state(&self) -> fdo::Result<&'static str> {
        Ok(standing(&self.now().await?).0)
    }

    /// Who settled it (telegram:ID, dbus:UID/PROGRAM, desktop, terminal, policy:RULE, timeout, …);
    /// empty while it is pending.
    #[zbus(property)]
    async fn resolved_by(&self) -> fdo::Result<String> {
        Ok(standing(&self.now().await?).1)
    }

    /// Whether it waits in its session's queue, as the session asked more than may reach a person in
    /// a minute. It can be answered all the same.
    #[zbus(property)]
    async fn queued(&self) -> fdo::Result<bool> {
        Ok(self.now().await?.is_queued())
    }

    /// The doors that the policy takes a yes from: remote (Telegram), polkit (here, once polkit has
    /// had the person authenticate), both with a space between them where either will do; empty
    /// where every door will do. A no is taken from all of them.
    #[zbus(property)]
    async fn require(&self) -> fdo::Result<&'static str> {
        Ok(require(&self.now().await?))
    }

    /// How many different people must say yes. Whoever is at this machine is one of them, whichever
    /// of its doors they take.
    #[zbus(property(emits_changed_signal = "const"))]
    fn needed(&self) -> u32 {
        self.facts.needed
    }

    /// Those who have, where it takes more than one: telegram:ID, dbus:UID/PROGRAM, desktop. A no of
    /// anybody's ends it all the same.
    #[zbus(property)]
    async fn yeses(&self) -> fdo::Result<Vec<String>> {
        Ok(yeses(&self.now().await?))
    }

    /// When it was asked, in microseconds since the epoch.
    #[zbus(property(emits_changed_signal = "const"))]
    fn created(&self) -> u64 {
        microseconds(self.facts.created)
    }

    /// When it expires if nobody answers, in microseconds since the epoch.
    #[zbus(property(emits_changed_signal = "const"))]
    fn expires(&self) -> u64 {
        microseconds(self.facts.expires)
    }
}
