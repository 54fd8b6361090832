//! The words for a person, the same on every door.

mod change;
mod json;
mod notices;
mod part;
mod view;

use crate::approval::{Approval, Kind, Resolution, State, Verdict};
use crate::sanitize::{in_line, one_line, visible};
use crate::{Actor, Agent, Judgement};

pub use notices::notice;
pub use part::{Format, Hidden, Part, WARNING, plain, without_secrets};

/// The first line of every message: who wants what. "Claude Code in webshop wants to run a command".
pub fn headline(approval: &Approval) -> String {
    headline_of(&approval.agent, &approval.label, approval.kind, &approval.tool)
}

/// The same for a door that has the approval's parts only.
pub fn headline_of(agent: &Agent, label: &str, kind: Kind, tool: &str) -> String {
    let who = agent.title();
    let label = in_line(label);
    match kind {
        Kind::Permission => format!("{who} in {label} wants to {}", deed(tool)),
        Kind::Question => format!("{who} in {label} asks you"),
        Kind::Plan => format!("{who} in {label} asks whether its plan is all right"),
    }
}

/// What using a tool means to a person: "run a command".
fn deed(tool: &str) -> String {
    match tool {
        "Bash" => "run a command".to_owned(),
        "Edit" | "MultiEdit" => "edit a file".to_owned(),
        "Write" => "write a file".to_owned(),
        "Read" => "read a file".to_owned(),
        "NotebookEdit" => "edit a notebook".to_owned(),
        "WebFetch" => "fetch a web page".to_owned(),
        "WebSearch" => "search the web".to_owned(),
        "Glob" | "Grep" => "search in files".to_owned(),
        "Task" | "Agent" => "start a subagent".to_owned(),
        "apply_patch" => "patch files".to_owned(),
        other => match view::mcp(other) {
            Some((server, tool)) => {
                format!("use {} of {}", one_line(tool, 80), one_line(server, 80))
            }
            None => format!("use {}", one_line(other, 80)),
        },
    }
}

/// What is asked, whole and safe to show, in pieces: what pager has to say of it first, then what
/// the agent wrote.
pub fn parts(approval: &Approval) -> Vec<Part> {
    let input = approval.input.text();
    let mut parts = remarks(approval);
    parts.extend(match approval.kind {
        Kind::Question => view::questions(input),
        Kind::Permission | Kind::Plan => {
            view::view(&approval.tool, input, approval.preview.as_deref())
        }
    });
    parts
}

/// The same as plain text.
pub fn body(approval: &Approval) -> String {
    plain(&parts(approval))
}

/// Whether what a tool would do is shown as a diff.
pub fn is_diff(tool: &str) -> bool {
    matches!(tool, "Edit" | "MultiEdit" | "Write" | "NotebookEdit" | "apply_patch")
}

/// What pager has to say of an approval whatever the tool is.
fn remarks(approval: &Approval) -> Vec<Part> {
    let mut parts = Vec::new();
    if approval.impostor {
        let program = approval.origin.as_ref().map(|origin| one_line(&origin.program, 80));
        let program = program.map(|program| format!(" ({program})")).unwrap_or_default();
        parts.push(Part::Warning(format!(
            "Asked by another program{program}, not by the agent this session began with."
        )));
    }
    parts.extend(changing(approval));
    if let Some(subagent) = &approval.subagent {
        parts.push(Part::Line { name: "Subagent", value: one_line(subagent, 100) });
    }
    parts
}

/// What pager has to say of an approval that may change while it waits.
pub fn changing(approval: &Approval) -> Vec<Part> {
    let yeses = counted(approval).map(Part::Note);
    yeses.into_iter().chain(judged(approval.judgement.as_ref())).collect()
}

/// Who has said yes, and how many more it takes; nothing where one will do.
fn counted(approval: &Approval) -> Option<String> {
    let Approval { needed, yeses, .. } = approval;
    if *needed < 2 || !approval.is_pending() {
        return None;
    }
    if yeses.is_empty() {
        return Some(format!("It takes a yes from {needed} different people."));
    }
    let by: Vec<_> = yeses.iter().map(|yes| yes.by.words()).collect();
    let given = yeses.len();
    let waits = match usize::try_from(*needed).unwrap_or(usize::MAX).saturating_sub(given) {
        1 if given == 1 => "a second person".to_owned(),
        1 => "one more person".to_owned(),
        more => format!("{more} more people"),
    };
    Some(format!("{given} of {needed}: yes {}. It waits for {waits}.", by.join(" and ")))
}

/// What somebody is told whose yes is not the last that it takes.
pub fn is_counted(given: u32, needed: u32) -> String {
    format!("Your yes is {given} of {needed}: it waits for somebody else's.")
}

