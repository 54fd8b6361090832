//! The handle a test holds.

use std::future::Future;
use std::io;
use std::time::Duration;

use super::control;
use super::faults::Fault;
use super::flood::Limit;
use super::group::Group;
use super::journal::{Call, Violation};
use super::listener::Listener;
use super::person::{Person, Tap};
use super::shared::Shared;
use super::updates::Order;
use super::view::{MessageView, View};
use super::world::{Answer, Bot, ChatKind};

/// Long enough for a loaded machine; only a test that has failed waits for it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A Bot API server in this process, with one bot.
///
/// It runs on a thread of its own, so it answers whether the test is asynchronous, blocks, or has its time paused.
/// When it is dropped it panics if the bot made a call that the real server would have refused and that the test
/// did not declare with [`BotApi::expect`] or [`BotApi::allow`].
pub struct BotApi {
    pub(crate) shared: Shared,
    listener: Listener,
    patience: Duration,
    judged: bool,
}

/// How a double is to be.
#[derive(Clone, Debug)]
pub struct Builder {
    port: u16,
    token: String,
    username: String,
    reads_groups: bool,
    patience: Duration,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            port: 0,
            token: "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0".into(),
            username: "pager_test_bot".into(),
            reads_groups: false,
            patience: PATIENCE,
        }
    }
}

impl Builder {
    /// The port to listen on; 0 takes any.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// The bot's token; the number before the colon is the bot's id.
    #[must_use]
    pub fn token(mut self, token: &str) -> Self {
        self.token = token.into();
        self
    }

    /// The bot's user name.
    #[must_use]
    pub fn username(mut self, username: &str) -> Self {
        self.username = username.into();
        self
    }

    /// Turns privacy mode off: the bot sees all messages of its groups.
    #[must_use]
    pub fn reads_groups(mut self) -> Self {
        self.reads_groups = true;
        self
    }

    /// How long `wait_for` waits before it fails the test.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Starts listening on loopback.
    ///
    /// # Errors
    /// If the port cannot be had, or the token has no bot id before a colon.
    pub fn start(self) -> io::Result<BotApi> {
        let id = self.token.split_once(':').and_then(|(id, _)| id.parse().ok());
        let id = id.ok_or_else(|| io::Error::other("a bot's token is <number>:<secret>"))?;
        let bot = Bot {
            id,
            token: self.token,
            name: "Pager".into(),
            username: self.username,
            reads_groups: self.reads_groups,
        };
        let shared = Shared::new(bot);
        let listener = Listener::start(shared.clone(), self.port)?;
        Ok(BotApi { shared, listener, patience: self.patience, judged: false })
    }
}

impl BotApi {
    /// Starts a double with a token of its own on any free port.
    ///
    /// # Panics
    /// If there is no port to be had.
    #[must_use]
    pub fn start() -> Self {
        Builder::default().start().expect("a loopback port for the Bot API double")
    }

