//! Taking secrets out of text before it leaves: those that are known by their value, and whatever has
//! the form of one.
//!
//! Both are nets, and neither is the fence: a secret is best not put into a text at all. What is found
//! is replaced whole: no first letters, no length.

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// What stands in a secret's place.
pub const REDACTED: &str = "[redacted]";

/// A value shorter than this is no secret, or would be found where it is none.
const SHORTEST: usize = 8;

/// A form that secrets have.
struct Form {
    /// What it is.
    name: &'static str,
    /// Whether it begins with a word, and so not in the middle of one.
    word: bool,
    /// One of these is in every text that has it: to look for them is much faster than the pattern.
    needles: Needles,
    /// The group `keep` stays before the mark, if there is one; no pattern needs more than a look at
    /// each letter.
    pattern: &'static str,
}

/// What is before a word: no letter and no digit, but for those that only write something else (a
/// break in JSON, a sign in a URL, a colour on a terminal).
const BEFORE: &str =
    r"(?P<keep>^|[^A-Za-z0-9]|\\[bfnrt]|\\u[0-9A-Fa-f]{4}|%[0-9A-Fa-f]{2}|\[[0-9;]*m)";

type Needles = &'static [&'static str];

const fn word(name: &'static str, needles: Needles, pattern: &'static str) -> Form {
    Form { name, word: true, needles, pattern }
}

const fn text(name: &'static str, needles: Needles, pattern: &'static str) -> Form {
    Form { name, word: false, needles, pattern }
}

/// Every form that is known, the more telling first.
const FORMS: &[Form] = &[
    text(
        "private key",
        &["-----BEGIN "],
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?s:.*?)(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\z)",
    ),
    // Also as `…/bot123456:AAE…/getMe`, and with its colon escaped in a URL.
    text("bot token", &[":", "%3"], r"[0-9]{6,16}(?::|%3[aA])[A-Za-z0-9_-]{30,}"),
    text("URL password", &["://"], r"(?P<keep>[a-z][a-z0-9+.-]*://[^\s/@:]*:)[^\s/@]+@"),
    text(
        "Authorization header",
        &[""],
        r#"(?i)(?P<keep>authorization["']?\s*[:=]\s*["']?(?:[a-z]+\s+)?)[^\s"',;]{4,}"#,
    ),
    text("bearer", &[""], r"(?i)(?P<keep>\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{16,}"),
    word("sk-", &["sk-"], "sk-[A-Za-z0-9_-]{20,}"),
    word("sk-ant-", &["sk-"], "sk-(?:ant|or|proj|svcacct)-[A-Za-z0-9_-]{10,}"),
    word("GitHub token", &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], "gh[pousr]_[A-Za-z0-9]{16,}"),
    word("github_pat_", &["github_pat_"], "github_pat_[A-Za-z0-9_]{20,}"),
    word("AWS key", &["AKIA", "ASIA"], "A(?:KIA|SIA)[0-9A-Z]{16}"),
    word("Google key", &["AIza"], "AIza[0-9A-Za-z_-]{30,}"),
    word("Slack token", &["xox", "xapp-"], "(?:xox[abeoprs]|xapp)-[A-Za-z0-9-]{10,}"),
    word("GitLab token", &["glpat-"], "glpat-[A-Za-z0-9_-]{16,}"),
    word("npm token", &["npm_"], "npm_[A-Za-z0-9]{30,}"),
    word("Hugging Face token", &["hf_"], "hf_[A-Za-z0-9]{30,}"),
    word("JSON web token", &["eyJ"], r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"),
    // What is left of one where a text was shortened: too little to be known by its length.
    word(
        "cut key",
        &[CUT],
        "(?:sk-|gh[pousr]_|github_pat_|AKIA|ASIA|AIza|xox[abeoprs]-|xapp-|glpat-|npm_|hf_|eyJ)[A-Za-z0-9_.-]{4,}\u{2026}",
    ),
    text("cut bot token", &[CUT], "[0-9]{6,16}(?::|%3[aA])[A-Za-z0-9_-]{4,}\u{2026}"),
    text(
        "cut URL password",
        &[CUT],
        "(?P<keep>[a-z][a-z0-9+.-]*://[^\\s/@:]*:)[^\\s/@\u{2026}]*[^\\s/@0-9\u{2026}][^\\s/@\u{2026}]*\u{2026}",
    ),
    text(
        "cut bearer",
        &[CUT],
        "(?i)(?P<keep>\\b(?:bearer|basic)\\s+)[A-Za-z0-9._~+/=-]{4,}\u{2026}",
    ),
];

/// What stands where a text was shortened.
const CUT: &str = "\u{2026}";
/// Of a known value so much is left at least where it counts as one that was cut.
const LEFT: usize = 4;

#[expect(clippy::expect_used, reason = "constants, compiled by every test")]
static PATTERNS: LazyLock<Vec<(Needles, Regex)>> = LazyLock::new(|| {
    let pattern = |form: &Form| match form.word {
        true => Regex::new(&format!("{BEFORE}{}", form.pattern)),
        false => Regex::new(form.pattern),
    };
    FORMS.iter().map(|form| (form.needles, pattern(form).expect(form.name))).collect()
});

/// Takes secrets out of text.
#[derive(Clone, Default)]
pub struct Redactor {
    values: Vec<String>,
    home: Option<String>,
}

/// How many it knows; never which.
impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redactor({} values)", self.values.len())
    }
}

/// A text without its secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redacted<'a> {
    /// The text.
    pub text: Cow<'a, str>,
    /// How many secrets were taken out.
    pub hidden: usize,
    /// Whether nothing of what was taken out can be more than a value: no sign that a shell acts on.
    /// Whoever is to agree to a text must not be asked about one that hides the deed itself.
    pub inert: bool,
}

