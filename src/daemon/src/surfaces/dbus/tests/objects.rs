use pager_core::approval::{Input, Kind};
use pager_core::{Activity, Actor, Command, Facts, Require, Verdict};

use super::super::ROOT;
use super::world::{World, facts, text};

#[tokio::test]
async fn a_client_that_comes_late_sees_all_there_is() {
    let mut world = World::new();
    let input = "{\"command\":\"echo \\u202e \u{202e}\"}";
    let id = world.ask(Kind::Permission, input).await;
    let client = world.client().await;
    let objects = client.managed().await;
    let approval = &objects[&format!("{ROOT}/approval/{id}")]["org.pagerd.Pager1.Approval"];
    assert_eq!(text(&approval["Id"]), id.to_string());
    assert_eq!(text(&approval["Input"]), input, "as the agent wrote it");
    assert_eq!(text(&approval["InputSha256"]), Input::new(input).sha256().as_str());
    assert_eq!(text(&approval["State"]), "pending");
    assert_eq!(text(&approval["ResolvedBy"]), "");
    assert_eq!(text(&approval["Cwd"]), "/home/me/webshop");
    let microseconds = |name: &str| u64::try_from(&approval[name]).unwrap();
    assert_eq!(microseconds("Expires") - microseconds("Created"), 3_600_000_000);
    let session = &objects[&format!("{ROOT}/session/one_2d1")]["org.pagerd.Pager1.Session"];
    assert_eq!(text(&session["Id"]), "one-1");
    assert_eq!(text(&session["State"]), "waiting");
    assert_eq!(session.len(), 12);
    let manager = client.properties(ROOT, "Manager").await;
    assert_eq!(text(&manager["Version"]), "1.2.3");
    assert_eq!(text(&manager["State"]), "ready");
    assert_eq!(u32::try_from(&manager["PendingApprovals"]).unwrap(), 1);
    assert_eq!(u32::try_from(&manager["ActiveSessions"]).unwrap(), 1);
}

#[tokio::test]
async fn settled_approvals_stay_for_an_hour() {
    let mut world = World::new();
    let mut client = world.client().await;
    let id = world.ask(Kind::Permission, "{}").await;
    let path = format!("{ROOT}/approval/{id}");
    client.signals_until("ApprovalRequested").await;
    world.pass(1).await;
    let told = client.signals_until("ApprovalResolved").await;
    assert!(told.last().unwrap().contains("\"expired\", \"timeout\""), "{told:#?}");
    assert_eq!(text(&client.properties(&path, "Approval").await["State"]), "expired");
    world.pass(2).await;
    let told = client.signals_until("InterfacesRemoved").await;
    assert!(told.last().unwrap().contains(&path), "{told:#?}");
    assert!(!client.managed().await.contains_key(&path));
    // The store still knows it.
    assert_eq!(client.refused(ROOT, "Approve", &id.to_string()).await.0, "AlreadyResolved");
}

#[tokio::test]
async fn a_session_waits_while_an_approval_of_its_own_does() {
    let mut world = World::new();
    let mut client = world.client().await;
    let id = world.ask(Kind::Permission, "{}").await;
    let told = client.signals_until("SessionChanged").await;
    assert!(told.last().unwrap().contains("(\"one-1\", \"waiting\")"), "{told:#?}");
    let allow = Command::resolve(id, Verdict::Allow);
    world.handle.submit(Actor::Desktop, allow).await.unwrap();
    let told = client.signals_until("SessionChanged").await;
    assert!(told.last().unwrap().contains("(\"one-1\", \"working\")"), "{told:#?}");

    let facts = Facts { context_percent: Some(42.0), model: Some("m".into()), ..facts() };
    let observe = Command::Observe { facts, activity: Activity::Ended };
    world.handle.submit(Actor::Agent, observe).await.unwrap();
    let told = client.signals_until("SessionChanged").await;
    let changes = told.iter().find(|s| s.starts_with("PropertiesChanged /session/")).unwrap();
    for name in ["ContextPercent", "Model", "State"] {
        assert!(changes.contains(name), "{changes}");
    }
    assert!(!changes.contains("Cwd"), "{changes}");
    world.pass(25).await;
    let told = client.signals_until("InterfacesRemoved").await;
    assert!(told.last().unwrap().contains("InterfacesRemoved"));
}

#[tokio::test]
async fn the_manager_tells_its_counts_and_states() {
    let mut world = World::new();
    let mut client = world.client().await;
    world.ask(Kind::Permission, "{}").await;
    let changed = |told: Vec<String>| {
        told.into_iter().rev().find(|s| s.starts_with("PropertiesChanged  ")).unwrap_or_default()
    };
    client.signals_until("SessionChanged").await;
    let told = changed(client.signals_until("PropertiesChanged").await);
    assert!(told.contains("PendingApprovals") && told.contains("ActiveSessions"), "{told}");
    world.telegram.send_replace("connected".to_owned());
    let told = changed(client.signals_until("PropertiesChanged").await);
    assert!(told.contains("TelegramState") && told.contains("connected"), "{told}");
    assert!(!told.contains("PendingApprovals"), "{told}");
    world.warnings.send_replace(vec!["everybody may write".to_owned()]);
    let told = changed(client.signals_until("PropertiesChanged").await);
    assert!(told.contains("Warnings") && told.contains("everybody may write"), "{told}");
}

