//! Makes text from an agent safe to show: what a terminal or a chat would obey or hide is made
//! visible instead.
//!
//! Control characters can move a cursor over what was printed, bidirectional controls can show a
//! command in another order than it runs, zero-width characters hide in plain sight, and to a shell
//! a no-break space is a letter. All are replaced by their code point in angle brackets, `⟨U+202E⟩`,
//! so that nothing is lost either.

use std::borrow::Cow;

/// Whether a character is obeyed or hidden rather than shown.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00A0}' | '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{1680}' | '\u{180B}'..='\u{180F}' | '\u{2000}'..='\u{200F}' | '\u{2028}'..='\u{202F}'
            | '\u{205F}'..='\u{206F}' | '\u{2800}' | '\u{3000}' | '\u{3164}' | '\u{FE00}'..='\u{FE0E}' | '\u{FEFF}' | '\u{FFA0}'
            | '\u{FFF9}'..='\u{FFFB}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

fn escape(text: &str, keep: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(|c| is_unsafe(c) && !keep(c)) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_unsafe(c) && !keep(c) {
            shown.push_str(&format!("⟨U+{:04X}⟩", u32::from(c)));
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// The text with line breaks and tabs kept and everything else unsafe made visible.
pub fn visible(text: &str) -> Cow<'_, str> {
    escape(text, |c| c == '\n' || c == '\t')
}

/// The text on one line: line breaks and tabs are made visible as well.
pub fn in_line(text: &str) -> Cow<'_, str> {
    escape(text, |_| false)
}

/// The text on one line of at most `max` characters: white space is folded, what is unsafe made
/// visible, and a cut says so with `…`.
pub fn one_line(text: &str, max: usize) -> String {
    // Only a little more than what fits is looked at: an input may have 16 MiB.
    let end = text.char_indices().nth(max.saturating_mul(4)).map_or(text.len(), |(at, _)| at);
    let folded = text[..end].split_ascii_whitespace().collect::<Vec<_>>().join(" ");
    let shown = escape(&folded, |_| false);
    if shown.chars().count() <= max && end == text.len() {
        return shown.into_owned();
    }
    let mut cut: String = shown.chars().take(max.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_obeyed_is_shown() {
        assert_eq!(visible("rm \u{202e}fdp.x"), "rm ⟨U+202E⟩fdp.x");
        assert_eq!(visible("a\u{1b}[2Kb\r"), "a⟨U+001B⟩[2Kb⟨U+000D⟩");
        assert_eq!(visible("a\u{200b}b\u{e0041}"), "a⟨U+200B⟩b⟨U+E0041⟩");
        assert_eq!(visible("rm\u{a0}-rf\u{3000}x\u{2028}"), "rm⟨U+00A0⟩-rf⟨U+3000⟩x⟨U+2028⟩");
        assert!(matches!(visible("two\nlines\tand ünïcode 👍"), Cow::Borrowed(_)));
    }

    #[test]
    fn one_line_folds_and_says_when_it_cuts() {
        assert_eq!(one_line("  a\n b\tc ", 20), "a b c");
        assert_eq!(one_line("abcdef", 6), "abcdef");
        assert_eq!(one_line("abcdefg", 6), "abcde…");
        assert_eq!(one_line(&"x".repeat(100), 6), "xxxxx…");
        assert_eq!(one_line("", 6), "");
    }
}
