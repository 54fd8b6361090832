//! What a bot's token looks like, and hiding whatever may be one.

/// Whether a text has the form of a bot's token: the bot's id, a colon, and the key.
pub fn looks_like_token(text: &str) -> bool {
    text.split_once(':').is_some_and(|(id, key)| {
        id.len() >= 3
            && id.bytes().all(|byte| byte.is_ascii_digit())
            && key.len() >= 30
            && key.bytes().all(is_key_byte)
    })
}

fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// Whether something in the text may be a token, or the better part of one.
pub(crate) fn contains_token(text: &str) -> bool {
    mask(text) != text
}

/// The text with everything that may be a token replaced by as many `*`. It errs on the safe side:
/// a cut or mistyped token is a secret still.
pub(crate) fn mask(text: &str) -> String {
    let mut masked = text.to_owned();
    for (colon, _) in text.match_indices(':') {
        let id = text[..colon].bytes().rev().take_while(u8::is_ascii_digit).count();
        let key = text[colon + 1..].bytes().take_while(|byte| is_key_byte(*byte)).count();
        if id >= 3 && key >= 10 {
            masked.replace_range(colon - id..=colon + key, &"*".repeat(id + 1 + key));
        }
    }
    masked
}
