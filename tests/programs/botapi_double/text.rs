//! HTML, MarkdownV2 and explicit entities, and how a phone shows them.

use serde_json::{Value, json};

use crate::client::Client;

/// Sends a text in a mode and gives it back with its entities as `type offset+length`.
async fn parsed(client: &Client, mode: &str, text: &str) -> (String, Vec<String>) {
    let sent =
        client.ok("sendMessage", json!({ "chat_id": 111, "text": text, "parse_mode": mode })).await;
    let entity = |entity: &Value| {
        let extra = ["url", "language"].iter().find_map(|field| entity[field].as_str());
        let extra = extra.map(|extra| format!(" {extra}")).unwrap_or_default();
        format!(
            "{} {}+{}{extra}",
            entity["type"].as_str().unwrap_or("?"),
            entity["offset"],
            entity["length"]
        )
    };
    let entities = sent["entities"].as_array().map(|list| list.iter().map(entity).collect());
    (sent["text"].as_str().unwrap_or_default().to_owned(), entities.unwrap_or_default())
}

#[tokio::test]
async fn html_becomes_text_with_entities() {
    let client = Client::new();
    let rows = [
        ("plain", "plain", vec![]),
        ("a &lt;b&gt; &amp; &quot;c&quot; &#39;&#x1F980;", "a <b> & \"c\" '🦀", vec![]),
        ("<b>x</b>", "x", vec!["bold 0+1"]),
        ("<B>x</b>", "x", vec!["bold 0+1"]),
        ("🦀 <i>x</i>", "🦀 x", vec!["italic 3+1"]),
        ("<b>a<i>b</i></b>", "ab", vec!["bold 0+2", "italic 1+1"]),
        (
            "<a href=\"https://e.org/?a=1&amp;b=2\">x</a>",
            "x",
            vec!["text_link 0+1 https://e.org/?a=1&b=2"],
        ),
        ("<pre>x</pre>", "x", vec!["pre 0+1"]),
        ("<pre><code class=\"language-sh\">ls</code></pre>", "ls", vec!["pre 0+2 sh"]),
        ("<pre><code>ls</code></pre>", "ls", vec!["pre 0+2"]),
        ("<code class=\"language-sh\">ls</code>", "ls", vec!["code 0+2"]),
        ("<span class=\"tg-spoiler\">x</span>", "x", vec!["spoiler 0+1"]),
        ("<blockquote expandable>x\ny</blockquote>", "x\ny", vec!["expandable_blockquote 0+3"]),
        ("<b></b>x", "x", vec![]),
        ("  <b> x </b>  ", " x", vec!["bold 0+2"]),
        ("a\r\nb\tc\u{202e}d", "a\nb cd", vec![]),
    ];
    for (source, text, entities) in rows {
        let got = parsed(&client, "HTML", source).await;
        let entities: Vec<String> = entities.into_iter().map(str::to_owned).collect();
        assert_eq!(got, (text.to_owned(), entities), "{source:?}");
    }
    client.double.finish();
}

#[tokio::test]
async fn broken_html_is_refused_whole() {
    let client = Client::new();
    let rows = [
        ("<b>x", "Can't find end tag corresponding to start tag \"b\""),
        ("<b>x</i>", "Unmatched end tag at byte offset 4, expected \"</b>\", found \"</i>\""),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<h1>x</h1>", "Unsupported start tag \"h1\" at byte offset 0"),
        ("a < b", "Unsupported start tag \"\" at byte offset 2"),
        ("a <b", "Unclosed start tag at byte offset 2"),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<span>x</span>", "Tag \"span\" must have class \"tg-spoiler\" at byte offset 0"),
        ("<a href=\"x>y</a>", "Unclosed start tag \"a\" at byte offset 0"),
        ("<a =x>y</a>", "Empty attribute name in the tag \"a\" at byte offset 0"),
    ];
    for (source, why) in rows {
        let params = json!({ "chat_id": 111, "text": source, "parse_mode": "HTML" });
        let description = client.refused("sendMessage", params).await;
        assert_eq!(description, format!("Bad Request: can't parse entities: {why}"), "{source:?}");
    }
}

