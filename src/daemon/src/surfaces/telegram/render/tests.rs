use std::sync::Arc;

use jiff::Timestamp;
use pager_core::approval::Input;
use pager_core::{
    Actor, Agent, ApprovalId, Facts, Request, RequestId, Resolution, SessionId, State, Verdict,
};
use proptest::prelude::*;

use pager_core::sanitize::visible;

use super::*;

fn approval(kind: Kind, tool: &str, input: &str) -> Approval {
    let input = Input::new(Arc::from(input));
    let request = Request::new(RequestId::from_bytes([1; 16]), kind, tool, input);
    let mut facts = Facts::new(SessionId::from_agent("s"), Agent::claude());
    facts.cwd = Some("/home/me/a & <b>".to_owned());
    let id = ApprovalId::from_bytes([0xab; 16]);
    let label = "webshop".to_owned();
    Approval::new(id, &facts, request, label, Timestamp::UNIX_EPOCH, Timestamp::MAX)
}

pub(super) fn bash(command: &str) -> Approval {
    approval(Kind::Permission, "Bash", &serde_json::json!({ "command": command }).to_string())
}

/// The text that Telegram would show: the markup taken out, the escapes undone.
pub(super) fn shown(html: &str) -> String {
    let (mut text, mut rest) = (String::new(), html);
    while let Some((before, tagged)) = rest.split_once('<') {
        let (tag, after) = tagged.split_once('>').unwrap();
        let name = tag.trim_start_matches('/');
        let ours = ["b", "i", "code", "pre"].contains(&name);
        assert!(ours || name.starts_with("code class=\"language-"), "{tag}");
        text.push_str(before);
        rest = after;
    }
    text.push_str(rest);
    assert!(!text.contains('>'), "{text}");
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[test]
fn a_question_shows_who_wants_what_where() {
    let card = question(&bash("rm -rf </pre><b> & co"), false);
    assert_eq!(
        card.html,
        format!(
            "<b>Claude Code in webshop wants to run a command</b>\n\
             <pre>rm -rf &lt;/pre&gt;&lt;b&gt; &amp; co</pre>\n\
             in <code>/home/me/a &amp; &lt;b&gt;</code>\n\
             <code>abababab</code> · SHA-256 <code>{}</code>",
            &bash("rm -rf </pre><b> & co").input.sha256().as_str()[..12]
        )
    );
    assert!(card.whole);
}

#[test]
fn what_is_cut_says_so_and_cannot_be_allowed() {
    let card = question(&bash(&"x".repeat(5000)), false);
    let text = shown(&card.html);
    assert!(!card.whole);
    assert!(utf16_len(&text) <= TEXT_MAX && utf16_len(&text) > TEXT_MAX - 10, "{}", text.len());
    let there = text.matches('x').count();
    assert!(text.contains(&format!("✂ cut: {} characters left out.", 5000 - there)), "{text}");
    assert!(text.contains("pagerctl show abababab"), "{text}");
}

#[test]
fn questions_say_how_to_answer() {
    let input = r#"{"questions":[{"question":"Which?","options":[{"label":"A"}]}]}"#;
    let card = question(&approval(Kind::Question, "AskUserQuestion", input), false);
    assert!(shown(&card.html).contains("Which?\n• A"));
    assert!(shown(&card.html).contains("pagerctl answer abababab"));
}

#[test]
fn a_settled_message_says_how_and_when() {
    let resolution = Resolution {
        state: State::Denied,
        verdict: Some(Verdict::deny("no <b>")),
        by: Actor::Desktop,
        at: Timestamp::UNIX_EPOCH,
        message_id: None,
    };
    let html = settled(&bash("ls"), &resolution, None);
    assert!(html.ends_with("<b>Denied on the desktop: no &lt;b&gt;, 00:00 UTC</b>"), "{html}");
    let head = Head { seq: 17, hash: pager_core::Sha256Hex::of(b"abc") };
    let html = settled(&bash("ls"), &resolution, Some(&head));
    assert!(html.ends_with("00:00 UTC</b> · audit <code>17:ba7816bf8f01</code>"), "{html}");
}

proptest! {
    #[test]
    fn no_input_breaks_a_message(
        command in "(\\PC|[<>&😀\u{202e}\n]){0,200}",
        times in 1..80_usize,
    ) {
        let command = command.repeat(times);
        let approval = bash(&command);
        let card = question(&approval, false);
        let text = shown(&card.html);
        prop_assert!(utf16_len(&text) <= TEXT_MAX);
        let whole = text.contains(&*visible(&command));
        prop_assert_eq!(whole, card.whole);
        prop_assert_eq!(whole, !text.contains("characters left out"));
    }

    #[test]
    fn a_cut_leaves_whole_characters_and_loses_nothing(
        text in "(a|é|😀|\n){1,60}", room in 0..70_usize,
    ) {
        let (shown, rest) = fit::split(&text, room);
        prop_assert_eq!(format!("{shown}{rest}"), text.clone());
        prop_assert!(utf16_len(shown) <= room);
        prop_assert_eq!(rest.is_empty(), utf16_len(&text) <= room);
    }
}
