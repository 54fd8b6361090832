//! Files that were under way when the daemon went.

use std::fs;

use pager_tests::botapi::{BotApi, Fault, MessageView, View};

use crate::files::{Work, answered, names};
use crate::house::{ADA, House, PATIENCE};

/// What is noted of exchanges that are under way.
async fn noted(house: &House) -> usize {
    let facts = house.handle.with_store(|store, _| store.facts_below("telegram.exchange."));
    facts.await.unwrap().len()
}

/// Waits until nothing is.
async fn nothing_noted(house: &House) {
    let none = async {
        while noted(house).await > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, none).await.expect("nothing to be under way");
}

async fn called(api: &BotApi, method: &str, count: usize) {
    let called = |view: &View| (view.calls_of(method).len() == count).then_some(());
    api.wait_for("the call", called).await;
}

/// Waits until its sender is told so.
async fn said(api: &BotApi, to: i64, words: &str) {
    // What was held up when the door went may have come to its end all the same.
    let fits = |m: &MessageView| m.from_bot && m.reply_to == Some(to) && m.text() == words;
    api.wait_message(ADA, words, fits).await;
}

/// How often its sender was told of a message.
fn told(api: &BotApi, to: i64) -> usize {
    let about = |m: &&MessageView| m.from_bot && m.reply_to == Some(to);
    api.view().messages(ADA).iter().filter(about).count()
}

#[tokio::test]
async fn who_sent_a_file_that_did_not_arrive_is_told_once_to_send_it_again() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let (mut house, work) = (House::open(&api), Work::new());
    work.session(&house, "s1", "web").await;
    api.fault("getFile", 1, Fault::Hold);
    let sent = ada.send_file("document", "notes.txt", "text/plain", b"hello", "");
    called(&api, "getFile", 1).await;
    // Its update is confirmed, and does not come again.
    api.wait_polling().await;
    assert_eq!(noted(&house).await, 1);
    house.lose_door();
    api.clear_faults();
    house.open_door();
    let words = "The transfer of notes.txt was interrupted; send it again.";
    assert_eq!(answered(&api, ADA, sent).await, words);
    assert!(names(&work.path("web")).is_empty());

    let again = ada.send_file("document", "notes.txt", "text/plain", b"hello", "");
    assert_eq!(answered(&api, ADA, again).await, "Stored in web: notes.txt: 5 bytes.");
    nothing_noted(&house).await;
    house.close_door().await;
    house.open_door();
    let last = ada.send("/status");
    api.wait_message(ADA, "an answer", |m| m.from_bot && m.id > last).await;
    assert_eq!((told(&api, sent), told(&api, again)), (1, 1));
    api.finish();
}

#[tokio::test]
async fn so_is_who_asked_for_one_and_who_sent_an_album() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let (mut house, work) = (House::open(&api), Work::new());
    work.session(&house, "s1", "web").await;
    fs::write(work.path("web/a.txt"), "a").unwrap();
    api.fault("sendDocument", 1, Fault::Hold);
    let asked = ada.send("/file get a.txt");
    called(&api, "sendDocument", 1).await;
    api.fault("getFile", 2, Fault::Hold);
    let album = ada.send_album(&[("b.txt", b"b"), ("c.txt", b"c")], "");
    called(&api, "getFile", 1).await;
    api.wait_polling().await;
    house.lose_door();
    api.clear_faults();
    house.open_door();
    let words = "The transfer of a.txt was interrupted; send it again.";
    said(&api, asked, words).await;
    let words = "The transfer of your album was interrupted; send it again.";
    said(&api, album[0], words).await;

    let again = ada.send("/file get a.txt");
    let file = |m: &MessageView| m.reply_to == Some(again) && m.file.is_some();
    api.wait_message(ADA, "the file", file).await;
    nothing_noted(&house).await;
    api.finish();
}
