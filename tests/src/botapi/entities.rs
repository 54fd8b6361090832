//! Formatted text: a string with entities counted in UTF-16 units, cleaned as the real server does it.

use serde_json::{Value, json};

use super::refusal::Refusal;
use super::{html, markdown};

/// The kinds of entity a bot may send, with the name of their extra field.
const KINDS: [(&str, Option<&str>); 13] = [
    ("bold", None),
    ("italic", None),
    ("underline", None),
    ("strikethrough", None),
    ("spoiler", None),
    ("code", None),
    ("pre", Some("language")),
    ("text_link", Some("url")),
    ("text_mention", Some("user")),
    ("custom_emoji", Some("custom_emoji_id")),
    ("blockquote", None),
    ("expandable_blockquote", None),
    ("date_time", Some("unix_time")),
];
/// Found in the text by the server itself; sent by a bot they are passed over.
const AUTOMATIC: [&str; 8] = [
    "mention",
    "hashtag",
    "cashtag",
    "bot_command",
    "url",
    "email",
    "phone_number",
    "bank_card_number",
];
/// More of them are silently dropped.
const MOST_ENTITIES: usize = 100;
/// Before anything is parsed.
const MOST_RAW_BYTES: usize = 1 << 15;

/// One stretch of formatting.
#[derive(Clone, Debug, PartialEq)]
pub struct Entity {
    /// `bold`, `code`, `text_link`, …
    pub kind: String,
    /// First UTF-16 unit.
    pub offset: usize,
    /// Length in UTF-16 units.
    pub length: usize,
    /// The kind's own value: a language, an address, an emoji's id.
    pub extra: Option<Value>,
}

impl Entity {
    pub(crate) fn new(kind: &str, offset: usize, length: usize) -> Self {
        Self { kind: kind.into(), offset, length, extra: None }
    }

    pub(crate) fn end(&self) -> usize {
        self.offset + self.length
    }

    pub(crate) fn to_json(&self) -> Value {
        let mut object = json!({ "type": self.kind, "offset": self.offset, "length": self.length });
        if let (Some(field), Some(extra)) = (extra_field(&self.kind), &self.extra) {
            object[field] = extra.clone();
        }
        object
    }
}

fn extra_field(kind: &str) -> Option<&'static str> {
    KINDS.iter().find(|(name, _)| *name == kind).and_then(|(_, field)| *field)
}

/// Text as it is shown: without markup, with entities.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Formatted {
    /// The text itself.
    pub text: String,
    /// Sorted by offset, outer before inner.
    pub entities: Vec<Entity>,
}

/// What was taken from a bot, and what the real server would have thrown away without a word.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) formatted: Formatted,
    pub(crate) dropped: Vec<String>,
}

