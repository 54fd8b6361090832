use pager_core::Verdict;
use pager_core::approval::Kind;
use serde_json::{Value, json};

use super::super::ROOT;
use super::world::World;

type Row = (String, String, String, String, String, String, String, String, u64);

fn suggestion(rule: &str, destination: &str) -> String {
    let rules = json!([{ "toolName": "Bash", "ruleContent": rule }]);
    json!({ "type": "addRules", "rules": rules, "behavior": "allow", "destination": destination })
        .to_string()
}

#[tokio::test]
async fn a_granted_rule_is_listed_and_taken_back() {
    let mut world = World::new();
    let client = world.client().await;
    let project = world.home.path().join("webshop");
    let settings = project.join(".claude/settings.local.json");
    std::fs::create_dir_all(settings.parent().unwrap()).unwrap();
    let held = r#"{"permissions": {"allow": ["Bash(ls)", "Bash(touch made *)"]}}"#;
    std::fs::write(&settings, held).unwrap();
    let list = async || -> Vec<Row> {
        client.call(ROOT, "ListGrants", &()).await.unwrap().body().deserialize().unwrap()
    };

    let cwd = project.join("src").display().to_string();
    let id = world.ask_with_grant(&suggestion("touch made *", "localSettings"), &cwd).await;
    assert_eq!(client.refused(ROOT, "RevokeGrant", &id.to_string()).await.0, "InvalidArgument");
    assert!(list().await.is_empty());
    client.call(ROOT, "ApproveAlways", &id.to_string()).await.unwrap();
    let grants = list().await;
    let grant = &grants[0];
    assert_eq!((grants.len(), grant.0.clone()), (1, id.to_string()));
    let file = settings.display().to_string();
    let columns = [&grant.1, &grant.2, &grant.3, &grant.4, &grant.5, &grant.6];
    assert_eq!(columns, ["claude", "Bash(touch made *)", "localSettings", &file, "one-1", "src"]);
    assert!(grant.7.starts_with("dbus:"), "{grant:?}");
    assert_eq!(grant.8, 1_767_268_800_000_000);

    let reply = client.call(ROOT, "RevokeGrant", &&id.to_string()[..8]).await.unwrap();
    let done: String = reply.body().deserialize().unwrap();
    assert!(done.starts_with(&format!("taken out of {file}; a session that runs")), "{done}");
    let kept: Value = serde_json::from_slice(&std::fs::read(&settings).unwrap()).unwrap();
    assert_eq!(kept, json!({ "permissions": { "allow": ["Bash(ls)"] } }));
    assert!(list().await.is_empty());
    let (name, sentence) = client.refused(ROOT, "RevokeGrant", &id.to_string()).await;
    assert_eq!(name, "AlreadyResolved");
    assert!(sentence.starts_with("already taken back with pagerd-"), "{sentence}");
}

#[tokio::test]
async fn what_ends_with_its_session_is_not_taken_back_otherwise() {
    let mut world = World::new();
    let client = world.client().await;
    let id = world.ask_with_grant(&suggestion("ls", "session"), "/home/me/webshop").await;
    client.call(ROOT, "ApproveAlways", &id.to_string()).await.unwrap();
    let reply = client.call(ROOT, "ListGrants", &()).await.unwrap();
    let grants: Vec<Row> = reply.body().deserialize().unwrap();
    assert_eq!((grants[0].3.as_str(), grants[0].4.as_str()), ("session", ""));
    let (name, sentence) = client.refused(ROOT, "RevokeGrant", &id.to_string()).await;
    assert_eq!(name, "InvalidArgument");
    assert!(sentence.contains("ends with that session"), "{sentence}");
    world.end_session().await;
    let reply = client.call(ROOT, "ListGrants", &()).await.unwrap();
    assert!(reply.body().deserialize::<Vec<Row>>().unwrap().is_empty());
}

