//! The domain of pager: commands, events, the machine that decides. No input, output, clock or
//! randomness.
//!
//! # Words
//! - An **agent** is a coding agent such as Claude Code. A **session** is one conversation with it.
//! - An **approval** is one question of an agent's (may I run this, which of these, is this plan all
//!   right) together with the one answer it gets, its **verdict**.
//! - A **door** is a way for a person to see and answer: Telegram, the desktop, D-Bus, the command
//!   line, the agent's own dialog. The first answer wins, whichever door it comes through.
//! - An **actor** is whoever asks for a change, named with the door it came through.
//!
//! # Shape
//! [`Machine::handle`] decides and changes nothing; [`Machine::apply`] alone changes. In between the
//! caller makes the events durable. The state is therefore always the replay of the events.

pub mod access;
mod actor;
pub mod approval;
pub mod audit;
mod command;
mod event;
mod ids;
mod judgement;
mod machine;
pub mod message_id;
mod notice;
mod origin;
pub mod present;
pub mod question;
pub mod redact;
pub mod sanitize;
pub mod session;
pub mod transfer;
pub mod words;

pub use actor::{Actor, InvalidActor};
pub use approval::{Approval, Request, Resolution, State, Verdict};
pub use command::{
    AccessCommand, Activity, Assurance, Command, Context, Knocker, Limits, Outcome, Refusal, Reply,
    Withdrawal,
};
pub use event::{AccessChange, Durability, Effect, Event};
pub use ids::{ApprovalId, InvalidId, RequestId, SessionId, Sha256Hex};
pub use judgement::{Judgement, Require, Ruling};
pub use machine::{Lock, Machine};
pub use notice::{Exchanged, Level, News, Notice};
pub use origin::{Origin, Process};
pub use session::{Agent, Facts, Phase, Session, Unclear, label_for};