pub(crate) fn utf16_len(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Parses a text the way `sendMessage` does: by `parse_mode`, or with explicit entities.
pub(crate) fn parse(
    text: &str,
    parse_mode: &str,
    entities: Option<&Value>,
) -> Result<Parsed, Refusal> {
    if text.len() > MOST_RAW_BYTES {
        return Err(Refusal::bad("text is too long"));
    }
    let mut dropped = Vec::new();
    let unparsable = |why: String| Refusal::bad(format!("can't parse entities: {why}"));
    let mut formatted = match parse_mode.to_ascii_lowercase().as_str() {
        _ if text.is_empty() => Formatted::default(),
        "" | "none" => Formatted { text: text.into(), entities: explicit(entities, &mut dropped)? },
        "html" => html::parse(text, &mut dropped).map_err(unparsable)?,
        "markdownv2" => markdown::parse(text).map_err(unparsable)?,
        "markdown" => {
            return Err(Refusal::bad(
                "the double does not speak legacy Markdown: use HTML, MarkdownV2 or entities",
            ));
        }
        _ => return Err(Refusal::bad("unsupported parse_mode")),
    };
    formatted.entities.retain(|entity| entity.length > 0);
    // Outer before inner, so that nesting can be read from left to right.
    formatted.entities.sort_by(|a, b| (a.offset, b.length).cmp(&(b.offset, a.length)));
    drop_code_in_pre(&mut formatted.entities);
    check_bounds(&formatted)?;
    note_lost(&formatted, &mut dropped);
    Ok(Parsed { formatted: clean(&formatted), dropped })
}

fn explicit(entities: Option<&Value>, dropped: &mut Vec<String>) -> Result<Vec<Entity>, Refusal> {
    let Some(entities) = entities else { return Ok(Vec::new()) };
    let Some(list) = entities.as_array() else {
        dropped.push("entities are not an array".into());
        return Ok(Vec::new());
    };
    let mut parsed = Vec::new();
    for entity in list {
        let wrong = |why: &str| Refusal::bad(format!("can't parse MessageEntity: {why}"));
        if !entity.is_object() {
            return Err(wrong("expected an Object"));
        }
        let number = |field: &str| {
            let value =
                entity.get(field).ok_or_else(|| wrong(&format!("can't find field \"{field}\"")))?;
            value
                .as_i64()
                .ok_or_else(|| wrong(&format!("field \"{field}\" must be a valid Number")))
        };
        let (offset, length) = (number("offset")?, number("length")?);
        if !(0..=1_000_000).contains(&offset) {
            return Err(Refusal::bad(format!("receive an entity with incorrect offset {offset}")));
        }
        if !(0..=1_000_000).contains(&length) {
            return Err(Refusal::bad(format!("receive an entity with incorrect length {length}")));
        }
        let kind = entity.get("type").and_then(Value::as_str).unwrap_or_default();
        if AUTOMATIC.contains(&kind) {
            dropped.push(format!("a {kind} entity is not taken from bots"));
            continue;
        }
        let Some((kind, field)) = KINDS.iter().find(|(name, _)| *name == kind) else {
            return Err(wrong(if kind.is_empty() {
                "type is not specified"
            } else {
                "unsupported type specified"
            }));
        };
        let extra = field.and_then(|field| entity.get(field)).cloned();
        if field.is_some() && extra.is_none() && *kind != "pre" {
            return Err(wrong(&format!("can't find field \"{}\"", field.unwrap_or_default())));
        }
        for name in entity.as_object().into_iter().flat_map(|object| object.keys()) {
            let known =
                ["type", "offset", "length"].contains(&name.as_str()) || *field == Some(name);
            let format = name == "date_time_format" && *kind == "date_time";
            if !known && !format {
                dropped.push(format!("a {kind} entity has no field {name:?}"));
            }
        }
        parsed.push(Entity {
            kind: (*kind).into(),
            offset: offset as usize,
            length: length as usize,
            extra,
        });
    }
    Ok(parsed)
}

/// `<pre><code>` without a language is one block: the inner entity says nothing and goes.
fn drop_code_in_pre(entities: &mut Vec<Entity>) {
    let blocks: Vec<(usize, usize)> = entities
        .iter()
        .filter(|entity| entity.kind == "pre")
        .map(|entity| (entity.offset, entity.length))
        .collect();
    entities.retain(|entity| {
        entity.kind != "code" || !blocks.contains(&(entity.offset, entity.length))
    });
}

fn check_bounds(formatted: &Formatted) -> Result<(), Refusal> {
    let units: Vec<u16> = formatted.text.encode_utf16().collect();
    let splits_pair = |at: usize| units.get(at).is_some_and(|unit| (0xdc00..0xe000).contains(unit));
    for Entity { offset, length, .. } in &formatted.entities {
        let end = offset + length;
        if *offset >= units.len() {
            return Err(Refusal::bad(format!(
                "entity begins after the end of the text at UTF-16 offset {offset}"
            )));
        }
        if end > units.len() {
            return Err(Refusal::bad(format!(
                "entity beginning at UTF-16 offset {offset} ends after the end of the text at UTF-16 offset {end}"
            )));
        }
        if splits_pair(*offset) {
            return Err(Refusal::bad(format!(
                "entity begins in a middle of a UTF-16 symbol at UTF-16 offset {offset}"
            )));
        }
        if splits_pair(end) {
            return Err(Refusal::bad(format!(
                "entity beginning at UTF-16 offset {offset} ends in a middle of a UTF-16 symbol"
            )));
        }
    }
    Ok(())
}

/// The server neither nests anything in code nor lets links and code overlap, and it does not say so.
fn note_lost(formatted: &Formatted, dropped: &mut Vec<String>) {
    let entities = &formatted.entities;
    if entities.len() > MOST_ENTITIES {
        dropped.push(format!("{} entities are more than {MOST_ENTITIES}", entities.len()));
    }
    let is_code = |entity: &Entity| matches!(entity.kind.as_str(), "code" | "pre");
    for (index, outer) in entities.iter().enumerate() {
        for inner in &entities[index + 1..] {
            if inner.offset >= outer.end() {
                break;
            }
            let quotes = outer.kind.ends_with("blockquote") && inner.end() <= outer.end();
            let crosses = inner.end() > outer.end();
            if (is_code(outer) || is_code(inner) || crosses) && !quotes {
                dropped
                    .push(format!("{} over {} at offset {}", inner.kind, outer.kind, inner.offset));
            }
        }
    }
}

/// Takes out what never reaches a screen: carriage returns, embedding and override controls, blanks at the ends.
fn clean(formatted: &Formatted) -> Formatted {
    let mut text = String::with_capacity(formatted.text.len());
    // New position of every old UTF-16 unit, and of the end.
    let mut moved = Vec::with_capacity(formatted.text.len() + 1);
    let mut at = 0;
    for c in formatted.text.chars() {
        (0..c.len_utf16()).for_each(|_| moved.push(at));
        let kept = match c {
            '\r' | '\u{2028}'..='\u{202e}' | '\u{333}' | '\u{33f}' | '\u{30a}' => None,
            '\n' => Some('\n'),
            '\0'..='\u{1f}' => Some(' '),
            other => Some(other),
        };
        if let Some(kept) = kept {
            text.push(kept);
            at += kept.len_utf16();
        }
    }
    moved.push(at);
    let blank = |c: char| c == ' ' || c == '\n';
    let end = utf16_len(text.trim_end_matches(blank));
    let mut entities: Vec<Entity> = formatted.entities.clone();
    for entity in &mut entities {
        let (from, to) = (moved[entity.offset], moved[entity.end()].min(end));
        (entity.offset, entity.length) = (from, to.saturating_sub(from));
    }
    entities.retain(|entity| entity.length > 0);
    let text = text.trim_end_matches(blank);
    // Leading blanks go only as far as the first entity.
    let first = entities.iter().map(|entity| entity.offset).min().unwrap_or(usize::MAX);
    let leading = text.bytes().take_while(|b| blank(*b as char)).count().min(first);
    entities.iter_mut().for_each(|entity| entity.offset -= leading);
    Formatted { text: text[leading..].to_owned(), entities }
}

/// Finds what the server marks in a person's message by itself: the commands, and whom it names.
pub(crate) fn find_entities(text: &str) -> Vec<Entity> {
    let mut found = Vec::new();
    let mut at = 0;
    for word in text.split_inclusive(char::is_whitespace) {
        let bare = word.trim_end();
        let name = bare.strip_prefix('/').unwrap_or_default();
        let length = name
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '@'))
            .unwrap_or(name.len());
        if (1..=64).contains(&length) {
            found.push(Entity::new("bot_command", at, length + 1));
        }
        let name = bare.strip_prefix('@').unwrap_or_default();
        let length =
            name.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(name.len());
        if (4..=32).contains(&length) {
            found.push(Entity::new("mention", at, length + 1));
        }
        at += utf16_len(word);
    }
    found
}
