//! Rules that a person has granted for good: where the agent keeps them, and taking them out again.

use std::path::{Path, PathBuf};

use jsonc_parser::ParseOptions;
use jsonc_parser::cst::{CstArray, CstNode, CstObject, CstObjectProp};
use pager_core::Approval;
use pager_core::sanitize::one_line;
use serde_json::Value;

use super::file::SettingsFile;
use super::{Reader, Wiring, WiringError, document};

/// What was granted with one approval.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The agent's word for where it keeps the rules.
    place: String,
    /// The list in the settings that holds them.
    list: &'static str,
    rules: Vec<Rule>,
    /// The files that may be meant, the likeliest first; none where it is kept in none.
    files: Vec<PathBuf>,
}

/// A granted rule in the two forms it may have in the settings.
#[derive(Debug, Clone)]
struct Rule {
    plain: String,
    escaped: String,
}

impl Wiring {
    /// What was granted with an approval of this agent's; none where there was nothing to grant.
    #[must_use]
    pub fn grant(&self, approval: &Approval) -> Option<Grant> {
        let Reader::Claude(_) = self.reader else { return None };
        if approval.agent.as_str() != self.agent() {
            return None;
        }
        let suggestion: Value = serde_json::from_str(&approval.always.as_ref()?.suggestion).ok()?;
        let (list, rules) = match suggestion.get("type")?.as_str()? {
            "addRules" => ("allow", rules(&suggestion)?),
            "addDirectories" => ("additionalDirectories", directories(&suggestion)?),
            _ => return None,
        };
        let place = suggestion.get("destination").and_then(Value::as_str).unwrap_or("session");
        let files = match place {
            "localSettings" => self.in_project(&approval.cwd, "settings.local.json"),
            "projectSettings" => self.in_project(&approval.cwd, "settings.json"),
            "userSettings" => vec![self.settings.clone()],
            _ => Vec::new(),
        };
        Some(Grant { place: one_line(place, 40), list, rules, files })
    }

    /// A project's settings as they may be called from a folder in it. The agent keeps them in the
    /// folder it was started in, and has moved on since, or not.
    fn in_project(&self, cwd: &str, name: &str) -> Vec<PathBuf> {
        let home = self.settings.parent().and_then(Path::parent);
        let mut files = Vec::new();
        for folder in Path::new(cwd).ancestors().filter(|folder| folder.is_absolute()) {
            files.push(folder.join(".claude").join(name));
            if Some(folder) == home {
                break;
            }
        }
        files
    }
}

fn rules(suggestion: &Value) -> Option<Vec<Rule>> {
    let rules = suggestion.get("rules")?.as_array()?.iter().map(|rule| {
        let tool = rule.get("toolName")?.as_str()?;
        let Some(content) = rule.get("ruleContent") else {
            return Some(Rule { plain: tool.to_owned(), escaped: tool.to_owned() });
        };
        let content = content.as_str()?;
        let escaped = content.replace('\\', "\\\\").replace('(', "\\(").replace(')', "\\)");
        Some(Rule { plain: format!("{tool}({content})"), escaped: format!("{tool}({escaped})") })
    });
    rules.collect()
}

fn directories(suggestion: &Value) -> Option<Vec<Rule>> {
    let folders = suggestion.get("directories")?.as_array()?.iter();
    let rule = |folder: &str| Rule { plain: folder.to_owned(), escaped: folder.to_owned() };
    folders.map(|folder| folder.as_str().map(rule)).collect()
}

impl Grant {
    /// The agent's word for where it keeps the rules: `session`, `localSettings`, ….
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The rules or folders, as the agent writes them.
    #[must_use]
    pub fn rules(&self) -> Vec<&str> {
        self.rules.iter().map(|rule| rule.plain.as_str()).collect()
    }

