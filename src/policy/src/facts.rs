//! What is known of a call: the commands it runs, the paths it names, and what is in doubt.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::paths::{self, Files};
use crate::shell::{self, Doubt, HOLE, Line, Simple};

/// Tools whose `command` is a command line.
pub(crate) const SHELLS: &[&str] = &["Bash"];
/// Tools that only look.
const READERS: &[&str] = &["Read", "Grep", "Glob", "LS", "NotebookRead"];
/// Commands that put their words nowhere but on their output.
const PRINTERS: &[&str] = &["echo", "printf", "true", "false", ":"];
/// Commands that show of a folder no more than what is in it.
const LISTERS: &[&str] =
    &["ls", "cd", "pwd", "test", "[", "stat", "realpath", "dirname", "basename"];
/// As many paths of one call as are followed; a call with more is in doubt.
const MAX_PATHS: usize = 256;
/// As long as a path can be.
const MAX_PATH: usize = 4096;

/// A call that an agent wants to make.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// The agent, such as `claude`.
    pub agent: &'a str,
    /// The tool, such as `Bash` or `mcp__github__create_issue`.
    pub tool: &'a str,
    /// The tool's input as it was received: JSON.
    pub input: &'a str,
    /// The folder the agent works in.
    pub cwd: &'a Path,
    /// The session's label; empty if it has none.
    pub label: &'a str,
}

/// A path that a call names.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// Which simple command names it; none for another tool's input.
    pub(crate) command: Option<usize>,
    /// The path without `.` and `..`, no link followed.
    pub(crate) lexical: PathBuf,
    /// What it leads to; none if that cannot be told.
    pub(crate) real: Option<PathBuf>,
    /// Whether it can hardly be anything but a path: the input of a tool that takes one, what the
    /// shell opens, a word with a folder in it, or one that names a file that is there.
    pub(crate) certain: bool,
    /// Whether the shell itself opens it.
    pub(crate) redirect: bool,
}

/// Everything a rule can be about.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) call: Call<'a>,
    /// The working folder, real; as it was given where it cannot be followed.
    pub(crate) cwd: PathBuf,
    /// What regular expressions see: the command line, or the input as JSON.
    pub(crate) text: String,
    pub(crate) input: Value,
    pub(crate) line: Option<Line>,
    pub(crate) paths: Vec<Found>,
    pub(crate) doubts: Vec<Doubt>,
    /// Whether the tool can only look.
    pub(crate) reads_only: bool,
}

impl<'a> Facts<'a> {
    /// Looks into a call.
    pub(crate) fn of(call: Call<'a>, home: &str, files: &dyn Files) -> Self {
        let cwd = paths::real(files, Path::new("/"), call.cwd);
        let mut facts = Self {
            call,
            text: String::new(),
            input: Value::Null,
            line: None,
            paths: Vec::new(),
            doubts: Vec::new(),
            reads_only: READERS.contains(&call.tool),
            cwd: cwd.clone().unwrap_or_else(|_| call.cwd.to_owned()),
        };
        if cwd.is_err() || !call.cwd.is_absolute() {
            facts.doubt(Doubt::Directory);
        }
        match serde_json::from_str(call.input) {
            Ok(input) => facts.input = input,
            Err(_) => facts.doubt(Doubt::Input),
        }
        let mut look = Look { bases: vec![facts.cwd.clone()], home, files, facts: &mut facts };
        if SHELLS.contains(&call.tool) {
            look.shell();
        } else {
            look.input();
        }
        facts
    }

    pub(crate) fn doubt(&mut self, doubt: Doubt) {
        if !self.doubts.contains(&doubt) {
            self.doubts.push(doubt);
        }
    }

    /// The simple commands; none for other tools.
    pub(crate) fn commands(&self) -> &[Simple] {
        self.line.as_ref().map_or(&[], |line| &line.commands)
    }

    pub(crate) fn is_shell(&self) -> bool {
        SHELLS.contains(&self.call.tool)
    }

    /// The texts in a tool's input, however deep.
    pub(crate) fn texts(&self) -> Vec<(&str, &str)> {
        let mut texts = Vec::new();
        strings("", &self.input, &mut texts);
        texts
    }
}

