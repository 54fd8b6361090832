//! A message as plain text, the way a phone lays it out: for golden files and failure reports.

use super::entities::{Entity, Formatted};
use super::keyboard::{Action, Button};
use super::view::{MessageView, View};

impl MessageView {
    /// Draws the message as a card with its buttons in rows.
    ///
    /// Numbers and times are left out, so that the same message always gives the same card.
    #[must_use]
    pub fn render_text(&self) -> String {
        let mut lines = Vec::new();
        if let Some(service) = &self.service {
            lines.push(format!("({service})"));
        }
        if self.reply_to.is_some() {
            lines.push("↩ reply".into());
        }
        if let Some(file) = &self.file {
            lines.push(format!("📎 {} ({} bytes)", file.name, file.bytes.len()));
        }
        if !self.content.text.is_empty() {
            lines.extend(mark_up(&self.content).split('\n').map(str::to_owned));
        }
        let marks = [(self.edits > 0, "edited"), (self.silent, "silent"), (self.pinned, "pinned")];
        let marks: Vec<&str> =
            marks.iter().filter(|(set, _)| *set).map(|(_, name)| *name).collect();
        if !marks.is_empty() {
            lines.push(format!("· {}", marks.join(", ")));
        }
        let mut card = String::from(if self.from_bot { "┌─ bot\n" } else { "┌─ person\n" });
        for line in &lines {
            card.push_str(format!("│ {line}").trim_end());
            card.push('\n');
        }
        if !self.rows.is_empty() {
            card.push_str("├─\n");
        }
        for row in &self.rows {
            let row: Vec<String> = row.iter().map(face).collect();
            card.push_str(&format!("│ {}\n", row.join(" ")));
        }
        card.push_str("└─\n");
        card
    }
}

impl View {
    /// Draws all chats, one card after the other.
    #[must_use]
    pub fn render_text(&self) -> String {
        let mut text = String::new();
        for chat in self.chats.iter().filter(|chat| !chat.messages.is_empty()) {
            text.push_str(&format!("chat {}\n", chat.id));
            chat.messages.iter().for_each(|message| text.push_str(&message.render_text()));
        }
        text
    }
}

fn face(button: &Button) -> String {
    match &button.action {
        Action::Url(url) => format!("[ {} ↗ {url} ]", button.label),
        Action::Copy(_) => format!("[ {} ⧉ ]", button.label),
        Action::Callback(_) | Action::Other(..) => format!("[ {} ]", button.label),
    }
}

/// Shows entities by the marks people know from Markdown.
fn mark_up(content: &Formatted) -> String {
    let mut shown = String::new();
    let mut at = 0;
    let mut open: Vec<&Entity> = Vec::new();
    let mut next = content.entities.iter().peekable();
    for c in content.text.chars() {
        close(&mut shown, &mut open, at);
        while let Some(entity) = next.next_if(|entity| entity.offset <= at) {
            shown.push_str(&opening(entity));
            open.push(entity);
        }
        shown.push(c);
        at += c.len_utf16();
        if c == '\n'
            && open.iter().any(|entity| entity.kind.ends_with("blockquote") && entity.end() > at)
        {
            shown.push_str("> ");
        }
    }
    close(&mut shown, &mut open, at);
    shown
}

fn close(shown: &mut String, open: &mut Vec<&Entity>, at: usize) {
    while let Some(entity) = open.pop_if(|entity| entity.end() <= at) {
        shown.push_str(&closing(entity));
    }
}

fn opening(entity: &Entity) -> String {
    match entity.kind.as_str() {
        "bold" => "**".into(),
        "italic" => "_".into(),
        "underline" => "__".into(),
        "strikethrough" => "~~".into(),
        "spoiler" => "||".into(),
        "code" => "`".into(),
        "pre" => format!("```{}\n", extra(entity)),
        "blockquote" | "expandable_blockquote" => "> ".into(),
        "text_link" | "text_mention" => "[".into(),
        _ => String::new(),
    }
}

fn closing(entity: &Entity) -> String {
    match entity.kind.as_str() {
        "pre" => "\n```".into(),
        "text_link" | "text_mention" => format!("]({})", extra(entity)),
        "expandable_blockquote" => " ▾".into(),
        "blockquote" => String::new(),
        _ => opening(entity),
    }
}

fn extra(entity: &Entity) -> String {
    entity
        .extra
        .as_ref()
        .map(|extra| extra.as_str().map_or_else(|| extra.to_string(), str::to_owned))
        .unwrap_or_default()
}
