//! From the parser's tree to the simple commands in it.

use brush_parser::ast::{self, CommandPrefixOrSuffixItem as Item, CompoundCommand, IoRedirect};
use brush_parser::ast::{Command, CompoundList, IoFileRedirectTarget};
use brush_parser::{ParserOptions, SourceInfo, Token, parse_tokens, uncached_tokenize_str};
use pager_core::sanitize;

use super::word::{self, Findings, Word};
use super::{Doubt, Line, Simple, rough, wrapper};

/// Longer texts are read for bare words only: no person writes a rule for them.
const MAX_LENGTH: usize = 32 * 1024;
/// The parser calls itself for each of these, and the stack is finite.
const MAX_OPENERS: usize = 64;
/// The parser tries each of these in more than one way, and again within each: the time it takes
/// more than doubles with every one.
const MAX_RETRIED: usize = 10;
/// How deep commands within commands are looked into.
const MAX_DEPTH: usize = 6;
/// How many simple commands are looked at.
const MAX_COMMANDS: usize = 512;

/// Reads a command line as bash would, with `home` for `~` and `$HOME`.
pub(crate) fn read(text: &str, home: &str) -> Line {
    let mut reader = Reader { home, line: Line::default(), depth: 0 };
    let plain = |c: char| c != word::HOLE;
    let hidden = matches!(sanitize::visible(text), std::borrow::Cow::Owned(_));
    if hidden || text.contains('\r') || !text.chars().all(plain) {
        reader.line.doubt(Doubt::Hidden);
    }
    reader.text(text);
    reader.line
}

struct Reader<'a> {
    home: &'a str,
    line: Line,
    depth: usize,
}

