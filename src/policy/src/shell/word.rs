//! One word of a command: what the command will get, as far as that is known before it runs.

use super::Doubt;

/// Stands in the text of a [`Word`] for what is only known when it runs.
pub(crate) const HOLE: char = '\u{fffc}';

/// How many words braces may make of one.
const MAX_BRACES: usize = 64;

/// A word after quotes, escapes, `~` and `$HOME` are gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// What the command gets, with a [`HOLE`] for each part that is not known.
    pub(crate) text: String,
    /// Whether the command gets just that: one word, with no hole in it.
    pub(crate) exact: bool,
}

impl Word {
    pub(crate) fn known(text: impl Into<String>) -> Self {
        Self { text: text.into(), exact: true }
    }
}

/// What reading a word gives besides the word.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// The texts of command substitutions.
    pub(crate) commands: Vec<String>,
    pub(crate) doubts: Vec<Doubt>,
}

/// Reads a word as it stands in the command line. Braces make several words of it.
///
/// This is done anew rather than left to the parser, which once took `\\$'a'` for a quote that goes
/// on: where the two do not agree where a word ends, something is left over here and in doubt.
pub(crate) fn read(raw: &str, home: &str, findings: &mut Findings) -> Vec<Word> {
    let spread = braces(raw);
    let several = spread.len() > 1;
    if several {
        findings.doubts.push(Doubt::Braces);
    }
    let mut words = Vec::with_capacity(spread.len());
    for raw in &spread {
        let mut reader = Reader { rest: raw, home, text: String::new(), exact: !several, findings };
        reader.word();
        words.push(Word { text: reader.text, exact: reader.exact });
    }
    words
}

/// The words that the plain braces of a word spread to: those with nothing but letters in them.
fn braces(raw: &str) -> Vec<String> {
    let mut done = vec![String::new()];
    let mut rest = raw;
    while let Some(open) = rest.find('{') {
        let close = rest[open..].find('}').map(|at| open + at);
        let inner = close.map(|close| &rest[open + 1..close]);
        let quoted = raw.contains(['\'', '"', '\\', '$', '`']);
        let (Some(close), Some(inner), false) = (close, inner, quoted) else { break };
        let members: Vec<&str> = inner.split(',').collect();
        if members.len() < 2 || inner.contains('{') || done.len() * members.len() > MAX_BRACES {
            break;
        }
        let before = &rest[..open];
        done = done
            .iter()
            .flat_map(|start| members.iter().map(move |member| format!("{start}{before}{member}")))
            .collect();
        rest = &rest[close + 1..];
    }
    done.iter_mut().for_each(|word| word.push_str(rest));
    done
}

struct Reader<'a> {
    rest: &'a str,
    home: &'a str,
    text: String,
    exact: bool,
    findings: &'a mut Findings,
}

