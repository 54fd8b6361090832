//! Finding out which Telegram user sits at this terminal: whoever sends the bot the code that only
//! this terminal shows.

use std::collections::HashMap;

use pager_core::sanitize::one_line;
use teloxide_core::types::Message;

/// Without those that look alike.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const LENGTH: usize = 4;
/// So often may somebody send something else before they are not listened to any more: it keeps a
/// stranger from trying codes, and a person finds theirs by then.
const TRIES: u32 = 10;
/// The longest name shown.
const NAME_MAX: usize = 64;

/// The code to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Code(String);

/// A message to the bot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Incoming {
    pub(crate) sender: Sender,
    pub(crate) private: bool,
    pub(crate) text: String,
}

/// Who sent a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sender {
    pub(crate) id: i64,
    pub(crate) is_bot: bool,
    /// Safe to print.
    pub(crate) name: String,
}

/// Waits for the code to come.
#[derive(Debug)]
pub(crate) struct Pairing {
    code: Code,
    tried: HashMap<i64, u32>,
}

/// What a message means for the pairing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub(crate) enum Judgement {
    /// Its sender knows the code.
    Paired(Sender),
    /// Somebody wrote, without the code.
    WithoutCode(Sender),
    /// It does not matter: a group's, a bot's, or of somebody who tried too often.
    Ignored,
}

impl Code {
    /// A code nobody can know.
    pub(crate) fn random() -> std::io::Result<Self> {
        let mut bytes = [0; LENGTH];
        rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())?;
        // 256 is a multiple of the 32 letters, so all are alike.
        Ok(Self(bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect()))
    }

    /// As it is shown.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    fn is_in(&self, text: &str) -> bool {
        text.split(|c: char| !c.is_ascii_alphanumeric())
            .any(|word| word.eq_ignore_ascii_case(&self.0))
    }
}

impl Incoming {
    /// The message, if a user sent it.
    pub(crate) fn of(message: &Message) -> Option<Self> {
        let user = message.from.as_ref()?;
        let mut name = one_line(&user.full_name(), NAME_MAX);
        if let Some(mention) = user.mention() {
            name = format!("{name} ({})", one_line(&mention, NAME_MAX));
        }
        Some(Self {
            sender: Sender { id: i64::try_from(user.id.0).ok()?, is_bot: user.is_bot, name },
            private: message.chat.is_private(),
            text: message.text().unwrap_or_default().to_owned(),
        })
    }
}

impl Pairing {
    /// Waits for this code.
    pub(crate) fn new(code: Code) -> Self {
        Self { code, tried: HashMap::new() }
    }

    /// Says what a message means.
    pub(crate) fn judge(&mut self, message: &Incoming) -> Judgement {
        let sender = &message.sender;
        if !message.private || sender.is_bot {
            return Judgement::Ignored;
        }
        let tried = self.tried.entry(sender.id).or_default();
        if *tried >= TRIES {
            return Judgement::Ignored;
        }
        if self.code.is_in(&message.text) {
            return Judgement::Paired(sender.clone());
        }
        *tried += 1;
        Judgement::WithoutCode(sender.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: i64, text: &str) -> Incoming {
        let sender = Sender { id, is_bot: false, name: format!("user {id}") };
        Incoming { sender, private: true, text: text.to_owned() }
    }

    fn pairing() -> Pairing {
        Pairing::new(Code("4F7K".to_owned()))
    }

    #[test]
    fn only_a_message_with_the_code_pairs() {
        for text in ["4F7K", "4f7k", " 4F7K!", "/start 4F7K", "/start@some_bot 4f7k", "it is 4F7K."]
        {
            let message = message(7, text);
            let paired = Judgement::Paired(message.sender.clone());
            assert_eq!(pairing().judge(&message), paired, "{text}");
        }
        for text in ["", "/start", "4F7", "4F7KX", "X4F7K", "4F 7K", "４F7K"] {
            let message = message(7, text);
            let without = Judgement::WithoutCode(message.sender.clone());
            assert_eq!(pairing().judge(&message), without, "{text}");
        }
    }

    #[test]
    fn a_group_and_a_bot_do_not_pair() {
        let group = Incoming { private: false, ..message(7, "4F7K") };
        assert_eq!(pairing().judge(&group), Judgement::Ignored);
        let mut bot = message(7, "4F7K");
        bot.sender.is_bot = true;
        assert_eq!(pairing().judge(&bot), Judgement::Ignored);
    }

    #[test]
    fn guessing_is_cut_off_and_holds_up_nobody_else() {
        let mut pairing = pairing();
        for guess in 0..TRIES {
            let judged = pairing.judge(&message(666, &format!("{guess:04}")));
            assert!(matches!(judged, Judgement::WithoutCode(_)));
        }
        assert_eq!(pairing.judge(&message(666, "4F7K")), Judgement::Ignored);
        assert!(matches!(pairing.judge(&message(7, "4F7K")), Judgement::Paired(_)));
    }

    #[test]
    fn a_code_is_of_letters_that_can_be_told_apart() {
        let code = Code::random().unwrap();
        assert_eq!(code.as_str().len(), LENGTH);
        assert!(code.as_str().bytes().all(|byte| ALPHABET.contains(&byte)));
        assert!(!ALPHABET.iter().any(|byte| b"IO01".contains(byte)));
    }
}
