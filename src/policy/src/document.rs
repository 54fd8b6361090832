//! The text of a policy file, read and checked.

use std::ops::Range;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use pager_config::Diagnostic;
use pager_core::{Require, Ruling};
use regex::Regex;

use crate::pattern::Pattern;

/// A policy file in which nothing is wrong.
#[derive(Debug, Clone)]
pub struct Document {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    /// What happens where no rule says anything; asking, where it is not given.
    pub(crate) default: Option<Ruling>,
    /// Globs of files that are no secrets here.
    pub(crate) except: Vec<String>,
    pub(crate) rules: Vec<Rule>,
}

/// One rule.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) name: String,
    pub(crate) verdict: Ruling,
    pub(crate) tools: Vec<ToolName>,
    pub(crate) commands: Vec<Pattern>,
    pub(crate) regex: Option<Regex>,
    pub(crate) input: Vec<(String, Regex)>,
    pub(crate) paths: Vec<String>,
    pub(crate) cwd: Vec<String>,
    pub(crate) labels: Vec<String>,
    pub(crate) agents: Vec<String>,
    pub(crate) require: Require,
    pub(crate) reason: String,
    pub(crate) expires: Option<Timestamp>,
    /// Where its name stands, for warnings.
    pub(crate) span: Range<usize>,
}

/// A tool's name in a rule: exact, or with `*` for any text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ToolName(pub(crate) String);

impl ToolName {
    pub(crate) fn is(&self, tool: &str) -> bool {
        let fits = |(start, end): (&str, &str)| {
            let long_enough = tool.len() >= start.len() + end.len();
            long_enough && tool.starts_with(start) && tool.ends_with(end)
        };
        self.0 == tool || self.0.split_once('*').is_some_and(fits)
    }

    pub(crate) fn exact(&self) -> Option<&str> {
        (!self.0.contains('*')).then_some(&*self.0)
    }
}

impl Rule {
    /// Whether it says anything of this tool.
    pub(crate) fn is_for(&self, tool: &str) -> bool {
        self.tools.is_empty() || self.tools.iter().any(|name| name.is(tool))
    }

    /// Whether it was made to end, and has.
    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|end| end <= now)
    }
}

impl Document {
    /// A document that says nothing.
    pub(crate) fn empty() -> Self {
        Self {
            path: PathBuf::new(),
            text: String::new(),
            default: None,
            except: Vec::new(),
            rules: Vec::new(),
        }
    }

    /// The file it was read from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a rule has a yes wait for the person's own authentication.
    pub fn requires_polkit(&self) -> bool {
        self.rules.iter().any(|rule| rule.require.polkit)
    }

    /// A remark on the place of a rule.
    pub(crate) fn remark(&self, rule: &Rule, message: String) -> Diagnostic {
        Diagnostic::at(&self.path, &self.text, rule.span.clone(), message).about(&rule.name)
    }
}