/// What a person is shown of the policy's word on a call: where a yes counts, the rule and its reason.
/// Where two judgements come to the same here, they are one to whoever is asked.
pub fn judged(judgement: Option<&Judgement>) -> Vec<Part> {
    let mut parts = Vec::new();
    let Some(judgement) = judgement else { return parts };
    let require = judgement.require;
    let where_to = match (require.remote, require.polkit) {
        (true, true) => "A yes counts only on Telegram, or from pagerctl with your password.",
        (true, false) => "A yes counts only on Telegram.",
        (false, true) => "A yes counts only from pagerctl, with your password.",
        (false, false) => "",
    };
    if !where_to.is_empty() {
        parts.push(Part::Note(where_to.to_owned()));
    }
    if let Some(rule) = &judgement.rule {
        let colon = if judgement.reason.is_empty() { "" } else { ": " };
        let value = one_line(&format!("{rule}{colon}{}", judgement.reason), 200);
        parts.push(Part::Line { name: "Your policy's rule", value });
    }
    parts
}

/// What somebody is told whose tap would count if nothing were shut: "pager is locked since …".
pub fn shut(since: jiff::Timestamp) -> String {
    let since = since.strftime("%Y-%m-%d %H:%M UTC");
    format!("pager is locked since {since}, by a panic; on its machine: pagerctl panic --end")
}

/// The rules that "always" would grant, one a line, and where they would be kept; safe to show.
pub fn always(approval: &Approval) -> Option<String> {
    approval.always.as_ref().map(|always| visible(&always.rule).into_owned())
}

/// What somebody is told who would end a turn by a no where the way back to the agent has no word
/// for that.
pub fn cannot_stop(agent: &Agent) -> String {
    let who = agent.title();
    format!(
        "{who} takes only a yes or a no here, and goes on after a no: deny it, then press Esc at its \
         terminal to end the turn"
    )
}

/// The first 12 digits of the input's digest, by which a person tells that two doors speak of the
/// same.
pub fn digest(approval: &Approval) -> &str {
    let digest = approval.input.sha256().as_str();
    digest.get(..12).unwrap_or(digest)
}

/// What stands where a text is cut.
pub fn cut(left_out: usize) -> String {
    format!("✂ cut: {left_out} characters left out.")
}

/// How it ended, for a person, without the time: "Allowed on Telegram (111111111)".
pub fn settlement(resolution: &Resolution) -> String {
    let by = resolution.by.words();
    match (resolution.state, &resolution.verdict) {
        (State::Elsewhere, _) => "Answered at the terminal".to_owned(),
        (State::Expired, _) => "Expired: nobody answered in time, the terminal decides".to_owned(),
        (State::Cancelled, _) if resolution.by == Actor::Agent => {
            "Cancelled: the agent has gone".to_owned()
        }
        (State::Cancelled, _) => "Cancelled: panic".to_owned(),
        (_, Some(Verdict::AllowAlways)) => format!("Always allowed {by}"),
        (_, Some(Verdict::AllowEdits)) => format!("Allowed with its edits {by}"),
        (State::Allowed, _) => format!("Allowed {by}"),
        (State::Denied, Some(Verdict::Deny { reason, .. })) if !reason.is_empty() => {
            format!("Denied {by}: {}", one_line(reason, 200))
        }
        (State::Denied, _) => format!("Denied {by}"),
        (State::Answered, _) => format!("Answered {by}"),
        (State::Pending, _) => "Pending".to_owned(),
    }
}

/// What somebody is told whose answer came after the end: "Already denied on the desktop at 12:03 UTC".
pub fn late(resolution: &Resolution) -> String {
    let time = resolution.at.strftime("%H:%M UTC");
    match resolution.state {
        State::Elsewhere => format!("Already answered at the terminal at {time}"),
        State::Expired => format!("Too late: expired at {time}, the terminal decides"),
        State::Cancelled if resolution.by == Actor::Agent => {
            format!("Too late: the agent had gone at {time}")
        }
        State::Cancelled => format!("Too late: cancelled by a panic at {time}"),
        state => format!("Already {} {} at {time}", state.as_str(), resolution.by.words()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latecomers_are_told_how_it_ended_and_when() {
        let late = |state, by| {
            let at = jiff::Timestamp::UNIX_EPOCH;
            late(&Resolution { state, verdict: None, by, at, message_id: None })
        };
        let desktop = late(State::Denied, Actor::Desktop);
        assert_eq!(desktop, "Already denied on the desktop at 00:00 UTC");
        let terminal = late(State::Elsewhere, Actor::Terminal);
        assert_eq!(terminal, "Already answered at the terminal at 00:00 UTC");
        let gone = late(State::Cancelled, Actor::Agent);
        assert_eq!(gone, "Too late: the agent had gone at 00:00 UTC");
        let panic = late(State::Cancelled, Actor::Desktop);
        assert_eq!(panic, "Too late: cancelled by a panic at 00:00 UTC");
        let expired = late(State::Expired, Actor::Timeout);
        assert_eq!(expired, "Too late: expired at 00:00 UTC, the terminal decides");
    }
}
