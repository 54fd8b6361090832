//! People who answer, at the bus and on Telegram: whoever is told that it did not work tries again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pager_tests::botapi::{Answer, BotApi, MessageView, View};

pub(crate) const PERSON: i64 = 111_111_111;

/// How long somebody waits before they try again, at the bus and at their phone: there, to look at
/// everything is much work.
const AGAIN: Duration = Duration::from_millis(30);
const AGAIN_ON_THE_PHONE: Duration = Duration::from_millis(150);

/// Which way an answer went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Door {
    Bus,
    Telegram,
}

/// Who answers the question of this number with what, if anybody does. Some are answered at both
/// doors at once, and differently.
pub(crate) fn intent(number: usize) -> Vec<(Door, bool)> {
    match number % 7 {
        _ if number % 50 == 49 => Vec::new(),
        0 | 1 => vec![(Door::Bus, true)],
        2 => vec![(Door::Bus, false)],
        3 => vec![(Door::Telegram, true)],
        4 => vec![(Door::Telegram, false)],
        5 => vec![(Door::Bus, true), (Door::Telegram, false)],
        _ => vec![(Door::Bus, false), (Door::Telegram, true)],
    }
}

/// What people are about to do, and what they were told of what they did.
#[derive(Debug, Default)]
pub(crate) struct Affairs {
    /// The answers still to be given.
    pub(crate) open: BTreeMap<(Door, usize), bool>,
    /// The answers that a door said were taken.
    pub(crate) confirmed: Vec<(Door, usize, bool)>,
}

pub(crate) type Shared = Arc<Mutex<Affairs>>;

fn done(affairs: &Shared, door: Door, number: usize, confirmed: Option<bool>) {
    let mut affairs = affairs.lock().unwrap();
    affairs.open.remove(&(door, number));
    affairs.confirmed.extend(confirmed.map(|yes| (door, number, yes)));
}

/// Somebody at the bus, wherever it is at the time.
#[derive(Debug, Clone)]
pub(crate) struct AtTheBus {
    pub(crate) address: String,
    pub(crate) connection: Arc<Mutex<Option<zbus::Connection>>>,
}

impl AtTheBus {
    pub(crate) fn new(address: String) -> Self {
        Self { address, connection: Arc::default() }
    }

    async fn connection(&self) -> zbus::Result<zbus::Connection> {
        if let Some(connection) = self.connection.lock().unwrap().clone() {
            return Ok(connection);
        }
        let new = zbus::connection::Builder::address(self.address.as_str())?.build().await?;
        *self.connection.lock().unwrap() = Some(new.clone());
        Ok(new)
    }

    /// Calls a method of the manager, on a new connection after one was lost.
    pub(crate) async fn call<B>(&self, method: &str, body: &B) -> zbus::Result<zbus::Message>
    where
        B: serde::Serialize + zbus::zvariant::DynamicType,
    {
        let (name, root) = (Some("org.pagerd.Pager1"), "/org/pagerd/Pager1");
        let interface = Some("org.pagerd.Pager1.Manager");
        let reply = self.connection().await?.call_method(name, root, interface, method, body).await;
        if !matches!(reply, Ok(_) | Err(zbus::Error::MethodError(..))) {
            *self.connection.lock().unwrap() = None;
        }
        reply
    }

    /// Answers, as often as it takes to be told that it is answered.
    pub(crate) async fn answer(self, affairs: Shared, id: String, number: usize, yes: bool) {
        loop {
            let reply = match yes {
                true => self.call("Approve", &id).await,
                false => self.call("Deny", &(&id, "not so")).await,
            };
            match reply {
                Ok(_) => return done(&affairs, Door::Bus, number, Some(yes)),
                Err(zbus::Error::MethodError(name, why, _)) => {
                    match name.as_str().strip_prefix("org.pagerd.Pager1.Error.") {
                        Some("AlreadyResolved") => return done(&affairs, Door::Bus, number, None),
                        // The disk is full, or the daemon on its way out.
                        Some("StoreUnavailable" | "Unavailable") | None => {}
                        Some(_) => panic!("{name}: {why:?}"),
                    }
                }
                Err(_) => {}
            }
            tokio::time::sleep(AGAIN).await;
        }
    }
}

/// Somebody with a phone, who answers what there is to answer until the task is ended.
pub(crate) async fn on_telegram(telegram: Arc<BotApi>, affairs: Shared) {
    let person = telegram.user(PERSON);
    // The last tap for each, and how often its answer was looked for.
    let mut tapped: BTreeMap<usize, (String, u32)> = BTreeMap::new();
    loop {
        tokio::time::sleep(AGAIN_ON_THE_PHONE).await;
        let wishes: Vec<(usize, bool, bool)> = {
            let open = &affairs.lock().unwrap().open;
            let mine = open.iter().filter(|((door, _), _)| *door == Door::Telegram);
            let alone = |number| !open.contains_key(&(Door::Bus, number));
            mine.map(|((_, number), yes)| (*number, *yes, alone(*number))).collect()
        };
        if wishes.is_empty() {
            continue;
        }
        let view = telegram.view();
        for (number, yes, alone) in wishes {
            let label = if yes { "Allow" } else { "Deny" };
            if let Some((tap, looked)) = tapped.get_mut(&number) {
                *looked += 1;
                match answer(&view, tap) {
                    // Nothing was decided.
                    Some(answer) if answer.alert => {}
                    Some(answer) => {
                        let taken = ["Allowed", "Denied"].contains(&answer.text.as_str());
                        done(&affairs, Door::Telegram, number, taken.then_some(yes));
                        continue;
                    }
                    // An answer may be lost, but what the tap did shows; else it is tried again.
                    None if *looked < 20 && buttons(&view, number).is_some() => continue,
                    None => {}
                }
            }
            match buttons(&view, number) {
                Some(message) => {
                    if let Ok(tap) = person.tap(message, label) {
                        tapped.insert(number, (tap.id, 0));
                    }
                }
                None if shown(&view, number) => done(&affairs, Door::Telegram, number, None),
                // Settled at the bus before it could be shown.
                None if alone && intent(number).len() > 1 => {
                    done(&affairs, Door::Telegram, number, None);
                }
                None => {}
            }
        }
    }
}

fn answer(view: &View, tap: &str) -> Option<Answer> {
    view.taps.iter().find(|one| one.id == tap)?.answer.clone()
}

/// The message on which the question can still be answered.
fn buttons(view: &View, number: usize) -> Option<i64> {
    let command = command(number);
    let asks = |message: &MessageView| {
        message.labels().contains(&"Allow") && message.text().contains(&command)
    };
    view.find(PERSON, asks).map(|message| message.id)
}

/// Whether the question was ever shown.
pub(crate) fn shown(view: &View, number: usize) -> bool {
    let command = command(number);
    view.find(PERSON, |message| message.text().contains(&command)).is_some()
}

/// What the agent of this number wants to run.
pub(crate) fn command(number: usize) -> String {
    format!("touch made-{number:04}")
}
