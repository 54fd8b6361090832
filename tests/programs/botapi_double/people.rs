//! Taps, groups and forgeries, as people and their phones make them.

use std::time::Duration;

use pager_tests::botapi::{Answer, BotApi, PersonError};
use serde_json::{Value, json};

use crate::client::Client;

fn prompt(chat: i64) -> Value {
    json!({
        "chat_id": chat, "text": "Allow?",
        "reply_markup": { "inline_keyboard": [[{ "text": "Yes", "callback_data": "y:1" }]] },
    })
}

async fn sent(client: &Client, chat: i64) -> i64 {
    client.ok("sendMessage", prompt(chat)).await["message_id"].as_i64().expect("a number")
}

async fn last_update(client: &Client) -> Value {
    client.ok("getUpdates", json!({ "offset": -1 })).await[0].clone()
}

#[tokio::test]
async fn a_tap_is_answered_once_and_in_time() {
    let client = Client::new();
    let alice = client.double.user(111);
    let id = sent(&client, 111).await;
    let tap = alice.tap(id, "Yes").expect("the button is there");
    let query = last_update(&client).await["callback_query"].clone();
    assert_eq!((&query["id"], &query["data"]), (&json!(tap.id), &json!("y:1")));
    assert_eq!(query["message"]["reply_markup"]["inline_keyboard"][0][0]["text"], "Yes");
    let answer = json!({ "callback_query_id": tap.id, "text": "Done", "show_alert": true });
    client.ok("answerCallbackQuery", answer.clone()).await;
    assert_eq!(client.double.wait_answer(&tap).await, Answer { text: "Done".into(), alert: true });
    assert!(client.refused("answerCallbackQuery", answer).await.contains("query is too old"));

    let late = alice.tap(id, "Yes").expect("the button is there");
    client.double.advance(Duration::from_secs(15));
    let words =
        client.refused("answerCallbackQuery", json!({ "callback_query_id": late.id })).await;
    assert!(words.contains("query is too old"));
}

#[tokio::test]
async fn only_buttons_on_the_screen_can_be_tapped() {
    let client = Client::new();
    let (alice, bob) = (client.double.user(111), client.double.user(222));
    let id = sent(&client, 111).await;
    let elsewhere = bob.in_chat(111).tap(id, "Yes").expect_err("not his chat");
    assert_eq!(elsewhere, PersonError::NotThere { user: 222, chat: 111 });
    assert!(matches!(alice.tap(id, "No"), Err(PersonError::NoButton { .. })));
    alice.delete(id).expect("hers to delete");
    assert!(matches!(alice.tap(id, "Yes"), Err(PersonError::NoMessage { .. })));
    assert_eq!(client.ok("getUpdates", json!({})).await, json!([]), "none of that reached the bot");

    bob.forge(111, id, "y:1");
    let forged = last_update(&client).await["callback_query"].clone();
    assert_eq!(
        (&forged["from"]["id"], &forged["message"]["chat"]["id"]),
        (&json!(222), &json!(111))
    );
    assert_eq!(forged["message"]["date"], 0, "a message that is gone is inaccessible");
    client.double.finish();
}

#[tokio::test]
async fn in_a_group_the_bot_hears_what_is_meant_for_it() {
    let client = Client::new();
    let (alice, bob) = (client.double.user(111), client.double.user(222));
    let group = client.double.group(-500, "Builders", &[&alice, &bob]);
    let (alice, bob) = (alice.in_chat(-500), bob.in_chat(-500));
    let id = sent(&client, -500).await;
    alice.send("just talking");
    alice.send("/list");
    bob.send("hey @pager_test_bot");
    bob.reply(id, "why?");
    let updates = client.ok("getUpdates", json!({})).await;
    let texts: Vec<&str> = updates
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|one| one["message"]["text"].as_str())
        .collect();
    assert_eq!(texts, ["/list", "hey @pager_test_bot", "why?"]);
    assert_eq!(updates[2]["message"]["reply_to_message"]["message_id"], id);

    bob.tap(id, "Yes").expect("a member sees the button");
    assert_eq!(last_update(&client).await["callback_query"]["from"]["id"], 222);

    let moved = group.migrate();
    client.double.expect("sendMessage", "upgraded to a supergroup");
    let (status, body) = client.call("sendMessage", prompt(-500)).await;
    assert_eq!((status, &body["parameters"]["migrate_to_chat_id"]), (400, &json!(moved.id())));
    assert_eq!(sent(&client, moved.id()).await, 2, "a supergroup numbers its own messages");
    moved.kick_bot(&alice, true);
    assert_eq!(
        client.refused("sendMessage", prompt(moved.id())).await,
        "Forbidden: bot was kicked from the supergroup chat"
    );
}

#[tokio::test]
async fn a_person_who_blocks_the_bot_is_out_of_reach() {
    let client = Client::new();
    let alice = client.double.user(111);
    alice.block(true);
    assert_eq!(last_update(&client).await["my_chat_member"]["new_chat_member"]["status"], "kicked");
    assert_eq!(
        client.refused("sendMessage", prompt(111)).await,
        "Forbidden: bot was blocked by the user"
    );
    alice.send("back again");
    sent(&client, 111).await;
    let dave = client.double.stranger(444);
    assert!(client.refused("sendMessage", prompt(444)).await.contains("can't initiate"));
    dave.send("/start");
    sent(&client, 444).await;
}

#[tokio::test]
async fn a_file_goes_up_and_comes_down() {
    let client = Client::of(BotApi::builder().token("42:secret").start().expect("a port"));
    let alice = client.double.user(111);
    alice.send_file("voice", "", "audio/ogg", b"OggS", "");
    let voice = last_update(&client).await["message"]["voice"].clone();
    let file = client.ok("getFile", json!({ "file_id": voice["file_id"] })).await;
    let path = file["file_path"].as_str().expect("a path");
    let url = format!("{}/file/bot42:secret/{path}", client.double.url());
    let reply = client.http().get(url).send().await.expect("a reply");
    assert_eq!(reply.bytes().await.expect("a body").as_ref(), b"OggS");

    alice.send_file("document", "big", "text/plain", &vec![0; (20 << 20) + 1], "");
    let big = last_update(&client).await["message"]["document"]["file_id"].clone();
    assert_eq!(
        client.refused("getFile", json!({ "file_id": big })).await,
        "Bad Request: file is too big"
    );
}

#[tokio::test]
async fn a_pin_tells_the_bot_of_itself() {
    let client = Client::new();
    let id = sent(&client, 111).await;
    client.ok("pinChatMessage", json!({ "chat_id": 111, "message_id": id })).await;
    let note = last_update(&client).await["message"].clone();
    assert_eq!(note["from"]["is_bot"], true);
    assert_eq!(note["pinned_message"]["message_id"], id);
    assert!(client.double.user(111).sees(id).expect("it stands").pinned);
    client.double.finish();
}
