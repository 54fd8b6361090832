//! An engine with the Telegram door open, and the people around it.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::SignedDuration;
use pager_config::{Secret, Url};
use pager_core::access::{Group, Lists, Right, RoleName, Rules};
use pager_core::approval::{AlwaysGrant, Input, Kind, Request};
use pager_core::{
    Actor, Agent, ApprovalId, Command, Event, Facts, Judgement, Limits, Machine, News, Reply,
    RequestId, SessionId, Verdict,
};
use pager_tests::botapi::{BotApi, MessageView, Tap};
use pagerd::engine::{Clock, Engine, Handle, Options, SystemClock};
use pagerd::files::Exchange;
use pagerd::store::{Logged, Store};
use pagerd::surfaces::telegram::{self, Telegram, TelegramConfig, TelegramState};

/// The person who may answer.
pub(crate) const ADA: i64 = 111_111_111;

/// Only a test that has failed waits so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

const NO_LIMITS: Limits = Limits { approvals_per_minute: 1000, denials_in_a_row: 0 };

pub(crate) struct House {
    pub(crate) handle: Handle,
    pub(crate) config: TelegramConfig,
    door: Option<Telegram>,
    state_dir: tempfile::TempDir,
}

impl House {
    /// An engine, and the door shut: what is asked now is in the outbox.
    pub(crate) fn shut(api: &BotApi) -> Self {
        Self::shut_with(api, NO_LIMITS)
    }

    pub(crate) fn shut_with(api: &BotApi, limits: Limits) -> Self {
        Self::build(api, limits, 1, SystemClock)
    }

    /// One whose engine goes by this clock.
    pub(crate) fn shut_at(api: &BotApi, clock: impl Clock) -> Self {
        Self::build(api, NO_LIMITS, 1, clock)
    }

    /// One where it takes so many people to say yes.
    pub(crate) fn shut_needing(api: &BotApi, needed: u32) -> Self {
        Self::build(api, NO_LIMITS, needed, SystemClock)
    }

    fn build(api: &BotApi, limits: Limits, needed: u32, clock: impl Clock) -> Self {
        let state_dir = tempfile::tempdir().unwrap();
        let store = Store::open(state_dir.path()).unwrap();
        let mut options = Options::new(SignedDuration::from_hours(1), vec![telegram::DOOR]);
        options.limits = limits;
        options.needed = needed;
        let (engine, handle) = Engine::new(store, clock, options, None).unwrap();
        tokio::spawn(engine.run());
        let config = TelegramConfig {
            token: Secret::new(api.token()),
            api_url: Url::parse(&api.url()).unwrap(),
            rules: Rules { people: [(ADA, RoleName::owner())].into(), ..Rules::default() },
            chat: Some(ADA),
            max_age: Duration::from_secs(600),
            requests: 10,
            window: Duration::from_secs(60),
            files: Exchange::new(&pager_config::Files::default(), []).unwrap(),
        };
        Self { handle, config, door: None, state_dir }
    }

    /// Lets people do in a group what they may do.
    pub(crate) fn list(&mut self, chat: i64, people: &[i64]) {
        let people: BTreeSet<_> = people.iter().copied().collect();
        let lists = Right::ALL.into_iter().map(|right| (right, people.clone())).collect();
        let group = Group { lists: Lists(lists), ..Group::default() };
        self.config.rules.groups.insert(chat, group);
    }

    /// A group in which nobody need speak to the bot.
    pub(crate) fn hears_everything(&mut self, chat: i64) {
        if let Some(group) = self.config.rules.groups.get_mut(&chat) {
            group.require_mention = false;
        }
    }

    /// Questions go to a group, where this person may answer.
    pub(crate) fn live_in(&mut self, chat: i64) {
        self.config.chat = Some(chat);
        self.list(chat, &[ADA]);
    }

    pub(crate) fn open(api: &BotApi) -> Self {
        let mut house = Self::shut(api);
        house.open_door();
        house
    }

    pub(crate) fn state_dir(&self) -> &std::path::Path {
        self.state_dir.path()
    }

    pub(crate) fn open_door(&mut self) {
        let door = Telegram::open(self.config.clone(), self.handle.clone());
        self.door = Some(door.unwrap());
    }

    pub(crate) async fn close_door(&mut self) {
        self.door.take().unwrap().close().await;
    }

    /// The door is gone from one moment to the next, as in a crash.
    pub(crate) fn lose_door(&mut self) {
        drop(self.door.take().unwrap());
    }

