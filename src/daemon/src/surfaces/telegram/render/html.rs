//! Telegram's HTML in the making, with the length it has after parsing.

/// How a run of text looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Style {
    pub(super) bold: bool,
    pub(super) italic: bool,
    /// As written. Telegram lets nothing else go with it.
    pub(super) code: bool,
}

/// How long Telegram finds a text.
pub(in crate::surfaces::telegram) fn utf16_len(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// HTML that no input can break.
#[derive(Debug, Clone, Default)]
pub(super) struct Html {
    pub(super) html: String,
    /// In UTF-16 units, after the markup is taken out.
    pub(super) units: usize,
}

impl Html {
    pub(super) fn text(&mut self, text: &str) {
        self.units += utf16_len(text);
        for c in text.chars() {
            match c {
                '<' => self.html.push_str("&lt;"),
                '>' => self.html.push_str("&gt;"),
                '&' => self.html.push_str("&amp;"),
                c => self.html.push(c),
            }
        }
    }

    pub(super) fn bold(&mut self, text: &str) {
        self.tagged("<b>", text, "</b>");
    }

    pub(super) fn code(&mut self, text: &str) {
        self.tagged("<code>", text, "</code>");
    }

    /// A block as written, in the colours of a language where one is named.
    pub(super) fn pre(&mut self, text: &str, language: &str) {
        if language.is_empty() {
            return self.tagged("<pre>", text, "</pre>");
        }
        let open = format!("<pre><code class=\"language-{language}\">");
        self.tagged(&open, text, "</code></pre>");
    }

    /// Runs of text that others wrote. Telegram makes links of its own of names, addresses and
    /// commands: a word that might be one is shown as code, where it makes none.
    pub(super) fn prose(&mut self, runs: &[(Style, String)]) {
        for (style, text) in unlinked(runs) {
            match style {
                Style { code: true, .. } => self.code(&text),
                Style { bold: true, italic: true, .. } => {
                    self.tagged("<b><i>", &text, "</i></b>");
                }
                Style { bold: true, .. } => self.bold(&text),
                Style { italic: true, .. } => self.tagged("<i>", &text, "</i>"),
                Style { .. } => self.text(&text),
            }
        }
    }

    pub(super) fn append(&mut self, other: &Self) {
        self.html.push_str(&other.html);
        self.units += other.units;
    }

    /// An element; none around nothing, as an empty one stands for no text.
    fn tagged(&mut self, open: &str, text: &str, close: &str) {
        if text.is_empty() {
            return;
        }
        self.html.push_str(open);
        self.text(text);
        self.html.push_str(close);
    }
}

/// The runs with each word that might become a link as code. A word may go over several runs: two
/// styles do not keep `example.` and `org` apart.
fn unlinked(runs: &[(Style, String)]) -> Vec<(Style, String)> {
    let styled = |run: &(Style, String)| {
        let style = run.0;
        run.1.chars().map(move |c| (style, c)).collect::<Vec<_>>()
    };
    let letters: Vec<(Style, char)> = runs.iter().flat_map(styled).collect();
    let parts_words = |(style, c): &(Style, char)| style.code || c.is_whitespace();
    let mut out: Vec<(Style, String)> = Vec::new();
    for word in letters.chunk_by(|a, b| parts_words(a) == parts_words(b)) {
        let is_word = word.first().is_some_and(|letter| !parts_words(letter));
        let is_plain = !is_word || is_plain(word);
        for (style, c) in word {
            let style = if is_plain { *style } else { Style { code: true, ..Style::default() } };
            match out.last_mut() {
                Some((last, text)) if *last == style => text.push(*c),
                _ => out.push((style, c.to_string())),
            }
        }
    }
    out
}

/// Whether a word is none that Telegram could make a link of: no name with `@`, no address, no
/// `/command`, no `#tag`, no number that can be called.
fn is_plain(word: &[(Style, char)]) -> bool {
    let goes_on = |at: usize| word.get(at + 1).is_some_and(|(_, c)| c.is_alphanumeric());
    let digits = word.iter().filter(|(_, c)| c.is_numeric()).count();
    digits < 5
        && word.iter().enumerate().all(|(at, (_, c))| match c {
            '.' => !goes_on(at),
            ':' => at + 1 == word.len(),
            // Other writings have signs of their own for these, which are known there.
            '。' | '\u{2024}' | '\u{fe50}'..='\u{fe6f}' | '\u{ff00}'..='\u{ffef}' => false,
            c => c.is_alphanumeric() || !c.is_ascii() || ",;!?()'\"-_*%&<>=[]{}|~^+`".contains(*c),
        })
}
