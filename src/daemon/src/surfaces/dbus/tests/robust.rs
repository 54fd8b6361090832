use pager_core::approval::Kind;
use pager_core::{Agent, Facts, SessionId};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

use super::super::{ROOT, private};
use super::world::{Client, World, facts};

/// Introduces itself as D-Bus wants it, and then never reads again.
async fn deaf(world: &World) -> UnixStream {
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    tokio::spawn(private::client(theirs, world.shared.clone()));
    let uid = rustix::process::geteuid().as_raw().to_string();
    let hex: String = uid.bytes().map(|byte| format!("{byte:02x}")).collect();
    ours.write_all(format!("\0AUTH EXTERNAL {hex}\r\n").as_bytes()).await.unwrap();
    let mut greeting = [0; 2];
    ours.read_exact(&mut greeting).await.unwrap();
    assert_eq!(&greeting, b"OK");
    ours.write_all(b"BEGIN\r\n").await.unwrap();
    ours
}

#[tokio::test]
async fn a_client_that_never_reads_stalls_nobody() {
    let mut world = World::new();
    let _deaf = deaf(&world).await;
    let mut client = world.client().await;
    let big = format!("{{\"command\":\"{}\"}}", "x".repeat(1 << 20));
    for _ in 0..6 {
        let id = world.ask(Kind::Permission, &big).await;
        let told = client.signals_until("ApprovalRequested").await;
        assert!(told.last().unwrap().contains(&id.to_string()));
        client.call(ROOT, "Approve", &id.to_string()).await.unwrap();
        client.signals_until("ApprovalResolved").await;
    }
}

#[tokio::test]
async fn what_an_agent_writes_cannot_break_a_reply() {
    let mut world = World::new();
    let client = world.client().await;
    let odd = Facts {
        cwd: Some("/tmp/\0\u{202e}/x\0y".to_owned()),
        model: Some("m\0".to_owned()),
        ..Facts::new(SessionId::from_agent("two"), Agent::new("cl\0ude"))
    };
    let activity = pager_core::Activity::Started;
    let observe = pager_core::Command::Observe { facts: odd, activity };
    world.handle.submit(pager_core::Actor::Agent, observe).await.unwrap();
    world.ask(Kind::Permission, "not json \0 at all").await;
    client.call(ROOT, "ListSessions", &()).await.unwrap();
    client.call(ROOT, "ListApprovals", &()).await.unwrap();
    let late = world.client().await;
    assert_eq!(late.managed().await.keys().filter(|path| path.contains("n/")).count(), 1 + 1);
    assert!(facts().cwd.is_none());
}

#[tokio::test]
async fn clients_of_the_private_socket_end_with_it() {
    let world = World::new();
    let path = world.home.path().join("bus.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let serving = tokio::spawn(private::serve(listener, world.shared.clone()));
    let client = Client::over(UnixStream::connect(&path).await.unwrap()).await;
    client.call(ROOT, "ListSessions", &()).await.unwrap();
    serving.abort();
    drop(serving.await);
    client.connection.closed().await;
}
