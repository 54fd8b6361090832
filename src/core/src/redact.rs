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
    /// What it is, for the tests and the manual page.
    name: &'static str,
    /// The group `keep` stays before the mark, if there is one; no pattern needs more than a look at
    /// each letter.
    pattern: &'static str,
}

/// Every form that is known, the more telling first. `before` in front of one says that it does not
/// begin in the middle of a word.
const FORMS: &[Form] = &[
    Form {
        name: "private key",
        pattern: r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?s:.*?)(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\z)",
    },
    Form {
        name: "bot token",
        // Also as `…/bot123456:AAE…/getMe`, and with its colon escaped in a URL.
        pattern: r"[0-9]{6,16}(?::|%3[aA])[A-Za-z0-9_-]{30,}",
    },
    Form { name: "URL password", pattern: r"(?P<keep>[a-z][a-z0-9+.-]*://[^\s/@:]*:)[^\s/@]+@" },
    Form {
        name: "Authorization header",
        pattern: r#"(?i)(?P<keep>authorization["']?\s*[:=]\s*["']?(?:[a-z]+\s+)?)[^\s"',;]{4,}"#,
    },
    Form { name: "bearer", pattern: r"(?i)(?P<keep>\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{16,}" },
    Form { name: "sk-", pattern: r"(?P<keep>^|[^A-Za-z0-9])sk-[A-Za-z0-9_-]{20,}" },
    Form {
        name: "sk-ant-",
        pattern: r"(?P<keep>^|[^A-Za-z0-9])sk-(?:ant|or|proj|svcacct)-[A-Za-z0-9_-]{10,}",
    },
    Form { name: "GitHub token", pattern: r"(?P<keep>^|[^A-Za-z0-9])gh[pousr]_[A-Za-z0-9]{16,}" },
    Form { name: "github_pat_", pattern: r"(?P<keep>^|[^A-Za-z0-9])github_pat_[A-Za-z0-9_]{20,}" },
    Form { name: "AWS key", pattern: r"(?P<keep>^|[^A-Za-z0-9])A(?:KIA|SIA)[0-9A-Z]{16}" },
    Form { name: "Google key", pattern: r"(?P<keep>^|[^A-Za-z0-9])AIza[0-9A-Za-z_-]{30,}" },
    Form {
        name: "Slack token",
        pattern: r"(?P<keep>^|[^A-Za-z0-9])(?:xox[abeoprs]|xapp)-[A-Za-z0-9-]{10,}",
    },
    Form { name: "GitLab token", pattern: r"(?P<keep>^|[^A-Za-z0-9])glpat-[A-Za-z0-9_-]{16,}" },
    Form { name: "npm token", pattern: r"(?P<keep>^|[^A-Za-z0-9])npm_[A-Za-z0-9]{30,}" },
    Form { name: "Hugging Face token", pattern: r"(?P<keep>^|[^A-Za-z0-9])hf_[A-Za-z0-9]{30,}" },
    Form {
        name: "JSON web token",
        pattern: r"(?P<keep>^|[^A-Za-z0-9])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
    },
];

