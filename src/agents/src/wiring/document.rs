//! A settings file as a tree that keeps every byte that is not edited.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use jsonc_parser::ParseOptions;
use jsonc_parser::cst::{CstArray, CstNode, CstObject, CstObjectProp, CstRootNode};

use super::WiringError;
use super::command;

/// What stands for a file that is empty or not there.
const BLANK: &str = "{}\n";

/// A parsed settings file.
pub(super) struct Document {
    file: PathBuf,
    root: CstRootNode,
    pub(super) settings: CstObject,
}

/// One command hook: `hooks.<event>[].hooks[]`.
pub(super) struct Entry {
    pub(super) event: String,
    /// Which tools or causes it is limited to; nothing where it is not.
    pub(super) matcher: Option<String>,
    pub(super) command: String,
    /// The `pager-hook` it runs, where it is one of ours.
    pub(super) ours: Option<PathBuf>,
    pub(super) group: CstObject,
    pub(super) hook: CstObject,
}

impl Document {
    pub(super) fn parse(file: &Path, text: &str) -> Result<Self, WiringError> {
        let text = if text.trim().is_empty() { BLANK } else { text };
        // The strict parser judges and names the place; the other one only keeps the layout.
        serde_json::from_str::<serde::de::IgnoredAny>(text)
            .map_err(|error| invalid(file, &error))?;
        let strict = ParseOptions {
            allow_comments: false,
            allow_loose_object_property_names: false,
            allow_trailing_commas: false,
            allow_missing_commas: false,
            allow_single_quoted_strings: false,
            allow_hexadecimal_numbers: false,
            allow_unary_plus_numbers: false,
            allow_bare_decimal_point_numbers: false,
            allow_non_finite_numbers: false,
            allow_extended_string_escapes: false,
        };
        let root = tree(file, text, &strict)?;
        let settings = object(file, &root)?;
        let document = Self { file: file.to_owned(), root, settings };
        document.refuse_doubles(&document.settings, &["hooks"], "")?;
        Ok(document)
    }

    pub(super) fn text(&self) -> String {
        self.root.to_string()
    }

    /// The `hooks` object; nothing where there is none.
    pub(super) fn hooks(&self) -> Result<Option<CstObject>, WiringError> {
        let Some(hooks) = self.settings.get("hooks") else { return Ok(None) };
        hooks.object_value().map(Some).ok_or_else(|| self.shape("hooks", "an object ({…})"))
    }

    /// Refuses a file whose lists for `events` are not as the agent reads them.
    pub(super) fn demand_shape(&self, events: &[&str]) -> Result<(), WiringError> {
        let Some(hooks) = self.hooks()? else { return Ok(()) };
        self.refuse_doubles(&hooks, events, "hooks.")?;
        for event in events {
            let Some(list) = hooks.get(event) else { continue };
            let at = format!("hooks.{event}");
            let list = list.array_value().ok_or_else(|| self.shape(&at, "a list ([…])"))?;
            for (index, group) in list.elements().into_iter().enumerate() {
                let at = format!("{at}[{index}]");
                let group = group.as_object().ok_or_else(|| self.shape(&at, "an object ({…})"))?;
                let at = format!("{at}.hooks");
                let inner = group.array_value("hooks");
                let inner = inner.ok_or_else(|| self.shape(&at, "a list ([…])"))?;
                for (index, hook) in inner.elements().into_iter().enumerate() {
                    if hook.as_object().is_none() {
                        return Err(self.shape(&format!("{at}[{index}]"), "an object ({…})"));
                    }
                }
            }
        }
        Ok(())
    }

