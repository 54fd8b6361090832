//! Which methods the double has, and which parameters each of them knows.

use super::{
    Handler, callback, chat, commands, delete, edit, file, me, pin, reaction, send, webhook,
};

/// A method of the Bot API.
pub(in crate::botapi) struct Method {
    pub(in crate::botapi) name: &'static str,
    pub(in crate::botapi) params: &'static [&'static str],
    /// `getUpdates` waits, so the server itself has it.
    pub(in crate::botapi) handler: Option<Handler>,
}

/// Finds a method, in whatever letter case it was called.
pub(in crate::botapi) fn find(name: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.name.eq_ignore_ascii_case(name))
}

const fn method(name: &'static str, handler: Handler, params: &'static [&'static str]) -> Method {
    Method { name, params, handler: Some(handler) }
}

static METHODS: &[Method] = &[
    Method {
        name: "getUpdates",
        params: &["offset", "limit", "timeout", "allowed_updates"],
        handler: None,
    },
    method("getMe", me::get_me, &[]),
    method(
        "sendMessage",
        send::message,
        &[
            "business_connection_id",
            "chat_id",
            "message_thread_id",
            "direct_messages_topic_id",
            "text",
            "parse_mode",
            "entities",
            "link_preview_options",
            "disable_notification",
            "protect_content",
            "allow_paid_broadcast",
            "message_effect_id",
            "suggested_post_parameters",
            "reply_parameters",
            "reply_markup",
        ],
    ),
    method(
        "sendDocument",
        send::document,
        &[
            "business_connection_id",
            "chat_id",
            "message_thread_id",
            "direct_messages_topic_id",
            "document",
            "thumbnail",
            "caption",
            "parse_mode",
            "caption_entities",
            "disable_content_type_detection",
            "disable_notification",
            "protect_content",
            "allow_paid_broadcast",
            "message_effect_id",
            "suggested_post_parameters",
            "reply_parameters",
            "reply_markup",
        ],
    ),
    method(
        "editMessageText",
        edit::text,
        &[
            "business_connection_id",
            "chat_id",
            "message_id",
            "inline_message_id",
            "text",
            "parse_mode",
            "entities",
            "link_preview_options",
            "rich_message",
            "reply_markup",
        ],
    ),
    method(
        "editMessageCaption",
        edit::caption,
        &[
            "business_connection_id",
            "chat_id",
            "message_id",
            "inline_message_id",
            "caption",
            "parse_mode",
            "caption_entities",
            "show_caption_above_media",
            "reply_markup",
        ],
    ),
    method(
        "editMessageReplyMarkup",
        edit::markup,
        &["business_connection_id", "chat_id", "message_id", "inline_message_id", "reply_markup"],
    ),
    method("deleteMessage", delete::one, &["chat_id", "message_id"]),
    method("deleteMessages", delete::several, &["chat_id", "message_ids"]),
    method(
        "answerCallbackQuery",
        callback::answer,
        &["callback_query_id", "text", "show_alert", "url", "cache_time"],
    ),
    method("setMyCommands", commands::set, &["commands", "scope", "language_code"]),
    method("getMyCommands", commands::get, &["scope", "language_code"]),
    method("deleteMyCommands", commands::delete, &["scope", "language_code"]),
    method(
        "setWebhook",
        webhook::set,
        &[
            "url",
            "certificate",
            "ip_address",
            "max_connections",
            "allowed_updates",
            "drop_pending_updates",
            "secret_token",
        ],
    ),
    method("deleteWebhook", webhook::delete, &["drop_pending_updates"]),
    method("getWebhookInfo", webhook::info, &[]),
    method(
        "sendChatAction",
        chat::action,
        &["business_connection_id", "chat_id", "message_thread_id", "action"],
    ),
    method("getChat", chat::get, &["chat_id"]),
    method("setMessageReaction", reaction::set, &["chat_id", "message_id", "reaction", "is_big"]),
    method("getFile", file::get, &["file_id"]),
    method(
        "pinChatMessage",
        pin::pin,
        &["business_connection_id", "chat_id", "message_id", "disable_notification"],
    ),
    method("unpinChatMessage", pin::unpin, &["business_connection_id", "chat_id", "message_id"]),
];