impl Redactor {
    /// One that knows the forms alone.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets it know a secret by its value. Of a bot's token the part behind the colon is one by
    /// itself.
    #[must_use]
    pub fn with_secret(mut self, value: &str) -> Self {
        let value = value.trim();
        let part = value.split_once(':').map(|(_, part)| part);
        let escaped = value.replace(':', "%3A");
        for value in [Some(value), part, Some(escaped.as_str())].into_iter().flatten() {
            if value.len() >= SHORTEST && !self.values.iter().any(|known| known == value) {
                self.values.push(value.to_owned());
            }
        }
        // A value that holds another is taken out first.
        self.values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        self
    }

    /// Lets it know the home folder, which [`Redactor::for_chat`] does not show.
    #[must_use]
    pub fn with_home(mut self, home: &str) -> Self {
        let home = home.trim_end_matches('/');
        self.home = (home.len() > 1).then(|| home.to_owned());
        self
    }

    /// The text without its secrets.
    pub fn clean<'a>(&self, text: &'a str) -> Redacted<'a> {
        let mut clean = Redacted { text: Cow::Borrowed(text), hidden: 0, inert: true };
        for value in &self.values {
            let found = clean.text.matches(value.as_str()).count();
            if found > 0 {
                clean.hidden += found;
                clean.inert &= is_inert(value);
                clean.text = Cow::Owned(clean.text.replace(value.as_str(), REDACTED));
            }
            if let Some((text, found)) = without_cut(&clean.text, value) {
                clean.hidden += found;
                clean.inert &= is_inert(value);
                clean.text = Cow::Owned(text);
            }
        }
        for (needles, pattern) in PATTERNS.iter() {
            if !needles.iter().any(|needle| clean.text.contains(needle)) {
                continue;
            }
            let (mut found, mut inert) = (0, true);
            let replaced = pattern.replace_all(&clean.text, |captures: &Captures<'_>| {
                let kept = captures.name("keep").map_or("", |kept| kept.as_str());
                let secret = &captures[0][kept.len()..];
                let end = ["@", CUT].into_iter().find(|end| secret.ends_with(end));
                let end = end.unwrap_or_default();
                let secret = secret.strip_suffix(end).unwrap_or(secret);
                if is_none(kept, secret) {
                    return captures[0].to_owned();
                }
                found += 1;
                inert &= is_inert(secret);
                format!("{kept}{REDACTED}{end}")
            });
            if found > 0 {
                let text = Cow::Owned(replaced.into_owned());
                let (hidden, inert) = (clean.hidden + found, clean.inert && inert);
                clean = Redacted { text, hidden, inert };
            }
        }
        clean
    }

    /// An error as it may be shown in a chat: without secrets, and with `~` for the home folder.
    pub fn for_chat<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let clean = self.clean(text).text;
        let Some(home) = &self.home else { return clean };
        if !clean.contains(home.as_str()) {
            return clean;
        }
        let mut out = String::with_capacity(clean.len());
        let mut rest = &*clean;
        while let Some(at) = rest.find(home.as_str()) {
            let end = at + home.len();
            let ends = rest[end..].chars().next().is_none_or(|c| !is_of_a_name(c));
            out.push_str(&rest[..at]);
            out.push_str(if ends { "~" } else { &rest[at..end] });
            rest = &rest[end..];
        }
        Cow::Owned(out + rest)
    }
}

/// The text without the beginnings of a value after which it was shortened, and how many there were.
fn without_cut(text: &str, value: &str) -> Option<(String, usize)> {
    let first = value.get(..LEFT).filter(|_| text.contains(CUT))?;
    let (mut out, mut rest, mut found) = (String::new(), text, 0);
    while let Some(at) = rest.find(first) {
        let same = |(a, b): &(char, char)| a == b;
        let common = rest[at..].chars().zip(value.chars()).take_while(same);
        let end = at + common.map(|(c, _)| c.len_utf8()).sum::<usize>();
        // A bot's number alone is known to everybody.
        let tells = !rest[at..end].bytes().all(|byte| byte.is_ascii_digit());
        out.push_str(&rest[..at]);
        if tells && rest[end..].starts_with(CUT) {
            out.push_str(REDACTED);
            found += 1;
        } else {
            out.push_str(&rest[at..end]);
        }
        rest = &rest[end..];
    }
    (found > 0).then(|| (out + rest, found))
}

/// Whether what has a secret's form is none: what is hidden already, the name of a variable that holds
/// one, a placeholder, or a word of English after "bearer".
fn is_none(kept: &str, secret: &str) -> bool {
    let scheme = kept.trim_end().to_ascii_lowercase();
    secret.starts_with(REDACTED)
        || secret.starts_with("$(")
        || secret
            .strip_prefix('$')
            .is_some_and(|name| name.starts_with(['{', '_']) || is_word(name))
        || (secret.starts_with('<') && secret.ends_with('>'))
        || (secret.starts_with('{') && secret.ends_with('}'))
        || (matches!(scheme.as_str(), "basic" | "bearer")
            && secret.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'))
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
}

/// Whether a text is a value and nothing else, whatever it stands in: letters, digits and the signs of
/// encodings. A key in its armour has lines, and between them there may be anything.
fn is_inert(secret: &str) -> bool {
    secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~+/=:%@,".contains(&byte))
}

/// Whether a folder's name goes on with it: `/home/adam` is not below `/home/ada`.
fn is_of_a_name(c: char) -> bool {
    c.is_alphanumeric() || "-_.".contains(c)
}

#[cfg(test)]
mod tests;