impl Reader<'_> {
    fn text(&mut self, text: &str) {
        if self.depth >= MAX_DEPTH || text.len() > MAX_LENGTH || is_dangerous(text) {
            self.line.doubt(Doubt::TooLong);
            return self.rough(text);
        }
        let options = ParserOptions::default();
        let tokens = uncached_tokenize_str(text, &options.tokenizer_options());
        if tokens.as_ref().is_ok_and(|tokens| is_slow(tokens)) {
            self.line.doubt(Doubt::TooLong);
            return self.rough(text);
        }
        let program = tokens.map_err(drop).and_then(|tokens| {
            parse_tokens(&tokens, &options, &SourceInfo::default()).map_err(drop)
        });
        match program {
            Ok(program) => {
                self.depth += 1;
                program.complete_commands.iter().for_each(|list| self.list(list));
                self.depth -= 1;
            }
            Err(()) => {
                self.line.doubt(Doubt::Unparsed);
                self.rough(text);
            }
        }
    }

    fn rough(&mut self, text: &str) {
        for words in rough::commands(text) {
            self.push(Simple { words, inner: true, ..Simple::default() });
        }
    }

    fn push(&mut self, simple: Simple) {
        if self.line.commands.len() >= MAX_COMMANDS {
            return self.line.doubt(Doubt::TooLong);
        }
        let texts = if self.depth < MAX_DEPTH { wrapper::texts(&simple) } else { Vec::new() };
        let inner: Vec<_> = wrapper::commands(&simple).collect();
        self.line.commands.push(simple);
        self.line.commands.extend(inner);
        for text in texts {
            self.inner(&text);
        }
    }

    /// Notes words that some command will get, without telling which.
    fn mention(&mut self, mut words: Vec<Word>) {
        words.insert(0, Word::known(""));
        self.push(Simple { words, inner: true, ..Simple::default() });
    }

    /// Reads a text that another command runs.
    fn inner(&mut self, text: &str) {
        let from = self.line.commands.len();
        self.depth += 1;
        self.text(text);
        self.depth -= 1;
        self.line.commands[from..].iter_mut().for_each(|simple| simple.inner = true);
    }

    fn list(&mut self, list: &CompoundList) {
        for ast::CompoundListItem(and_or, separator) in &list.0 {
            if matches!(separator, ast::SeparatorOperator::Async) {
                self.line.doubt(Doubt::Background);
            }
            for (_, pipeline) in and_or {
                pipeline.seq.iter().for_each(|command| self.command(command));
            }
        }
    }

    fn command(&mut self, command: &Command) {
        match command {
            Command::Simple(simple) => self.simple(simple),
            Command::Compound(compound, redirects) => {
                self.line.doubt(Doubt::Compound);
                self.compound(compound);
                self.redirects(redirects.as_ref());
            }
            Command::Function(function) => {
                self.line.doubt(Doubt::Function);
                self.compound(&function.body.0);
                self.redirects(function.body.1.as_ref());
            }
            Command::ExtendedTest(test) => {
                self.line.doubt(Doubt::Compound);
                self.word(&test.expr.to_string());
            }
        }
    }

    fn compound(&mut self, compound: &CompoundCommand) {
        match compound {
            CompoundCommand::Arithmetic(command) => {
                self.word(&command.expr.value);
            }
            CompoundCommand::ArithmeticForClause(command) => {
                for part in [&command.initializer, &command.condition, &command.updater] {
                    self.word(part.as_ref().map_or("", |part| &part.value));
                }
                self.list(&command.body.list);
            }
            CompoundCommand::BraceGroup(group) => self.list(&group.list),
            CompoundCommand::Subshell(subshell) => self.list(&subshell.list),
            CompoundCommand::ForClause(command) => {
                // What it goes over may be files, or the arguments of what is run.
                let values = command.values.iter().flatten();
                let words = values.flat_map(|value| self.word(&value.value)).collect();
                self.mention(words);
                self.list(&command.body.list);
            }
            CompoundCommand::CaseClause(command) => {
                self.word(&command.value.value);
                for case in &command.cases {
                    case.patterns.iter().for_each(|pattern| drop(self.word(&pattern.value)));
                    case.cmd.iter().for_each(|list| self.list(list));
                }
            }
            CompoundCommand::IfClause(command) => {
                self.list(&command.condition);
                self.list(&command.then);
                for clause in command.elses.iter().flatten() {
                    clause.condition.iter().for_each(|list| self.list(list));
                    self.list(&clause.body);
                }
            }
            CompoundCommand::WhileClause(command) | CompoundCommand::UntilClause(command) => {
                self.list(&command.0);
                self.list(&command.1.list);
            }
        }
    }

    fn simple(&mut self, command: &ast::SimpleCommand) {
        let mut simple = Simple::default();
        for item in command.prefix.iter().flat_map(|prefix| &prefix.0) {
            match item {
                Item::AssignmentWord(_, word) => {
                    self.line.doubt(Doubt::Assignment);
                    // Not an argument, but it may name a file, and holds what is run with it.
                    let words = self.word(&word.value);
                    self.mention(words);
                }
                Item::IoRedirect(redirect) => self.redirect(redirect, &mut simple),
                Item::Word(word) => simple.words.extend(self.word(&word.value)),
                Item::ProcessSubstitution(_, inner) => self.substitution(inner),
            }
        }
        simple.words.extend(command.word_or_name.iter().flat_map(|name| self.word(&name.value)));
        for item in command.suffix.iter().flat_map(|suffix| &suffix.0) {
            match item {
                Item::IoRedirect(redirect) => self.redirect(redirect, &mut simple),
                Item::Word(word) | Item::AssignmentWord(_, word) => {
                    simple.words.extend(self.word(&word.value));
                }
                Item::ProcessSubstitution(_, inner) => {
                    simple.words.push(Word { text: word::HOLE.into(), exact: false });
                    self.substitution(inner);
                }
            }
        }
        if !simple.words.is_empty() || !simple.redirects.is_empty() {
            self.push(simple);
        }
    }

    fn substitution(&mut self, inner: &ast::SubshellCommand) {
        self.line.doubt(Doubt::Substitution);
        let from = self.line.commands.len();
        self.list(&inner.list);
        self.line.commands[from..].iter_mut().for_each(|simple| simple.inner = true);
    }

    fn redirects(&mut self, redirects: Option<&ast::RedirectList>) {
        let mut simple = Simple { inner: true, ..Simple::default() };
        for redirect in redirects.iter().flat_map(|list| &list.0) {
            self.redirect(redirect, &mut simple);
        }
        if !simple.redirects.is_empty() {
            self.push(simple);
        }
    }

    fn redirect(&mut self, redirect: &IoRedirect, simple: &mut Simple) {
        let target = match redirect {
            IoRedirect::File(_, _, target) => match target {
                IoFileRedirectTarget::Duplicate(word) if is_descriptor(&word.value) => return,
                IoFileRedirectTarget::Filename(word) | IoFileRedirectTarget::Duplicate(word) => {
                    word
                }
                IoFileRedirectTarget::Fd(_) => return,
                IoFileRedirectTarget::ProcessSubstitution(_, inner) => {
                    return self.substitution(inner);
                }
            },
            IoRedirect::OutputAndError(word, _) => word,
            IoRedirect::HereString(_, word) => {
                self.line.doubt(Doubt::HereText);
                for word in self.word(&word.value) {
                    self.here_text(simple, &word.text);
                }
                return;
            }
            IoRedirect::HereDocument(_, document) => {
                self.line.doubt(Doubt::HereText);
                if document.requires_expansion {
                    let quoted = format!("\"{}\"", document.doc.value.replace('"', "\\\""));
                    self.word(&quoted);
                }
                return self.here_text(simple, &document.doc.value);
            }
        };
        let targets = self.word(&target.value);
        if targets.len() != 1 || targets.iter().any(|target| target.text.starts_with(['!', '&'])) {
            // The second is bash's file and zsh's operator.
            self.line.doubt(Doubt::Expansion);
        }
        simple.redirects.extend(targets);
    }

    /// A text that a command gets to read: a shell runs it.
    fn here_text(&mut self, simple: &Simple, text: &str) {
        if simple.words.iter().any(|word| wrapper::is_shell(&word.text)) {
            self.inner(text);
        }
    }

    /// Reads a word, and what it runs.
    fn word(&mut self, raw: &str) -> Vec<Word> {
        let mut findings = Findings::default();
        let words = word::read(raw, self.home, &mut findings);
        findings.doubts.iter().for_each(|doubt| self.line.doubt(*doubt));
        if words.iter().any(|word| !word.exact) {
            self.line.doubt(Doubt::Expansion);
        }
        for command in findings.commands {
            self.inner(&command);
        }
        words
    }
}

