//! What a command line runs, read with a real parser of the shell's language.
//!
//! Two different questions are put to a [`Line`]. May it be allowed? Then every part of it must be
//! known: any [`Doubt`] says no. Must it be denied? Then as much as can be is looked into: what
//! substitutions, loops and `sh -c` run, and if nothing can be parsed, the bare words.

mod read;
mod rough;
mod word;
mod wrapper;

#[cfg(test)]
mod tests;

pub(crate) use read::read;
pub(crate) use word::{HOLE, Word};
pub(crate) use wrapper::{is_wrapper, transparent};

/// A command line after parsing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Line {
    /// Every simple command found in it.
    pub(crate) commands: Vec<Simple>,
    /// Why it cannot be known what it does; empty if it can.
    pub(crate) doubts: Vec<Doubt>,
}

/// A command with its arguments.
#[derive(Debug, Clone, Default)]
pub(crate) struct Simple {
    /// The command's name and its arguments.
    pub(crate) words: Vec<Word>,
    /// The files that the shell opens for it.
    pub(crate) redirects: Vec<Word>,
    /// Whether it was found inside of another command's arguments or in a substitution, rather than
    /// in the line itself.
    pub(crate) inner: bool,
}

impl Simple {
    /// The command's name as it is written, without its folder; empty if there is none.
    pub(crate) fn name(&self) -> &str {
        let name = self.words.first().map_or("", |word| &word.text);
        name.rsplit('/').next().unwrap_or(name)
    }
}

impl Line {
    pub(crate) fn doubt(&mut self, doubt: Doubt) {
        if !self.doubts.contains(&doubt) {
            self.doubts.push(doubt);
        }
    }
}

/// Why it cannot be known beforehand what a call does. A call with a doubt is never allowed by a
/// rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Doubt {
    Unparsed,
    TooLong,
    Hidden,
    Substitution,
    Arithmetic,
    Expansion,
    Glob,
    Braces,
    Compound,
    Function,
    Background,
    Assignment,
    HereText,
    Directory,
    Home,
    Path,
    Guarded,
    Input,
}

impl Doubt {
    /// What it is, to follow "cannot be allowed by a rule:".
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Unparsed => "the shell parser does not understand it",
            Self::TooLong => "it is too long to be understood",
            Self::Hidden => "it has hidden or control characters in it",
            Self::Substitution => "it puts in what another command prints",
            Self::Arithmetic => "it computes what the command gets",
            Self::Expansion => "it puts in variables or expands words when it runs",
            Self::Glob => "it has unquoted wildcards",
            Self::Braces => "it has unquoted braces",
            Self::Compound => "it has loops, conditions, groups or subshells",
            Self::Function => "it defines a function",
            Self::Background => "it leaves a command in the background",
            Self::Assignment => "it sets variables",
            Self::HereText => "it has a here-document or a here-string",
            Self::Directory => "it changes to a folder that is not known",
            Self::Home => "it works in or on the whole home folder, or one above it",
            Self::Path => "it names a path that cannot be resolved",
            Self::Guarded => "it touches files that decide what runs or who is asked",
            Self::Input => "the tool's input cannot be read",
        }
    }
}
