//! What must be true in the end, whatever went wrong: held against the audit log, what the agents
//! were told, and what people were told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use pager_tests::agent::Hook;
use pager_tests::closed::{eventually, printed};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::crowd::Crowd;
use crate::person::{Door, PERSON, intent};

impl Crowd {
    /// Waits until everybody is answered, and looks at every book.
    pub(crate) async fn finish(mut self) {
        self.rest().await;
        let waiting = self.let_the_unanswered_go();
        // Who gave up at the terminal is written down a little later than they are gone.
        let records = eventually("every end in the audit log", || {
            let records = self.daemon.audit().ok()?;
            (verdicts(&records).len() >= self.ids.len()).then_some(records)
        });
        let records = records.unwrap();
        chained(&records);
        let verdicts = verdicts(&records);
        assert_eq!(verdicts.len(), self.ids.len(), "none ended but those who asked");
        let confirmed = std::mem::take(&mut self.affairs.lock().unwrap().confirmed);
        for (number, agent) in std::mem::take(&mut self.agents).into_iter().enumerate() {
            let (action, by) = verdicts[self.ids[&number].as_str()];
            let told = told(agent);
            if waiting.contains(&number) {
                assert_eq!(told, None);
                // One that was told to go while it looked for the new daemon could not say why.
                let ends = [("elsewhere", "terminal"), ("cancel", "agent")];
                assert!(ends.contains(&(action, by)), "{number} ended with {action} by {by}");
                continue;
            }
            let door = match by {
                by if by.starts_with("dbus:") => Door::Bus,
                by if by == format!("telegram:{PERSON}") => Door::Telegram,
                by => panic!("{number} was answered by {by}"),
            };
            assert_eq!(told.as_deref(), Some(action), "what agent {number} was told");
            assert!(
                intent(number).contains(&(door, action == "allow")),
                "nobody said {action} to {number} at {door:?}"
            );
            for (at, _, yes) in confirmed.iter().filter(|(_, about, _)| *about == number) {
                let said = if *yes { "allow" } else { "deny" };
                assert_eq!((door, action), (*at, said), "what was confirmed of {number} holds");
            }
        }
        for door in [Door::Bus, Door::Telegram] {
            assert!(confirmed.iter().any(|(at, ..)| *at == door), "nothing confirmed at {door:?}");
        }
        drop(self.daemon);
        let telegram = Arc::into_inner(self.telegram);
        telegram.expect("the phone is put away").finish();
    }

    /// Those whom nobody answers wait still, and go when their agent says so.
    fn let_the_unanswered_go(&self) -> BTreeSet<usize> {
        let mut waiting = BTreeSet::new();
        for (number, agent) in self.agents.iter().enumerate() {
            if intent(number).is_empty() {
                let pid = Pid::from_raw(i32::try_from(agent.id()).unwrap()).unwrap();
                kill_process(pid, Signal::TERM).expect("it waits still");
                waiting.insert(number);
            }
        }
        waiting
    }
}

/// The behaviour that a hook told its agent of, if it said anything.
fn told(agent: Hook) -> Option<String> {
    let printed = printed(agent).unwrap();
    let output: Value = serde_json::from_str(&printed).ok()?;
    Some(output["hookSpecificOutput"]["decision"]["behavior"].as_str().unwrap().to_owned())
}

/// Every record is bound to the one before it.
pub(crate) fn chained(records: &[Value]) {
    let mut last = Value::from("0".repeat(64));
    for (record, seq) in records.iter().zip(1..) {
        assert_eq!((&record["seq"], &record["prev_hash"]), (&Value::from(seq), &last));
        last = record["hash"].clone();
    }
}

/// How each approval ended and by whom, by id: once, leaving out what the log says came to nothing.
fn verdicts(records: &[Value]) -> BTreeMap<&str, (&str, &str)> {
    let mut void = BTreeSet::new();
    for record in records {
        match record["event"].as_str() {
            Some("record.void") => {
                let summary = record["summary"].as_str().unwrap();
                void.insert(summary.split(' ').nth(1).unwrap().to_owned());
            }
            // The database was new then: it knew nothing of what was written before.
            Some("log.kept") => {
                void.extend((1..record["seq"].as_u64().unwrap()).map(|seq| seq.to_string()));
            }
            _ => {}
        }
    }
    let mut verdicts = BTreeMap::new();
    for record in records.iter().filter(|record| record["event"] == "approval.resolved") {
        if !void.contains(&record["seq"].to_string()) {
            let text = |name: &str| record[name].as_str().unwrap();
            let known = verdicts.insert(text("approval"), (text("action"), text("by")));
            assert_eq!(known, None, "{} ended twice", text("approval"));
        }
    }
    verdicts
}
