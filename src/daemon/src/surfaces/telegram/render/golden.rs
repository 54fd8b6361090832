//! Every kind of request as it is shown, held to the files in `tests/requests`: for each `NAME.json`
//! the text of every door in `NAME.txt`, and Telegram's message in `NAME.html`. `PAGER_BLESS=1 cargo
//! test -p pagerd` rewrites them after a deliberate change.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use pager_core::approval::{AlwaysGrant, Input};
use pager_core::{
    Agent, ApprovalId, Facts, Judgement, Origin, Request, RequestId, Require, Ruling, SessionId,
    Sha256Hex,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::tests::{bash, shown};
use super::*;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Golden {
    tool: String,
    input: Box<RawValue>,
    agent: Option<String>,
    kind: Option<String>,
    preview: Option<String>,
    subagent: Option<String>,
    always: Option<String>,
    impostor: Option<String>,
    require: Option<String>,
}

impl Golden {
    fn approval(self) -> Approval {
        let kind =
            self.kind.as_deref().map_or(Kind::Permission, |kind| Kind::from_word(kind).unwrap());
        let agent = self.agent.map_or(Agent::claude(), |agent| Agent::new(&agent));
        let facts = Facts {
            cwd: Some("/home/ada/webshop".to_owned()),
            ..Facts::new(SessionId::from_agent("s"), agent)
        };
        let always = |rule| AlwaysGrant { rule, suggestion: "{}".to_owned() };
        let judgement = self.require.map(|door| Judgement {
            policy: Sha256Hex::of(b""),
            ruling: Ruling::Ask,
            rule: Some("careful".to_owned()),
            reason: "from away".to_owned(),
            require: Require { remote: door == "remote", polkit: door == "polkit" },
        });
        let request = Request {
            preview: self.preview.map(Into::into),
            subagent: self.subagent,
            always: self.always.map(always),
            judgement,
            ..Request::new(
                RequestId::from_bytes([1; 16]),
                kind,
                self.tool,
                Input::new(self.input.get()),
            )
        };
        let id = ApprovalId::from_bytes([0xab; 16]);
        let (then, never) = (Timestamp::UNIX_EPOCH, Timestamp::MAX);
        let mut approval = Approval::new(id, &facts, request, "webshop".to_owned(), then, never);
        approval.impostor = self.impostor.is_some();
        approval.origin =
            self.impostor.map(|program| Origin { agent: None, program, unit: String::new() });
        approval
    }
}

fn held(file: &Path, now: &str) {
    let now = format!("{now}\n");
    if std::env::var_os("PAGER_BLESS").is_some() {
        std::fs::write(file, &now).unwrap();
    }
    let then = std::fs::read_to_string(file).unwrap_or_default();
    assert!(now == then, "{} is no longer what is shown:\n{now}", file.display());
}

#[test]
fn every_kind_of_request_is_shown_as_it_was() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/requests");
    let mut count = 0;
    for file in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if file.extension().is_none_or(|ending| ending != "json") {
            continue;
        }
        let golden: Golden =
            serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        let approval = golden.approval();
        held(&file.with_extension("txt"), &present::body(&approval));
        let card = question(&approval, false);
        assert!(card.whole, "{}", file.display());
        held(&file.with_extension("html"), &card.html);
        count += 1;
    }
    assert!(count > 30, "{count}");
}

#[test]
fn a_message_is_whole_up_to_the_last_unit() {
    let around = utf16_len(&shown(&question(&bash("x"), false).html)) - 1;
    let full = question(&bash(&"x".repeat(TEXT_MAX - around)), false);
    assert!(full.whole);
    assert_eq!(utf16_len(&shown(&full.html)), TEXT_MAX);
    let over = question(&bash(&"x".repeat(TEXT_MAX - around + 1)), false);
    assert!(!over.whole);
    assert!(utf16_len(&shown(&over.html)) <= TEXT_MAX);
    // A character of two units counts as two.
    let pairs = question(&bash(&"😀".repeat((TEXT_MAX - around) / 2 + 1)), false);
    assert!(!pairs.whole);
}

#[test]
fn what_was_shown_as_a_file_says_so() {
    let approval = bash(&"x\n".repeat(5000));
    let before = shown(&question(&approval, false).html);
    assert!(before.contains("Too long to be shown whole here"), "{before}");
    let card = question(&approval, true);
    assert!(!card.whole);
    assert!(shown(&card.html).ends_with("The whole was sent as a file."));
    let file = details(&approval);
    assert_eq!((file.file_name.as_str(), file.whole), ("abababab.sh", true));
    assert_eq!(file.bytes, "x\n".repeat(5000).as_bytes());
}

#[test]
fn sixteen_megabytes_are_cut_in_the_message_and_whole_in_the_file() {
    let command = "echo 'é'\n".repeat((16 << 20) / 10);
    let approval = bash(&command);
    let card = question(&approval, false);
    let text = shown(&card.html);
    assert!(!card.whole && utf16_len(&text) <= TEXT_MAX);
    let lines = text.matches("echo 'é'\n").count();
    let left = command.chars().count() - lines * "echo 'é'\n".chars().count();
    assert!(text.contains(&present::cut(left)), "{text}");
    let file = details(&approval);
    assert!(file.whole && file.bytes == command.as_bytes());
}

#[test]
fn a_long_plan_is_cut_between_its_blocks() {
    let paragraph = format!("**Step** one, {}\n\n", "word ".repeat(100));
    let plan = serde_json::json!({ "plan": paragraph.repeat(40) }).to_string();
    let golden = Golden {
        tool: "ExitPlanMode".to_owned(),
        input: RawValue::from_string(plan).unwrap(),
        kind: Some("plan".to_owned()),
        agent: None,
        preview: None,
        subagent: None,
        always: None,
        impostor: None,
        require: None,
    };
    let card = question(&golden.approval(), false);
    let text = shown(&card.html);
    let steps = text.matches("Step one").count();
    assert!((5..40).contains(&steps) && card.html.contains("<b>Step</b>"), "{text}");
    assert!(!card.whole && text.contains("✂ cut: "), "{text}");
    assert_eq!(details(&golden_plan()).file_name, "abababab.md");
}

fn golden_plan() -> Approval {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/requests/plan.json");
    serde_json::from_str::<Golden>(&std::fs::read_to_string(file).unwrap()).unwrap().approval()
}
