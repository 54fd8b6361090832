//! Two hundred hostile updates a second for a minute: what the daemon's memory does, and how long the
//! owner waits for an answer meanwhile.

use std::time::{Duration, Instant};

use pager_tests::botapi::{BotApi, Person};
use pager_tests::bus::Bus;
use pager_tests::closed::{Daemon, Setup};

use crate::{Figure, PERSON, memory, millis};

const SECONDS: i64 = 60;
const PER_SECOND: i64 = 200;

pub(crate) async fn figures() -> anyhow::Result<Vec<Figure>> {
    let bus = Bus::start()?;
    let double = BotApi::builder().reads_groups().start()?;
    let owner = double.user(PERSON);
    let groups: Vec<_> = (0..200)
        .map(|n| {
            let intruder = double.stranger(900_000 + n);
            intruder.in_chat(double.group(-1_000_000_500_000 - n, "a trap", &[&intruder]).id())
        })
        .collect();
    let daemon = Daemon::start(Setup::on(&bus).with_bot(&double, PERSON))?;
    double.wait_polling().await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let before = memory(daemon.pid(), "VmRSS:")?;
    let (mut during, mut answered) = (Vec::new(), Vec::new());
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    for second in 0..SECONDS {
        tick.tick().await;
        for n in second * PER_SECOND..(second + 1) * PER_SECOND {
            hostile(&double, &groups, n);
        }
        during.push(memory(daemon.pid(), "VmRSS:")?);
        if second % 10 == 9 {
            let started = Instant::now();
            let asked = owner.send("/help");
            let fits = |m: &pager_tests::botapi::MessageView| m.from_bot && m.id > asked;
            double.wait_message(PERSON, "the help", fits).await;
            answered.push(millis(started.elapsed()));
        }
    }
    let after = memory(daemon.pid(), "VmRSS:")?;
    Ok(vec![
        Figure::of("pagerd, resident, before a flood", "MB", vec![before]),
        Figure::of("pagerd, resident, in a minute of 200 hostile updates/s", "MB", during),
        Figure::of("pagerd, resident, after it", "MB", vec![after]),
        Figure::of("the owner's /help in the midst of it", "ms", answered),
    ])
}

/// One update of somebody's whom nobody knows, in one of many chats.
fn hostile(double: &BotApi, groups: &[Person], n: i64) {
    let stranger = double.stranger(500_000 + n % 3_000);
    let group = groups.get(usize::try_from(n).unwrap_or_default() % groups.len().max(1));
    match (n % 5, group) {
        (0, _) => drop(stranger.send("let me in")),
        (1, _) => drop(stranger.send_file("document", "a.txt", "text/plain", b"a", "")),
        (2, Some(group)) => drop(group.send("/status@pager_test_bot")),
        (3, _) => drop(stranger.forge(stranger.id(), 1, "rubbish")),
        _ => {
            let (approval, nonce) = (format!("{n:032x}"), format!("{n:022}"));
            stranger.forge(stranger.id(), 1, &format!("1a{approval}{nonce}"));
        }
    }
}
