//! A panic over D-Bus: begun by anybody, ended by a person.

use std::path::Path;

use pager_core::approval::Kind;

use super::super::ROOT;
use super::world::{World, text};

type Done = (Vec<String>, Vec<String>, String, Vec<String>);

#[tokio::test]
async fn everything_is_shut_told_and_opened_again() {
    let mut world = World::new();
    let mut client = world.client().await;
    let id = world.ask(Kind::Permission, "{}").await;
    client.signals_until("ApprovalRequested").await;
    let reply = client.call(ROOT, "PanicBecause", &"the phone is gone").await.unwrap();
    let (stopped, left, evidence, missing): Done = reply.body().deserialize().unwrap();
    assert_eq!((stopped.len(), left.len()), (0, 0));
    let state = world.home.path().join("state/evidence");
    assert!(Path::new(&evidence).starts_with(state), "{evidence}");
    assert!(Path::new(&evidence).join("SHA256SUMS").exists(), "{missing:?}");
    let told = client.signals_until("Notice").await.join("\n");
    assert!(told.contains("\"locked\"") && told.contains("the phone is gone"), "{told}");

    let approval = client.properties(&format!("{ROOT}/approval/{id}"), "Approval").await;
    assert_eq!(text(&approval["State"]), "cancelled");
    assert_eq!(client.refused(ROOT, "Approve", &id.to_string()).await.0, "AlreadyResolved");
    let manager = client.properties(ROOT, "Manager").await;
    assert_eq!(bool::try_from(&manager["Locked"]), Ok(true));
    assert!(text(&manager["LockedBy"]).starts_with("dbus:"));
    assert!(u64::try_from(&manager["LockedSince"]).unwrap() > 0);

    let again = client.call(ROOT, "Panic", &()).await;
    assert!(again.is_ok(), "{again:?}");
    assert!(client.call(ROOT, "EndPanic", &()).await.is_ok());
    assert_eq!(client.refused(ROOT, "EndPanic", &()).await.0, "InvalidArgument");
    let manager = client.properties(ROOT, "Manager").await;
    assert_eq!(bool::try_from(&manager["Locked"]), Ok(false));
    assert_eq!(text(&manager["LockedBy"]), "");
}
