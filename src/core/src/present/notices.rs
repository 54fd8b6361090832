//! The words of a notice.

use crate::audit::Gap;
use crate::sanitize::{one_line, visible};
use crate::words::bytes;
use crate::{Actor, Exchanged, News, Notice};

/// A notice for a person: its first line says what happened, its second what follows from it.
pub fn notice(notice: &Notice) -> String {
    let who = match &notice.agent {
        Some(agent) => format!("{} in {}", agent.title(), visible(&notice.label)),
        None => "A session".to_owned(),
    };
    match &notice.news {
        News::SelfApproval { approval, how } => format!(
            "{who} tried to approve itself, and was refused.\nApproval {}, {}: {}.",
            approval.short(),
            one_line(&notice.by.words(), 80),
            one_line(how, 200)
        ),
        News::Meddled { deed, how } => format!(
            "An agent tried to decide who may use your bot, and was refused.\n{}, {}: {}.",
            one_line(deed, 40),
            one_line(&notice.by.words(), 80),
            one_line(how, 200)
        ),
        News::Misfit { approval, what } => {
            let which = approval.map(|id| format!(" to approval {}", id.short()));
            format!(
                "An answer{} did not count: {}.",
                which.unwrap_or_default(),
                one_line(what, 200)
            )
        }
        News::Impostor { program, pid } => {
            let pid = pid.map(|pid| format!(" (process {pid})")).unwrap_or_default();
            format!(
                "Another program speaks for {who}.\n{}{pid} is not the process this session began \
                 with, which still runs. What it reports is not believed; what it asks is marked.",
                one_line(program, 80)
            )
        }
        News::Busy { asked, limit } => format!(
            "{who} asks a lot: {asked} of {limit} in this minute.\nWhat is beyond {limit} will wait \
             in its queue."
        ),
        News::Queued { waiting: 0 } => format!("The queue of {who} is empty again."),
        News::Queued { waiting: 1 } => format!(
            "{who} asks too much: 1 more waits.\nIt comes as the minute allows. All that waits: \
             pagerctl list"
        ),
        News::Queued { waiting } => format!(
            "{who} asks too much: {waiting} more wait.\nThey come as the minute allows. All that \
             waits: pagerctl list"
        ),
        News::Paused { denials } => {
            let session = notice.session.as_ref().map_or("", |session| session.as_str());
            format!(
                "{who} is paused after {denials} refusals in a row.\nEverything it asks is denied \
                 until you resume it: pagerctl resume {session}"
            )
        }
        News::Acknowledged { gap, reason } => format!(
            "A break in the audit log was acknowledged {}.\nIt is before record {}, and stays \
             visible. The reason given: {}",
            notice.by.words(),
            gap.before.seq,
            one_line(reason, Gap::REASON_MAX)
        ),
        News::Knocked { user, name } => format!(
            "{} wants to use your bot.\nTelegram user {user}. They were told a code; if you know \
             them, ask for it: pagerctl pair approve CODE",
            person(name)
        ),
        News::LetIn { user, name, role } => format!(
            "{} may use your bot as {role}.\nTelegram user {user}, let in {}. To take it back: \
             pagerctl pair revoke {user}",
            person(name),
            notice.by.words()
        ),
        News::TurnedAway { user, name } => {
            format!("{} may not use your bot.\nTelegram user {user}.", person(name))
        }
        News::Removed { user, name, role } => format!(
            "{} may no longer use your bot.\nTelegram user {user} was {role}; taken back {}.",
            person(name),
            notice.by.words()
        ),
        News::WrongCode => format!(
            "A wrong pairing code was entered {}.\nNobody waits with it. After five of them none is \
             taken for ten minutes.",
            notice.by.words()
        ),
        News::Locked { reason, cancelled } => {
            let cancelled = match cancelled {
                0 => "Nothing was waiting.".to_owned(),
                1 => "1 approval was cancelled, its terminal decides.".to_owned(),
                more => format!("{more} approvals were cancelled, their terminals decide."),
            };
            let reason = match one_line(reason, 200) {
                reason if reason.is_empty() => reason,
                reason => format!(" The reason given: {reason}."),
            };
            format!(
                "Panic {}: everything from outside is shut.\n{cancelled}{reason} To open it again, \
                 on the machine: pagerctl panic --end",
                whence(&notice.by)
            )
        }
        News::Rotated { bot } => format!(
            "The bot's token was changed {}.\nIt is that of bot {}. No button of before counts any \
             more; what waits has new ones.",
            // Pager finds another where it looks for it: nobody outside can put it there.
            match &notice.by {
                Actor::Pager => "on this machine".to_owned(),
                by => whence(by),
            },
            one_line(bot, 20)
        ),
        News::Secured { stopped, left, evidence, missing } => {
            let first = match (stopped.len(), left.len()) {
                (0, 0) => "After the panic: no agent was running.".to_owned(),
                (stopped, 0) => format!("After the panic: {} stopped.", units(stopped)),
                (stopped, left) => {
                    format!("After the panic: {} stopped, {left} still running.", units(stopped))
                }
            };
            let left: String = left.iter().map(|one| format!("{}\n", one_line(one, 200))).collect();
            let evidence = match (evidence.as_str(), missing.is_empty()) {
                ("", _) => format!("No evidence was kept: {}", one_line(&missing.join("; "), 200)),
                (path, true) => format!("Evidence: {}", one_line(path, 400)),
                (path, false) => format!(
                    "Evidence, incomplete: {} ({})",
                    one_line(path, 400),
                    one_line(&missing.join("; "), 200)
                ),
            };
            format!("{first}\n{left}{evidence}")
        }
        News::Unlocked => format!("The panic is over, ended {}.", whence(&notice.by)),
        News::FileReceived { file } => format!(
            "A file was put into the folder of {who} {}.\n{}",
            notice.by.words(),
            exchanged(file)
        ),
        News::FileSent { file } => format!(
            "A file of {who} was sent to the person {}.\n{}",
            notice.by.words(),
            exchanged(file)
        ),
        News::Resumed => format!("{who} may ask again, resumed {}.", notice.by.words()),
    }
}

