use serde_json::json;

use crate::daemon::{Daemon, Ran};

const BEN: i64 = 222_222_222;
const CLEO: i64 = 333_333_333;

/// A code that nobody has.
fn other_than(code: &str) -> String {
    let first = if code.starts_with('A') { 'B' } else { 'A' };
    format!("{first}{}", &code[1..])
}

fn failed(ran: &Ran, status: i32, said: &str) {
    assert_eq!((ran.status, ran.out.as_str()), (status, ""), "{ran:?}");
    assert!(ran.err.contains(said), "{ran:?}");
}

#[test]
fn whoever_has_a_code_is_let_in_and_sent_away_again() {
    let daemon = Daemon::start();
    assert_eq!(daemon.ctl(&["pair"]).out, "Nobody may use the bot.\n");
    assert_eq!(daemon.ctl(&["pair", "-q"]).out, "");
    let code = daemon.knock(BEN, "Ben\u{1b}[2J");
    let code = code.reveal();
    let list = daemon.ctl(&["pair", "list"]).out;
    assert!(list.starts_with("Ben⟨U+001B⟩[2J (222222222)\n  asked 0s ago"), "{list}");
    assert!(!list.contains(code), "the code is known to Ben alone");
    assert_eq!(daemon.ctl(&["pair", "--json"]).json()["pairings"][0]["user"], BEN);

    // As somebody types what they are told on the telephone; and the first is the owner.
    let (start, end) = code.split_at(4);
    let ran = daemon.ctl(&["pair", "approve", &start.to_lowercase(), "-", end]);
    let said = "Telegram user 222222222 may use your bot, as owner.\n";
    assert_eq!((ran.status, ran.out.as_str()), (0, said), "{ran:?}");
    failed(&daemon.ctl(&["pair", "approve", code]), 4, "nobody waits with that code");
    let known = daemon.ctl(&["pair", "--json"]).json();
    assert_eq!(known["pairings"], json!([]));
    assert_eq!(known["principals"][0]["role"], "owner");
    let uid = rustix::process::geteuid().as_raw();
    assert_eq!(known["principals"][0]["by"], format!("dbus:{uid}/pagerctl"));

    let code = daemon.knock(CLEO, "Cleo");
    let code = format!("{}-{}", &code.reveal()[..4], &code.reveal()[4..]);
    failed(&daemon.ctl(&["pair", "approve", &code, "--role", "king"]), 1, "there is no role king");
    let ran = daemon.ctl_over_bus(&["pair", "approve", &code, "--role", "observer", "--json"]);
    assert_eq!(ran.json(), json!({"user": CLEO, "role": "observer"}));

    let ran = daemon.ctl(&["pair", "revoke", "333333333"]);
    assert_eq!(ran.out, "Telegram user 333333333 may no longer use your bot.\n", "{ran:?}");
    failed(&daemon.ctl(&["pair", "revoke", "333333333"]), 4, "nobody let 333333333 in");
    let known = daemon.ctl(&["pair", "--json"]).json();
    assert_eq!(known["principals"].as_array().map(Vec::len), Some(1));
}

#[test]
fn whoever_is_turned_away_may_ask_again() {
    let daemon = Daemon::start();
    let code = daemon.knock(BEN, "Ben");
    let ran = daemon.ctl(&["pair", "reject", &format!(" {} ", code.reveal().to_lowercase())]);
    assert_eq!(ran.out, "Turned away. They may ask again with another code.\n", "{ran:?}");
    failed(&daemon.ctl(&["pair", "reject", code.reveal()]), 4, "pagerctl pair shows who waits");
    assert_ne!(daemon.knock(BEN, "Ben"), code);
}

#[test]
fn wrong_codes_are_taken_five_times() {
    let daemon = Daemon::start();
    let code = daemon.knock(BEN, "Ben");
    failed(&daemon.ctl(&["pair", "approve", "ABC"]), 1, "it has eight letters and digits");
    let wrong = other_than(code.reveal());
    for _ in 0..5 {
        failed(&daemon.ctl(&["pair", "approve", &wrong]), 4, "nobody waits with that code");
    }
    for verb in ["approve", "reject"] {
        let said = "too many wrong codes: none is taken for another 10 minutes";
        failed(&daemon.ctl(&["pair", verb, code.reveal()]), 5, said);
    }
    assert_eq!(daemon.ctl(&["pair", "--json"]).json()["principals"], json!([]));
}

#[test]
fn of_two_with_the_same_code_one_is_first() {
    let daemon = Daemon::start();
    let code = daemon.knock(BEN, "Ben");
    let args = ["pair", "approve", code.reveal()];
    let both = std::thread::scope(|threads| {
        let dir = daemon.dir.path();
        let run = move || {
            let mut command = crate::daemon::pagerctl();
            crate::daemon::run(command.arg("--runtime-dir").arg(dir).args(args)).status
        };
        let both = [threads.spawn(run), threads.spawn(run)];
        let mut both = both.map(|one| one.join().unwrap());
        both.sort_unstable();
        both
    });
    assert_eq!(both, [0, 4]);
}
