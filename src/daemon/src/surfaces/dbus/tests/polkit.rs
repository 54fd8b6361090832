//! Yeses that want the person's own authentication, with a polkit that takes nothing amiss.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use pager_core::State;
use pager_tests::bus::Bus;
use tokio::sync::Notify;
use zbus::zvariant::OwnedValue;
use zbus::{fdo, interface};

use super::super::ROOT;
use super::super::polkit::Polkit;
use super::world::World;
use crate::host::process::stat;

/// What the double does when it is asked.
#[derive(Clone, Copy)]
enum Person {
    Authenticates,
    Dismisses,
    IsAway,
}

struct Double {
    person: Person,
    asked: Arc<Notify>,
    cancelled: Arc<Mutex<Vec<String>>>,
}

#[interface(name = "org.freedesktop.PolicyKit1.Authority")]
impl Double {
    #[zbus(out_args("is_authorized", "is_challenge", "details"))]
    async fn check_authorization(
        &self,
        subject: (String, HashMap<String, OwnedValue>),
        action_id: String,
        details: HashMap<String, String>,
        flags: u32,
        cancellation_id: String,
    ) -> fdo::Result<(bool, bool, HashMap<String, String>)> {
        let (kind, mut numbers) = subject;
        let pid = u32::try_from(numbers.remove("pid").unwrap()).unwrap();
        let started = u64::try_from(numbers.remove("start-time").unwrap()).unwrap();
        let uid = i32::try_from(numbers.remove("uid").unwrap()).unwrap();
        assert!(numbers.is_empty(), "{numbers:?}");
        let own = rustix::process::geteuid().as_raw();
        assert_eq!((kind.as_str(), i64::from(uid)), ("unix-process", i64::from(own)));
        assert_eq!((pid, started), (std::process::id(), stat(pid).unwrap().started));
        assert_eq!((action_id.as_str(), flags), ("org.pagerd.pager1.approve", 1));
        assert!(details.is_empty(), "details are root's alone");
        assert!(!cancellation_id.is_empty());
        self.asked.notify_one();
        match self.person {
            Person::Authenticates => Ok((true, false, HashMap::new())),
            Person::Dismisses => {
                Ok((false, false, HashMap::from([("polkit.dismissed".into(), "true".into())])))
            }
            Person::IsAway => std::future::pending().await,
        }
    }

    fn cancel_check_authorization(&self, cancellation_id: String) {
        self.cancelled.lock().unwrap().push(cancellation_id);
    }
}

struct Authority {
    bus: Bus,
    asked: Arc<Notify>,
    cancelled: Arc<Mutex<Vec<String>>>,
    _connection: zbus::Connection,
}

async fn authority(person: Person) -> Authority {
    let bus = Bus::start().unwrap();
    let (asked, cancelled) = (Arc::new(Notify::new()), Arc::default());
    let double = Double { person, asked: Arc::clone(&asked), cancelled: Arc::clone(&cancelled) };
    let connection = zbus::connection::Builder::address(bus.address())
        .unwrap()
        .serve_at("/org/freedesktop/PolicyKit1/Authority", double)
        .unwrap()
        .name("org.freedesktop.PolicyKit1")
        .unwrap()
        .build()
        .await
        .unwrap();
    Authority { bus, asked, cancelled, _connection: connection }
}

#[tokio::test]
async fn a_yes_counts_once_the_person_has_authenticated() {
    let authority = authority(Person::Authenticates).await;
    let mut world = World::with_polkit(Polkit::at(authority.bus.address()));
    let id = world.ask_for_polkit().await;
    world.client().await.call(ROOT, "Approve", &id.to_string()).await.unwrap();
    assert_eq!(world.handle.resolution(id).await.unwrap().state, State::Allowed);
}

#[tokio::test]
async fn without_authentication_there_is_no_yes_and_a_no_needs_none() {
    let authority = authority(Person::Dismisses).await;
    let nobody = Bus::start().unwrap();
    for (address, said) in
        [(authority.bus.address(), "dismissed"), (nobody.address(), "polkit is installed")]
    {
        let mut world = World::with_polkit(Polkit::at(address));
        let id = world.ask_for_polkit().await;
        let client = world.client().await;
        let (error, sentence) = client.refused(ROOT, "Approve", &id.to_string()).await;
        assert_eq!(error, "NotAllowed", "{sentence}");
        assert!(sentence.contains(said), "{sentence}");
        assert!(world.handle.approval(id).await.unwrap().unwrap().is_pending());
        client.call(ROOT, "Deny", &(id.to_string(), "")).await.unwrap();
        assert_eq!(world.handle.resolution(id).await.unwrap().state, State::Denied);
    }
}

#[tokio::test]
async fn a_dialog_nobody_needs_any_more_is_taken_down() {
    let authority = authority(Person::IsAway).await;
    let mut world = World::with_polkit(Polkit::at(authority.bus.address()));
    let id = world.ask_for_polkit().await;
    let (waiting, other) = (world.client().await, world.client().await);
    let prefix = id.to_string();
    let approving = waiting.refused(ROOT, "Approve", &prefix);
    let denying = async {
        authority.asked.notified().await;
        other.call(ROOT, "Deny", &(id.to_string(), "")).await.unwrap();
    };
    let ((error, _), ()) = tokio::join!(approving, denying);
    assert_eq!(error, "AlreadyResolved");
    assert_eq!(authority.cancelled.lock().unwrap().len(), 1);
}
