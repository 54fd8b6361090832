//! Real processes that answer: what lives with an agent is refused.

use std::io::{BufRead, BufReader};
use std::process::{self, Child, ChildStdin, Stdio};

use pager_core::approval::Kind;
use pager_core::{AccessCommand, Actor, Command, Event, News, Origin, Process, Reply};

use super::super::{Caller, ROOT};
use super::world::World;
use crate::host::process::stat;

/// An agent, and below it and beside it what it runs: each waits for the agent's input to end.
const AGENT: &str = r#"
exec 3<&0
cat <&3 & echo child $!
CLAUDECODE=1 setsid --wait sh -c 'cat <&3 & echo $! >marked'
echo marked $(cat marked)
env -i PATH=/usr/bin:/bin setsid --wait sh -c 'cat <&3 & echo $! >orphan'
echo orphan $(cat orphan)
exec cat
"#;

struct Agent {
    child: Child,
    input: Option<ChildStdin>,
    _dir: tempfile::TempDir,
}

impl Agent {
    /// Starts it, and gives the callers it has started by name.
    fn start() -> (Self, Vec<(String, u32)>) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("agent"), AGENT).unwrap();
        let mut child = process::Command::new("sh")
            .arg("agent")
            .current_dir(dir.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().take(3);
        let callers = lines.map(|line| {
            let line = line.unwrap();
            let (name, pid) = line.split_once(' ').unwrap();
            (name.to_owned(), pid.parse().unwrap())
        });
        let callers = callers.collect();
        let input = child.stdin.take();
        (Self { child, input, _dir: dir }, callers)
    }

    fn origin(&self) -> Origin {
        let pid = self.child.id();
        let agent = Some(Process { pid, started: stat(pid).unwrap().started });
        Origin { agent, program: "claude".to_owned(), unit: String::new() }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        drop(self.input.take());
        drop(self.child.wait());
    }
}

fn caller(pid: u32) -> Caller {
    Caller::new(rustix::process::geteuid().as_raw(), Some(pid))
}

#[tokio::test]
async fn what_lives_with_an_agent_decides_nothing() {
    let mut world = World::new();
    let (agent, callers) = Agent::start();
    let id = world.ask_from(agent.origin()).await;
    // Another session's, whose agent nobody has seen.
    let other = world.ask(Kind::Permission, "{}").await;
    let knock = Command::Access(AccessCommand::Knock { user: 7, name: "Ben".to_owned() });
    let knocked = world.handle.submit(Actor::Telegram { user: 7 }, knock).await.unwrap();
    let Reply::Knocked(Some(code)) = knocked else { panic!("{knocked:?}") };
    for ((name, pid), said) in callers.iter().zip(["below the agent", "CLAUDECODE", "background"]) {
        let client = world.client_of(caller(*pid)).await;
        for (id, member) in [(id, "Allow"), (id, "AllowAlways"), (other, "Allow")] {
            let path = format!("{ROOT}/approval/{id}");
            let (error, sentence) = client.refused(&path, member, &()).await;
            assert_eq!(error, "SelfApproval", "{name}: {sentence}");
            assert!(sentence.contains(said), "{name}: {sentence}");
        }
        assert_eq!(client.refused(ROOT, "Deny", &(id.to_string(), "no")).await.0, "SelfApproval");
        assert_eq!(client.refused(ROOT, "Reload", &()).await.0, "SelfApproval");
        let gap = ("after 0:0, before 2:0, between 0", "nothing");
        assert_eq!(client.refused(ROOT, "AcknowledgeBreak", &gap).await.0, "SelfApproval");
        let code = code.reveal();
        for (member, role) in [("ApprovePairingAs", "owner"), ("ApprovePairing", "")] {
            let refused = match role {
                "" => client.refused(ROOT, member, &code).await,
                role => client.refused(ROOT, member, &(code, role)).await,
            };
            assert_eq!(refused.0, "SelfApproval", "{name}: {}", refused.1);
        }
        assert_eq!(client.refused(ROOT, "RejectPairing", &code).await.0, "SelfApproval");
        assert_eq!(client.refused(ROOT, "RevokePrincipal", &7_i64).await.0, "SelfApproval");
    }
    let events = world.handle.events_since(0).await.unwrap();
    let noticed = events.iter().filter(|logged| {
        matches!(&logged.event, Event::Noticed { notice }
            if matches!(&notice.news, News::SelfApproval { approval, .. } if *approval == id))
    });
    assert_eq!(noticed.count(), 1, "one program, told once");
    assert!(world.handle.approval(id).await.unwrap().unwrap().is_pending());

    let meddled = events.iter().filter_map(|logged| match &logged.event {
        Event::Noticed { notice } => match &notice.news {
            News::Meddled { deed, .. } => Some((deed.as_str(), notice.audited().unwrap().0)),
            _ => None,
        },
        _ => None,
    });
    let meddled: Vec<_> = meddled.collect();
    let deeds = ["ApprovePairingAs", "ApprovePairing", "RejectPairing", "RevokePrincipal"];
    assert_eq!(meddled, deeds.map(|deed| (deed, "access.self_approval")));

    // The person's own, in the same terminal and the same control group.
    let client = world.client().await;
    client.call(ROOT, "Approve", &id.to_string()).await.unwrap();
    let reply = client.call(ROOT, "ApprovePairing", &code.reveal()).await.unwrap();
    let (user, role): (i64, String) = reply.body().deserialize().unwrap();
    assert_eq!((user, role.as_str()), (7, "owner"));
}

#[tokio::test]
async fn what_cannot_be_looked_at_decides_nothing() {
    let mut world = World::new();
    let id = world.ask(Kind::Permission, "{}").await;
    let mut gone = process::Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
    let caller = caller(gone.id());
    drop(gone.stdin.take());
    gone.wait().unwrap();
    let nobody = Caller::new(rustix::process::geteuid().as_raw(), None);
    for caller in [caller, nobody] {
        let client = world.client_of(caller).await;
        let (error, sentence) = client.refused(ROOT, "Approve", &id.to_string()).await;
        assert_eq!(error, "NotAllowed", "{sentence}");
        assert!(sentence.contains("cannot look at"), "{sentence}");
    }
    assert!(world.handle.approval(id).await.unwrap().unwrap().is_pending());
}