    /// Waits until things stand like this with Telegram.
    pub(crate) async fn state(&self, wanted: impl Fn(&TelegramState) -> bool) -> TelegramState {
        let mut watched = self.door.as_ref().unwrap().state();
        let now = watched.clone();
        match tokio::time::timeout(PATIENCE, watched.wait_for(|state| wanted(state))).await {
            Ok(state) => state.unwrap().clone(),
            Err(_) => panic!("still {}", *now.borrow()),
        }
    }

    pub(crate) async fn ask(&self, n: u8, command: &str) -> ApprovalId {
        self.ask_of(n, Kind::Permission, "Bash", &serde_json::json!({ "command": command })).await
    }

    pub(crate) async fn ask_of(
        &self,
        n: u8,
        kind: Kind,
        tool: &str,
        input: &serde_json::Value,
    ) -> ApprovalId {
        let input = Input::new(input.to_string());
        self.ask_this(Request::new(RequestId::from_bytes([n; 16]), kind, tool, input)).await
    }

    /// Asks for a command that the agent would like to be allowed for always.
    pub(crate) async fn ask_always(
        &self,
        n: u8,
        command: &str,
        always: Option<AlwaysGrant>,
    ) -> ApprovalId {
        let input = Input::new(serde_json::json!({ "command": command }).to_string());
        let request = Request::new(RequestId::from_bytes([n; 16]), Kind::Permission, "Bash", input);
        self.ask_this(Request { always, ..request }).await
    }

    pub(crate) async fn ask_this(&self, request: Request) -> ApprovalId {
        let mut facts = Facts::new(SessionId::from_agent("s1"), Agent::claude());
        facts.cwd = Some("/home/ada/webshop".to_owned());
        let command = Command::Ask { facts, request: Box::new(request) };
        match self.handle.submit(Actor::Agent, command).await {
            Ok(Reply::Asked { id, .. }) => id,
            other => panic!("{other:?}"),
        }
    }

    /// Somebody decides at the desktop.
    pub(crate) async fn deny(&self, id: ApprovalId) {
        let command = Command::resolve(id, Verdict::deny(""));
        self.handle.submit(Actor::Desktop, command).await.unwrap();
    }

    /// The policy says another thing of it than it did.
    pub(crate) async fn judge(&self, id: ApprovalId, judgement: Judgement) {
        let command = Command::Rejudge { judgements: vec![(id, judgement)] };
        self.handle.submit(Actor::Pager, command).await.unwrap();
    }

    /// What was written down of answers that could not count.
    pub(crate) async fn misfits(&self) -> Vec<String> {
        let events = self.handle.events_since(0).await.unwrap();
        let misfit = |logged: Logged| match logged.event {
            Event::Noticed { notice } => match notice.news {
                News::Misfit { what, .. } => Some(what),
                _ => None,
            },
            _ => None,
        };
        events.into_iter().filter_map(misfit).collect()
    }

    /// The one approval there is.
    pub(crate) async fn only(&self) -> ApprovalId {
        let look = |machine: &Machine| machine.approvals().map(|approval| approval.id).collect();
        let ids: Vec<ApprovalId> =
            self.handle.with_store(move |_, machine| Ok(look(machine))).await.unwrap();
        assert_eq!(ids.len(), 1);
        ids[0]
    }

    pub(crate) async fn is_pending(&self, id: ApprovalId) -> bool {
        self.handle.approval(id).await.unwrap().unwrap().is_pending()
    }

    /// Waits until the door has nothing more to do.
    pub(crate) async fn done(&self) {
        let done = async {
            while !self.handle.tasks(telegram::DOOR).await.unwrap().is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, done).await.expect("the outbox to be empty");
    }
}

/// Waits for the prompt that shows `what`, with its buttons.
pub(crate) async fn prompt(api: &BotApi, chat: i64, what: &str) -> MessageView {
    let fits = |message: &MessageView| message.text().contains(what) && !message.rows.is_empty();
    api.wait_message(chat, what, fits).await
}

/// Waits until a message shows `how` it was settled and has no buttons left.
pub(crate) async fn settled(api: &BotApi, message: &MessageView, how: &str) -> MessageView {
    let (chat, id) = (message.chat, message.id);
    let fits = |m: &MessageView| m.id == id && m.text().contains(how) && m.rows.is_empty();
    api.wait_message(chat, how, fits).await
}

/// What the person was told after a tap.
pub(crate) async fn answer(api: &BotApi, tap: &Tap) -> String {
    api.wait_answer(tap).await.text
}