    /// Whether it outlives its session, kept in a file.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        !self.files.is_empty()
    }

    /// The file in which any of the rules stands now.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        let stands = |file: &&PathBuf| {
            let found = SettingsFile::new(file).and_then(|settings| settings.read());
            let text = found.ok().flatten().map(|found| found.text);
            text.is_some_and(|text| self.without(file, &text).is_ok_and(|edited| edited.is_some()))
        };
        self.files.iter().find(stands).map(PathBuf::as_path)
    }

    /// Takes the rules out of the file they stand in, and nothing else; names the file, if there is
    /// one.
    ///
    /// # Errors
    /// Where they stand in no file that can be understood and one cannot be, or the file cannot be
    /// written or keeps changing under the edit. All files are then as they were.
    pub fn revoke(&self) -> Result<Option<PathBuf>, WiringError> {
        let mut trouble = None;
        for file in &self.files {
            // The agent writes this file too: when it did so between our reading and our writing,
            // its version is taken up once.
            let taken = match self.take_out_of(file) {
                Err(WiringError::Busy { .. }) => self.take_out_of(file),
                taken => taken,
            };
            match taken {
                Ok(true) => return Ok(Some(file.clone())),
                Ok(false) => {}
                Err(error) => {
                    trouble.get_or_insert(error);
                }
            }
        }
        trouble.map_or(Ok(None), Err)
    }

    fn take_out_of(&self, file: &Path) -> Result<bool, WiringError> {
        let settings = SettingsFile::new(file)?;
        let Some(found) = settings.read()? else { return Ok(false) };
        let Some(edited) = self.without(file, &found.text)? else { return Ok(false) };
        settings.write(Some(&found), &edited)?;
        Ok(true)
    }

    /// The text without the rules; nothing where they do not stand in it.
    fn without(&self, file: &Path, text: &str) -> Result<Option<String>, WiringError> {
        if text.trim().is_empty() {
            return Ok(None);
        }
        let before = Settings::parse(file, text, self.list)?;
        let edited = Settings::parse(file, text, self.list)?;
        let mut taken = false;
        for element in edited.lists.iter().flat_map(CstArray::elements) {
            if self.is_meant(&element) {
                element.remove();
                taken = true;
            }
        }
        if !taken {
            return Ok(None);
        }
        let edited = edited.root.to_string();
        let after = Settings::parse(file, &edited, self.list)?;
        // The file is a person's: what a fault of ours may cost is an error message, not their
        // settings.
        if before.others != after.others || before.rest(self) != after.rest(self) {
            return Err(WiringError::Unproven { file: file.to_owned() });
        }
        Ok(Some(edited))
    }

    fn is_meant(&self, element: &CstNode) -> bool {
        let text = element.as_string_lit().and_then(|literal| literal.decoded_value().ok());
        let is = |text: &String| {
            self.rules.iter().any(|rule| [&rule.plain, &rule.escaped].contains(&text))
        };
        text.as_ref().is_some_and(is)
    }
}

/// A settings file with what matters to grants. Comments are no fault of it here: nothing but the
/// rules is touched.
struct Settings {
    root: jsonc_parser::cst::CstRootNode,
    /// All lists of the name, should the agent have been given several.
    lists: Vec<CstArray>,
    /// Every other member, as it is written.
    others: Vec<String>,
}

impl Settings {
    fn parse(file: &Path, text: &str, list: &str) -> Result<Self, WiringError> {
        let root = document::tree(file, text, &ParseOptions::default())?;
        let settings = document::object(file, &root)?;
        let mut lists = Vec::new();
        let mut others = Vec::new();
        for member in settings.properties() {
            match inside(&member, "permissions") {
                None => others.push(member.to_string()),
                Some(permissions) => {
                    for member in permissions.properties() {
                        match named(&member, list).then(|| member.array_value()).flatten() {
                            None => others.push(member.to_string()),
                            Some(array) => lists.push(array),
                        }
                    }
                }
            }
        }
        Ok(Self { root, lists, others })
    }

    /// What the lists hold beside the granted rules.
    fn rest(&self, grant: &Grant) -> Vec<String> {
        let elements = self.lists.iter().flat_map(CstArray::elements);
        elements.filter(|element| !grant.is_meant(element)).map(|it| it.to_string()).collect()
    }
}

fn inside(member: &CstObjectProp, name: &str) -> Option<CstObject> {
    named(member, name).then(|| member.object_value()).flatten()
}

fn named(member: &CstObjectProp, name: &str) -> bool {
    member.decoded_name().as_deref() == Some(name)
}
