//! Patterns of a command's words.
//!
//! An allow rule's pattern must describe the whole command; of a deny or ask rule's it is enough
//! that the command has all that the pattern names.

use crate::shell::{Simple, Word};

/// A pattern such as `["git", "push", "--force|-f"]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    tokens: Vec<Token>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// `**`: any number of words.
    Rest,
    /// One word: any of these. `*` in one is any text.
    Word(Vec<String>),
}

impl Pattern {
    /// Takes the words of a pattern, or says what is wrong with it.
    pub(crate) fn new<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, &'static str> {
        let mut tokens = Vec::new();
        for word in words {
            if word == "**" {
                tokens.push(Token::Rest);
            } else if word.contains("**") {
                return Err("`**` stands alone, for any number of words");
            } else {
                tokens.push(Token::Word(word.split('|').map(str::to_owned).collect()));
            }
        }
        match tokens.first() {
            None => Err("a pattern needs at least the command's name"),
            Some(Token::Word(names))
                if names.iter().all(|name| !name.is_empty() && name != "*") =>
            {
                Ok(Self { tokens })
            }
            Some(_) => Err("a pattern begins with the command's name"),
        }
    }

    /// Whether it describes all of these words. Where `named` says so, a word must stand in the
    /// pattern itself, and no `*` or `**` will do.
    pub(crate) fn covers(&self, words: &[Word], named: &[bool]) -> bool {
        let exact = words.iter().all(|word| word.exact);
        exact && covers(&self.tokens, words, named)
    }

    /// Whether a command has all that the pattern names: the command's name whatever its folder, the
    /// words in this order with anything between them, and the options anywhere, however they are
    /// written.
    pub(crate) fn is_in(&self, simple: &Simple) -> bool {
        let Some((Token::Word(names), rest)) = self.tokens.split_first() else { return false };
        let Some((command, arguments)) = simple.words.split_first() else { return false };
        let is_name = |name: &String| {
            wild(name, simple.name()) || (name.contains('/') && wild(name, &command.text))
        };
        if !names.iter().any(is_name) {
            return false;
        }
        let (mut left, mut rest) = (arguments.iter(), rest);
        if let Some((choices, behind)) = subcommands(rest) {
            let Some(at) = subcommand_in(arguments, choices) else { return false };
            (left, rest) = (arguments[at + 1..].iter(), behind);
        }
        rest.iter().all(|token| match token {
            Token::Rest => true,
            Token::Word(choices) => {
                let options = || choices.iter().filter(|choice| choice.starts_with('-'));
                let mut plain = choices.iter().filter(|choice| !choice.starts_with('-')).peekable();
                let is_option = |word: &Word| options().any(|o| has_option(o, &word.text));
                arguments.iter().any(is_option)
                    || has_letters(options(), arguments)
                    || (plain.peek().is_some()
                        && left.any(|word| plain.clone().any(|choice| wild(choice, &word.text))))
            }
        })
    }

    /// Whether every command that `other` describes is also found by this one. Says no where it
    /// cannot tell.
    pub(crate) fn finds_all_of(&self, other: &Self) -> bool {
        let words = other.tokens.iter().filter_map(|token| match token {
            Token::Rest => None,
            Token::Word(choices) => match &choices[..] {
                [only] if !only.contains('*') => Some(Word::known(only.as_str())),
                // Never found, so that the answer is no.
                _ => Some(Word::known("\0")),
            },
        });
        self.is_in(&Simple { words: words.collect(), ..Simple::default() })
    }

    /// A command that this pattern describes and that has all that `other` names, if one is easily
    /// found.
    pub(crate) fn example_with(&self, other: &Self) -> Option<String> {
        let plain = |token: &Token| match token {
            Token::Rest => None,
            Token::Word(choices) => choices.first().map(|choice| choice.replace('*', "x")),
        };
        let wanted: Vec<_> = other.tokens.iter().filter_map(plain).collect();
        let mut words = Vec::new();
        for token in &self.tokens {
            match plain(token) {
                Some(word) => words.push(word),
                None => words.extend(
                    wanted.iter().filter(|word| !words.contains(word)).cloned().collect::<Vec<_>>(),
                ),
            }
        }
        let simple = Simple {
            words: words.iter().map(|word| Word::known(word.as_str())).collect(),
            ..Simple::default()
        };
        (self.covers(&simple.words, &[]) && other.is_in(&simple)).then(|| words.join(" "))
    }

    /// What a command has that this describes or finds, for an index: one of these names, and among
    /// its arguments one of these subcommands, if there are any. None if a name has a `*` in it.
    pub(crate) fn names(&self) -> Option<(Vec<&str>, &[String])> {
        let Some(Token::Word(names)) = self.tokens.first() else { return None };
        if names.iter().any(|name| name.contains('*')) {
            return None;
        }
        let names = names.iter().map(|name| name.rsplit('/').next().unwrap_or(name)).collect();
        Some((names, subcommands(&self.tokens[1..]).map_or(&[], |(choices, _)| choices)))
    }
}

/// The subcommands that a pattern names behind the command, and what comes then.
fn subcommands(tokens: &[Token]) -> Option<(&[String], &[Token])> {
    match tokens.split_first() {
        Some((Token::Word(choices), rest))
            if choices.iter().all(|name| may_be_subcommand(name)) =>
        {
            Some((choices, rest))
        }
        _ => None,
    }
}