/// The strings in a value, each with the name of the field it is in.
fn strings<'v>(key: &'v str, value: &'v Value, into: &mut Vec<(&'v str, &'v str)>) {
    match value {
        Value::String(text) => into.push((key, text)),
        Value::Array(values) => values.iter().for_each(|value| strings(key, value, into)),
        Value::Object(fields) => fields.iter().for_each(|(key, value)| strings(key, value, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

struct Look<'l, 'c> {
    /// The folders that relative paths may be seen from: the working folder, and where `cd` goes.
    bases: Vec<PathBuf>,
    home: &'l str,
    files: &'l dyn Files,
    facts: &'l mut Facts<'c>,
}

impl Look<'_, '_> {
    fn shell(&mut self) {
        let Some(text) = self.facts.input.get("command").and_then(Value::as_str) else {
            return self.facts.doubt(Doubt::Input);
        };
        self.facts.text = text.to_owned();
        let line = shell::read(text, self.home);
        line.doubts.iter().for_each(|doubt| self.facts.doubt(*doubt));
        if self.is_homeward(&self.facts.cwd) {
            self.facts.doubt(Doubt::Home);
        }
        for (index, simple) in line.commands.iter().enumerate() {
            self.simple(index, simple);
        }
        self.facts.line = Some(line);
    }

    fn simple(&mut self, index: usize, simple: &Simple) {
        for target in &simple.redirects {
            self.add(&target.text, Some(index), true, true);
        }
        let name = simple.name();
        if matches!(name, "pushd" | "popd") {
            self.facts.doubt(Doubt::Directory);
        }
        if PRINTERS.contains(&name) {
            return;
        }
        for (at, word) in simple.words.iter().enumerate() {
            if at > 0 || word.text.contains('/') {
                self.word(index, &word.text, name, at > 0);
            }
        }
        if name == "cd" {
            self.change_directory(simple);
        }
    }

    /// Every path that a word may hold.
    fn word(&mut self, index: usize, word: &str, command: &str, argument: bool) {
        let text = word.strip_prefix("file://").unwrap_or(word);
        let is_option = text.len() > 1 && text.starts_with('-');
        if !is_option && !is_url(text) {
            let homeward = argument && !LISTERS.contains(&command);
            self.add(text, Some(index), false, homeward);
        }
        // `--file=x`, `if=x`, `@x`, `host:x`, `UNIX-CONNECT:x`
        for (at, separator) in text.match_indices(['=', '@', ':', ',']).take(8) {
            let rest = &text[at + separator.len()..];
            let rest = rest.strip_prefix('@').unwrap_or(rest);
            if !is_url(text) || text.starts_with("file:") {
                self.add(rest, Some(index), false, true);
            }
        }
        // `-ofile`
        if is_option && !text.starts_with("--") {
            self.add(text.get(2..).unwrap_or_default(), Some(index), false, false);
        }
        // What expands to several words may hold a path in any of them.
        if text.contains(char::is_whitespace) && text.len() < MAX_PATH {
            for piece in text.split(char::is_whitespace) {
                self.add(piece.trim_matches(['"', '\'']), Some(index), false, false);
            }
        }
    }

    /// `certain` for what is surely a path, `homeward` for what may stand for all that is below it.
    fn add(&mut self, text: &str, command: Option<usize>, redirect: bool, homeward: bool) {
        let text = self.expand(text);
        if text.is_empty() || text.len() > MAX_PATH || text.contains('\0') {
            return;
        }
        if self.facts.paths.len() >= MAX_PATHS {
            return self.facts.doubt(Doubt::TooLong);
        }
        let path = Path::new(&*text);
        if redirect && paths::is_device(path) {
            return;
        }
        for base in self.bases.clone() {
            let lexical = paths::lexical(&base, path);
            let real = paths::real(self.files, &base, path).ok();
            if real.is_none() && (homeward || redirect) {
                self.facts.doubt(Doubt::Path);
            }
            let known = real.as_deref().unwrap_or(&lexical);
            let certain = redirect
                || command.is_none()
                || text.contains('/')
                || matches!(&*text, "." | "..")
                || self.files.exists(&lexical);
            let at_home =
                homeward && certain && (self.is_homeward(known) || self.is_homeward(&lexical));
            if at_home && !self.is_listing() {
                self.facts.doubt(Doubt::Home);
            }
            self.facts.paths.push(Found { command, lexical, real, certain, redirect });
            if path.is_absolute() {
                break;
            }
        }
    }

    /// `~` where the tool, and not the shell, may put in the home folder.
    fn expand<'t>(&self, text: &'t str) -> Cow<'t, str> {
        for prefix in ["~", "$HOME", "${HOME}"] {
            match text.strip_prefix(prefix) {
                Some("") => return Cow::Owned(self.home.to_owned()),
                Some(rest) if rest.starts_with('/') => {
                    return Cow::Owned(format!("{}{rest}", self.home));
                }
                _ => {}
            }
        }
        Cow::Borrowed(text)
    }

    /// Whether looking at all that is below this folder would be looking at the person's secrets.
    fn is_homeward(&self, path: &Path) -> bool {
        Path::new(self.home).starts_with(path)
    }

    /// Whether the tool shows names only, or one file.
    fn is_listing(&self) -> bool {
        matches!(self.facts.call.tool, "LS" | "Read")
    }

    fn change_directory(&mut self, simple: &Simple) {
        let target = match &simple.words[1..] {
            [] => self.home,
            [word] if word.exact && word.text != "-" => &*word.text,
            _ => return self.facts.doubt(Doubt::Directory),
        };
        for base in self.bases.clone() {
            match paths::real(self.files, &base, Path::new(target)) {
                Ok(real) if self.is_homeward(&real) => {
                    self.facts.doubt(Doubt::Home);
                    self.bases.push(real);
                }
                Ok(real) if !self.bases.contains(&real) => self.bases.push(real),
                Ok(_) => {}
                Err(_) => self.facts.doubt(Doubt::Directory),
            }
        }
        // Each `cd` may double them.
        if self.bases.len() > 8 {
            self.facts.doubt(Doubt::Directory);
            self.bases.truncate(8);
        }
    }

    fn input(&mut self) {
        // Written anew, so that no escape hides a letter.
        self.facts.text = self.facts.input.to_string();
        let tool = self.facts.call.tool;
        let input = std::mem::take(&mut self.facts.input);
        let field = |name: &str| input.get(name).and_then(Value::as_str);
        match tool {
            "Read" | "Edit" | "Write" | "MultiEdit" | "NotebookEdit" | "NotebookRead" => {
                match field("file_path").or_else(|| field("notebook_path")) {
                    Some(path) => self.add(path, None, false, true),
                    None => self.facts.doubt(Doubt::Input),
                }
            }
            "Grep" | "Glob" | "LS" => {
                let folder = field("path").unwrap_or(".").to_owned();
                self.add(&folder, None, false, true);
                let names = field(if tool == "Grep" { "glob" } else { "pattern" });
                for name in names.into_iter().flat_map(|names| names.split([',', '{', '}'])) {
                    let name = name.replace(['*', '?', '['], &HOLE.to_string());
                    self.add(&Path::new(&folder).join(name).to_string_lossy(), None, false, false);
                }
            }
            "apply_patch" => self.patch(field("command").or_else(|| field("input"))),
            _ => {
                let mut texts = Vec::new();
                strings("", &input, &mut texts);
                for (key, text) in texts {
                    self.argument(key, text);
                }
            }
        }
        self.facts.input = input;
    }

    /// The files that a patch changes.
    fn patch(&mut self, patch: Option<&str>) {
        let Some(patch) = patch else { return self.facts.doubt(Doubt::Input) };
        let heads = ["*** Add File: ", "*** Update File: ", "*** Delete File: ", "*** Move to: "];
        let mut none = true;
        for line in patch.lines() {
            if let Some(path) = heads.iter().find_map(|head| line.trim_start().strip_prefix(head)) {
                self.add(path.trim(), None, false, true);
                none = false;
            }
        }
        if none {
            self.facts.doubt(Doubt::Input);
        }
    }

    /// An argument of a tool that is not known: it may be a path, or a command line.
    fn argument(&mut self, key: &str, text: &str) {
        let text = text.strip_prefix("file://").unwrap_or(text);
        if matches!(key, "command" | "cmd" | "script" | "code" | "commands") {
            let line = shell::read(text, self.home);
            self.facts.line.get_or_insert_default().commands.extend(line.commands.clone());
            let from = self.facts.commands().len() - line.commands.len();
            for (index, simple) in line.commands.iter().enumerate() {
                self.simple(from + index, simple);
            }
        }
        if !text.contains('\n') && !is_url(text) {
            self.add(text, None, false, true);
        }
    }
}

/// Whether it names something elsewhere.
fn is_url(text: &str) -> bool {
    let scheme =
        |scheme: &str| scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    text.split_once("://").is_some_and(|(start, _)| !start.is_empty() && scheme(start))
}