#[tokio::test]
async fn a_no_can_end_the_turn_and_a_plan_brings_its_edits() {
    let mut world = World::new();
    let client = world.client().await;
    let path = |id| format!("{ROOT}/approval/{id}");
    let first = world.ask(Kind::Permission, "{}").await;
    client.call(ROOT, "DenyAndStop", &(first.to_string(), "enough")).await.unwrap();
    let second = world.ask(Kind::Permission, "{}").await;
    client.call(&path(second), "DenyAndStop", &"enough").await.unwrap();
    let plain = world.ask_unstoppable().await;
    let stoppable = |id| {
        let (path, client) = (path(id), &client);
        async move { client.properties(&path, "Approval").await["Stoppable"].clone() }
    };
    assert_eq!(stoppable(plain).await, false.into());
    assert_eq!(stoppable(second).await, true.into());
    let (name, sentence) = client.refused(&path(plain), "DenyAndStop", &"enough").await;
    assert_eq!(name, "InvalidArgument");
    assert!(sentence.contains("deny it, then press Esc"), "{sentence}");
    client.call(&path(plain), "Deny", &"enough").await.unwrap();
    for id in [first, second] {
        let verdict = world.handle.resolution(id).await.unwrap().verdict;
        assert_eq!(verdict, Some(Verdict::Deny { reason: "enough".into(), interrupt: true }));
    }
    let plan = world.ask(Kind::Plan, r#"{"plan":"Rewrite it"}"#).await;
    client.call(&path(plan), "AcceptEdits", &()).await.unwrap();
    assert_eq!(world.handle.resolution(plan).await.unwrap().verdict, Some(Verdict::AllowEdits));
    let no_plan = world.ask(Kind::Permission, "{}").await.to_string();
    assert_eq!(client.refused(ROOT, "AcceptEdits", &no_plan).await.0, "InvalidArgument");
}

#[tokio::test]
async fn a_paused_session_is_told_of_and_resumed() {
    let mut world = World::new();
    let mut watcher = world.client().await;
    let client = world.client().await;
    let session = format!("{ROOT}/session/one_2d1");
    for _ in 0..5 {
        let id = world.ask(Kind::Permission, "{}").await.to_string();
        client.call(ROOT, "Deny", &(id, "")).await.unwrap();
    }
    let told = watcher.signals_until("Notice").await;
    let notice = told.last().unwrap();
    assert!(
        notice.starts_with("Notice  (\"paused\", \"Claude Code in webshop is paused"),
        "{notice}"
    );
    assert!(notice.ends_with("\"one-1\")"), "{notice}");
    let changed = |signal: &String| {
        signal.starts_with("PropertiesChanged /session/one_2d1") && signal.contains("\"Paused\"")
    };
    assert!(told.iter().any(changed), "{told:#?}");
    let properties = client.properties(&session, "Session").await;
    assert_eq!(bool::try_from(properties["Paused"].try_clone().unwrap()), Ok(true));
    assert_eq!(client.refused(ROOT, "ResumeSession", &"two").await.0, "NotFound");
    client.call(ROOT, "ResumeSession", &"webshop").await.unwrap();
    let told = watcher.signals_until("Notice").await;
    assert!(told.last().unwrap().contains("resumed"), "{told:#?}");
    assert_eq!(client.refused(&session, "Resume", &()).await.0, "InvalidArgument");
}

#[tokio::test]
async fn what_waits_in_a_queue_says_so_until_its_turn_comes() {
    let mut world = World::new();
    let client = world.client().await;
    let mut last = None;
    for _ in 0..11 {
        last = Some(world.ask(Kind::Permission, "{}").await);
    }
    let path = format!("{ROOT}/approval/{}", last.unwrap());
    let queued = async |client: &super::world::Client| {
        let properties = client.properties(&path, "Approval").await;
        bool::try_from(properties["Queued"].try_clone().unwrap()).unwrap()
    };
    assert!(queued(&client).await);
    let mut watcher = world.client().await;
    world.pass_minutes(2).await;
    let changed = format!("PropertiesChanged /approval/{}", last.unwrap());
    while !watcher.signals_until("PropertiesChanged").await.pop().unwrap().starts_with(&changed) {}
    assert!(!queued(&client).await);
}