impl Reader<'_> {
    fn word(&mut self) {
        if self.rest.starts_with('~') {
            self.tilde();
        }
        // zsh puts the path of a command for `=command`.
        if self.rest.starts_with('=') {
            self.exact = false;
        }
        // `{name}>file` opens a descriptor and is no argument.
        let inner = self.rest.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        if inner.is_some_and(|name| !name.is_empty() && name.chars().all(is_name)) {
            self.exact = false;
        }
        let alone = self.rest == "[";
        let mut before = None;
        while let Some(c) = self.next() {
            match c {
                '\\' => match self.next() {
                    Some('\n') => {}
                    Some(escaped) => self.text.push(escaped),
                    None => self.text.push('\\'),
                },
                '\'' => self.single_quoted(),
                '"' => self.double_quoted(),
                '$' if self.rest.starts_with('\'') => {
                    self.next();
                    self.ansi_c();
                }
                '$' if self.rest.starts_with('"') => {
                    self.next();
                    self.exact = false;
                    self.double_quoted();
                }
                '$' => self.dollar(false),
                '`' => self.backquoted(),
                '*' | '?' => self.hole(Doubt::Glob),
                '[' if !alone => self.hole(Doubt::Glob),
                '{' if is_brace_expansion(self.rest) => self.hole(Doubt::Braces),
                '~' if matches!(before, Some('=' | ':')) => {
                    // Some shells put in the home folder here, in some words.
                    self.hole(Doubt::Expansion);
                    if self.rest.is_empty() || self.rest.starts_with('/') {
                        self.text.pop();
                        self.text.push_str(self.home);
                    }
                }
                '<' | '>' | '|' | '&' | ';' | '(' | ')' | ' ' | '\t' | '\n' => {
                    self.hole(Doubt::Expansion);
                }
                c => self.text.push(c),
            }
            before = Some(c);
        }
    }

    fn next(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    /// Takes what stands before `end`, and `end`; all that is left where there is none.
    fn until(&mut self, end: char) -> &str {
        let (taken, rest) = self.rest.split_once(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    fn hole(&mut self, why: Doubt) {
        self.exact = false;
        self.text.push(HOLE);
        self.findings.doubts.push(why);
    }

    fn tilde(&mut self) {
        let end = self.rest.find('/').unwrap_or(self.rest.len());
        if end == 1 {
            self.text.push_str(self.home);
            self.rest = &self.rest[1..];
        } else {
            // Another person's home, or a folder of the shell's.
            self.rest = &self.rest[end..];
            self.hole(Doubt::Expansion);
        }
    }

    fn single_quoted(&mut self) {
        if !self.rest.contains('\'') {
            self.hole(Doubt::Unparsed);
        }
        let text = self.until('\'').to_owned();
        self.text.push_str(&text);
    }

    fn double_quoted(&mut self) {
        while let Some(c) = self.next() {
            match c {
                '"' => return,
                '\\' => match self.next() {
                    Some('\n') => {}
                    Some(c @ ('$' | '`' | '"' | '\\')) => self.text.push(c),
                    Some(c) => self.text.extend(['\\', c]),
                    None => self.text.push('\\'),
                },
                '$' => self.dollar(true),
                '`' => self.backquoted(),
                c => self.text.push(c),
            }
        }
        self.hole(Doubt::Unparsed);
    }

    fn backquoted(&mut self) {
        let mut inner = String::new();
        while let Some(c) = self.next() {
            match c {
                '`' => break,
                '\\' if self.rest.starts_with(['`', '\\', '$']) => inner.extend(self.next()),
                c => inner.push(c),
            }
        }
        self.findings.commands.push(inner);
        self.hole(Doubt::Substitution);
    }

    /// What follows a `$`.
    fn dollar(&mut self, quoted: bool) {
        if self.rest.starts_with("((") {
            let inner = self.balanced('(', ')').to_owned();
            self.inside(&inner);
            self.hole(Doubt::Arithmetic);
        } else if self.rest.starts_with('(') {
            let inner = self.balanced('(', ')').to_owned();
            self.findings.commands.push(inner);
            self.hole(Doubt::Substitution);
        } else if self.rest.starts_with('[') {
            let inner = self.balanced('[', ']').to_owned();
            self.inside(&inner);
            self.hole(Doubt::Arithmetic);
        } else if self.rest.starts_with('{') {
            let inner = self.balanced('{', '}').to_owned();
            self.variable(&inner, quoted);
            self.inside(&inner);
        } else {
            let end = self.rest.find(|c| !is_name(c)).unwrap_or(self.rest.len());
            if end > 0 && !self.rest.starts_with(|c: char| c.is_ascii_digit()) {
                let (name, rest) = self.rest.split_at(end);
                self.rest = rest;
                self.variable(name, quoted);
            } else if self.rest.starts_with(|c: char| c.is_ascii_digit() || "?#@*!$-".contains(c)) {
                self.next();
                self.hole(Doubt::Expansion);
            } else {
                self.text.push('$');
            }
        }
    }

    fn variable(&mut self, name: &str, quoted: bool) {
        // Unquoted, what it holds is split and expanded once more.
        let plain = |c: char| c.is_alphanumeric() || "/-_.+@".contains(c);
        match name {
            "HOME" if quoted || self.home.chars().all(plain) => self.text.push_str(self.home),
            "IFS" => {
                self.hole(Doubt::Expansion);
                self.text.pop();
                self.text.push(' ');
            }
            _ => self.hole(Doubt::Expansion),
        }
    }

    /// Looks for commands in what an expansion holds.
    fn inside(&mut self, inner: &str) {
        if inner.contains(['$', '`']) {
            let mut reader = Reader {
                rest: inner,
                home: self.home,
                text: String::new(),
                exact: false,
                findings: &mut *self.findings,
            };
            while let Some(c) = reader.next() {
                match c {
                    '$' => reader.dollar(true),
                    '`' => reader.backquoted(),
                    _ => {}
                }
            }
        }
    }

    /// Takes a text in brackets and gives what is in them. Quoted brackets do not count.
    fn balanced(&mut self, open: char, close: char) -> &str {
        let all = self.rest;
        let mut depth = 0_usize;
        while let Some(c) = self.next() {
            match c {
                '\\' => {
                    self.next();
                }
                '\'' if open == '(' => {
                    self.until('\'');
                }
                c if c == open => depth += 1,
                c if c == close => {
                    depth -= 1;
                    if depth == 0 {
                        return &all[1..all.len() - self.rest.len() - 1];
                    }
                }
                _ => {}
            }
        }
        &all[1..]
    }

    /// The inside of `$'…'`.
    fn ansi_c(&mut self) {
        while let Some(c) = self.next() {
            match c {
                '\'' => return,
                '\\' => self.ansi_c_escape(),
                c => self.text.push(c),
            }
        }
        self.hole(Doubt::Unparsed);
    }

    fn ansi_c_escape(&mut self) {
        let Some(c) = self.next() else { return self.text.push('\\') };
        match c {
            'n' => self.text.push('\n'),
            't' => self.text.push('\t'),
            'r' => self.text.push('\r'),
            'e' | 'E' => self.text.push('\u{1b}'),
            '\\' | '\'' | '"' | '?' => self.text.push(c),
            'x' => self.code(16, 2, 0),
            'u' => self.code(16, 4, 0),
            'U' => self.code(16, 8, 0),
            '0'..='7' => self.code(8, 2, c.to_digit(8).unwrap_or_default()),
            _ => self.hole(Doubt::Expansion),
        }
    }

    /// A character by its number, of which the first digits may have been read.
    fn code(&mut self, radix: u32, most: usize, mut number: u32) {
        for _ in 0..most {
            let Some(digit) = self.rest.chars().next().and_then(|c| c.to_digit(radix)) else {
                break;
            };
            number = number.wrapping_mul(radix).wrapping_add(digit);
            self.next();
        }
        // Above that, `\x` and `\nnn` are bytes, and what they add up to is the terminal's business.
        match char::from_u32(number).filter(|_| (1..128).contains(&number)) {
            Some(c) => self.text.push(c),
            None => self.hole(Doubt::Expansion),
        }
    }
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Whether what follows a `{` makes several words of one.
fn is_brace_expansion(rest: &str) -> bool {
    let inner = rest.split_once('}').map_or("", |_| rest);
    inner.contains(',') || inner.contains("..")
}
