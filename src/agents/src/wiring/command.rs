//! The command line under which `pager-hook` stands in a settings file.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::WiringError;

/// The file name by which pager's own entries are known.
pub const HOOK_PROGRAM: &str = "pager-hook";

/// The command to be wired: a program that exists, as a word of the shell, and its arguments.
#[derive(Debug)]
pub(super) struct HookCommand {
    pub(super) program: PathBuf,
    pub(super) line: String,
    pub(super) arguments: &'static [&'static str],
}

impl HookCommand {
    pub(super) fn new(
        program: &Path,
        arguments: &'static [&'static str],
    ) -> Result<Self, WiringError> {
        let unfit = |reason| WiringError::Program { program: program.to_owned(), reason };
        if !program.is_absolute() {
            return Err(unfit("is not an absolute path"));
        }
        if program.file_name() != Some(OsStr::new(HOOK_PROGRAM)) {
            return Err(unfit("is not named pager-hook, so it could not be found again"));
        }
        if !is_executable(program) {
            return Err(unfit("is not there or not executable"));
        }
        let text = program.to_str().ok_or_else(|| unfit("is not UTF-8, which JSON needs"))?;
        let mut line = shlex::try_quote(text).map_err(|_| unfit("holds a NUL"))?.into_owned();
        for argument in arguments {
            line.push(' ');
            line.push_str(argument);
        }
        Ok(Self { program: program.to_owned(), line, arguments })
    }
}

/// Whether these arguments stand side by side in a command line.
pub(super) fn has(command: &str, arguments: &[&str]) -> bool {
    let words = shlex::split(command).unwrap_or_default();
    arguments.is_empty() || words.windows(arguments.len()).any(|window| window == arguments)
}

/// The program that `command` runs, where that is some `pager-hook`.
pub(super) fn pager_hook(command: &str) -> Option<PathBuf> {
    let words = shlex::split(command)?;
    let program = words.into_iter().find(|word| !is_assignment(word))?;
    let program = PathBuf::from(program);
    (program.file_name() == Some(OsStr::new(HOOK_PROGRAM))).then_some(program)
}

pub(super) fn is_executable(program: &Path) -> bool {
    std::fs::metadata(program)
        .is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

/// Whether the shell takes `word`, standing first, as a variable of the command's environment.
fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && !name.starts_with(|first: char| first.is_ascii_digit())
            && name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_program_of_a_command_makes_it_ours() {
        for ours in [
            "/usr/bin/pager-hook",
            "pager-hook",
            "'/opt/a b/pager-hook'",
            "\"/opt/a b/pager-hook\" --agent claude",
            "PAGER_HOOK_SOCKET=/tmp/s /usr/local/bin/pager-hook",
            "/usr/bin/pager-hook || true",
        ] {
            assert!(pager_hook(ours).is_some(), "{ours}");
        }
        for foreign in [
            "",
            "/usr/bin/pager-hook2",
            "/usr/bin/echo /usr/bin/pager-hook",
            "/usr/bin/pager-hook/other",
            "'/usr/bin/pager-hook",
            "1A=b /usr/bin/other pager-hook",
        ] {
            assert_eq!(pager_hook(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn a_path_with_spaces_and_quotes_is_one_word_to_the_shell() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("a b'c$d");
        std::fs::create_dir(&folder).unwrap();
        let program = folder.join(HOOK_PROGRAM);
        std::fs::write(&program, "").unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let command = HookCommand::new(&program, &["--agent", "codex"]).unwrap();
        assert_eq!(pager_hook(&command.line), Some(program));
        assert!(has(&command.line, &["--agent", "codex"]));
        assert!(!has(&command.line, &["--agent", "claude"]));
    }
}
