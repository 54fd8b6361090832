//! What people say to the bot, and what it replies. Replies are plain text: nothing in them is markup.

use pager_core::{Machine, present};

use teloxide_core::types::BotCommand;

use super::render::{TEXT_MAX, utf16_len};
use crate::redaction;

/// What somebody wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// `/start`: the chat was opened.
    Start,
    /// `/status`: what waits, and which sessions there are.
    Status,
    /// `/pending`: what waits.
    Pending,
    /// `/help`: what can be said and done here.
    Help,
    /// `/cancel`, in reply to a message that asks for words: they are not to come.
    Cancel,
    /// `/stop`: what a session waits for is denied, and its turn ended.
    Stop,
    /// `/panic`: everything is shut.
    Panic,
    /// Anything else said to the bot.
    Unknown,
}

impl Wish {
    /// Reads a message; none if it is not meant for this bot. In a group only commands are.
    pub(super) fn read(text: &str, bot: &str, private: bool) -> Option<Self> {
        let Some(command) = text.strip_prefix('/') else {
            return private.then_some(Self::Unknown);
        };
        let command = command.split_whitespace().next().unwrap_or_default();
        let command = match command.split_once('@') {
            Some((_, other)) if !other.eq_ignore_ascii_case(bot) => return None,
            Some((command, _)) => command,
            None => command,
        };
        match command {
            "start" => Some(Self::Start),
            "status" => Some(Self::Status),
            "pending" | "list" => Some(Self::Pending),
            "help" => Some(Self::Help),
            "cancel" => Some(Self::Cancel),
            "stop" => Some(Self::Stop),
            "panic" => Some(Self::Panic),
            _ => Some(Self::Unknown),
        }
    }

    /// Whether it asks something of the bot as such, whatever message it replies to.
    pub(super) const fn is_command(self) -> bool {
        matches!(
            self,
            Self::Start | Self::Status | Self::Pending | Self::Help | Self::Stop | Self::Panic
        )
    }

    /// The reply to somebody who may ask, in chat `chat`, where `home` is the chat that questions go to.
    pub(super) fn reply(self, machine: &Machine, chat: i64, home: Option<i64>) -> String {
        match self {
            Self::Start => {
                let place = match home {
                    Some(home) if home == chat => "Questions of your agents come here.".to_owned(),
                    Some(home) => format!("Questions of your agents go to chat {home}."),
                    None => "Questions go nowhere yet: set telegram.chat.".to_owned(),
                };
                format!("pager is connected to this chat. {place}\n{HELP}")
            }
            Self::Status => fit(&[waiting(machine), sessions(machine)].concat()),
            Self::Pending => fit(&waiting(machine)),
            Self::Help => HELP.to_owned(),
            Self::Cancel => "There is nothing to cancel: reply /cancel to the message that asks \
                             for your words."
                .to_owned(),
            // The last two never come here.
            Self::Unknown | Self::Stop | Self::Panic => {
                "Questions are answered by their buttons, or by a reply to them. \
                              /status tells what waits, /help how to answer."
                    .to_owned()
            }
        }
    }
}

const HELP: &str = "A question is answered by its buttons. A reply to it is a no, with what you \
                    write as the reason; to a question with options it is an answer of your own.\n\
                    /pending tells what waits, /status also tells of the sessions.\n\
                    A file you send goes into the session's folder, /file get PATH sends one from \
                    there.\n\
                    /stop denies what a session waits for and ends its turn: reply it to a question, \
                    or name the session. /panic shuts everything; only an owner may.";

/// The commands that Telegram shows to whoever types a slash.
pub(super) fn offered() -> Vec<BotCommand> {
    vec![
        BotCommand::new("pending", "What waits for you"),
        BotCommand::new("status", "What waits for you, and the sessions"),
        BotCommand::new("stop", "Deny what a session waits for, and end its turn"),
        BotCommand::new("panic", "Shut everything (owners)"),
        BotCommand::new("file", "Get a file of a session, or put one there"),
        BotCommand::new("help", "How to answer"),
    ]
}

fn waiting(machine: &Machine) -> Vec<String> {
    let mut pending: Vec<_> = machine.pending().collect();
    pending.sort_by_key(|approval| approval.created);
    let mut lines = vec![match pending.len() {
        0 => "Nothing waits for you.".to_owned(),
        1 => "One request waits for you:".to_owned(),
        n => format!("{n} requests wait for you:"),
    }];
    lines.extend(pending.iter().map(|approval| {
        let (id, headline) = (approval.id.short(), present::headline(approval));
        let queued = if approval.is_queued() { " (in the queue)" } else { "" };
        let summary = redaction::line(&approval.summary, 150);
        format!("{id} {}: {summary}{queued}", redaction::line(&headline, 150))
    }));
    lines
}

fn sessions(machine: &Machine) -> Vec<String> {
    let mut sessions: Vec<_> = machine.sessions().collect();
    sessions.sort_by_key(|session| std::cmp::Reverse(session.changed));
    let mut lines = vec![if sessions.is_empty() { "No sessions." } else { "Sessions:" }.to_owned()];
    lines.extend(sessions.iter().map(|session| {
        let (label, state) = (redaction::line(&session.label, 80), machine.session_state(session));
        format!("{label} ({}): {state}", session.agent.title())
    }));
    lines
}

/// As many lines as a message takes, with a last one for those that it does not.
fn fit(lines: &[String]) -> String {
    const LAST: usize = 40;
    let mut text = String::new();
    let mut units = 0;
    for (at, line) in lines.iter().enumerate() {
        units += utf16_len(line) + 1;
        if units > TEXT_MAX - LAST {
            text.push_str(&format!("… and {} lines more", lines.len() - at));
            return text;
        }
        text.push_str(line);
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_meant_for_the_bot_is_read() {
        let read = |text, private| Wish::read(text, "pager_bot", private);
        assert_eq!(read("/start", true), Some(Wish::Start));
        assert_eq!(read("/start abc", true), Some(Wish::Start));
        assert_eq!(read("/status@Pager_Bot", false), Some(Wish::Status));
        assert_eq!(read("/status@other_bot", false), None);
        assert_eq!(read("hello", true), Some(Wish::Unknown));
        assert_eq!(read("hello", false), None);
        assert_eq!(read("/frobnicate", false), Some(Wish::Unknown));
        assert_eq!(read("/", true), Some(Wish::Unknown));
    }

    #[test]
    fn a_long_list_says_what_it_leaves_out() {
        let lines = vec!["😀".repeat(50); 100];
        let text = fit(&lines);
        assert!(utf16_len(&text) <= TEXT_MAX);
        assert!(text.ends_with("… and 60 lines more"), "{}", &text[text.len() - 40..]);
        assert_eq!(fit(&lines[..2]).lines().count(), 2);
    }
}
