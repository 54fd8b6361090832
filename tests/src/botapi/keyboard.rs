//! Inline keyboards: the rules their buttons must keep.

use serde_json::{Map, Value, json};

use super::html::checked_link;
use super::refusal::Refusal;

const MOST_BUTTONS: usize = 100;
const LONGEST_DATA: usize = 64;
const LONGEST_COPY: usize = 256;
const LONGEST_PLACEHOLDER: usize = 64;
const STYLES: [&str; 5] = ["", "default", "primary", "danger", "success"];

/// Fields of an `InlineKeyboardButton` that say what it does.
const ACTIONS: [&str; 10] = [
    "url",
    "callback_data",
    "callback_game",
    "pay",
    "switch_inline_query",
    "switch_inline_query_chosen_chat",
    "switch_inline_query_current_chat",
    "login_url",
    "web_app",
    "copy_text",
];

/// One button under a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Button {
    /// What it says.
    pub label: String,
    /// What it does.
    pub action: Action,
    /// `primary`, `danger`, `success`, or empty.
    pub style: String,
}

/// What a tap on a button does.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Sends the bot these bytes.
    Callback(String),
    /// Opens an address.
    Url(String),
    /// Puts a text on the clipboard.
    Copy(String),
    /// Something else the Bot API knows and the double only keeps.
    Other(String, Value),
}

/// Rows of buttons.
pub type Rows = Vec<Vec<Button>>;

/// What a call's `reply_markup` came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Markup {
    #[default]
    None,
    Inline(Rows),
    /// A reply keyboard, its removal or a forced reply, kept as it came.
    Other(Value),
}

impl Markup {
    pub(crate) fn rows(&self) -> &[Vec<Button>] {
        match self {
            Self::Inline(rows) => rows,
            Self::None | Self::Other(_) => &[],
        }
    }
}

/// Reads a `reply_markup`; `ignored` takes what the server would pass over without a word.
pub(crate) fn parse(markup: Option<&Value>, ignored: &mut Vec<String>) -> Result<Markup, Refusal> {
    let Some(markup) = markup else { return Ok(Markup::None) };
    let Some(object) = markup.as_object() else {
        return Err(Refusal::bad("object expected as reply markup"));
    };
    let Some(rows) = object.get("inline_keyboard") else {
        return other(object, ignored);
    };
    note_unknown(object, &["inline_keyboard"], "InlineKeyboardMarkup", ignored);
    let array_of_arrays = || {
        Refusal::bad(
            "field \"inline_keyboard\" of the InlineKeyboardMarkup must be an Array of Arrays",
        )
    };
    let mut parsed = Rows::new();
    for row in rows.as_array().ok_or_else(array_of_arrays)? {
        let row = row.as_array().ok_or_else(array_of_arrays)?;
        let row = row.iter().map(|one| button(one, ignored)).collect::<Result<Vec<_>, _>>()?;
        if row.is_empty() {
            ignored.push("an empty row of buttons".into());
            continue;
        }
        parsed.push(row);
    }
    // One bad button voids them all, so the rules of the server behind come after all are read.
    for button in parsed.iter().flatten() {
        check(button)?;
    }
    if parsed.iter().flatten().count() > MOST_BUTTONS {
        return Err(Refusal::bad("reply markup is too long"));
    }
    Ok(if parsed.is_empty() { Markup::None } else { Markup::Inline(parsed) })
}

fn other(object: &Map<String, Value>, ignored: &mut Vec<String>) -> Result<Markup, Refusal> {
    if let Some(force) = object.get("force_reply") {
        let known = ["force_reply", "input_field_placeholder", "selective"];
        note_unknown(object, &known, "ForceReply", ignored);
        if force != &Value::Bool(true) {
            ignored.push("a ForceReply that forces nothing".into());
            return Ok(Markup::None);
        }
        let placeholder = object.get("input_field_placeholder").map(Value::as_str);
        if placeholder.is_some_and(|text| {
            text.is_none_or(|text| !(1..=LONGEST_PLACEHOLDER).contains(&text.chars().count()))
        }) {
            ignored.push("a placeholder of other than 1 to 64 characters".into());
        }
        return Ok(Markup::Other(Value::Object(object.clone())));
    }
    if ["keyboard", "remove_keyboard"].iter().any(|field| object.contains_key(*field)) {
        return Ok(Markup::Other(Value::Object(object.clone())));
    }
    Ok(Markup::None)
}