fn units(count: usize) -> String {
    if count == 1 { "1 unit".to_owned() } else { format!("{count} units") }
}

/// Who did what concerns everybody, and from where.
fn whence(by: &Actor) -> String {
    match by {
        Actor::Telegram { user } => format!("by Telegram user {user}, from outside"),
        Actor::Dbus { uid, program } => {
            format!("on this machine, with {} by its user {uid}", one_line(program, 40))
        }
        Actor::Desktop => "on this machine, at its desktop".to_owned(),
        Actor::Terminal => "on this machine, at the agent's terminal".to_owned(),
        Actor::Agent => "by an agent on this machine".to_owned(),
        Actor::Policy { rule } => format!("by policy rule {}", one_line(rule, 40)),
        Actor::Timeout => "by the clock".to_owned(),
        Actor::Pager => "by pager itself".to_owned(),
    }
}

fn exchanged(file: &Exchanged) -> String {
    let Exchanged { path, size, sha256 } = file;
    format!("{}: {}, SHA-256 {sha256}", one_line(path, 200), bytes(*size))
}

/// What somebody calls themselves: a stranger's words, so kept short and marked as such.
fn person(name: &str) -> String {
    match one_line(name, 40) {
        name if name.is_empty() => "Somebody without a name".to_owned(),
        name => format!("\u{201c}{name}\u{201d}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_concerns_everybody_says_who_did_it_and_from_where() {
        let dbus = Actor::Dbus { uid: 1000, program: "pagerctl".to_owned() };
        let rule = "mine".to_owned();
        let table = [
            (Actor::Telegram { user: 7 }, "by Telegram user 7, from outside"),
            (dbus, "on this machine, with pagerctl by its user 1000"),
            (Actor::Desktop, "on this machine, at its desktop"),
            (Actor::Terminal, "on this machine, at the agent's terminal"),
            (Actor::Agent, "by an agent on this machine"),
            (Actor::Policy { rule }, "by policy rule mine"),
            (Actor::Timeout, "by the clock"),
            (Actor::Pager, "by pager itself"),
        ];
        for (by, whence) in table {
            let said = |news: News| {
                let at = jiff::Timestamp::UNIX_EPOCH;
                let (session, agent, label) = (None, None, String::new());
                let told = Notice { session, agent, label, by: by.clone(), at, news };
                notice(&told).lines().next().unwrap_or_default().to_owned()
            };
            let locked = News::Locked { reason: String::new(), cancelled: 0 };
            let words = format!("Panic {whence}: everything from outside is shut.");
            assert_eq!(said(locked), words);
            assert_eq!(said(News::Unlocked), format!("The panic is over, ended {whence}."));
            let whence = if by == Actor::Pager { "on this machine" } else { whence };
            let rotated = said(News::Rotated { bot: "7".to_owned() });
            assert_eq!(rotated, format!("The bot's token was changed {whence}."));
        }
    }
}
