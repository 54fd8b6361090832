//! The bare words of a text that is no command line, or none that is understood: enough to see that
//! it names what must not be named.

use super::Word;

/// As much of a text as is looked at.
const MAX_LENGTH: usize = 256 * 1024;

/// The words between what separates commands, without quotes and without what expands.
pub(super) fn commands(text: &str) -> impl Iterator<Item = Vec<Word>> {
    let end = (0..=text.len().min(MAX_LENGTH)).rev().find(|at| text.is_char_boundary(*at));
    text[..end.unwrap_or_default()]
        .split(['\n', ';', '|', '&', '(', ')', '`', '{', '}', '<', '>'])
        .map(|command| {
            let words = command.split(|c: char| c.is_whitespace() || c == ',');
            let bare = words.map(|word| word.replace(['\'', '"', '\\', '$'], ""));
            bare.filter(|word| !word.is_empty()).map(Word::known).collect::<Vec<_>>()
        })
        .filter(|words| !words.is_empty())
}
