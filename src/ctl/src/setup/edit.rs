//! Entering what setup found out into the text of pager.toml; everything else keeps its bytes.

use std::collections::BTreeMap;

use toml_edit::{
    Array, DocumentMut, InlineTable, Item, RawString, Table, TableLike, TomlError, Value,
};

use super::keyring::Attributes;

const SECRET_SERVICE: &str = "token_secret_service";
/// What a new file begins with.
const HEAD: &str = "# The configuration of pager: see pager.toml(5).\n";

/// Where the token is, as the file is to say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// Where the file says that it is.
    Kept,
    /// In this file, as it is to be written.
    File(String),
    /// In the Secret Service, by these attributes.
    SecretService(Attributes),
}

/// What the file is to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Where the token is.
    pub(crate) token: Place,
    /// The Bot API server; none leaves what the file says.
    pub(crate) api_url: Option<String>,
    /// Somebody to be allowed, beside those who are.
    pub(crate) user: i64,
    /// Where unprompted messages go.
    pub(crate) chat: i64,
}

/// The text after an edit, and what was done to which key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edited {
    pub(crate) text: String,
    /// Such as "telegram.chat = 5"; empty if the text said all of it before.
    pub(crate) changes: Vec<String>,
}

/// Why a text could not be edited.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EditError {
    /// It is not TOML.
    #[error("{0}")]
    Syntax(#[from] TomlError),
    /// Something stands where a table or an array would have to be.
    #[error("{0} is not {1}")]
    Shape(&'static str, &'static str),
}

/// Enters it; the same text comes back if it said so before.
pub(crate) fn edit(text: &str, wanted: &Wanted) -> Result<Edited, EditError> {
    let mut document: DocumentMut = if text.trim().is_empty() { "" } else { text }.parse()?;
    let telegram = document.entry("telegram").or_insert_with(|| Item::Table(Table::new()));
    let telegram = telegram.as_table_like_mut().ok_or(EditError::Shape("telegram", "a table"))?;
    let mut changes = Vec::new();

    // What would not be used any more is taken out: a secret that is of no use should not lie about.
    let others = match &wanted.token {
        Place::Kept => [].as_slice(),
        Place::File(file) => {
            set(telegram, "token_file", file.as_str(), &mut changes);
            &["token", SECRET_SERVICE]
        }
        Place::SecretService(attributes) => {
            let table = attributes.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            set(telegram, SECRET_SERVICE, table.collect::<InlineTable>(), &mut changes);
            &["token", "token_file"]
        }
    };
    for other in others {
        if telegram.remove(other).is_some() {
            changes.push(format!("telegram.{other} taken out"));
        }
    }
    if let Some(url) = &wanted.api_url {
        set(telegram, "api_url", url.as_str(), &mut changes);
    }
    allow(telegram, wanted.user, &mut changes)?;
    set(telegram, "chat", wanted.chat, &mut changes);

    if changes.is_empty() {
        return Ok(Edited { text: text.to_owned(), changes });
    }
    if let Some(inline) = document["telegram"].as_inline_table_mut()
        && !inline.to_string().contains('\n')
    {
        inline.fmt();
    }
    let mut text = document.to_string();
    if text.trim_start().starts_with("[telegram]") && !text.contains('#') {
        text = format!("{HEAD}\n{}", text.trim_start());
    }
    Ok(Edited { text, changes })
}

fn set(table: &mut dyn TableLike, key: &str, value: impl Into<Value>, changes: &mut Vec<String>) {
    let mut value = value.into();
    let shown = format!("telegram.{key} = {value}");
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(old) if same(old, &value) => return,
        Some(old) => {
            // Its comment stays with the key.
            *value.decor_mut() = old.decor().clone();
            *old = value;
        }
        None => {
            table.insert(key, Item::Value(value));
        }
    }
    changes.push(shown);
}

fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::String(a), Value::String(b)) => a.value() == b.value(),
        (Value::Integer(a), Value::Integer(b)) => a.value() == b.value(),
        (Value::InlineTable(a), Value::InlineTable(b)) => {
            let texts = |table: &InlineTable| -> BTreeMap<String, Option<String>> {
                let text = |(name, value): (&str, &Value)| {
                    (name.to_owned(), value.as_str().map(str::to_owned))
                };
                table.iter().map(text).collect()
            };
            texts(a) == texts(b)
        }
        _ => false,
    }
}

fn allow(table: &mut dyn TableLike, user: i64, changes: &mut Vec<String>) -> Result<(), EditError> {
    let users = table.entry("allowed_users").or_insert_with(|| Item::Value(Array::new().into()));
    let users =
        users.as_array_mut().ok_or(EditError::Shape("telegram.allowed_users", "an array"))?;
    if !users.iter().any(|known| known.as_integer() == Some(user)) {
        push(users, user);
        changes.push(format!("telegram.allowed_users with {user}"));
    }
    Ok(())
}

