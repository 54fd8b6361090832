//! The JSON forms, held to the files in `tests/golden`: scripts rely on them. `PAGER_BLESS=1 cargo
//! test -p pagerctl` rewrites the files after a deliberate addition.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;

use super::approve::Decided;
use super::grants::Revoked;
use super::list::Row;
use super::monitor::Line;
use super::overview::Overview;
use super::resume::Resumed;
use super::{list, show};
use crate::cli::Args;
use crate::daemon::{Approval, Grant, Session, Summary};

fn approval() -> Approval {
    Approval {
        id: "0123456789abcdef0123456789abcdef".to_owned(),
        kind: "permission".to_owned(),
        state: "denied".to_owned(),
        resolved_by: Some("telegram:111111111".to_owned()),
        agent: "claude".to_owned(),
        session: "6f0f5d50-3f5b-4f43-8e4e-1f5e5f2f9a10".to_owned(),
        label: "webshop".to_owned(),
        cwd: "/home/me/webshop".to_owned(),
        tool: "Bash".to_owned(),
        summary: "touch made".to_owned(),
        body: "    touch made".to_owned(),
        input: "{\"command\":\"touch made\"}".to_owned(),
        input_sha256: "a".repeat(64),
        always_rule: None,
        created: "2026-01-02T03:04:05Z".parse().unwrap(),
        expires: "2026-01-02T04:04:05.000001Z".parse().unwrap(),
        queued: false,
        require: vec!["remote".to_owned()],
    }
}

fn session() -> Session {
    Session {
        id: "6f0f5d50-3f5b-4f43-8e4e-1f5e5f2f9a10".to_owned(),
        agent: "claude".to_owned(),
        label: "webshop".to_owned(),
        state: "waiting".to_owned(),
        cwd: "/home/me/webshop".to_owned(),
        model: Some("claude-sonnet".to_owned()),
        permission_mode: None,
        context_percent: Some(42.5),
        cost_usd: None,
        paused: false,
        managed: false,
        unit: None,
    }
}

fn held<T: Serialize>(name: &str, data: &T) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let now = serde_json::to_string_pretty(data).unwrap() + "\n";
    if std::env::var_os("PAGER_BLESS").is_some() {
        std::fs::write(&file, &now).unwrap();
    }
    let then = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(now == then, "{} is no longer what is printed:\n{now}", file.display());
}

#[test]
fn the_json_forms_stay() {
    let approval = approval();
    let session = session();
    held("show.json", &approval);
    held("list.json", &[Row::from(&approval)]);
    held("sessions.json", &[&session]);
    let approvals = vec![Row::from(&approval)];
    held("overview.json", &Overview { approvals, sessions: std::slice::from_ref(&session) });
    held("verdict.json", &Decided { id: "0123", verdict: "allow_always" });
    let grant = Grant {
        id: approval.id.clone(),
        agent: "claude".to_owned(),
        rules: vec!["Bash(touch made *)".to_owned()],
        place: "localSettings".to_owned(),
        file: Some("/home/me/webshop/.claude/settings.local.json".to_owned()),
        session: session.id.clone(),
        label: "webshop".to_owned(),
        by: "telegram:111111111".to_owned(),
        granted: approval.created,
    };
    held("grants.json", &[&grant, &Grant { file: None, ..grant.clone() }]);
    held("revoked.json", &Revoked { id: "0123", done: "taken out of /home/me/settings.json" });
    held("resumed.json", &Resumed { session: &session.id, label: &session.label });
    let summary = Summary {
        version: "1.2.3".to_owned(),
        state: "ready".to_owned(),
        reached: "session-bus",
        telegram_state: "connected".to_owned(),
        pending_approvals: 1,
        active_sessions: 2,
        warnings: vec!["telegram.dm_policy: everybody may write; use \"pairing\"".to_owned()],
    };
    held("status.json", &summary);
    let time: Timestamp = approval.created;
    let asked = Line {
        time,
        event: "approval_requested",
        approval: Some(approval.id.clone()),
        session: Some(approval.session),
        label: Some(approval.label),
        kind: Some(approval.kind),
        tool: Some(approval.tool),
        summary: Some(approval.summary),
        state: None,
        by: None,
    };
    let settled = Line {
        time,
        event: "approval_resolved",
        approval: Some(approval.id),
        state: Some(approval.state),
        by: approval.resolved_by,
        ..Line::default()
    };
    let notice = Line {
        time,
        event: "notice",
        session: Some(session.id),
        kind: Some("paused".to_owned()),
        summary: Some("Claude Code in webshop is paused".to_owned()),
        ..Line::default()
    };
    held("monitor.json", &[asked, settled, notice]);
}

#[test]
fn what_waits_in_a_queue_is_marked_wherever_it_is_shown() {
    let mut waiting = approval();
    waiting.state = "pending".to_owned();
    waiting.resolved_by = None;
    let now = waiting.created;
    let output = <Args as clap::Parser>::parse_from(["pagerctl"]).output();
    for (queued, state, kind) in [
        (false, "State: pending for 1h more", "Bash "),
        (true, "State: pending and queued for 1h more", "Bash, queued "),
    ] {
        waiting.queued = queued;
        let shown = show::text(&waiting, now);
        assert!(shown.contains(state), "{shown}");
        for all in [false, true] {
            let listed = list::text(std::slice::from_ref(&waiting), all, &output);
            assert!(listed.contains(kind), "{listed}");
        }
    }
}
