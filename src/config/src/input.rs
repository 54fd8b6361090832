//! Reading one value of a file as what its key wants it to be.

use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::fmt::friendly::{Spacing, SpanParser, SpanPrinter};
use pager_core::sanitize;
use toml::Spanned;
use toml::de::DeValue;
use url::Url;

use crate::file::Facts;
use crate::mask::{contains_token, mask};

const PARSER: SpanParser = SpanParser::new();
const PRINTER: SpanPrinter = SpanPrinter::new().spacing(Spacing::None);

/// A value that is not taken, the place of it in the text, and what to do, if there is more to say
/// than what the key expects.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) span: Range<usize>,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Refusal {
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

impl From<Refusal> for Vec<Refusal> {
    fn from(refusal: Refusal) -> Self {
        vec![refusal]
    }
}

/// One value, and what must be known of the place it stands in.
pub(crate) struct Input<'a> {
    pub(crate) value: &'a Spanned<DeValue<'a>>,
    /// The file it is in.
    pub(crate) file: &'a Path,
    /// What the kernel says of that file.
    pub(crate) facts: Facts,
    /// The user who loads it.
    pub(crate) user: u32,
    /// What `~` stands for.
    pub(crate) home: Option<&'a Path>,
}

impl<'a> Input<'a> {
    /// This value refused.
    pub(crate) fn refuse(&self, message: impl Into<String>) -> Refusal {
        refuse(self.value, message)
    }

    pub(crate) fn boolean(&self) -> Result<bool, Refusal> {
        self.value.get_ref().as_bool().ok_or_else(|| wrong_type(self.value))
    }

    pub(crate) fn string(&self) -> Result<&'a str, Refusal> {
        self.value.get_ref().as_str().ok_or_else(|| wrong_type(self.value))
    }

    pub(crate) fn integer(&self) -> Result<i64, Refusal> {
        integer(self.value)
    }

    pub(crate) fn count(&self, range: RangeInclusive<u32>) -> Result<u32, Refusal> {
        let number = self.integer()?;
        u32::try_from(number)
            .ok()
            .filter(|number| range.contains(number))
            .ok_or_else(|| self.refuse(format!("{number} is out of range")))
    }

    pub(crate) fn duration(&self, range: RangeInclusive<Duration>) -> Result<Duration, Refusal> {
        let text = self.string()?;
        let duration = PARSER
            .parse_unsigned_duration(text)
            .map_err(|_| self.refuse(format!("{} is not a duration", quoted(text))))?;
        if !range.contains(&duration) {
            return Err(self.refuse(format!("{} is out of range", quoted(text))));
        }
        Ok(duration)
    }

    /// A path: `~/` stands for the home folder, a relative one begins in the folder of the file.
    pub(crate) fn path(&self) -> Result<PathBuf, Refusal> {
        let text = self.string()?;
        if text.is_empty() {
            return Err(self.refuse("the path is empty"));
        }
        if let Some(rest) = text.strip_prefix("~/") {
            let home = self.home.ok_or_else(|| self.refuse("HOME is not set, so ~ is unknown"))?;
            return Ok(home.join(rest));
        }
        if text.starts_with('~') {
            return Err(self.refuse("only ~/ is known, not another person's home"));
        }
        Ok(self.file.parent().unwrap_or(Path::new("/")).join(text))
    }

    /// The address of an HTTP server, without a slash at its end.
    pub(crate) fn http_url(&self) -> Result<Url, Refusal> {
        let text = self.string()?;
        let mut url = Url::parse(text)
            .map_err(|error| self.refuse(format!("{} is not a URL: {error}", quoted(text))))?;
        if !matches!(url.scheme(), "http" | "https") {
            let message = format!("the scheme {} is not http or https", quoted(url.scheme()));
            return Err(self.refuse(message));
        }
        if contains_token(text) {
            let refusal = self.refuse("a URL with a token in it is not taken");
            return Err(refusal.hint("name the server alone; `/bot<token>` is added to it"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(self.refuse("a URL with a user name or a password is not taken"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(self.refuse("a URL with a query or a fragment is not taken"));
        }
        // The methods' names are added to it, and a server need not take `//`.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty();
        }
        Ok(url)
    }
}

pub(crate) fn refuse(value: &Spanned<DeValue<'_>>, message: impl Into<String>) -> Refusal {
    Refusal { span: value.span(), message: message.into(), hint: None }
}

pub(crate) fn integer(value: &Spanned<DeValue<'_>>) -> Result<i64, Refusal> {
    let integer = value.get_ref().as_integer().ok_or_else(|| wrong_type(value))?;
    i64::from_str_radix(integer.as_str(), integer.radix())
        .map_err(|_| refuse(value, "the number does not fit in 64 bits"))
}

/// The refusal of a value whose type alone is wrong. The value is in the line that is shown, so it
/// need not be here, where nobody knows whether it is a secret.
pub(crate) fn wrong_type(value: &Spanned<DeValue<'_>>) -> Refusal {
    let found = match value.get_ref() {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or a time",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    };
    refuse(value, format!("{found} is not taken here"))
}

/// A text of a file as an error may show it: on one line, not too long, and no token.
pub(crate) fn shown(text: &str) -> String {
    sanitize::one_line(&mask(text), 80)
}

/// The same in quotes.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", shown(text))
}

/// A duration as it would be written in the file.
pub(crate) fn show_duration(duration: Duration) -> toml::Value {
    PRINTER.unsigned_duration_to_string(&duration).into()
}
