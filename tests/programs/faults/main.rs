//! Five hundred agents wait, and everything goes wrong: none of their questions is lost, none is
//! answered twice, and none becomes a yes that nobody said.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by it")]

mod books;
mod crowd;
mod person;
mod upgrade;

use crowd::{Crowd, MANY_A_MINUTE};

/// How many agents wait.
const MANY: usize = 500;

/// How many of them are answered while one thing goes wrong.
const ROUND: usize = 12;

/// Where the daemon is killed, at which passages of the point.
const KILLED_AT: [(&str, [u32; 3]); 6] = [
    ("evidence", [1, 2, 5]),
    ("commit", [1, 3, 8]),
    ("apply", [1, 2, 6]),
    // Every hook that comes back passes these as well.
    ("effects", [3, 200, 250]),
    ("pending", [1, 100, 200]),
    ("told", [1, 3, 7]),
];

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_every_step() {
    let mut crowd = Crowd::gather(MANY, MANY_A_MINUTE).await;
    for turn in 0..3 {
        for (point, passages) in KILLED_AT {
            crowd.daemon.restart_with(&format!("{point}:{}:kill", passages[turn])).unwrap();
            crowd.answer(ROUND);
            crowd.until_killed().await;
        }
    }
    for point in ["evidence", "commit"] {
        crowd.daemon.restart_with(&format!("{point}:3:full=9")).unwrap();
        crowd.answer(ROUND);
        crowd.until_answered().await;
    }
    // A message sent twice is one question still: there is none of it left that could be tapped.
    for passage in [1, 2] {
        crowd.daemon.restart_with(&format!("sent:{passage}:kill")).unwrap();
        crowd.answer(ROUND);
        crowd.until_killed().await;
    }
    crowd.daemon.restart_with("").unwrap();
    crowd.answer(MANY);
    crowd.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_the_questions_come_in() {
    let plan = ["commit:50:kill", "apply:80:kill", "pending:150:kill", "sent:90:kill", ""];
    let mut crowd = Crowd::invite(MANY_A_MINUTE).await;
    for (turn, fault) in plan.iter().enumerate() {
        crowd.daemon.restart_with(fault).unwrap();
        crowd.come(MANY / plan.len());
        if turn + 1 < plan.len() {
            crowd.until_killed().await;
        }
    }
    crowd.all_asked().await;
    crowd.answer(MANY);
    crowd.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_and_with_a_full_disk() {
    let mut crowd = Crowd::gather(MANY, MANY_A_MINUTE).await;
    for turn in 0..24 {
        crowd.answer(ROUND);
        if turn % 3 == 2 {
            // The file that grows next stops within the next lines.
            let log = std::fs::metadata(crowd.daemon.path("state/audit.jsonl"));
            let end = log.map_or(0, |log| log.len()) + crowd.chance(3000);
            crowd.daemon.limit_files(Some(end)).unwrap();
        }
        crowd.a_moment().await;
        crowd.daemon.restart_with("").unwrap();
    }
    crowd.answer(MANY);
    crowd.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_telegram_and_bus_for_an_hour() {
    let mut crowd = Crowd::gather(MANY, MANY_A_MINUTE).await;
    crowd.telegram.go_down();
    crowd.answer(ROUND);
    crowd.until_answered_on_the_bus().await;
    crowd.restart_bus();
    crowd.answer(ROUND);
    crowd.until_answered_on_the_bus().await;
    crowd.daemon.restart_with("").unwrap();
    crowd.restart_bus();
    crowd.answer(ROUND);
    // What was tapped in that time is an hour old when the server can be reached again.
    crowd.telegram.advance(std::time::Duration::from_hours(1));
    crowd.telegram.come_back();
    crowd.until_answered().await;
    crowd.answer(MANY);
    crowd.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_outlives_the_daemon() {
    // Two sessions with the usual limits: ten of each are asked, two of each wait their turn.
    let mut crowd = Crowd::gather(24, "").await;
    while crowd.shown() < 20 {
        crowd.a_moment().await;
    }
    crowd.daemon.restart_with("").unwrap();
    assert_eq!(crowd.shown(), 20);
    crowd.until_every_question_is_shown().await;
    crowd.answer(MANY);
    crowd.finish().await;
}
