//! Many agents that wait, the people who answer them, and the daemon in between.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pager_tests::agent::Hook;
use pager_tests::botapi::BotApi;
use pager_tests::bus::Bus;
use pager_tests::closed::{Daemon, Setup, permission_request};
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::task::{AbortHandle, JoinSet};
use zbus::zvariant::OwnedObjectPath;

use crate::person::{AtTheBus, Door, PERSON, Shared, command, intent, on_telegram, shown};

/// No agent is held back, and none is paused for what it was refused.
pub(crate) const MANY_A_MINUTE: &str =
    "[limits]\napprovals_per_minute = 1000\ndenials_in_a_row = 0\n";

/// How long all of it may take before the test fails loudly.
const PATIENCE: Duration = Duration::from_secs(300);

/// How many agents one session has.
const PER_SESSION: usize = 12;

/// An approval as `ListApprovals` has it: id, path, kind, summary, session.
type Listed = (String, OwnedObjectPath, String, String, String);

pub(crate) struct Crowd {
    place: tempfile::TempDir,
    bus: Option<Bus>,
    person: AtTheBus,
    pub(crate) telegram: Arc<BotApi>,
    pub(crate) daemon: Daemon,
    pub(crate) agents: Vec<Hook>,
    /// The approvals' ids by the agents' numbers.
    pub(crate) ids: BTreeMap<usize, String>,
    pub(crate) affairs: Shared,
    phone: AbortHandle,
    people: JoinSet<()>,
    /// The number of the next agent that is answered.
    next: usize,
    chance: u64,
    /// When the test has taken too long.
    end: Instant,
}

impl Crowd {
    /// Opens the house; no agent has come yet.
    pub(crate) async fn invite(limits: &str) -> Self {
        let files = getrlimit(Resource::Nofile);
        setrlimit(Resource::Nofile, rustix::process::Rlimit { current: files.maximum, ..files })
            .unwrap();
        let place = tempfile::tempdir().unwrap();
        let bus = Bus::start_at(&place.path().join("bus")).unwrap();
        // Without the id of this one: the next bus there has another.
        let address = format!("unix:path={}", place.path().join("bus").display());
        let telegram = Arc::new(BotApi::builder().patience(PATIENCE).start().unwrap());
        drop(telegram.user(PERSON));
        // What a daemon has done and could not write down, the next one does again.
        for method in ["editMessageText", "answerCallbackQuery", "getUpdates"] {
            telegram.allow(method, "");
        }
        let setup = Setup {
            config: limits.to_owned(),
            supervised: true,
            fault: Some(String::new()),
            bus: Some(address.clone()),
            ..Setup::default()
        };
        let daemon = Daemon::start(setup.with_bot(&telegram, PERSON)).unwrap();
        let affairs = Shared::default();
        let phone = tokio::spawn(on_telegram(Arc::clone(&telegram), Arc::clone(&affairs)));
        let person = AtTheBus::new(address);
        Self {
            place,
            bus: Some(bus),
            person,
            telegram,
            daemon,
            agents: Vec::new(),
            ids: BTreeMap::new(),
            affairs,
            phone: phone.abort_handle(),
            people: JoinSet::new(),
            next: 0,
            chance: 0x9e37_79b9_7f4a_7c15,
            end: Instant::now() + PATIENCE,
        }
    }

    /// So many agents, who have all asked.
    pub(crate) async fn gather(many: usize, limits: &str) -> Self {
        let mut crowd = Self::invite(limits).await;
        crowd.come(many);
        crowd.all_asked().await;
        crowd
    }

    /// So many more agents ask.
    pub(crate) fn come(&mut self, many: usize) {
        for _ in 0..many {
            let number = self.agents.len();
            let session = format!("session-{}", number / PER_SESSION);
            let event = permission_request(&session, &command(number));
            self.agents.push(self.daemon.hook(&event).unwrap());
        }
    }