#[tokio::test]
async fn hooks_are_wired_by_a_job() {
    let world = World::new();
    let mut client = world.client().await;
    let reply = client.call(ROOT, "InstallHooks", &()).await.unwrap();
    let path: zbus::zvariant::OwnedObjectPath = reply.body().deserialize().unwrap();
    assert_eq!(text(&client.properties(&path, "Job").await["Kind"]), "install-hooks");
    let told = client.signals_until("Completed").await;
    assert!(told.last().unwrap().contains("true"), "{told:#?}");
    let settings = world.home.path().join(".claude/settings.json");
    assert!(std::fs::read_to_string(&settings).unwrap().contains("PermissionRequest"));
    let job = client.properties(&path, "Job").await;
    assert_eq!(text(&job["State"]), "done");
    assert_eq!(client.refused(&path, "Cancel", &()).await.0, "AlreadyResolved");

    std::fs::write(&settings, "{ not json").unwrap();
    client.call(ROOT, "RemoveHooks", &()).await.unwrap();
    let told = client.signals_until("Completed").await;
    let last = told.last().unwrap();
    assert!(last.contains("false") && last.contains("settings.json:1:"), "{last}");
}

#[tokio::test]
async fn every_agents_hooks_are_wired_by_its_name() {
    let world = World::new();
    let mut client = world.client().await;
    std::fs::create_dir(world.home.path().join(".codex")).unwrap();
    let hooks = world.home.path().join(".codex/hooks.json");
    client.call(ROOT, "InstallHooksFor", &"codex").await.unwrap();
    let told = client.signals_until("Completed").await.pop().unwrap();
    assert!(told.contains("true") && told.contains("not trusted"), "{told}");
    let wired = std::fs::read_to_string(&hooks).unwrap();
    assert!(wired.contains("--agent codex") && wired.contains("PermissionRequest"), "{wired}");
    assert!(!world.home.path().join(".claude").exists());

    client.call(ROOT, "RemoveHooksFor", &"codex").await.unwrap();
    client.signals_until("Completed").await;
    let left = std::fs::read_to_string(&hooks).unwrap();
    assert!(!left.contains("pager-hook"), "{left}");
    for member in ["InstallHooksFor", "RemoveHooksFor"] {
        let (name, sentence) = client.refused(ROOT, member, &"gemini").await;
        assert_eq!(name, "InvalidArgument");
        assert!(
            sentence.contains("\"gemini\"") && sentence.contains("claude, codex"),
            "{sentence}"
        );
    }
}

#[tokio::test]
async fn a_reload_is_answered_with_what_became_of_it() {
    let mut world = World::new();
    let client = world.client().await;
    let reload = tokio::spawn(async move {
        let good = client.call(ROOT, "Reload", &()).await.map(drop);
        (good, client.refused(ROOT, "Reload", &()).await)
    });
    world.reloads.recv().await.unwrap().send(Ok(())).unwrap();
    let refused = Err("pager.toml:3:1: no".to_owned());
    world.reloads.recv().await.unwrap().send(refused).unwrap();
    let (good, bad) = reload.await.unwrap();
    good.unwrap();
    assert_eq!(bad, ("InvalidArgument".to_owned(), "pager.toml:3:1: no".to_owned()));
}

#[tokio::test]
async fn what_a_new_policy_says_of_it_changes_its_properties() {
    let mut world = World::new();
    let id = world.ask(Kind::Permission, "{}").await;
    let path = format!("{ROOT}/approval/{id}");
    let mut client = world.client().await;
    let first = text(&client.properties(&path, "Approval").await["Body"]);
    for (reason, require, word) in [
        ("", Require { remote: true, polkit: false }, "remote"),
        ("production", Require { remote: true, polkit: false }, "remote"),
        ("production", Require::default(), ""),
    ] {
        world.judge(id, reason, require).await;
        let start = format!("PropertiesChanged /approval/{id}");
        let told = loop {
            let told = client.signals_until("PropertiesChanged").await.pop().unwrap();
            if told.starts_with(&start) {
                break told;
            }
        };
        assert!(told.ends_with("[\"Body\"])"), "{told}");
        let now = client.properties(&path, "Approval").await;
        assert_eq!(text(&now["Require"]), word);
        let body = text(&now["Body"]);
        let colon = if reason.is_empty() { "" } else { ": " };
        assert!(body.contains(&format!("Your policy's rule: mine{colon}{reason}\n")), "{body}");
        assert_eq!(body.contains("A yes counts only on Telegram."), !word.is_empty());
        assert!(body.ends_with(&first));
    }
}
