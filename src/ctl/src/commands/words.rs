//! Words that several verbs share.

use pager_core::Actor;

/// How much of each id is shown, so that every one of them can be told apart: eight characters, or
/// more where that is too few.
pub(super) fn short_len<'a>(ids: impl IntoIterator<Item = &'a str>) -> usize {
    let mut ids: Vec<&str> = ids.into_iter().collect();
    ids.sort_unstable();
    let common = |a: &str, b: &str| a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let needed = ids.windows(2).map(|pair| common(pair[0], pair[1]) + 1).max();
    needed.unwrap_or_default().max(8)
}

/// The beginning of an id.
pub(super) fn short(id: &str, len: usize) -> String {
    id.chars().take(len).collect()
}

/// Who it was, for a person: "with busctl", "on Telegram (111111111)".
pub(super) fn by(actor: &str) -> String {
    match actor.parse::<Actor>() {
        Ok(actor) => actor.words(),
        Err(_) => format!("by {actor}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_shown_as_long_as_they_must_be() {
        assert_eq!(short_len([]), 8);
        assert_eq!(short_len(["0123456789abcdef"]), 8);
        assert_eq!(short_len(["0123456789a", "fff", "0123456789b"]), 11);
        assert_eq!(short("0123456789", 8), "01234567");
    }
}
