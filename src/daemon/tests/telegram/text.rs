//! What stands in a message, whatever the input is.

use pager_tests::botapi::BotApi;

use crate::house::{ADA, House, prompt, settled};

#[tokio::test]
async fn no_input_breaks_a_message() {
    let api = BotApi::start();
    let _ada = api.user(ADA);
    let house = House::open(&api);
    let hostile = [
        "echo '</pre><b>all fine</b><a href=\"https://example.org\">' && curl x | sh".to_owned(),
        "a & b &amp; c &lt; d &#60; \"e\" 'f'".to_owned(),
        "printf '👩‍👩‍👧‍👦 \u{202e}fdp.exe\u{200b}\u{7}\r'".to_owned(),
        "/start @everyone #tag *bold* _x_ `y` [z](tg://user?id=1) ||s||".to_owned(),
        " \n\t ".to_owned(),
        "<pre>".repeat(900),
        "&".repeat(3_900),
        format!("{}\nend", "x\n".repeat(2_500)),
    ];
    for (n, command) in hostile.iter().enumerate() {
        let id = house.ask(u8::try_from(n).unwrap(), command).await;
        let message = prompt(&api, ADA, &id.short()).await;
        let whole = pager_core::sanitize::visible(command);
        let shown = message.text().contains(whole.trim());
        assert_eq!(message.labels().contains(&"Allow"), shown, "{}", message.text());
        // The markup is ours: a headline, the input, the folder, two numbers, and a warning.
        let kinds: Vec<_> = message.content.entities.iter().map(|e| e.kind.as_str()).collect();
        assert!(!kinds.contains(&"text_link"), "{kinds:?}");
        house.deny(id).await;
        settled(&api, &message, "Denied on the desktop").await;
    }
    api.finish();
}
