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
use super::{list, pair, show};
use crate::cli::Args;
use crate::daemon::{Approval, Grant, Lock, Pairing, Principal, Session, Summary};

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
        needed: 2,
        yeses: vec!["desktop".to_owned()],
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
    held_text(name, &(serde_json::to_string_pretty(data).unwrap() + "\n"));
}

fn held_text(name: &str, now: &str) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("PAGER_BLESS").is_some() {
        std::fs::write(&file, now).unwrap();
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
    held("verdict.json", &Decided { id: "0123", verdict: "allow_always", pending: false });
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
        token_source: "file".to_owned(),
        pending_approvals: 1,
        active_sessions: 2,
        warnings: vec!["telegram.dm_policy: everybody may write; use \"pairing\"".to_owned()],
        locked: None,
    };
    held("status.json", &summary);
    let since = "2026-01-02T03:04:05Z".parse().unwrap();
    let lock = Lock { since, by: "dbus:1000/pagerctl".to_owned() };
    held("status-locked.json", &Summary { locked: Some(lock), ..summary });
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
        (false, "State: pending for 1h more", "Bash, 1 of 2 "),
        (true, "State: pending and queued for 1h more", "Bash, queued, 1 of 2 "),
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

#[test]
fn who_waits_and_who_is_known_is_listed() {
    let asked: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
    let minutes = jiff::SignedDuration::from_mins;
    let pairing = |user, name: &str, ago| Pairing {
        user,
        name: name.to_owned(),
        asked: asked - minutes(ago),
        expires: asked + minutes(60 - ago),
    };
    let principal = |user, name: &str, role: &str, by: &str| Principal {
        user,
        name: name.to_owned(),
        role: role.to_owned(),
        by: by.to_owned(),
        since: (by != "config").then(|| asked - minutes(60 * 26)),
    };
    let nobody = pair::Listing { pairings: Vec::new(), principals: Vec::new() };
    let several = pair::Listing {
        pairings: vec![
            pairing(222_222_222, "Ben", 3),
            pairing(5_555_555_555, "A name\u{1b}[31m of\nmany words, as somebody may choose", 0),
        ],
        principals: vec![
            principal(111_111_111, "", "owner", "config"),
            principal(333_333_333, "Cleo", "developer", "dbus:1000/pagerctl"),
            principal(444_444_444, "", "observer", "desktop"),
        ],
    };
    let output = <Args as clap::Parser>::parse_from(["pagerctl"]).output();
    for (name, listing) in [("pair-nobody", nobody), ("pair", several)] {
        held(&format!("{name}.json"), &listing);
        let shown = pair::text(&listing, asked, &output);
        let shown = anstream::adapter::strip_str(&shown).to_string();
        // The hour is that of wherever the test runs.
        let shown =
            listing.pairings.iter().map(|one| one.expires).fold(shown, |shown, time| {
                shown.replace(&crate::time::date(time), &time.to_string())
            });
        let since = listing.principals.iter().filter_map(|one| one.since);
        let shown = since
            .fold(shown, |shown, time| shown.replace(&crate::time::date(time), &time.to_string()));
        held_text(&format!("{name}.txt"), &shown);
    }
    held("let-in.json", &pair::LetIn { user: 222_222_222, role: "developer".to_owned() });
    held("removed.json", &pair::Revoked { user: 222_222_222 });
}
