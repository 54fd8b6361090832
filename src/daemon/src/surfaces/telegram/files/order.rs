//! What is said of files: `/file get` and `/file put`, in a message or under a file.

use std::iter::Peekable;
use std::str::Chars;

/// How the commands are used.
pub(super) const USAGE: &str = "/file get PATH [SESSION] sends a file of the session's folder. A file \
                                sent to me is put there; with the caption /file put [--overwrite] \
                                [PATH [SESSION]] it gets that path. A path with spaces is put in \
                                quotes.";

/// What somebody wants with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Order {
    /// To get it.
    Get {
        /// Its path in the session's folder.
        path: String,
        /// The session, where it is named.
        session: Option<String>,
    },
    /// To put it there.
    Put(Put),
}

/// Where a file is to be put.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Put {
    /// Its path in the session's folder, or that of the folder it goes into with its own name.
    pub(super) path: Option<String>,
    /// The session, where it is named.
    pub(super) session: Option<String>,
    /// Whether it may take another's place.
    pub(super) overwrite: bool,
}

/// Whether a text is this command, to this bot.
pub(super) fn is_command(text: &str, bot: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default();
    let Some(command) = first.strip_prefix('/') else { return false };
    let (command, whose) = command.split_once('@').unwrap_or((command, bot));
    command == "file" && whose.eq_ignore_ascii_case(bot)
}

impl Order {
    /// Reads the command; `None` where it is not used so.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut words = words(text)?.into_iter().skip(1);
        let what = words.next()?;
        let (flags, words): (Vec<_>, Vec<_>) = words.partition(|word| is_flag(word));
        let mut words = words.into_iter();
        let (path, session) = (words.next(), words.next());
        if words.next().is_some() {
            return None;
        }
        match (what.as_str(), path) {
            ("get", Some(path)) if flags.is_empty() => Some(Self::Get { path, session }),
            ("put", path) => {
                let known = |flag: &String| matches!(flag.as_str(), "overwrite" | "force");
                let overwrite = !flags.is_empty();
                let all_known = flags.iter().map(|flag| bare(flag).to_owned()).all(|f| known(&f));
                all_known.then_some(Self::Put(Put { path, session, overwrite }))
            }
            _ => None,
        }
    }
}

/// Phones write a dash for two hyphens.
fn is_flag(word: &str) -> bool {
    word.starts_with("--") || word.starts_with(['\u{2014}', '\u{2013}'])
}

fn bare(flag: &str) -> &str {
    flag.trim_start_matches(['-', '\u{2014}', '\u{2013}'])
}

/// The words of a text; what is in quotes is one. `None` where a quote is not closed.
fn words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut chars = text.chars().peekable();
    loop {
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        let word = match chars.peek() {
            None => return Some(words),
            Some('"' | '\u{201c}' | '\u{201d}' | '\u{201e}') => {
                chars.next();
                quoted(&mut chars)?
            }
            Some(_) => {
                let mut word = String::new();
                while let Some(c) = chars.next_if(|c| !c.is_whitespace()) {
                    word.push(c);
                }
                word
            }
        };
        words.push(word);
    }
}

fn quoted(chars: &mut Peekable<Chars<'_>>) -> Option<String> {
    let mut word = String::new();
    loop {
        match chars.next()? {
            '"' | '\u{201c}' | '\u{201d}' => return Some(word),
            c => word.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(path: &str, session: Option<&str>) -> Option<Order> {
        Some(Order::Get { path: path.to_owned(), session: session.map(str::to_owned) })
    }

    fn put(path: Option<&str>, session: Option<&str>, overwrite: bool) -> Option<Order> {
        let own = |text: Option<&str>| text.map(str::to_owned);
        Some(Order::Put(Put { path: own(path), session: own(session), overwrite }))
    }

    #[test]
    fn orders_are_read() {
        for (text, order) in [
            ("/file get a/b.txt", get("a/b.txt", None)),
            ("/file@pager_bot get a.txt web", get("a.txt", Some("web"))),
            ("/file get \"my file.txt\" web", get("my file.txt", Some("web"))),
            ("/file get \u{201c}my file.txt\u{201d}", get("my file.txt", None)),
            ("/file put", put(None, None, false)),
            ("/file put docs/", put(Some("docs/"), None, false)),
            ("/file put --overwrite a.txt web", put(Some("a.txt"), Some("web"), true)),
            ("/file put a.txt \u{2014}overwrite", put(Some("a.txt"), None, true)),
            ("/file  put\n --force  a.txt", put(Some("a.txt"), None, true)),
            ("/file", None),
            ("/file get", None),
            ("/file get --overwrite a", None),
            ("/file put --recursive a", None),
            ("/file put --overwrite --x a", None),
            ("/file get a b c", None),
            ("/file get \"a", None),
            ("/file drop a", None),
        ] {
            assert_eq!(Order::read(text), order, "{text}");
        }
    }

    #[test]
    fn only_the_command_to_this_bot_is_one() {
        for (text, is) in [
            ("/file get a", true),
            ("/file", true),
            ("/file@Pager_Bot put", true),
            ("/file@other_bot put", false),
            ("/files", false),
            ("file get a", false),
            ("", false),
        ] {
            assert_eq!(is_command(text, "pager_bot"), is, "{text}");
        }
    }
}
