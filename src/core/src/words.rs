//! How long a text of a person's may be, and numbers as they read them.

/// The most characters that a text of a person's may have: a reason, an answer, feedback to a plan.
pub const MESSAGE_MAX: usize = 10_000;

/// A text is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("That is {} characters; {} at most.", grouped(*.0), grouped(MESSAGE_MAX))]
pub struct TooLong(pub usize);

/// Whether a text is short enough. Characters are what Unicode calls scalar values.
///
/// # Errors
/// How many it has.
pub fn check(text: &str) -> Result<(), TooLong> {
    // A character has at least one byte, so most texts need not be counted.
    if text.len() <= MESSAGE_MAX {
        return Ok(());
    }
    match text.chars().count() {
        ..=MESSAGE_MAX => Ok(()),
        count => Err(TooLong(count)),
    }
}

/// A number with commas between its thousands.
pub fn grouped(number: impl TryInto<u64>) -> String {
    let digits = number.try_into().unwrap_or(u64::MAX).to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// So many bytes, in words.
pub fn bytes(number: u64) -> String {
    if number == 1 { "1 byte".to_owned() } else { format!("{} bytes", grouped(number)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_counted_and_not_bytes() {
        assert_eq!(check(&"😀".repeat(10_000)), Ok(()));
        assert_eq!(check(&"😀".repeat(10_001)), Err(TooLong(10_001)));
        assert_eq!(check(&"a".repeat(10_000)), Ok(()));
        let told = check(&"a".repeat(10_001)).unwrap_err().to_string();
        assert_eq!(told, "That is 10,001 characters; 10,000 at most.");
    }

    #[test]
    fn thousands_are_set_apart() {
        for (number, text) in
            [(0_u64, "0"), (999, "999"), (1000, "1,000"), (20_971_520, "20,971,520")]
        {
            assert_eq!(grouped(number), text);
        }
    }
}
