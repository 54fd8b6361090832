//! The Manager interface, at the root.

use pager_core::Verdict;
use zbus::message::Header;
use zbus::object_server::SignalEmitter;
use zbus::zvariant::{ObjectPath, OwnedObjectPath};
use zbus::{Connection, ObjectServer, fdo, interface};

use super::approval::{Answers, answer, stop};
use super::context::{Context, plain};
use super::error::{Error, unreadable};
use super::session::{self, not_ours};
use super::{acknowledge, grants, hooks, job, listing, panic, restart};

/// Serves the daemon as a whole.
pub(super) struct Manager {
    context: Context,
}

impl Manager {
    pub(super) fn new(context: Context) -> Self {
        Self { context }
    }

    /// What every method that decides does.
    async fn decide(
        &self,
        connection: &Connection,
        header: &Header<'_>,
        id: &str,
        verdict: Verdict,
    ) -> Result<(), Error> {
        let id = self.context.handle().find(id).await?;
        self.context.resolve(connection, header, id, verdict).await
    }
}

/// The daemon as a whole. Approvals are named by their id, or by any unique beginning of it.
#[interface(name = "org.pagerd.Pager1.Manager")]
impl Manager {
    /// The sessions known: id, path, label, state and folder.
    #[zbus(out_args("sessions"))]
    async fn list_sessions(&self) -> Result<Vec<listing::SessionRow>, Error> {
        Ok(listing::sessions(&self.context).await?)
    }

    /// The approvals that wait, the oldest first: id, path, kind, summary and session's id.
    #[zbus(out_args("approvals"))]
    async fn list_approvals(&self) -> Result<Vec<listing::ApprovalRow>, Error> {
        Ok(listing::approvals(&self.context).await?)
    }

    /// Says yes to an approval, this once.
    async fn approve(
        &self,
        id: &str,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        self.decide(connection, &header, id, Verdict::Allow).await
    }

    /// Says yes, and grants what the approval's AlwaysRule says.
    async fn approve_always(
        &self,
        id: &str,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        self.decide(connection, &header, id, Verdict::AllowAlways).await
    }

    /// Says no; the agent is told the reason, which may be empty.
    async fn deny(
        &self,
        id: &str,
        reason: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        self.decide(connection, &header, id, Verdict::deny(reason)).await
    }

    /// Says no, and ends the agent's turn; the agent is told the reason, which may be empty.
    /// InvalidArgument where the approval's Stoppable is false.
    async fn deny_and_stop(
        &self,
        id: &str,
        reason: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        self.decide(connection, &header, id, stop(reason)).await
    }

    /// Says yes to a plan and to the edits that follow from it; InvalidArgument where it is no plan.
    async fn accept_edits(
        &self,
        id: &str,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        self.decide(connection, &header, id, Verdict::AllowEdits).await
    }

    /// Answers a question: for each question's text the chosen labels, or one free text.
    async fn answer(
        &self,
        id: &str,
        answers: Answers,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        self.decide(connection, &header, id, answer(answers)).await
    }

    /// The rules that persons have granted for good and that nobody has taken back, the oldest
    /// first: the approval's id, agent, rules (one a line), place (the agent's word for where it
    /// keeps them), the file they stand in (empty where they stand in none now), session's id and
    /// label, who granted them, and when in microseconds since the epoch. One that holds for its
    /// session only is listed while that lives.
    #[zbus(out_args("grants"))]
    async fn list_grants(&self) -> Result<Vec<grants::Row>, Error> {
        grants::list(&self.context).await
    }