    /// Waits until every agent's question is on the disk, once.
    pub(crate) async fn all_asked(&mut self) {
        let listed = loop {
            let reply = self.person.call("ListApprovals", &()).await;
            let listed: Vec<Listed> = match &reply {
                Ok(reply) => reply.body().deserialize().unwrap(),
                Err(_) => Vec::new(),
            };
            if listed.len() >= self.agents.len() {
                break listed;
            }
            self.look_again("every question").await;
        };
        assert_eq!(listed.len(), self.agents.len(), "each is one approval");
        for (id, _, _, summary, _) in listed {
            let number = (0..self.agents.len()).find(|number| command(*number) == summary);
            assert_eq!(self.ids.insert(number.unwrap(), id), None, "{summary} is one approval");
        }
    }

    /// Lets people answer so many more agents, as fast as they can.
    pub(crate) fn answer(&mut self, many: usize) {
        let last = (self.next + many).min(self.agents.len());
        for number in self.next..last {
            for (door, yes) in intent(number) {
                self.affairs.lock().unwrap().open.insert((door, number), yes);
                if door == Door::Bus {
                    let (person, affairs) = (self.person.clone(), Arc::clone(&self.affairs));
                    let id = self.ids[&number].clone();
                    self.people.spawn(person.answer(affairs, id, number, yes));
                }
            }
        }
        self.next = last;
    }

    /// Waits until the daemon has met its fault and is dead.
    pub(crate) async fn until_killed(&mut self) {
        while self.daemon.runs().unwrap() {
            self.look_again("the daemon's end").await;
        }
    }

    /// Waits until all that was to be answered so far is.
    pub(crate) async fn until_answered(&mut self) {
        while !self.affairs.lock().unwrap().open.is_empty() {
            self.look_again("every answer").await;
        }
    }

    /// The same, without Telegram.
    pub(crate) async fn until_answered_on_the_bus(&mut self) {
        while self.affairs.lock().unwrap().open.keys().any(|(door, _)| *door == Door::Bus) {
            self.look_again("every answer on the bus").await;
        }
    }

    /// Waits until Telegram has shown every question.
    pub(crate) async fn until_every_question_is_shown(&mut self) {
        let all = self.agents.len();
        let find =
            |view: &pager_tests::botapi::View| (0..all).all(|n| shown(view, n)).then_some(());
        self.telegram.wait_for("every question", find).await;
    }

    /// How many questions Telegram has shown.
    pub(crate) fn shown(&self) -> usize {
        let view = self.telegram.view();
        (0..self.agents.len()).filter(|number| shown(&view, *number)).count()
    }

    /// Ends the bus, with everybody's connection to it, and starts another one there.
    pub(crate) fn restart_bus(&mut self) {
        drop(self.bus.take());
        self.bus = Some(Bus::start_at(&self.place.path().join("bus")).unwrap());
    }

    /// A number below that, another one each time, the same ones in every run.
    pub(crate) fn chance(&mut self, below: u64) -> u64 {
        // Marsaglia's xorshift.
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        self.chance % below
    }

    /// Lets some time pass: what is under way then is what the next line meets.
    pub(crate) async fn a_moment(&mut self) {
        let moment = self.chance(120);
        tokio::time::sleep(Duration::from_millis(moment)).await;
    }

    /// Ends the people's work; whoever of them has failed fails the test.
    pub(crate) async fn rest(&mut self) {
        self.until_answered().await;
        while let Some(ended) = self.people.join_next().await {
            ended.unwrap();
        }
        self.phone.abort();
    }

    fn last_words(&self) -> String {
        let log = self.daemon.log();
        let last: Vec<&str> = log.lines().rev().take(20).collect();
        last.join("\n")
    }

    /// Passes a little time, but not without end; people who have failed fail the test at once.
    async fn look_again(&mut self, what: &str) {
        while let Some(ended) = self.people.try_join_next() {
            ended.unwrap();
        }
        let left = self.end.checked_duration_since(Instant::now());
        assert!(left.is_some(), "never seen: {what}; the daemon says:\n{}", self.last_words());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
