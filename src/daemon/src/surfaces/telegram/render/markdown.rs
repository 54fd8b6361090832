//! A plan's Markdown in the few elements that Telegram has. Nothing in it can become a link, and
//! nothing in it is hidden: an address stands behind its text, HTML is shown as it is written.

use std::ops::Range;

use pager_core::sanitize::visible;
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

use super::html::{Html, Style};

/// A block of the source, and what is shown for it.
pub(super) struct Rendered {
    pub(super) source: Range<usize>,
    pub(super) html: Html,
}

/// The blocks of a text; none where the text has parts that no block would show.
pub(super) fn blocks(source: &str) -> Option<Vec<Rendered>> {
    let parser = Parser::new(source);
    if parser.reference_definitions().iter().next().is_some() {
        return None;
    }
    let mut blocks = Vec::new();
    let mut writer = Writer::default();
    let mut depth = 0_usize;
    for (event, range) in parser.into_offset_iter() {
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
        writer.take(event);
        if depth == 0 {
            blocks.push(Rendered { source: range, html: writer.finish() });
        }
    }
    Some(blocks)
}

#[derive(Debug, Default)]
struct Writer {
    html: Html,
    runs: Vec<(Style, String)>,
    style: Style,
    bold: usize,
    italic: usize,
    quotes: usize,
    /// For each list around: the number of its next item, if its items have numbers.
    lists: Vec<Option<u64>>,
    /// The marks of an item whose text has not begun.
    marked: bool,
    /// The text of a block that is shown as written, and its language.
    verbatim: Option<(String, String)>,
    /// The addresses of the links around, and where each one's text began.
    links: Vec<String>,
}

impl Writer {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => match &mut self.verbatim {
                Some((verbatim, _)) => verbatim.push_str(&text),
                None => self.run(&text),
            },
            Event::Html(text) => match &mut self.verbatim {
                Some((verbatim, _)) => verbatim.push_str(&text),
                None => self.code(&text),
            },
            Event::Code(text) | Event::InlineHtml(text) => self.code(&text),
            Event::SoftBreak | Event::HardBreak => self.new_line(),
            Event::Rule => self.run("———"),
            // Of extensions that are not on.
            Event::InlineMath(text) | Event::DisplayMath(text) | Event::FootnoteReference(text) => {
                self.run(&text);
            }
            Event::TaskListMarker(_) => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph => self.new_block(),
            Tag::Heading { .. } => {
                self.new_block();
                self.bold += 1;
            }
            Tag::BlockQuote(_) => self.quotes += 1,
            Tag::List(first) => self.lists.push(first),
            Tag::Item => {
                self.new_block();
                let mark = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{}. ", *number - 1)
                    }
                    _ => "• ".to_owned(),
                };
                self.run(&mark);
                self.marked = true;
            }
            Tag::CodeBlock(kind) => {
                let info = match kind {
                    CodeBlockKind::Fenced(info) => info.to_string(),
                    CodeBlockKind::Indented => String::new(),
                };
                self.verbatim = Some((String::new(), info));
            }
            Tag::HtmlBlock => self.verbatim = Some(Default::default()),
            Tag::Emphasis => self.italic += 1,
            Tag::Strong => self.bold += 1,
            Tag::Link { dest_url, title, .. } | Tag::Image { dest_url, title, .. } => {
                let title = if title.is_empty() { String::new() } else { format!(" {title}") };
                self.links.push(format!("{dest_url}{title}"));
            }
            _ => {}
        }
        self.style = Style { bold: self.bold > 0, italic: self.italic > 0, code: false };
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) | TagEnd::Strong => self.bold = self.bold.saturating_sub(1),
            TagEnd::Emphasis => self.italic = self.italic.saturating_sub(1),
            TagEnd::BlockQuote(_) => self.quotes = self.quotes.saturating_sub(1),
            TagEnd::List(_) => drop(self.lists.pop()),
            TagEnd::Item => self.marked = false,
            TagEnd::Link | TagEnd::Image => {
                if let Some(address) = self.links.pop() {
                    self.run(" (");
                    self.code(&address);
                    self.run(")");
                }
            }
            TagEnd::CodeBlock | TagEnd::HtmlBlock => self.verbatim(),
            _ => {}
        }
        self.style = Style { bold: self.bold > 0, italic: self.italic > 0, code: false };
    }

    /// Character references may stand for what must be made visible.
    fn run(&mut self, text: &str) {
        self.marked = false;
        self.runs.push((self.style, visible(text).into_owned()));
    }

    fn code(&mut self, text: &str) {
        self.marked = false;
        let style = Style { code: true, ..Style::default() };
        self.runs.push((style, visible(text).into_owned()));
    }

    fn verbatim(&mut self) {
        let Some((text, info)) = self.verbatim.take() else { return };
        let is_language = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '_');
        let mut language = info.as_str();
        if info.len() > 20 || !info.chars().all(is_language) {
            self.new_block();
            self.code(&info);
            language = "";
        }
        self.new_block();
        self.flush();
        self.html.pre(&visible(text.trim_end_matches('\n')), language);
    }

    /// The next text begins a line of its own, but for the first one behind an item's mark.
    fn new_block(&mut self) {
        if self.marked {
            self.marked = false;
        } else if self.html.units > 0 || !self.runs.is_empty() {
            self.new_line();
        } else {
            self.margin();
        }
    }

    fn new_line(&mut self) {
        self.runs.push((Style::default(), "\n".to_owned()));
        self.margin();
    }

    fn margin(&mut self) {
        let margin = "│ ".repeat(self.quotes) + &"   ".repeat(self.lists.len().saturating_sub(1));
        self.runs.push((Style::default(), margin));
    }

    fn flush(&mut self) {
        self.html.prose(&std::mem::take(&mut self.runs));
    }

    fn finish(&mut self) -> Html {
        self.flush();
        std::mem::take(&mut self.html)
    }
}