fn is_descriptor(text: &str) -> bool {
    let number = text.strip_suffix('-').unwrap_or(text);
    number.len() <= 9 && number.bytes().all(|c| c.is_ascii_digit())
}

/// Whether the parser could take for ever. All of this puts a line in doubt anyway.
fn is_slow(tokens: &[Token]) -> bool {
    let retried = tokens.iter().map(|token| match token {
        Token::Operator(text, _) => text.bytes().filter(|c| *c == b'(').count(),
        Token::Word(text, _) => usize::from(text == "case"),
    });
    retried.sum::<usize>() > MAX_RETRIED
}

/// Whether the parser could run out of stack, or panics at a number that it cannot hold.
fn is_dangerous(text: &str) -> bool {
    let openers = text.bytes().filter(|c| b"({[`".contains(c)).count();
    let words = ["if", "while", "until", "for", "case", "do", "then", "coproc", "function", "!"];
    let nests = |word: &str| words.contains(&word);
    let nested = text.split(|c: char| c.is_whitespace() || c == ';').filter(|word| nests(word));
    let numbers = text.as_bytes().windows(10).enumerate().any(|(at, window)| {
        let is_number = window.iter().all(u8::is_ascii_digit);
        let before = text.as_bytes()[..at].last();
        let after = text.as_bytes()[at..].iter().find(|c| !c.is_ascii_digit());
        is_number
            && (matches!(before, Some(b'~' | b'+' | b'-')) || matches!(after, Some(b'<' | b'>')))
    });
    openers + nested.count() > MAX_OPENERS || numbers
}
