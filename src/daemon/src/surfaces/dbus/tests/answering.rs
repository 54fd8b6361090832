use std::collections::HashMap;

use pager_core::approval::Kind;
use pager_core::{State, Verdict};

use super::super::{Caller, ROOT};
use super::world::{World, text};

type Row = (String, zbus::zvariant::OwnedObjectPath, String, String, String);

#[tokio::test]
async fn the_first_verdict_counts_and_everybody_is_told() {
    let mut world = World::new();
    let mut watcher = world.client().await;
    let client = world.client().await;
    let id = world.ask(Kind::Permission, r#"{"command":"touch made"}"#).await;
    let path = format!("{ROOT}/approval/{id}");

    let told = watcher.signals_until("ApprovalRequested").await;
    let added =
        |kind: &str| told.iter().position(|s| s.contains("InterfacesAdded") && s.contains(kind));
    assert!(added("/session/one_2d1") < added("/approval/"), "{told:#?}");
    assert!(told.last().unwrap().contains(&path));

    let reply = client.call(ROOT, "ListApprovals", &()).await.unwrap();
    let rows: Vec<Row> = reply.body().deserialize().unwrap();
    let row = &rows[0];
    assert_eq!((row.0.as_str(), row.1.as_str()), (id.to_string().as_str(), path.as_str()));
    assert_eq!([&row.2, &row.3, &row.4], ["permission", "touch made", "one-1"]);

    client.call(ROOT, "Approve", &&id.to_string()[..6]).await.unwrap();
    let resolution = world.handle.resolution(id).await.unwrap();
    assert_eq!((resolution.state, resolution.verdict), (State::Allowed, Some(Verdict::Allow)));
    let by = resolution.by.to_string();
    let uid = rustix::process::geteuid().as_raw();
    assert!(by.starts_with(&format!("dbus:{uid}/pagerd-")), "{by}");

    let told = watcher.signals_until("ApprovalResolved").await;
    let properties = &told[told.len() - 2];
    assert!(properties.starts_with(&format!("PropertiesChanged /approval/{id}")), "{told:#?}");
    assert!(properties.contains("allowed") && properties.contains(&by), "{properties}");
    assert!(told.last().unwrap().contains(&format!("(\"{id}\", \"allowed\", \"{by}\")")));

    let (name, sentence) = client.refused(&path, "Deny", &"late").await;
    assert_eq!(name, "AlreadyResolved");
    assert!(sentence.starts_with("already allowed with pagerd-"), "{sentence}");
    let rows: Vec<Row> =
        client.call(ROOT, "ListApprovals", &()).await.unwrap().body().deserialize().unwrap();
    assert!(rows.is_empty());
}

#[tokio::test]
async fn every_verdict_has_a_method_on_the_object_too() {
    let mut world = World::new();
    let client = world.client().await;
    let path = |id| format!("{ROOT}/approval/{id}");

    let denied = world.ask(Kind::Permission, "{}").await;
    client.call(&path(denied), "Deny", &"not today").await.unwrap();
    let verdict = world.handle.resolution(denied).await.unwrap().verdict;
    assert_eq!(verdict, Some(Verdict::deny("not today")));

    let always = world.ask_with_always("Bash(touch:*)").await;
    let shown = client.properties(&path(always), "Approval").await;
    assert_eq!(text(&shown["AlwaysRule"]), "Bash(touch:*)");
    client.call(&path(always), "AllowAlways", &()).await.unwrap();
    let verdict = world.handle.resolution(always).await.unwrap().verdict;
    assert_eq!(verdict, Some(Verdict::AllowAlways));

    let asked = r#"{"questions":[{"question":"Which?","multiSelect":true}]}"#;
    let question = world.ask(Kind::Question, asked).await;
    let answers = HashMap::from([("Which?", vec!["left", "right"])]);
    client.call(ROOT, "Answer", &(question.to_string(), answers)).await.unwrap();
    let Some(Verdict::Answer { answers }) =
        world.handle.resolution(question).await.unwrap().verdict
    else {
        panic!()
    };
    assert_eq!(answers["Which?"], ["left", "right"]);
}

#[tokio::test]
async fn what_cannot_be_is_refused_by_name() {
    let mut world = World::new();
    let client = world.client().await;
    let id = world.ask(Kind::Permission, "{}").await;
    let unknown = "f".repeat(32);
    let name = |refused: (String, String)| refused.0;
    assert_eq!(name(client.refused(ROOT, "Approve", &unknown).await), "NotFound");
    assert_eq!(name(client.refused(ROOT, "Approve", &"nonsense").await), "NotFound");
    let always = client.refused(ROOT, "ApproveAlways", &id.to_string()).await;
    assert_eq!(name(always), "InvalidArgument");
    let answers = HashMap::from([("Which?", vec!["left"])]);
    let answered = client.refused(ROOT, "Answer", &(id.to_string(), answers)).await;
    assert_eq!(name(answered), "InvalidArgument");
    assert_eq!(name(client.refused(ROOT, "Restart", &()).await), "Unavailable");
    assert_eq!(name(client.refused(ROOT, "InstallVoice", &"base").await), "Unavailable");
    assert_eq!(name(client.refused(ROOT, "Send", &("one-1", "hi")).await), "Unavailable");
    assert_eq!(name(client.refused(ROOT, "Send", &("two-2", "hi")).await), "NotFound");
    let session = format!("{ROOT}/session/one_2d1");
    assert_eq!(name(client.refused(&session, "Stop", &()).await), "Unavailable");
    assert!(world.handle.approval(id).await.unwrap().unwrap().is_pending());
}

#[tokio::test]
async fn another_user_decides_nothing() {
    let mut world = World::new();
    let id = world.ask(Kind::Permission, "{}").await;
    let uid = rustix::process::geteuid().as_raw() + 1;
    let stranger = world.client_of(Caller::new(uid, None)).await;
    let path = format!("{ROOT}/approval/{id}");
    for (path, member) in [(path.as_str(), "Allow"), (ROOT, "Reload"), (ROOT, "InstallHooks")] {
        assert_eq!(stranger.refused(path, member, &()).await.0, "NotAllowed", "{member}");
    }
    assert_eq!(stranger.refused(ROOT, "Approve", &id.to_string()).await.0, "NotAllowed");
    assert!(world.handle.approval(id).await.unwrap().unwrap().is_pending());
}
