//! MarkdownV2, strict as the server is: eighteen reserved characters, and one slip fails the whole text.

use serde_json::Value;

use super::entities::{Entity, Formatted};
use super::html::checked_link;

const RESERVED: &str = "_*[]()~`>#+-=|{}.!";

struct Open {
    kind: &'static str,
    at: usize,
    text_from: usize,
    source_at: usize,
    language: Option<String>,
}

struct Parser<'a> {
    source: &'a str,
    pos: usize,
    text: String,
    units: usize,
    open: Vec<Open>,
    entities: Vec<Entity>,
    line_start: bool,
}

/// Parses MarkdownV2; the error is the sentence that follows "can't parse entities: ".
pub(crate) fn parse(source: &str) -> Result<Formatted, String> {
    let mut parser = Parser {
        source,
        pos: 0,
        text: String::new(),
        units: 0,
        open: Vec::new(),
        entities: Vec::new(),
        line_start: true,
    };
    while let Some(c) = parser.rest().chars().next() {
        parser.step(c)?;
    }
    parser.end_quote();
    match parser.open.last() {
        Some(open) => Err(unfinished(open)),
        None => Ok(Formatted { text: parser.text, entities: parser.entities }),
    }
}

fn unfinished(open: &Open) -> String {
    let name = match open.kind {
        "pre" => "PreCode",
        "code" => "Code",
        "bold" => "Bold",
        "italic" => "Italic",
        "underline" => "Underline",
        "strikethrough" => "Strikethrough",
        "spoiler" => "Spoiler",
        "text_link" => "TextUrl",
        other => other,
    };
    format!("Can't find end of {name} entity at byte offset {}", open.source_at)
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.source[self.pos..]
    }

    fn push(&mut self, c: char) {
        self.text.push(c);
        self.units += c.len_utf16();
        if c != '\r' {
            self.line_start = c == '\n';
        }
    }

    fn begin(&mut self, kind: &'static str, mark: usize) {
        let open = Open {
            kind,
            at: self.units,
            text_from: self.text.len(),
            source_at: self.pos,
            language: None,
        };
        self.open.push(open);
        self.pos += mark;
    }

    fn finish(&mut self, mark: usize, extra: Option<Value>) {
        self.pos += mark;
        if let Some(open) = self.open.pop()
            && self.units > open.at
        {
            let extra = extra.or_else(|| open.language.map(Value::from));
            self.entities
                .push(Entity { extra, ..Entity::new(open.kind, open.at, self.units - open.at) });
        }
    }

    fn step(&mut self, c: char) -> Result<(), String> {
        let mut after = self.rest().chars().skip(1);
        if c == '\\'
            && let Some(escaped) = after.next().filter(|c| (1..=126).contains(&(*c as u32)))
        {
            self.pos += 2;
            self.push(escaped);
            return Ok(());
        }
        let inside = self.open.last().map(|open| open.kind);
        let in_code = matches!(inside, Some("code" | "pre"));
        if c == '\n' && self.in_quote() && !self.rest().starts_with("\n>") {
            return self.close_quote_line();
        }
        let reserved = if in_code { c == '`' } else { RESERVED.contains(c) };
        if !reserved {
            self.pos += c.len_utf8();
            self.push(c);
            return Ok(());
        }
        let rest = self.rest();
        match (c, inside) {
            ('*', Some("bold")) | ('~', Some("strikethrough")) | ('`', Some("code")) => {
                self.finish(1, None);
            }
            ('_', Some("underline")) if rest.starts_with("__") => self.finish(2, None),
            ('_', Some("italic")) if !rest.starts_with("__") => self.finish(1, None),
            ('|', Some("spoiler")) if rest.starts_with("||") => self.finish(2, None),
            ('`', Some("pre")) if rest.starts_with("```") => self.finish(3, None),
            (']', Some("text_link")) => return self.end_link(),
            ('`', Some("pre")) => self.begin("code", 1),
            ('_', _) if rest.starts_with("__") => self.begin("underline", 2),
            ('_', _) => self.begin("italic", 1),
            ('*', _) => self.begin("bold", 1),
            ('~', _) => self.begin("strikethrough", 1),
            ('|', _) if rest.starts_with("||") => self.begin("spoiler", 2),
            ('[', _) => self.begin("text_link", 1),
            ('`', _) if rest.starts_with("```") => self.begin_pre(),
            ('`', _) => self.begin("code", 1),
            ('>', _) if self.line_start && self.in_quote() => self.pos += 1,
            ('>', _) if self.line_start => self.begin("blockquote", 1),
            _ => {
                return Err(format!(
                    "Character '{c}' is reserved and must be escaped with the preceding '\\'"
                ));
            }
        }
        Ok(())
    }

    fn begin_pre(&mut self) {
        self.begin("pre", 3);
        let rest = self.rest();
        let end = rest.find(|c: char| c.is_ascii_whitespace() || c == '`').unwrap_or(rest.len());
        if end > 0 && rest[end..].starts_with(|c: char| c.is_ascii_whitespace()) {
            self.pos += end;
            if let Some(open) = self.open.last_mut() {
                open.language = Some(rest[..end].to_owned());
            }
        }
        // One line break after the opening belongs to it.
        let rest = self.rest();
        self.pos += match rest.as_bytes() {
            [b'\r', b'\n', ..] | [b'\n', b'\r', ..] => 2,
            [b'\n' | b'\r', ..] => 1,
            _ => 0,
        };
    }

    fn end_link(&mut self) -> Result<(), String> {
        let from = self.open.last().map_or(0, |open| open.text_from);
        let mut url = self.text[from..].to_owned();
        self.pos += 1;
        if self.rest().starts_with('(') {
            self.pos += 1;
            let begin = self.pos;
            url.clear();
            loop {
                let mut chars = self.rest().chars();
                match (chars.next(), chars.next()) {
                    (None, _) => {
                        return Err(format!("Can't find end of a URL at byte offset {begin}"));
                    }
                    (Some('\\'), Some(escaped)) if escaped.is_ascii() => {
                        url.push(escaped);
                        self.pos += 2;
                    }
                    (Some(')'), _) => break self.pos += 1,
                    (Some(c), _) => {
                        url.push(c);
                        self.pos += c.len_utf8();
                    }
                }
            }
        }
        match checked_link(&url) {
            Some(url) => self.finish(0, Some(url.into())),
            None => drop(self.open.pop()),
        }
        Ok(())
    }

    fn in_quote(&self) -> bool {
        self.open.first().is_some_and(|open| open.kind == "blockquote")
    }

    /// A quote ends with the first line that does not begin with `>`; nothing opened in it may outlive it.
    fn close_quote_line(&mut self) -> Result<(), String> {
        self.end_quote();
        if let Some(open) = self.open.last() {
            return Err(unfinished(open));
        }
        self.pos += 1;
        self.push('\n');
        Ok(())
    }

    fn end_quote(&mut self) {
        // A spoiler opened and never filled at the very end of the quote makes it expandable.
        let empty_spoiler = self
            .open
            .last()
            .is_some_and(|open| open.kind == "spoiler" && open.source_at + 2 == self.pos);
        if self.in_quote() && (self.open.len() == 1 || (self.open.len() == 2 && empty_spoiler)) {
            if self.open.len() == 2 {
                self.open.pop();
                self.open[0].kind = "expandable_blockquote";
            }
            self.finish(0, None);
        }
    }
}