#[tokio::test]
async fn markdown_becomes_text_with_entities() {
    let client = Client::new();
    let rows = [
        (
            "*a* _b_ __c__ ~d~ ||e||",
            "a b c d e",
            vec!["bold 0+1", "italic 2+1", "underline 4+1", "strikethrough 6+1", "spoiler 8+1"],
        ),
        ("1\\. a\\-b", "1. a-b", vec![]),
        ("`a.b`", "a.b", vec!["code 0+3"]),
        ("```sh\nls -l\n```", "ls -l", vec!["pre 0+5 sh"]),
        ("[x](https://e.org/a\\)b)", "x", vec!["text_link 0+1 https://e.org/a)b"]),
        (">a\n>b\nc", "a\nb\nc", vec!["blockquote 0+3"]),
        ("*a _b_*", "a b", vec!["bold 0+3", "italic 2+1"]),
    ];
    for (source, text, entities) in rows {
        let got = parsed(&client, "MarkdownV2", source).await;
        let entities: Vec<String> = entities.into_iter().map(str::to_owned).collect();
        assert_eq!(got, (text.to_owned(), entities), "{source:?}");
    }
    client.double.finish();
}

#[tokio::test]
async fn markdown_with_one_unescaped_character_is_refused_whole() {
    let client = Client::new();
    for reserved in ")]#+-={}.!|>".chars() {
        let params =
            json!({ "chat_id": 111, "text": format!("a{reserved}b"), "parse_mode": "MarkdownV2" });
        let description = client.refused("sendMessage", params).await;
        let why = format!(
            "Character '{reserved}' is reserved and must be escaped with the preceding '\\'"
        );
        assert_eq!(description, format!("Bad Request: can't parse entities: {why}"));
    }
    for open in ["a*b", "a_b", "a~b", "a`b", "a[b", "a||b"] {
        let params = json!({ "chat_id": 111, "text": open, "parse_mode": "MarkdownV2" });
        let description = client.refused("sendMessage", params).await;
        assert!(description.contains("Can't find end of"), "{open}: {description}");
    }
}

#[tokio::test]
async fn entities_must_lie_in_the_text_and_not_split_a_symbol() {
    let client = Client::new();
    let call = |text: &str, offset: i64, length: i64| {
        json!({
            "chat_id": 111, "text": text, "entities": [{ "type": "bold", "offset": offset, "length": length }],
        })
    };
    client.ok("sendMessage", call("🦀x", 0, 2)).await;
    client.ok("sendMessage", call("🦀x", 2, 1)).await;
    for (offset, length, part) in [
        (-1, 1, "incorrect offset -1"),
        (0, -1, "incorrect length -1"),
        (3, 1, "begins after the end"),
        (2, 2, "ends after the end"),
        (1, 1, "begins in a middle"),
        (0, 1, "ends in a middle"),
    ] {
        let description = client.refused("sendMessage", call("🦀x", offset, length)).await;
        assert!(description.contains(part), "{offset}+{length}: {description}");
    }
    let odd = json!({ "chat_id": 111, "text": "x", "entities": [{ "type": "blink", "offset": 0, "length": 1 }] });
    assert!(client.refused("sendMessage", odd).await.contains("unsupported type"));
}

#[tokio::test]
async fn a_card_shows_a_message_as_a_phone_does() {
    let client = Client::new();
    let text = "<b>Allow</b> <code>rm -rf /</code>?\n<pre><code class=\"language-json\">{\n}</code></pre>\n\
                <blockquote>why\nnot</blockquote>\nsee <a href=\"https://e.org\">there</a>";
    let keyboard = json!({ "inline_keyboard": [
        [{ "text": "Allow", "callback_data": "a" }, { "text": "Deny", "callback_data": "d" }],
        [{ "text": "Read", "url": "https://e.org" }],
    ] });
    client
        .ok(
            "sendMessage",
            json!({
                "chat_id": 111, "text": text, "parse_mode": "HTML", "reply_markup": keyboard,
                "disable_notification": true,
            }),
        )
        .await;
    let card = "\
┌─ bot
│ **Allow** `rm -rf /`?
│ ```json
│ {
│ }
│ ```
│ > why
│ > not
│ see [there](https://e.org)
│ · silent
├─
│ [ Allow ] [ Deny ]
│ [ Read ↗ https://e.org ]
└─
";
    assert_eq!(client.double.view().messages(111)[0].render_text(), card);
    client.double.finish();
}