fn note_unknown(
    object: &Map<String, Value>,
    known: &[&str],
    what: &str,
    ignored: &mut Vec<String>,
) {
    for field in object.keys().filter(|field| !known.contains(&field.as_str())) {
        ignored.push(format!("{what} has no field {field:?}"));
    }
}

fn button(value: &Value, ignored: &mut Vec<String>) -> Result<Button, Refusal> {
    let wrong = |why: &str| Refusal::bad(format!("can't parse inline keyboard button: {why}"));
    let object =
        value.as_object().ok_or_else(|| wrong("InlineKeyboardButton must be an Object"))?;
    let text = |field: &str| match object.get(field) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(_) => Err(wrong(&format!("Field \"{field}\" must be of type String"))),
    };
    let label = text("text")?.ok_or_else(|| wrong("Can't find field \"text\""))?;
    let style = text("style")?.unwrap_or_default().to_ascii_lowercase();
    if !STYLES.contains(&style.as_str()) {
        return Err(wrong("invalid button style specified"));
    }
    let mut known = vec!["text", "style", "icon_custom_emoji_id"];
    known.extend(ACTIONS);
    note_unknown(object, &known, "InlineKeyboardButton", ignored);
    if ACTIONS.iter().filter(|action| object.contains_key(**action)).count() > 1 {
        ignored.push(format!("button {label:?} does more than one thing"));
    }
    let action = match (text("url")?, text("callback_data")?) {
        (Some(url), _) if !url.is_empty() => Action::Url(url),
        (_, Some(data)) if !data.is_empty() => Action::Callback(data),
        _ => {
            match ACTIONS[2..].iter().find_map(|name| object.get(*name).map(|value| (*name, value)))
            {
                Some(("copy_text", copy)) => {
                    let text = copy.get("text").and_then(Value::as_str);
                    Action::Copy(text.ok_or_else(|| wrong("Can't find field \"text\""))?.into())
                }
                Some((name, value)) => Action::Other(name.into(), value.clone()),
                None => return Err(wrong("Text buttons are unallowed in the inline keyboard")),
            }
        }
    };
    Ok(Button { label, action, style })
}

fn check(button: &Button) -> Result<(), Refusal> {
    if button.label.trim().is_empty() {
        return Err(Refusal::bad("inline keyboard button text must be non-empty"));
    }
    match &button.action {
        Action::Callback(data) if data.len() > LONGEST_DATA => {
            Err(Refusal::bad("BUTTON_DATA_INVALID"))
        }
        Action::Url(url) if checked_link(url).is_none() => Err(Refusal::bad(format!(
            "inline keyboard button URL '{url}' is invalid: Wrong HTTP URL"
        ))),
        Action::Copy(text) if !(1..=LONGEST_COPY).contains(&text.chars().count()) => {
            Err(Refusal::bad("BUTTON_COPY_TEXT_INVALID"))
        }
        _ => Ok(()),
    }
}

/// The keyboard as it stands in a `Message`.
pub(crate) fn to_json(rows: &[Vec<Button>]) -> Value {
    let button = |button: &Button| {
        let mut object = json!({ "text": button.label });
        if !button.style.is_empty() && button.style != "default" {
            object["style"] = button.style.clone().into();
        }
        match &button.action {
            Action::Callback(data) => object["callback_data"] = data.clone().into(),
            Action::Url(url) => object["url"] = url.clone().into(),
            Action::Copy(text) => object["copy_text"] = json!({ "text": text }),
            Action::Other(name, value) => object[name.as_str()] = value.clone(),
        }
        object
    };
    let rows: Vec<Vec<Value>> = rows.iter().map(|row| row.iter().map(button).collect()).collect();
    json!({ "inline_keyboard": rows })
}
