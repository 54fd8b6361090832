//! Everything the real server refuses, one row each.

use pager_tests::botapi::MessageView;
use serde_json::{Value, json};

use crate::client::Client;

fn button(text: &str, data: &str) -> Value {
    json!({ "inline_keyboard": [[{ "text": text, "callback_data": data }]] })
}

/// What a row refers to: a bot's message, a deleted one, and one of a person.
async fn prepare(client: &Client) -> (i64, i64, i64) {
    let own = client.send("own").await;
    let gone = client.send("gone").await;
    let alice = client.double.user(111);
    alice.delete(gone).expect("to delete a message in the private chat");
    (own, gone, alice.send("hers"))
}

#[tokio::test]
async fn refused_calls_are_refused_in_the_servers_words() {
    let client = Client::new();
    let (own, gone, hers) = prepare(&client).await;
    let _stranger = client.double.stranger(222);
    let long = |length: usize| "a".repeat(length);
    let hundred_and_one: Vec<Value> =
        (0..101).map(|n| json!([{ "text": "x", "callback_data": n.to_string() }])).collect();
    let command =
        |name: &str, description: &str| json!([{ "command": name, "description": description }]);

    let rows = [
        ("sendMessage", json!({ "text": "x" }), "chat_id is empty"),
        ("sendMessage", json!({ "chat_id": 5, "text": "x" }), "chat not found"),
        (
            "sendMessage",
            json!({ "chat_id": 222, "text": "x" }),
            "Forbidden: bot can't initiate conversation with a user",
        ),
        ("sendMessage", json!({ "chat_id": 111 }), "message text is empty"),
        ("sendMessage", json!({ "chat_id": 111, "text": " \n\r " }), "text must be non-empty"),
        ("sendMessage", json!({ "chat_id": 111, "text": long(4097) }), "message is too long"),
        (
            "sendMessage",
            json!({ "chat_id": 111, "text": "🦀".repeat(2049) }),
            "message is too long",
        ),
        (
            "sendMessage",
            json!({ "chat_id": 111, "text": "x", "parse_mode": "Latex" }),
            "unsupported parse_mode",
        ),
        (
            "sendMessage",
            json!({ "chat_id": 111, "text": "x", "reply_parameters": { "message_id": 999 } }),
            "message to be replied not found",
        ),
        (
            "sendMessage",
            json!({ "chat_id": 111, "text": "x", "reply_markup": [] }),
            "object expected as reply markup",
        ),
        (
            "sendMessage",
            json!({ "chat_id": 111, "text": "x", "reply_markup": "{" }),
            "can't parse reply keyboard markup JSON object",
        ),
        (
            "sendMessage",
            json!({ "chat_id": 111, "text": "x", "reply_markup": button("Go", &long(65)) }),
            "BUTTON_DATA_INVALID",
        ),
        (
            "sendMessage",
            json!({ "chat_id": 111, "text": "x", "reply_markup": button("Go", &"é".repeat(33)) }),
            "BUTTON_DATA_INVALID",
        ),
        (
            "sendMessage",
            json!({ "chat_id": 111, "text": "x", "reply_markup": button("Go", "") }),
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        (
            "sendMessage",
            json!({ "chat_id": 111, "text": "x", "reply_markup": button("", "d") }),
            "inline keyboard button text must be non-empty",
        ),
        (
            "sendMessage",
            json!({ "chat_id": 111, "text": "x", "reply_markup": { "inline_keyboard": [[{ "callback_data": "d" }]] } }),
            "can't parse inline keyboard button: Can't find field \"text\"",
        ),
        (
            "sendMessage",
            json!({ "chat_id": 111, "text": "x", "reply_markup": { "inline_keyboard": hundred_and_one } }),
            "reply markup is too long",
        ),
        (
            "editMessageText",
            json!({ "chat_id": 111, "message_id": 999, "text": "x" }),
            "message to edit not found",
        ),
        (
            "editMessageText",
            json!({ "chat_id": 111, "message_id": gone, "text": "x" }),
            "message to edit not found",
        ),
        (
            "editMessageText",
            json!({ "chat_id": 111, "message_id": hers, "text": "x" }),
            "message can't be edited",
        ),
        (
            "editMessageText",
            json!({ "chat_id": 111, "message_id": own, "text": long(4097) }),
            "MESSAGE_TOO_LONG",
        ),
        (
            "editMessageText",
            json!({ "chat_id": 111, "message_id": own, "text": "own" }),
            "message is not modified: specified new message content and reply markup are exactly the same as a current \
             content and reply markup of the message",
        ),
        (
            "editMessageText",
            json!({ "chat_id": 111, "message_id": own, "text": "x", "reply_markup": { "force_reply": true } }),
            "inline keyboard expected",
        ),
        ("editMessageText", json!({ "text": "x" }), "message identifier is not specified"),
        (
            "editMessageReplyMarkup",
            json!({ "chat_id": 111, "message_id": own }),
            "message is not modified: specified new \
             message content and reply markup are exactly the same as a current content and reply markup of the message",
        ),
        (
            "deleteMessage",
            json!({ "chat_id": 111, "message_id": gone }),
            "message to delete not found",
        ),
        ("deleteMessage", json!({ "chat_id": 111 }), "message identifier is not specified"),
        (
            "pinChatMessage",
            json!({ "chat_id": 111, "message_id": gone }),
            "message to pin not found",
        ),
        (
            "answerCallbackQuery",
            json!({ "callback_query_id": "1" }),
            "query is too old and response timeout expired or query ID is invalid",
        ),
        (
            "answerCallbackQuery",
            json!({ "callback_query_id": "1", "text": long(201) }),
            "MESSAGE_TOO_LONG",
        ),
        ("setMyCommands", json!({ "commands": command("Start", "x") }), "BOT_COMMAND_INVALID"),
        ("setMyCommands", json!({ "commands": command(&long(33), "x") }), "BOT_COMMAND_INVALID"),
        (
            "setMyCommands",
            json!({ "commands": command("start", "") }),
            "BOT_COMMAND_DESCRIPTION_INVALID",
        ),
        (
            "setMyCommands",
            json!({ "commands": vec![json!({ "command": "a", "description": "b" }); 101] }),
            "BOT_COMMANDS_TOO_MUCH",
        ),
        (
            "sendChatAction",
            json!({ "chat_id": 111, "action": "think" }),
            "wrong parameter action in request",
        ),
        (
            "setMessageReaction",
            json!({ "chat_id": 111, "message_id": own, "reaction": [{ "type": "emoji", "emoji": "🦀" }] }),
            "REACTION_INVALID",
        ),
        (
            "getFile",
            json!({ "file_id": "x" }),
            "wrong file_id or the file is temporarily unavailable",
        ),
        ("sendDocument", json!({ "chat_id": 111 }), "there is no document in the request"),
        (
            "sendDocument",
            json!({ "chat_id": 111, "document": "x", "caption": long(1025) }),
            "message caption is too long",
        ),
        (
            "setWebhook",
            json!({ "url": "http://a.example/" }),
            "bad webhook: An HTTPS URL must be provided for webhook",
        ),
    ];
    for (method, params, words) in rows {
        let description = client.refused(method, params.clone()).await;
        let words = if words.starts_with("Forbidden") {
            words.into()
        } else {
            format!("Bad Request: {words}")
        };
        assert_eq!(description, words, "{method} {params}");
    }
    assert_eq!(client.double.user(111).sees(own).expect("it still stands").text(), "own");
}

#[tokio::test]
async fn what_just_fits_is_taken() {
    let client = Client::new();
    client.send(&"a".repeat(4096)).await;
    client.send(&"🦀".repeat(2048)).await;
    client
        .ok("sendMessage", json!({
            "chat_id": "111", "text": "x", "reply_markup": button("Go", &"é".repeat(32)).to_string(),
            "reply_parameters": { "message_id": 999, "allow_sending_without_reply": true },
        }))
        .await;
    let hundred: Vec<Value> =
        (0..100).map(|n| json!([{ "text": "x", "callback_data": n.to_string() }])).collect();
    client
        .ok(
            "sendMessage",
            json!({ "chat_id": 111, "text": "x", "reply_markup": { "inline_keyboard": hundred } }),
        )
        .await;
    client.double.finish();
}

#[tokio::test]
async fn an_edit_without_a_keyboard_removes_it() {
    let client = Client::new();
    let sent = client
        .ok(
            "sendMessage",
            json!({ "chat_id": 111, "text": "x", "reply_markup": button("Go", "g") }),
        )
        .await;
    let alice = client.double.user(111);
    let id = sent["message_id"].as_i64().expect("a number");
    client.ok("editMessageText", json!({ "chat_id": 111, "message_id": id, "text": "y" })).await;
    assert!(alice.sees(id).expect("it stands").rows.is_empty());
    assert!(alice.tap(id, "Go").is_err());
    client.double.finish();
}

#[tokio::test]
async fn tokens_and_methods_that_do_not_exist() {
    let client = Client::new();
    client.double.allow("*", "");
    let get = async |path: &str| {
        let reply = client
            .http()
            .get(format!("{}{path}", client.double.url()))
            .send()
            .await
            .expect("a reply");
        (reply.status().as_u16(), reply.json::<Value>().await.expect("JSON")["description"].clone())
    };
    assert_eq!(get("/bot1:wrong/getMe").await, (401, json!("Unauthorized")));
    assert_eq!(get("/botgarbage/getMe").await, (404, json!("Not Found")));
    assert_eq!(get("/").await, (404, json!("Not Found")));
    let token = client.double.token();
    assert_eq!(
        get(&format!("/bot{token}/sendRichMessage")).await,
        (404, json!("Not Found: method not found"))
    );
    client.double.revoke_token("110201543:another");
    assert_eq!(get(&format!("/bot{token}/getMe")).await.0, 401);
}

#[tokio::test]
async fn a_call_may_be_get_form_json_or_multipart_in_any_case() {
    let client = Client::new();
    let http = client.http();
    let query = http.get(format!("{}?chat_id=111&text=by+query", client.url("SENDMESSAGE")));
    let form = http
        .post(client.url("sendmessage"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body("chat_id=111&text=by%20form");
    let boundary = "----b";
    let part = |name: &str, value: &str| {
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        )
    };
    let multipart = http
        .post(client.url("sendMessage"))
        .header("content-type", format!("multipart/form-data; boundary={boundary}"))
        .body(format!("{}{}--{boundary}--\r\n", part("chat_id", "111"), part("text", "by parts")));
    for request in [query, form, multipart] {
        assert_eq!(request.send().await.expect("a reply").status(), 200);
    }
    client.send("by json").await;
    let view = client.double.view();
    let texts: Vec<&str> = view.messages(111).iter().map(MessageView::text).collect();
    assert_eq!(texts, ["by query", "by form", "by parts", "by json"]);
    client.double.finish();
}

#[tokio::test]
async fn what_the_server_would_silently_pass_over_is_a_violation() {
    let client = Client::new();
    let quiet = [
        json!({ "chat_id": 111, "text": "x", "disable_web_page_preview": true }),
        json!({ "chat_id": 111, "text": "x", "reply_parameters": { "message_id": 1, "message": 2 } }),
        json!({ "chat_id": 111, "text": "x", "link_preview_options": { "disabled": true } }),
        json!({
            "chat_id": 111, "text": "x",
            "reply_markup": { "inline_keyboard": [[{ "text": "a", "callback_data": "b", "color": "red" }]] },
        }),
        json!({ "chat_id": 111, "text": "a &nbsp; b", "parse_mode": "HTML" }),
        json!({ "chat_id": 111, "text": "<code>a<b>b</b></code>", "parse_mode": "HTML" }),
    ];
    for (index, params) in quiet.into_iter().enumerate() {
        client.ok("sendMessage", params).await;
        let violations = client.double.violations();
        assert_eq!(violations.len(), index + 1, "{violations:?}");
        assert!(violations[index].what.starts_with("ignored: "), "{violations:?}");
    }
    let complaints = client.double.close();
    assert_eq!(complaints.len(), 6, "{complaints:?}");
}

#[tokio::test]
async fn a_refusal_nobody_declared_fails_the_test() {
    let client = Client::new();
    let (status, _) = client.call("sendMessage", json!({ "chat_id": 5, "text": "x" })).await;
    assert_eq!(status, 400);
    let double = client.double;
    let judged = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| double.finish()));
    let words = judged.expect_err("finish must panic");
    let words = words.downcast_ref::<String>().expect("a message");
    assert!(words.contains("chat not found") && words.contains("sendMessage"), "{words}");
}

#[tokio::test]
async fn a_declared_refusal_that_never_comes_fails_the_test() {
    let client = Client::new();
    client.double.expect("editMessageText", "not modified");
    let complaints = client.double.close();
    assert!(complaints[0].contains("never happened"), "{complaints:?}");
}