fn covers(tokens: &[Token], words: &[Word], named: &[bool]) -> bool {
    let must_be_named = named.first().copied().unwrap_or(false);
    match (tokens.split_first(), words.split_first()) {
        (None, None) => true,
        (None, Some(_)) => false,
        (Some((Token::Rest, more)), None) => covers(more, words, named),
        (Some((Token::Rest, more)), Some((_, rest))) => {
            // A pattern has few words, and a command that must be described in whole not many.
            covers(more, words, named)
                || (!must_be_named && covers(tokens, rest, &named[1.min(named.len())..]))
        }
        (Some((Token::Word(_), _)), None) => false,
        (Some((Token::Word(choices), more)), Some((word, rest))) => {
            let fits = choices.iter().any(|choice| {
                if must_be_named { *choice == word.text } else { wild(choice, &word.text) }
            });
            fits && covers(more, rest, &named[1.min(named.len())..])
        }
    }
}

/// Whether `text` is `pattern`, in which `*` is any text.
fn wild(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(start) else { return false };
    let Some((pieces, end)) = rest.rsplit_once('*') else { return text.ends_with(rest) };
    for piece in pieces.split('*') {
        let Some(at) = text.find(piece) else { return false };
        text = &text[at + piece.len()..];
    }
    text.ends_with(end)
}

/// Whether a word of a command is, or holds, this option.
pub(crate) fn has_option(option: &str, word: &str) -> bool {
    if wild(option, word) {
        return true;
    }
    let name = word.split_once('=').map_or(word, |(name, _)| name);
    if option.starts_with("--") {
        // An abbreviation, as GNU's programs take it.
        return name.len() > 2 && name.starts_with("--") && option.starts_with(name);
    }
    match option.strip_prefix('-') {
        Some(letter) if letter.chars().count() == 1 => {
            cluster(word).is_some_and(|c| c.contains(letter))
        }
        _ => false,
    }
}

/// Whether the letters of an option such as `-rf` are all there, in one cluster or in several.
fn has_letters<'o>(options: impl Iterator<Item = &'o String>, arguments: &[Word]) -> bool {
    options.filter_map(|option| cluster(option)).filter(|letters| letters.len() > 1).any(
        |letters| {
            letters.chars().all(|letter| {
                arguments.iter().filter_map(|word| cluster(&word.text)).any(|c| c.contains(letter))
            })
        },
    )
}

/// Whether a word may be a subcommand's name.
fn may_be_subcommand(word: &str) -> bool {
    word.starts_with(char::is_alphanumeric)
        && word.chars().all(|c| c.is_alphanumeric() || "-_".contains(c))
}

/// Where a subcommand of one of these names stands: only options, and a word behind each of them that
/// may be its value, can stand before it.
fn subcommand_in(arguments: &[Word], names: &[String]) -> Option<usize> {
    let is_option = |word: &Word| word.text.starts_with(['-', '+']);
    for (at, word) in arguments.iter().enumerate() {
        if names.contains(&word.text) {
            return Some(at);
        }
        let may_be_value = at > 0 && is_option(&arguments[at - 1]);
        if !is_option(word) && !may_be_value {
            return None;
        }
    }
    None
}

/// The letters of a word like `-rf`.
fn cluster(word: &str) -> Option<&str> {
    let letters = word.strip_prefix('-')?;
    let plain = !letters.is_empty() && letters.bytes().all(|c| c.is_ascii_alphanumeric());
    plain.then_some(letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn simple(line: &str) -> Simple {
        Simple { words: line.split(' ').map(Word::known).collect(), ..Simple::default() }
    }

    fn pattern(line: &str) -> Pattern {
        Pattern::new(line.split(' ')).unwrap()
    }

    #[test]
    fn an_allow_pattern_describes_the_whole_command() {
        for (text, line, covered) in [
            ("cargo test **", "cargo test", true),
            ("cargo test **", "cargo test -p x", true),
            ("cargo test **", "cargo build", false),
            ("cargo test **", "/tmp/cargo test", false),
            ("cargo test|check", "cargo check", true),
            ("cargo test|check", "cargo check -v", false),
            ("git log ** -n *", "git log --oneline -n 5", true),
            ("npm run test:*", "npm run test:unit", true),
            ("npm run test:*", "npm run deploy", false),
            ("ls", "ls", true),
            ("ls", "lsof", false),
        ] {
            assert_eq!(pattern(text).covers(&simple(line).words, &[]), covered, "{text} / {line}");
        }
    }

    #[test]
    fn what_must_be_named_is_not_covered_by_a_wildcard() {
        let words = simple("find . -delete").words;
        let named = [false, false, true];
        assert!(!pattern("find **").covers(&words, &named));
        assert!(!pattern("find * *").covers(&words, &named));
        assert!(pattern("find ** -delete").covers(&words, &named));
    }

    #[test]
    fn a_deny_pattern_finds_an_option_however_it_is_written() {
        for (text, line, found) in [
            ("git push --force|-f", "git push --force", true),
            ("git push --force|-f", "git push origin main -uf", true),
            ("git push --force|-f", "git -C . push --forc origin", true),
            ("git push --force|-f", "git push --force=yes", true),
            ("git push --force|-f", "git push origin feature-final", false),
            ("git push --force|-f", "git push --force-with-lease", false),
            ("git push ** +*", "git push origin +main", true),
            ("rm -rf", "rm -r -f x", true),
            ("rm -rf", "rm -fr x", true),
            ("rm -rf", "/bin/rm x -Rrvf", true),
            ("rm -rf", "rm -r x", false),
            ("rm -r|-R|--recursive", "rm --rec x", true),
            ("find -delete", "find . -name x -delete", true),
            ("rm", "lsrm", false),
            ("git push", "git -C /x -c a=b --no-pager push", true),
            ("cargo publish", "cargo +nightly publish", true),
            ("git push", "git diff push", false),
            ("cargo publish", "cargo test publish", false),
            ("rm /", "rm a /", true),
            ("rm ** x", "rm a x", true),
        ] {
            assert_eq!(pattern(text).is_in(&simple(line)), found, "{text} / {line}");
        }
    }
}
