//! What the daemon's own client library makes of the double's replies.

use std::time::Duration;

use pager_tests::botapi::{Answer, BotApi, Fault};
use teloxide_core::prelude::*;
use teloxide_core::types::{
    AllowedUpdate, BotCommand, ChatAction, ChatId, InlineKeyboardButton, InlineKeyboardMarkup,
    InputFile, MessageEntity, MessageId, ParseMode, ReactionType, ReplyParameters, UpdateKind,
};
use teloxide_core::{ApiError, Bot, RequestError};

fn bot(double: &BotApi) -> Bot {
    Bot::new(double.token()).set_api_url(double.url().parse().expect("an address"))
}

fn keyboard() -> InlineKeyboardMarkup {
    InlineKeyboardMarkup::new([[
        InlineKeyboardButton::callback("Allow", "a:1"),
        InlineKeyboardButton::callback("Deny", "d:1"),
    ]])
}

#[tokio::test]
async fn a_prompt_is_sent_tapped_answered_and_settled() {
    let double = BotApi::start();
    let alice = double.user(111);
    let bot = bot(&double);
    assert_eq!(bot.get_me().await.unwrap().username(), "pager_test_bot");

    let sent = bot
        .send_message(ChatId(111), "Run <code>cargo test</code>?")
        .parse_mode(ParseMode::Html)
        .reply_markup(keyboard())
        .await
        .unwrap();
    assert_eq!(sent.text(), Some("Run cargo test?"));
    let tap = alice.tap(sent.id.0.into(), "Allow").unwrap();

    let updates = bot
        .get_updates()
        .timeout(30)
        .allowed_updates([AllowedUpdate::CallbackQuery])
        .await
        .unwrap();
    let UpdateKind::CallbackQuery(query) = &updates[0].kind else {
        panic!("no tap in {updates:?}")
    };
    assert_eq!(query.data.as_deref(), Some("a:1"));
    assert_eq!(query.from.id.0, 111);
    assert_eq!(query.message.as_ref().unwrap().id(), sent.id);

    bot.answer_callback_query(query.id.clone()).text("Allowed").await.unwrap();
    assert_eq!(double.wait_answer(&tap).await, Answer { text: "Allowed".into(), alert: false });
    bot.edit_message_text(ChatId(111), sent.id, "Allowed by Alice").await.unwrap();
    let settled = alice.sees(sent.id.0.into()).unwrap();
    assert_eq!((settled.text(), settled.labels().len()), ("Allowed by Alice", 0));
    assert!(alice.tap(sent.id.0.into(), "Allow").is_err());
    double.finish();
}

#[tokio::test]
async fn every_method_the_double_has_can_be_called() {
    let double = BotApi::start();
    let alice = double.user(111);
    let bot = bot(&double);
    let chat = ChatId(111);
    let first = alice.send("/start now");

    let commands = [BotCommand::new("start", "Begin"), BotCommand::new("list", "What waits")];
    bot.set_my_commands(commands.clone()).await.unwrap();
    assert_eq!(bot.get_my_commands().await.unwrap(), commands);
    bot.delete_my_commands().await.unwrap();
    bot.delete_webhook().await.unwrap();
    assert!(bot.get_webhook_info().await.unwrap().url.is_none());
    bot.send_chat_action(chat, ChatAction::Typing).await.unwrap();
    assert_eq!(bot.get_chat(chat).await.unwrap().id, chat);

    let reply = ReplyParameters::new(MessageId(first as i32));
    let sent = bot
        .send_message(chat, "bold code")
        .entities([MessageEntity::bold(0, 4), MessageEntity::code(5, 4)])
        .reply_parameters(reply)
        .disable_notification(true)
        .reply_markup(keyboard())
        .await
        .unwrap();
    assert_eq!(sent.reply_to_message().unwrap().id.0 as i64, first);
    assert_eq!(sent.entities().unwrap().len(), 2);
    bot.edit_message_reply_markup(chat, sent.id).await.unwrap();
    bot.set_message_reaction(chat, MessageId(first as i32))
        .reaction([ReactionType::Emoji { emoji: "👀".into() }])
        .await
        .unwrap();
    bot.pin_chat_message(chat, sent.id).await.unwrap();
    assert!(bot.get_chat(chat).await.unwrap().pinned_message.is_some());
    bot.unpin_chat_message(chat).await.unwrap();

    let file = InputFile::memory("all of it").file_name("input.json");
    let document = bot.send_document(chat, file).caption("the whole input").await.unwrap();
    bot.edit_message_caption(chat, document.id).caption("seen").await.unwrap();
    let id = document.document().unwrap().file.id.clone();
    let file = bot.get_file(id).await.unwrap();
    let mut content = Vec::new();
    teloxide_core::net::Download::download_file(&bot, &file.path, &mut content).await.unwrap();
    assert_eq!(content, b"all of it");

    alice.send_file("voice", "", "audio/ogg", b"OggS", "");
    let updates = bot.get_updates().await.unwrap();
    // The command, the bot's own pin, the voice message.
    assert_eq!(updates.len(), 3);
    assert!(
        updates.iter().all(|update| !matches!(update.kind, UpdateKind::Error(_))),
        "{updates:?}"
    );
    bot.delete_messages(chat, [sent.id]).await.unwrap();
    bot.delete_message(chat, document.id).await.unwrap();
    assert_eq!(double.view().messages(111).len(), 3);
    double.finish();
}

#[tokio::test]
async fn its_errors_are_recognised() {
    let double = BotApi::start();
    let alice = double.user(111);
    let bot = bot(&double);
    let chat = ChatId(111);
    let sent = bot.send_message(chat, "one").await.unwrap();

    for (method, part) in [
        ("editMessageText", "message is not modified"),
        ("editMessageText", "message to edit not found"),
        ("sendMessage", "blocked"),
        ("sendMessage", "chat not found"),
        ("answerCallbackQuery", "query is too old"),
    ] {
        double.expect(method, part);
    }
    let same = bot.edit_message_text(chat, sent.id, "one").await.unwrap_err();
    assert!(matches!(same, RequestError::Api(ApiError::MessageNotModified)), "{same:?}");
    alice.delete(sent.id.0.into()).unwrap();
    let gone = bot.edit_message_text(chat, sent.id, "two").await.unwrap_err();
    assert!(matches!(gone, RequestError::Api(ApiError::MessageToEditNotFound)), "{gone:?}");
    let unknown = bot.send_message(ChatId(5), "who").await.unwrap_err();
    assert!(matches!(unknown, RequestError::Api(ApiError::ChatNotFound)), "{unknown:?}");
    let old = bot.answer_callback_query("17".into()).await.unwrap_err();
    assert!(old.to_string().contains("query is too old"), "{old:?}");
    alice.block(true);
    let blocked = bot.send_message(chat, "hello?").await.unwrap_err();
    assert!(matches!(blocked, RequestError::Api(ApiError::BotBlocked)), "{blocked:?}");
    alice.block(false);

    double.fault("sendMessage", 1, Fault::RetryAfter(7));
    let limited = bot.send_message(chat, "again").await.unwrap_err();
    assert!(
        matches!(limited, RequestError::RetryAfter(wait) if wait.seconds() == 7),
        "{limited:?}"
    );
    double.advance(Duration::from_secs(8));
    double.fault("sendMessage", 1, Fault::Migrate(-1_000_000_000_500));
    let moved = bot.send_message(chat, "again").await.unwrap_err();
    assert!(
        matches!(moved, RequestError::MigrateToChatId(ChatId(-1_000_000_000_500))),
        "{moved:?}"
    );
    double.finish();
}