    /// Starts a double that differs from the usual one.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The value for `api_url`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.listener.address)
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.listener.address.port()
    }

    /// The bot's token.
    #[must_use]
    pub fn token(&self) -> String {
        self.shared.look().bot.token.clone()
    }

    /// Gives the bot another token, as BotFather does when asked to revoke one.
    pub fn revoke_token(&self, new: &str) {
        self.shared.change(|world| world.bot.token = new.into());
    }

    /// A person who has opened the private chat with the bot.
    #[must_use]
    pub fn user(&self, id: i64) -> Person {
        self.person(id, true)
    }

    /// A person the bot has never met; it may not write to them before they have written.
    #[must_use]
    pub fn stranger(&self, id: i64) -> Person {
        self.person(id, false)
    }

    fn person(&self, id: i64, started: bool) -> Person {
        assert!(id > 0, "the id of a person is positive, not {id}");
        Person::meet(&self.shared, id, started)
    }

    /// A group with these people and the bot; ids below -1000000000000 make supergroups.
    #[must_use]
    pub fn group(&self, id: i64, title: &str, members: &[&Person]) -> Group {
        Group::create(&self.shared, id, title, members)
    }

    /// A channel with the bot among its administrators, and these people.
    #[must_use]
    pub fn channel(&self, id: i64, title: &str, members: &[&Person]) -> Group {
        let channel = Group::of_kind(&self.shared, id, ChatKind::Channel, title, members);
        channel.promote_bot(true);
        channel
    }

    /// Lets the next `times` calls of a method go wrong; `*` stands for all methods but `getUpdates`.
    pub fn fault(&self, method: &str, times: u32, fault: Fault) {
        self.shared.change(|world| world.faults.add(method, None, times, fault));
    }

    /// Lets the next `times` calls of a method that concern one chat go wrong.
    pub fn fault_in(&self, chat: i64, method: &str, times: u32, fault: Fault) {
        self.shared.change(|world| world.faults.add(method, Some(chat), times, fault));
    }

    /// Ends all faults and lets held calls go on.
    pub fn clear_faults(&self) {
        self.shared.change(|world| world.faults.clear());
    }

    /// Lets the calls go on that a `Hold` or `HoldReply` keeps.
    pub fn release(&self) {
        self.shared.change(|world| world.faults.released += 1);
    }

    /// How many faults nobody has run into yet.
    #[must_use]
    pub fn faults_left(&self) -> usize {
        self.shared.look().faults.left()
    }

    /// Refuses connections and cuts those that stand.
    pub fn go_down(&self) {
        self.listener.orders.close();
    }

    /// Listens again on the same port.
    pub fn come_back(&self) {
        self.listener.orders.open();
    }

    /// Turns flood limits on: how much one private chat and one group take.
    pub fn limit_flood(&self, private: Option<Limit>, group: Option<Limit>) {
        self.shared.change(|world| world.flood.limit(private, group));
    }

    /// Moves the double's clock on.
    pub fn advance(&self, by: Duration) {
        self.shared.change(|world| world.clock.advance(by));
    }

    /// Keeps updates back until `release_updates`.
    pub fn hold_updates(&self) {
        self.shared.change(|world| world.updates.hold());
    }

    /// Lets held updates go, in this order.
    pub fn release_updates(&self, order: Order) {
        self.shared.change(|world| world.updates.release(order));
    }

    /// Delivers the last confirmed updates once more, under the same ids.
    pub fn redeliver(&self, count: usize) {
        self.shared.change(|world| world.updates.redeliver(count));
    }

    /// Declares that the bot will make a call of this method (`*`: any) that the real server refuses with a
    /// description containing this. It is a failure if none comes.
    pub fn expect(&self, method: &str, contains: &str) {
        self.shared.change(|world| world.journal.expect(method, contains, true));
    }

    /// Declares that such a refused call may happen.
    pub fn allow(&self, method: &str, contains: &str) {
        self.shared.change(|world| world.journal.expect(method, contains, false));
    }

    /// Everything as it is now.
    #[must_use]
    pub fn view(&self) -> View {
        View::of(&self.shared.look())
    }

    /// Every call, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.shared.look().journal.calls.clone()
    }

    /// The commands set for a scope: `None` for the default one, else the scope's JSON.
    #[must_use]
    pub fn commands(&self) -> Vec<(String, serde_json::Value)> {
        self.shared
            .look()
            .commands
            .iter()
            .map(|(scope, list)| (scope.clone(), list.clone()))
            .collect()
    }

    /// Calls that the real server would have refused, or looked past, and that were not declared.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        self.shared.look().journal.violations()
    }

    /// Waits until `find` finds something; it is asked again after every change.
    ///
    /// # Panics
    /// After a long time, with `what` was waited for, all calls and all chats.
    pub async fn wait_for<T>(&self, what: &str, mut find: impl FnMut(&View) -> Option<T>) -> T {
        let mut changes = self.shared.changes();
        // The double's own timer: a test with paused time must not see its patience end at once.
        let patience = {
            let _runtime = self.listener.runtime.enter();
            tokio::time::sleep(self.patience)
        };
        tokio::pin!(patience);
        loop {
            changes.mark_unchanged();
            if let Some(found) = find(&self.view()) {
                return found;
            }
            tokio::select! {
                biased;
                changed = changes.changed() => changed.expect("the double holds the other end"),
                () = &mut patience => panic!("waited in vain for {what}\n{}", self.report()),
            }
        }
    }

    /// Waits for a message in a chat.
    ///
    /// # Panics
    /// As `wait_for`.
    pub async fn wait_message(
        &self,
        chat: i64,
        what: &str,
        fits: impl Fn(&MessageView) -> bool,
    ) -> MessageView {
        self.wait_for(what, |view| view.find(chat, &fits).cloned()).await
    }

    /// Waits until the bot asks for updates.
    ///
    /// # Panics
    /// As `wait_for`.
    pub async fn wait_polling(&self) {
        self.wait_for("the bot to poll", |view| view.polling.then_some(())).await;
    }

    /// Waits until the bot has taken all updates and asks for more; cheap, however much was said.
    pub async fn wait_taken(&self) {
        let mut changes = self.shared.changes();
        loop {
            changes.mark_unchanged();
            {
                let world = self.shared.look();
                if world.updates.pending() == 0 && world.updates.polling.is_some() {
                    return;
                }
            }
            changes.changed().await.expect("the double holds the other end");
        }
    }

    /// Waits until a tap is answered.
    ///
    /// # Panics
    /// As `wait_for`.
    pub async fn wait_answer(&self, tap: &Tap) -> Answer {
        let find = |view: &View| view.taps.iter().find(|one| one.id == tap.id)?.answer.clone();
        self.wait_for("an answer to the tap", find).await
    }

    /// Waits for a future of this double in a test that is not asynchronous.
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.listener.runtime.block_on(future)
    }

    /// All calls, all chats and all complaints, for a failing test.
    #[must_use]
    pub fn report(&self) -> String {
        control::report(&self.shared)
    }

    /// Ends the double and judges the bot.
    ///
    /// # Panics
    /// If it made a call that was neither right nor declared, or if a declared one never came.
    pub fn finish(mut self) {
        self.judge();
    }

    /// Ends the double and gives what `finish` would panic with.
    #[must_use]
    pub fn close(mut self) -> Vec<String> {
        self.judged = true;
        self.listener.stop();
        self.shared.look().journal.complaints()
    }

    fn judge(&mut self) {
        if std::mem::replace(&mut self.judged, true) {
            return;
        }
        self.listener.stop();
        let complaints = self.shared.look().journal.complaints();
        if !complaints.is_empty() && !std::thread::panicking() {
            panic!("the Bot API double has complaints\n{}", self.report());
        }
    }
}

impl Drop for BotApi {
    fn drop(&mut self) {
        self.judge();
    }
}