/// Adds a value in the manner of those before it: on a line of its own where they have theirs, so
/// that no comment comes to stand behind the wrong one.
fn push(users: &mut Array, user: i64) {
    let decor = |value: &Value| {
        let part =
            |part: Option<&RawString>| part.and_then(RawString::as_str).unwrap_or("").to_owned();
        (part(value.decor().prefix()), part(value.decor().suffix()))
    };
    let last = users.len().checked_sub(1).and_then(|last| users.get(last)).map(decor);
    let (prefix, suffix) = last.unwrap_or_default();
    let end = suffix + users.trailing().as_str().unwrap_or("");
    let (Some((before, closing)), Some((_, indent))) =
        (end.rsplit_once('\n'), prefix.rsplit_once('\n'))
    else {
        users.push(user);
        return;
    };
    if let Some(last) = users.iter_mut().last() {
        last.decor_mut().set_suffix("");
    }
    users.push_formatted(Value::from(user).decorated(format!("{before}\n{indent}"), ""));
    users.set_trailing(format!("\n{closing}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> Wanted {
        let token = Place::File("telegram-token".to_owned());
        Wanted { token, api_url: None, user: 5, chat: 5 }
    }

    fn after(text: &str) -> String {
        let edited = edit(text, &wanted()).unwrap();
        let again = edit(&edited.text, &wanted()).unwrap();
        assert_eq!((again.text, again.changes), (edited.text.clone(), vec![]), "not idempotent");
        edited.text
    }

    #[test]
    fn a_new_file_says_what_it_is() {
        let text = "# The configuration of pager: see pager.toml(5).\n\n[telegram]\n\
                    token_file = \"telegram-token\"\nallowed_users = [5]\nchat = 5\n";
        assert_eq!(after(""), text);
        assert_eq!(after("\n"), text);
    }

    #[test]
    fn comments_order_and_other_keys_stay() {
        let before = "# mine\n\n[approvals]\nwindow = \"2h\" # long\n\n[telegram] # the bot\n\
                      # who\nallowed_users = [\n  3, # the other one\n]\nchat = 3 # there\n\n\
                      [desktop]\nenabled = false\n";
        let after = after(before);
        for kept in [
            "# mine\n\n[approvals]\nwindow = \"2h\" # long\n",
            "[telegram] # the bot\n# who\nallowed_users = [\n  3, # the other one\n  5,\n]\n",
            "chat = 5 # there\n",
            "\n[desktop]\nenabled = false\n",
        ] {
            assert!(after.contains(kept), "{kept:?} is not in\n{after}");
        }
    }

    #[test]
    fn users_are_added_in_the_manner_of_the_others() {
        for (before, list) in [
            ("[]", "[5]"),
            ("[3]", "[3, 5]"),
            ("[3, 4,]", "[3, 4, 5,]"),
            ("[\n  3 # a\n]", "[\n  3, # a\n  5\n]"),
            (
                "[ # all\n    3,\n    4, # b\n    # end\n  ]",
                "[ # all\n    3,\n    4, # b\n    # end\n    5,\n  ]",
            ),
            ("[\n]", "[5\n]"),
        ] {
            let after = after(&format!("[telegram]\nallowed_users = {before}\n"));
            assert!(after.contains(&format!("allowed_users = {list}\n")), "{before:?}: {after}");
        }
    }

    #[test]
    fn every_way_to_write_a_table_is_kept() {
        assert_eq!(
            after("telegram = { chat = 3 }\n"),
            "telegram = { chat = 5, token_file = \"telegram-token\", allowed_users = [5] }\n"
        );
        assert_eq!(
            after("telegram.chat = 3\n"),
            "telegram.chat = 5\ntelegram.token_file = \"telegram-token\"\n\
             telegram.allowed_users = [5]\n"
        );
    }

    #[test]
    fn a_token_in_the_file_is_replaced_by_the_file_of_its_own() {
        let before = "[telegram]\ntoken = \"secret\"\n";
        let edited = edit(before, &wanted()).unwrap();
        assert!(!edited.text.contains("secret"));
        assert!(edited.changes.iter().all(|change| !change.contains("secret")));
        let kept = Wanted { token: Place::Kept, ..wanted() };
        assert!(edit(before, &kept).unwrap().text.contains("token = \"secret\"\n"));
    }

    #[test]
    fn one_place_of_the_token_takes_the_others_out() {
        let token = Place::SecretService([("service".to_owned(), "pager".to_owned())].into());
        let in_keyring = Wanted { token, ..wanted() };
        let text = edit(&after("[telegram]\n"), &in_keyring).unwrap().text;
        assert!(text.contains("token_secret_service = { service = \"pager\" }\n"), "{text}");
        assert!(!text.contains("token_file"), "{text}");
        assert!(edit(&text, &in_keyring).unwrap().changes.is_empty());
        assert!(!after(&text).contains("token_secret_service"));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for text in
            ["[telegram", "telegram = 5", "[telegram]\nallowed_users = \"5\"", "[[telegram]]"]
        {
            assert!(edit(text, &wanted()).is_err(), "{text}");
        }
    }
}