#[allow(clippy::expect_used, reason = "constants, compiled by every test")]
static PATTERNS: LazyLock<Vec<Regex>> =
    LazyLock::new(|| FORMS.iter().map(|form| Regex::new(form.pattern).expect(form.name)).collect());

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
        let mut clean = Redacted { text: Cow::Borrowed(text), hidden: 0 };
        for value in &self.values {
            let found = clean.text.matches(value.as_str()).count();
            if found > 0 {
                clean.hidden += found;
                clean.text = Cow::Owned(clean.text.replace(value.as_str(), REDACTED));
            }
        }
        for pattern in PATTERNS.iter() {
            let mut found = 0;
            let replaced = pattern.replace_all(&clean.text, |captures: &Captures<'_>| {
                found += 1;
                let kept = captures.name("keep").map_or("", |kept| kept.as_str());
                let at = if captures[0].ends_with('@') { "@" } else { "" };
                format!("{kept}{REDACTED}{at}")
            });
            if let Cow::Owned(replaced) = replaced {
                clean = Redacted { text: Cow::Owned(replaced), hidden: clean.hidden + found };
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

/// Whether a folder's name goes on with it: `/home/adam` is not below `/home/ada`.
fn is_of_a_name(c: char) -> bool {
    c.is_alphanumeric() || "-_.".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The letters of a secret that nobody has.
    fn letters(count: usize) -> String {
        "a1B2c3D4e5F6g7H8i9J0".chars().cycle().take(count).collect()
    }

    fn clean(text: &str) -> String {
        Redactor::new().clean(text).text.into_owned()
    }

    #[test]
    fn every_form_is_found_wherever_it_stands() {
        let secrets = [
            format!("123456789:{}", letters(35)),
            format!("123456789%3A{}", letters(35)),
            format!("sk-{}", letters(20)),
            format!("sk-ant-{}", letters(12)),
            format!("sk-ant-api03-{}-_{}", letters(20), letters(20)),
            format!("sk-or-v1-{}", letters(40)),
            format!("sk-proj-{}_{}", letters(20), letters(5)),
            format!("ghp_{}", letters(36)),
            format!("gho_{}", letters(36)),
            format!("ghu_{}", letters(36)),
            format!("ghs_{}", letters(36)),
            format!("ghr_{}", letters(36)),
            format!("github_pat_{}_{}", letters(22), letters(30)),
            format!("AKIA{}", "A1B2C3D4E5F6G7H8"),
            format!("ASIA{}", "A1B2C3D4E5F6G7H8"),
            format!("AIza{}", letters(35)),
            format!("xoxb-{}-{}", "123456789012", letters(24)),
            format!("xoxp-{}", letters(24)),
            format!("glpat-{}", letters(20)),
            format!("npm_{}", letters(36)),
            format!("hf_{}", letters(34)),
            format!("eyJ{}.{}.{}", letters(20), letters(40), letters(43)),
            format!(
                "-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n{}\n-----END OPENSSH PRIVATE KEY-----",
                letters(64),
                letters(64)
            ),
            format!("-----BEGIN RSA PRIVATE KEY-----\n{}", letters(64)),
        ];
        for secret in &secrets {
            let last = &secret[secret.len() - 8..];
            for text in [
                secret.clone(),
                format!("export KEY={secret}"),
                format!("{{\"key\":\"{secret}\"}}"),
                format!("first\n{secret}\nlast"),
                format!("({secret})"),
            ] {
                let cleaned = Redactor::new().clean(&text);
                assert_eq!(cleaned.hidden, 1, "{text}: {}", cleaned.text);
                assert!(!cleaned.text.contains(last), "{text}: {}", cleaned.text);
            }
        }
    }

    #[test]
    fn a_bots_token_is_found_inside_the_url_that_an_error_names() {
        let token = format!("123456789:{}", letters(35));
        let error = format!("error sending request for url (https://api.example/bot{token}/getMe)");
        assert_eq!(
            clean(&error),
            "error sending request for url (https://api.example/bot[redacted]/getMe)"
        );
    }

    #[test]
    fn what_surrounds_a_secret_stays() {
        for (text, expected) in [
            ("Authorization: Bearer abc.def.ghi", "Authorization: Bearer [redacted]"),
            (
                "curl -H 'authorization: token s3cr3tvalue' x",
                "curl -H 'authorization: token [redacted]' x",
            ),
            ("bearer abcdefghij0123456789", "bearer [redacted]"),
            ("postgres://ada:s3cr3t@db:5432/x", "postgres://ada:[redacted]@db:5432/x"),
        ] {
            assert_eq!(clean(text), expected);
        }
    }

    #[test]
    fn what_is_no_secret_survives() {
        for text in [
            "8080:abcdefghijkl",
            "2026-05-18T10:00:00Z and 2026:05:18T10:00:00.000",
            "the bearer of bad news",
            "a bearer certificate",
            "basic authentication",
            "task-abcdefghijklmnopqrstuvwxyz",
            "risk-assessment-of-the-whole-thing",
            "sk-learn",
            "ghp_short",
            "AKIA is a prefix",
            "https://example.org:8080/path@v1",
            "git@github.example:ada/project.git",
            "ssh://git@host/path",
            "eyJ alone",
            "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
            "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "3fa9c1d2e4b5 17:3fa9c1d2e4b5",
        ] {
            assert_eq!(clean(text), text);
        }
    }

    #[test]
    fn a_known_value_is_found_in_every_form_it_is_written_in() {
        let token = "123456:short-secret";
        let redactor = Redactor::new().with_secret(token);
        for text in [
            "123456:short-secret",
            "the part short-secret alone",
            "bot123456:short-secret/getMe",
            "bot123456%3Ashort-secret/getMe",
        ] {
            let cleaned = redactor.clean(text);
            assert!(!cleaned.text.contains("short-secret"), "{}", cleaned.text);
        }
        assert_eq!(redactor.clean("nothing of it").hidden, 0);
        assert!(!format!("{redactor:?}").contains("secret"));
        let trivial = Redactor::new().with_secret("ab").with_secret("");
        assert_eq!(trivial.clean("abab").text, "abab", "too short to be one");
    }

    #[test]
    fn a_chat_is_not_told_where_somebody_lives() {
        let redactor = Redactor::new().with_home("/home/ada/");
        for (text, expected) in [
            ("/home/ada/.config/pager: denied", "~/.config/pager: denied"),
            ("/home/ada", "~"),
            ("/home/adam/x and /home/ada/y", "/home/adam/x and ~/y"),
            ("nothing", "nothing"),
        ] {
            assert_eq!(redactor.for_chat(text), expected);
        }
        assert_eq!(Redactor::new().with_home("/").for_chat("/etc"), "/etc");
    }

    #[test]
    fn a_long_text_takes_no_longer_than_its_length() {
        let text = "sk-".repeat(100_000) + &"1".repeat(300_000) + &"://a:".repeat(50_000);
        assert!(Redactor::new().clean(&text).text.len() <= text.len() + 100_000);
    }
}
