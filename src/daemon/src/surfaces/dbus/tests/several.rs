use pager_core::approval::Kind;
use pager_core::{Actor, Command, State, Verdict};
use zbus::zvariant::OwnedValue;

use super::super::ROOT;
use super::world::{Client, World, text};

fn needed(value: &OwnedValue) -> u32 {
    u32::try_from(value).unwrap()
}

fn yeses(value: &OwnedValue) -> Vec<String> {
    value.try_clone().unwrap().try_into().unwrap()
}

/// The next change of that object's properties, as text.
async fn change(client: &mut Client, path: &str) -> String {
    let start = format!("PropertiesChanged {}", path.strip_prefix(ROOT).unwrap());
    loop {
        let told = client.signals_until("PropertiesChanged").await.pop().unwrap();
        if told.starts_with(&start) {
            return told;
        }
    }
}

#[tokio::test]
async fn who_has_said_yes_is_a_property_that_changes() {
    let mut world = World::needing(2);
    let mut client = world.client().await;
    let id = world.ask(Kind::Permission, r#"{"command":"make deploy"}"#).await;
    let path = format!("{ROOT}/approval/{id}");
    client.signals_until("ApprovalRequested").await;
    let first = client.properties(&path, "Approval").await;
    assert_eq!((needed(&first["Needed"]), yeses(&first["Yeses"])), (2, Vec::new()));
    assert!(text(&first["Body"]).starts_with("It takes a yes from 2 different people.\n"));

    let yes = Command::resolve(id, Verdict::Allow);
    world.handle.submit(Actor::Telegram { user: 7 }, yes).await.unwrap();
    let told = change(&mut client, &path).await;
    assert!(told.contains("\"Yeses\": <[\"telegram:7\"]>"), "{told}");
    assert!(told.ends_with("[\"Body\"])"), "{told}");
    let now = client.properties(&path, "Approval").await;
    assert_eq!(text(&now["State"]), "pending");
    assert_eq!((needed(&now["Needed"]), yeses(&now["Yeses"])), (2, vec!["telegram:7".to_owned()]));
    let body = text(&now["Body"]);
    assert!(body.starts_with("1 of 2: yes on Telegram (7). It waits for a second person.\n"));

    client.call(&path, "Allow", &()).await.unwrap();
    let resolution = world.handle.resolution(id).await.unwrap();
    assert_eq!(resolution.state, State::Allowed);
    let by = resolution.by.to_string();
    let told = client.signals_until("ApprovalResolved").await;
    let properties = &told[told.len() - 2];
    assert!(properties.contains(&format!("<[\"telegram:7\", \"{by}\"]>")), "{properties}");
    assert!(properties.contains("\"State\": <\"allowed\">"), "{properties}");
}

#[tokio::test]
async fn whoever_is_at_the_machine_says_yes_once_and_may_still_say_no() {
    let mut world = World::needing(2);
    let mut client = world.client().await;
    let id = world.ask(Kind::Permission, "{}").await;
    let path = format!("{ROOT}/approval/{id}");
    client.signals_until("ApprovalRequested").await;
    client.call(&path, "Allow", &()).await.unwrap();
    let told = change(&mut client, &path).await;
    let by = format!("dbus:{}/pagerd-", rustix::process::geteuid().as_raw());
    assert!(told.contains(&format!("\"Yeses\": <[\"{by}")), "{told}");
    for (path, member) in [(path.as_str(), "Allow"), (ROOT, "Approve")] {
        let (name, why) = match path {
            ROOT => client.refused(path, member, &id.to_string()).await,
            _ => client.refused(path, member, &()).await,
        };
        assert_eq!(name, "NotAllowed", "{member}");
        assert_eq!(why, "you have said yes already: now somebody else has to");
    }
    assert!(world.handle.approval(id).await.unwrap().unwrap().is_pending());
    client.call(&path, "Deny", &"on second thought").await.unwrap();
    let verdict = world.handle.resolution(id).await.unwrap().verdict;
    assert_eq!(verdict, Some(Verdict::deny("on second thought")));
}