    /// Every command hook that stands where the agent looks for one; what is of another shape is
    /// passed over.
    pub(super) fn entries(&self) -> Vec<Entry> {
        let mut entries = Vec::new();
        let hooks = self.settings.object_value("hooks");
        for event in hooks.iter().flat_map(CstObject::properties) {
            let (Some(name), Some(groups)) = (event.decoded_name(), event.array_value()) else {
                continue;
            };
            for group in objects(&groups) {
                let Some(hooks) = group.array_value("hooks") else { continue };
                let matcher = string(&group, "matcher").filter(|text| !matches_all(text));
                for hook in objects(&hooks) {
                    if string(&hook, "type").as_deref() != Some("command") {
                        continue;
                    }
                    let Some(command) = string(&hook, "command") else { continue };
                    entries.push(Entry {
                        event: name.clone(),
                        matcher: matcher.clone(),
                        ours: command::pager_hook(&command),
                        command,
                        group: group.clone(),
                        hook,
                    });
                }
            }
        }
        entries
    }

    /// Whether the person has switched all hooks off.
    pub(super) fn hooks_disabled(&self) -> bool {
        let value = self.settings.get("disableAllHooks").and_then(|member| member.value());
        value.and_then(|value| value.as_boolean_lit()).is_some_and(|value| value.value())
    }

    /// Of two members of one name the agent takes the last and a person sees the first.
    fn refuse_doubles(
        &self,
        object: &CstObject,
        names: &[&str],
        prefix: &str,
    ) -> Result<(), WiringError> {
        let mut seen = HashSet::new();
        for name in object.properties().iter().filter_map(CstObjectProp::decoded_name) {
            if names.contains(&name.as_str()) && !seen.insert(name.clone()) {
                return Err(self.shape(&format!("{prefix}{name}"), "there only once"));
            }
        }
        Ok(())
    }

    fn shape(&self, at: &str, expected: &'static str) -> WiringError {
        WiringError::Shape { file: self.file.clone(), at: at.to_owned(), expected }
    }
}

/// Parses a text into a tree that keeps every byte of it.
pub(super) fn tree(
    file: &Path,
    text: &str,
    options: &ParseOptions,
) -> Result<CstRootNode, WiringError> {
    CstRootNode::parse(text, options).map_err(|error| WiringError::Invalid {
        file: file.to_owned(),
        line: error.line_display(),
        column: error.column_display(),
        reason: error.kind().to_string(),
    })
}

/// The object that a settings file is.
pub(super) fn object(file: &Path, root: &CstRootNode) -> Result<CstObject, WiringError> {
    root.object_value().ok_or_else(|| WiringError::Shape {
        file: file.to_owned(),
        at: "the whole file".to_owned(),
        expected: "an object ({…})",
    })
}

/// Refuses an edit that lost or changed anything but pager's own entries. The file is a person's:
/// what a fault of ours may cost is an error message, not their settings.
pub(super) fn prove(file: &Path, before: &str, after: &str) -> Result<(), WiringError> {
    let (before, after) = (Document::parse(file, before)?, Document::parse(file, after)?);
    let same = before.others() == after.others() && before.foreign() == after.foreign();
    if same { Ok(()) } else { Err(WiringError::Unproven { file: file.to_owned() }) }
}

impl Document {
    fn others(&self) -> Vec<String> {
        let members = self.settings.properties().into_iter();
        let members = members.filter(|member| member.decoded_name().as_deref() != Some("hooks"));
        members.map(|member| member.to_string()).collect()
    }

    fn foreign(&self) -> Vec<(String, Option<String>, String)> {
        let entries = self.entries().into_iter().filter(|entry| entry.ours.is_none());
        entries.map(|entry| (entry.event, entry.matcher, entry.hook.to_string())).collect()
    }
}

/// The text of the member `name`, where it is a text.
pub(super) fn string(object: &CstObject, name: &str) -> Option<String> {
    object.get(name)?.value()?.as_string_lit()?.decoded_value().ok()
}

/// The elements of `list` that are objects.
pub(super) fn objects(list: &CstArray) -> Vec<CstObject> {
    list.elements().iter().filter_map(CstNode::as_object).collect()
}

fn matches_all(matcher: &str) -> bool {
    matcher.is_empty() || matcher == "*"
}

fn invalid(file: &Path, error: &serde_json::Error) -> WiringError {
    let text = error.to_string();
    let reason = text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason);
    WiringError::Invalid {
        file: file.to_owned(),
        line: error.line(),
        column: error.column().max(1),
        reason: reason.to_owned(),
    }
}
