//! A Telegram Bot API server on loopback, as strict as the real one.
//!
//! A bot is pointed at [`BotApi::url`]; the test plays the people with [`BotApi::user`], watches with
//! [`BotApi::wait_for`], and lets things go wrong with [`BotApi::fault`]. A call that the real server would refuse,
//! or whose parameters it would silently pass over, fails the test unless the test said it would come.

mod attachments;
mod call;
mod clock;
mod control;
mod control_wait;
mod double;
mod entities;
mod faults;
mod flood;
mod group;
mod html;
mod journal;
mod json;
mod keyboard;
mod listener;
mod markdown;
mod methods;
mod params;
mod person;
mod refusal;
mod render;
mod request;
mod server;
mod shared;
mod trouble;
mod updates;
mod view;
mod voices;
mod waiting;
mod world;

pub use double::{BotApi, Builder};
pub use entities::{Entity, Formatted};
pub use faults::Fault;
pub use flood::Limit;
pub use group::Group;
pub use journal::{Call, Outcome, Violation};
pub use keyboard::{Action, Button, Rows};
pub use person::{Person, PersonError, Tap};
pub use refusal::Refusal;
pub use updates::Order;
pub use view::{ChatView, MessageView, TapView, View};
pub use world::{Answer, ChatKind, File};
