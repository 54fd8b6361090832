//! The HTML subset of `parse_mode: HTML`.

use serde_json::Value;

use super::entities::{Entity, Formatted};

const TAGS: [&str; 17] = [
    "a",
    "b",
    "strong",
    "i",
    "em",
    "s",
    "strike",
    "del",
    "u",
    "ins",
    "tg-spoiler",
    "tg-emoji",
    "tg-time",
    "span",
    "pre",
    "code",
    "blockquote",
];

struct Open {
    tag: String,
    argument: String,
    at: usize,
    text_from: usize,
}

struct Parser<'a> {
    source: &'a str,
    pos: usize,
    text: String,
    units: usize,
    open: Vec<Open>,
    entities: Vec<Entity>,
    dropped: &'a mut Vec<String>,
}

/// Parses HTML; the error is the sentence that follows "can't parse entities: ".
///
/// References the server does not know stay in the text as they are: not refused, but never what was meant,
/// so they are noted in `dropped`.
pub(crate) fn parse(source: &str, dropped: &mut Vec<String>) -> Result<Formatted, String> {
    let mut parser = Parser {
        source,
        pos: 0,
        text: String::new(),
        units: 0,
        open: Vec::new(),
        entities: Vec::new(),
        dropped,
    };
    while let Some(c) = parser.peek() {
        match c {
            '<' if parser.rest().starts_with("</") => parser.end_tag()?,
            '<' => parser.start_tag()?,
            '&' => {
                let c = parser.reference();
                parser.push(c);
            }
            _ => {
                parser.pos += c.len_utf8();
                parser.push(c);
            }
        }
    }
    if let Some(open) = parser.open.last() {
        return Err(format!("Can't find end tag corresponding to start tag \"{}\"", open.tag));
    }
    // The language of inline code means nothing; it was kept only for a <pre> around it.
    for entity in parser.entities.iter_mut().filter(|entity| entity.kind == "code") {
        entity.extra = None;
    }
    Ok(Formatted { text: parser.text, entities: parser.entities })
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.source[self.pos..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn push(&mut self, c: char) {
        self.text.push(c);
        self.units += c.len_utf16();
    }

    fn take_while(&mut self, keep: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|c| !keep(c)).unwrap_or(rest.len());
        self.pos += length;
        &rest[..length]
    }

    /// Decodes the reference at the cursor, or gives the ampersand itself.
    fn reference(&mut self) -> char {
        let begin = self.pos;
        self.pos += 1;
        let numeric = self.rest().strip_prefix('#').is_some();
        let decoded = if numeric {
            self.pos += 1;
            let radix = if self.rest().starts_with('x') { 16 } else { 10 };
            if radix == 16 {
                self.pos += 1;
            }
            let digits = self.take_while(|c| c.is_digit(radix));
            let code = u32::from_str_radix(digits, radix).ok().filter(|code| *code != 0);
            code.and_then(char::from_u32)
        } else {
            match self.take_while(|c| c.is_ascii_alphabetic()) {
                "lt" => Some('<'),
                "gt" => Some('>'),
                "amp" => Some('&'),
                "quot" => Some('"'),
                _ => None,
            }
        };
        if let Some(c) = decoded {
            if self.rest().starts_with(';') {
                self.pos += 1;
            }
            return c;
        }
        self.dropped.push(format!("an ampersand at byte offset {begin} is not escaped"));
        self.pos = begin + 1;
        '&'
    }

    fn start_tag(&mut self) -> Result<(), String> {
        let begin = self.pos;
        self.pos += 1;
        let tag = self.take_while(|c| !c.is_ascii_whitespace() && c != '>').to_ascii_lowercase();
        if self.peek().is_none() {
            return Err(format!("Unclosed start tag at byte offset {begin}"));
        }
        if !TAGS.contains(&tag.as_str()) {
            return Err(format!("Unsupported start tag \"{tag}\" at byte offset {begin}"));
        }
        let mut argument = String::new();
        loop {
            self.take_while(|c| c.is_ascii_whitespace());
            match self.peek() {
                None => return Err(format!("Unclosed start tag \"{tag}\" at byte offset {begin}")),
                Some('>') => break,
                Some(_) => {}
            }
            let (name, value) = self.attribute(&tag, begin)?;
            match (tag.as_str(), name.as_str()) {
                ("a", "href") | ("tg-emoji", "emoji-id") | ("tg-time", "unix") => argument = value,
                ("code", "class") => {
                    argument = value.strip_prefix("language-").unwrap_or_default().into();
                }
                ("span", "class") => {
                    argument = value.strip_prefix("tg-").unwrap_or_default().into();
                }
                ("blockquote", "expandable") => argument = "1".into(),
                ("tg-time", "format") => {}
                _ => self.dropped.push(format!("attribute {name:?} of <{tag}>")),
            }
        }
        self.pos += 1;
        if tag == "span" && argument != "spoiler" {
            return Err(format!(
                "Tag \"span\" must have class \"tg-spoiler\" at byte offset {begin}"
            ));
        }
        self.open.push(Open { tag, argument, at: self.units, text_from: self.text.len() });
        Ok(())
    }

    fn attribute(&mut self, tag: &str, begin: usize) -> Result<(String, String), String> {
        let unclosed = format!("Unclosed start tag \"{tag}\" at byte offset {begin}");
        let name = self
            .take_while(|c| !c.is_ascii_whitespace() && !matches!(c, '=' | '>' | '/' | '"' | '\''))
            .to_owned();
        if name.is_empty() {
            return Err(format!(
                "Empty attribute name in the tag \"{tag}\" at byte offset {begin}"
            ));
        }
        self.take_while(|c| c.is_ascii_whitespace());
        if !self.rest().starts_with('=') {
            return if self.rest().is_empty() { Err(unclosed) } else { Ok((name, String::new())) };
        }
        self.pos += 1;
        self.take_while(|c| c.is_ascii_whitespace());
        let quote = match self.peek() {
            None => return Err(unclosed),
            Some(quote @ ('"' | '\'')) => quote,
            Some(_) => {
                let from = self.pos;
                let value = self.take_while(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-');
                return match self.peek() {
                    Some(c) if c == '>' || c.is_ascii_whitespace() => {
                        Ok((name, value.to_ascii_lowercase()))
                    }
                    _ => Err(format!("Unexpected end of name token at byte offset {from}")),
                };
            }
        };
        self.pos += 1;
        let mut value = String::new();
        loop {
            match self.peek() {
                None => return Err(unclosed),
                Some('&') => value.push(self.reference()),
                Some(c) => {
                    self.pos += c.len_utf8();
                    if c == quote {
                        return Ok((name, value));
                    }
                    value.push(c);
                }
            }
        }
    }

    fn end_tag(&mut self) -> Result<(), String> {
        let begin = self.pos;
        let Some(open) = self.open.pop() else {
            return Err(format!("Unexpected end tag at byte offset {begin}"));
        };
        self.pos += 2;
        let tag = self.take_while(|c| !c.is_ascii_whitespace() && c != '>').to_ascii_lowercase();
        self.take_while(|c| c.is_ascii_whitespace());
        if self.peek() != Some('>') {
            return Err(format!("Unclosed end tag at byte offset {begin}"));
        }
        self.pos += 1;
        if !tag.is_empty() && tag != open.tag {
            return Err(format!(
                "Unmatched end tag at byte offset {begin}, expected \"</{}>\", found \"</{tag}>\"",
                open.tag
            ));
        }
        if self.units > open.at {
            self.close(&open)?;
        }
        Ok(())
    }

    fn close(&mut self, open: &Open) -> Result<(), String> {
        let (at, length) = (open.at, self.units - open.at);
        let mut entity = |kind: &str, extra: Option<Value>| {
            self.entities.push(Entity { extra, ..Entity::new(kind, at, length) });
        };
        match open.tag.as_str() {
            "i" | "em" => entity("italic", None),
            "b" | "strong" => entity("bold", None),
            "s" | "strike" | "del" => entity("strikethrough", None),
            "u" | "ins" => entity("underline", None),
            "tg-spoiler" | "span" => entity("spoiler", None),
            "blockquote" if open.argument.is_empty() => entity("blockquote", None),
            "blockquote" => entity("expandable_blockquote", None),
            "tg-emoji" => match open.argument.parse::<i64>() {
                Ok(id) if id != 0 => entity("custom_emoji", Some(id.to_string().into())),
                _ => return Err("Invalid custom emoji identifier specified".into()),
            },
            "tg-time" => match open.argument.parse::<i64>() {
                Ok(time) if time > 0 => entity("date_time", Some(time.into())),
                _ => self.dropped.push("a <tg-time> without a time".into()),
            },
            "a" => {
                let shown = &self.text[open.text_from..];
                let url = if open.argument.is_empty() { shown } else { &open.argument };
                match checked_link(url) {
                    Some(url) => self.entities.push(Entity {
                        extra: Some(url.into()),
                        ..Entity::new("text_link", at, length)
                    }),
                    None => self.dropped.push(format!("a link to {url:?}, which is no address")),
                }
            }
            // <pre><code class="language-x"> is one entity, in either order.
            _ => self.code(open, length),
        }
        Ok(())
    }

    fn code(&mut self, open: &Open, length: usize) {
        let language = Some(open.argument.clone()).filter(|language| !language.is_empty());
        let inner =
            self.entities.last_mut().filter(|last| last.offset == open.at && last.length == length);
        match (inner, open.tag.as_str()) {
            (Some(inner), "pre") if inner.kind == "code" && inner.extra.is_some() => {
                inner.kind = "pre".into();
            }
            (Some(inner), "code") if inner.kind == "pre" && language.is_some() => {
                inner.extra = language.map(Value::from);
            }
            (_, kind) => self.entities.push(Entity {
                extra: language.map(Value::from),
                ..Entity::new(kind, open.at, length)
            }),
        }
    }
}

/// The address as the server keeps it, or nothing where it takes it for none and drops the link.
pub(crate) fn checked_link(url: &str) -> Option<String> {
    let lower = url.to_ascii_lowercase();
    let schemes = ["http://", "https://", "tg://", "ton://", "tonsite://"];
    if schemes.iter().any(|scheme| lower.starts_with(scheme) && lower.len() > scheme.len()) {
        return Some(url.into());
    }
    let host = lower.split(['/', '?', '#']).next().unwrap_or_default();
    let is_host = host.contains('.')
        && !host.starts_with('.')
        && !host.ends_with('.')
        && host.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | ':' | '_'));
    is_host.then(|| format!("http://{url}"))
}