    /// Takes back what was granted with an approval: takes the rules out of the agent's settings,
    /// and says in a sentence what was done. InvalidArgument where nothing was granted with it or
    /// the grant ends with its session, AlreadyResolved where it was taken back before.
    #[zbus(out_args("done"))]
    async fn revoke_grant(
        &self,
        id: &str,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<String, Error> {
        let id = self.context.handle().find(id).await?;
        let actor = self.context.person(connection, &header).await?;
        grants::revoke(&self.context, actor, id).await
    }

    /// Lets a session ask again after it was paused; InvalidArgument where it is not. It is named by
    /// its id, by any beginning of it that no other has, or by its label.
    async fn resume_session(
        &self,
        session: &str,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        let session = session::find(&self.context, session).await?;
        session::resume(&self.context, connection, &header, session).await
    }

    /// Writes into the audit log that a person knows of a break in its chain, and why it is there:
    /// `pagerctl audit verify` goes on calling it a break, and says so. The break is named as that
    /// names it; InvalidArgument where it is not, or where there is no reason of up to 200
    /// characters.
    async fn acknowledge_break(
        &self,
        gap: &str,
        reason: &str,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        let actor = self.context.person(connection, &header).await?;
        acknowledge::acknowledge(&self.context, actor, gap, reason).await
    }

    /// Gives a session a prompt; Unavailable unless pager runs it.
    async fn send(
        &self,
        session: &str,
        text: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        drop(text);
        self.context.person(connection, &header).await?;
        Err(not_ours(session::find(&self.context, session).await?.as_str()))
    }

    /// Reads the configuration again; InvalidArgument, and the one before stays, if it is wrong.
    async fn reload(
        &self,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        self.context.person(connection, &header).await?;
        self.context.shared.controls.reload().await
    }

    /// Asks the service manager to restart the daemon; what waits goes on waiting.
    async fn restart(
        &self,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        self.context.actor(connection, &header).await?;
        restart::restart(&self.context.shared.session_bus).await
    }

    /// Wires pager's hooks into the settings of Claude Code.
    #[zbus(out_args("job"))]
    async fn install_hooks(
        &self,
        #[zbus(connection)] connection: &Connection,
        #[zbus(object_server)] server: &ObjectServer,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<OwnedObjectPath, Error> {
        self.install_hooks_for(hooks::DEFAULT, connection, server, header).await
    }

    /// Wires pager's hooks into the settings of an agent: claude or codex; InvalidArgument for any
    /// other. Codex runs nothing of it that the person has not trusted, for which it asks itself.
    #[zbus(out_args("job"))]
    async fn install_hooks_for(
        &self,
        agent: &str,
        #[zbus(connection)] connection: &Connection,
        #[zbus(object_server)] server: &ObjectServer,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<OwnedObjectPath, Error> {
        self.context.person(connection, &header).await?;
        let shared = &self.context.shared;
        job::export(&self.context, server, hooks::install(&shared.jobs, &shared.controls, agent)?)
            .await
    }

    /// Takes pager's hooks out of the settings of Claude Code; everybody else's stay.
    #[zbus(out_args("job"))]
    async fn remove_hooks(
        &self,
        #[zbus(connection)] connection: &Connection,
        #[zbus(object_server)] server: &ObjectServer,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<OwnedObjectPath, Error> {
        self.remove_hooks_for(hooks::DEFAULT, connection, server, header).await
    }

    /// Takes pager's hooks out of the settings of an agent; everybody else's stay. InvalidArgument for
    /// any but claude and codex.
    #[zbus(out_args("job"))]
    async fn remove_hooks_for(
        &self,
        agent: &str,
        #[zbus(connection)] connection: &Connection,
        #[zbus(object_server)] server: &ObjectServer,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<OwnedObjectPath, Error> {
        self.context.person(connection, &header).await?;
        let shared = &self.context.shared;
        job::export(&self.context, server, hooks::remove(&shared.jobs, &shared.controls, agent)?)
            .await
    }

    /// Fetches a model for transcription; Unavailable where pager-voice is not installed.
    #[zbus(out_args("job"))]
    async fn install_voice(
        &self,
        model: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<OwnedObjectPath, Error> {
        drop(model);
        self.context.actor(connection, &header).await?;
        Err(Error::Unavailable("this version of pager has no voice transcription".to_owned()))
    }

    /// Stops every session, refuses all chats and cancels what waits. Whoever calls, an agent too:
    /// this only shuts.
    async fn panic(
        &self,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        panic::begin(&self.context, connection, &header, "").await.map(drop)
    }

    /// As Panic, with a reason of up to 200 characters. Returns the units that were stopped, the
    /// agents that still run with what can be done about each, the folder with the evidence (empty
    /// where none could be made), and what is missing in it. Where everything is shut already, all
    /// else is done again.
    #[zbus(out_args("stopped", "left", "evidence", "missing"))]
    async fn panic_because(
        &self,
        reason: &str,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(Vec<String>, Vec<String>, String, Vec<String>), Error> {
        panic::begin(&self.context, connection, &header, reason).await
    }

    /// Opens everything again; InvalidArgument where nothing is shut.
    async fn end_panic(
        &self,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        panic::end(&self.context, connection, &header).await
    }

    /// An agent asks.
    #[zbus(signal)]
    pub(super) async fn approval_requested(
        emitter: &SignalEmitter<'_>,
        id: &str,
        path: ObjectPath<'_>,
    ) -> zbus::Result<()>;

    /// An approval is settled: verdict is its State now, by its ResolvedBy.
    #[zbus(signal)]
    pub(super) async fn approval_resolved(
        emitter: &SignalEmitter<'_>,
        id: &str,
        verdict: &str,
        by: &str,
    ) -> zbus::Result<()>;

    /// A session is new, or does something else than before.
    #[zbus(signal)]
    pub(super) async fn session_changed(
        emitter: &SignalEmitter<'_>,
        id: &str,
        state: &str,
    ) -> zbus::Result<()>;

    /// Something a person should know though nothing is asked of them. Its kind is self_approval (an
    /// agent tried to answer for the person), impostor (another program speaks for a session), busy,
    /// queued (a session asks too much), paused, resumed, acknowledged (a break in the audit log),
    /// locked, secured or unlocked (a panic); more may come. The text is for a person, its first line says what happened. The session's id is empty where it is about none.
    #[zbus(signal)]
    pub(super) async fn notice(
        emitter: &SignalEmitter<'_>,
        kind: &str,
        text: &str,
        session: &str,
    ) -> zbus::Result<()>;

    /// The daemon's version.
    #[zbus(property(emits_changed_signal = "const"))]
    fn version(&self) -> &str {
        &self.context.shared.controls.version
    }

    /// ready, or degraded while nothing can be written down and therefore nothing decided.
    #[zbus(property)]
    fn state(&self) -> &'static str {
        listing::health_word(&self.context.handle().health().borrow())
    }

    /// How many approvals wait.
    #[zbus(property)]
    async fn pending_approvals(&self) -> fdo::Result<u32> {
        listing::waiting(&self.context).await.map_err(unreadable)
    }

    /// How many sessions are known that have not ended.
    #[zbus(property)]
    async fn active_sessions(&self) -> fdo::Result<u32> {
        listing::active(&self.context).await.map_err(unreadable)
    }

    /// Whether everything from outside is shut since a panic.
    #[zbus(property)]
    async fn locked(&self) -> fdo::Result<bool> {
        Ok(panic::lock(&self.context).await?.is_some())
    }

    /// Since when it is, in microseconds since the epoch; 0 where it is not.
    #[zbus(property)]
    async fn locked_since(&self) -> fdo::Result<u64> {
        Ok(panic::since(panic::lock(&self.context).await?.as_ref()))
    }

    /// By whom, as ResolvedBy of an approval has it; empty where it is not.
    #[zbus(property)]
    async fn locked_by(&self) -> fdo::Result<String> {
        Ok(panic::by(panic::lock(&self.context).await?.as_ref()))
    }

    /// How the Telegram door does, in a word or a sentence.
    #[zbus(property)]
    fn telegram_state(&self) -> String {
        plain(&self.context.shared.controls.telegram_state.borrow())
    }

    /// Where the bot's token is taken from: credential (of systemd), file, secret-service, config
    /// (pager.toml itself), or none. That Telegram takes it is not said.
    #[zbus(property)]
    fn token_source(&self) -> &'static str {
        self.context.shared.controls.token_source.borrow().as_str()
    }

    /// What the configuration allows and had better not, such as that everybody may write to the
    /// bot: a sentence each, none where all is well.
    #[zbus(property)]
    fn warnings(&self) -> Vec<String> {
        listing::warnings(&self.context)
    }
}
