//! Running programs inside.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result, ensure};

use super::{LIMIT, RUNTIME_DIR, System, USER, host_command};

/// What a program gets on standard input.
pub enum Input {
    /// Nothing.
    None,
    /// This text.
    Text(String),
    /// This file.
    File(File),
}

impl System {
    /// A command that will run inside as root, outside of any unit.
    pub fn command_as_root<A: AsRef<OsStr>>(&self, argv: impl IntoIterator<Item = A>) -> Command {
        let mut command = host_command("nsenter");
        command.arg(format!("--target={}", self.leader)).args(["--all", "--"]).args(argv);
        command
    }

    /// A command that will run inside as the user, but outside of any unit of theirs: for what
    /// watches a test rather than takes part in it.
    pub(super) fn command_aside<A: AsRef<OsStr>>(
        &self,
        argv: impl IntoIterator<Item = A>,
    ) -> Command {
        let user = [format!("--reuid={USER}"), format!("--regid={USER}")];
        let mut command = self.command_as_root(["setpriv"]);
        command.args(user).args(["--init-groups", "--reset-env", "env"]);
        command.arg(format!("XDG_RUNTIME_DIR={RUNTIME_DIR}")).args(argv);
        command
    }

    /// A command that the user's manager will run in a unit and the surroundings of the user's
    /// own, as a desktop's launcher does. Ends it after [`LIMIT`].
    pub fn command_as_user<A: AsRef<OsStr>>(&self, argv: impl IntoIterator<Item = A>) -> Command {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let run = ["systemd-run", "--user", "--quiet", "--collect", "--pipe", "--wait"];
        let mut command = self.command_aside(run);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        command.arg(format!("--unit=app-launched@{number}.service"));
        command.arg(format!("--property=RuntimeMaxSec={}", LIMIT.as_secs())).arg("--");
        command.args(argv.into_iter().map(|argument| unexpanded(argument.as_ref())));
        command
    }

    /// Runs a program as root and returns what it printed.
    ///
    /// # Errors
    /// Where it cannot be run or fails, with everything it said.
    pub fn run_as_root<A: AsRef<OsStr>>(
        &self,
        argv: impl IntoIterator<Item = A>,
    ) -> Result<String> {
        self.run_with(self.command_as_root(argv), Input::None)
    }

    /// Runs a program as the user, in a unit of its own, and returns what it printed.
    ///
    /// # Errors
    /// Where it cannot be run or fails, with everything it said.
    pub fn run_as_user<A: AsRef<OsStr>>(
        &self,
        argv: impl IntoIterator<Item = A>,
    ) -> Result<String> {
        self.run_with(self.command_as_user(argv), Input::None)
    }

    /// `systemctl --user`.
    ///
    /// # Errors
    /// Where it fails, with everything it said.
    pub fn systemctl<A: AsRef<OsStr>>(&self, argv: impl IntoIterator<Item = A>) -> Result<String> {
        let mut command = self.command_aside(["systemctl", "--user", "--no-pager"]);
        command.args(argv);
        self.run_with(command, Input::None)
    }

    /// Writes a file of the user's, making the folders it is in.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn write_as_user(&self, path: &str, text: impl Into<String>) -> Result<()> {
        let script = r#"umask 077; mkdir -p "$(dirname "$1")" && cat >"$1""#;
        let command = self.command_aside(["sh", "-c", script, "sh", path]);
        self.run_with(command, Input::Text(text.into()))?;
        Ok(())
    }

    /// Runs a command made by one of the methods above and returns what it printed.
    ///
    /// # Errors
    /// Where it cannot be run or fails, with everything it said.
    pub fn run_with(&self, mut command: Command, input: Input) -> Result<String> {
        let shown = shown(&command);
        let stdin = match &input {
            Input::None => Stdio::null(),
            Input::Text(_) => Stdio::piped(),
            Input::File(file) => Stdio::from(file.try_clone()?),
        };
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("running {shown}"))?;
        if let (Input::Text(text), Some(mut stdin)) = (input, child.stdin.take()) {
            stdin.write_all(text.as_bytes()).with_context(|| format!("writing to {shown}"))?;
        }
        let output = child.wait_with_output().with_context(|| format!("running {shown}"))?;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        ensure!(
            output.status.success(),
            "{shown}: {}\n{printed}{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(printed)
    }
}

/// The manager expands variables in the commands it is given; a doubled dollar is a plain one.
fn unexpanded(argument: &OsStr) -> OsString {
    let mut plain = Vec::with_capacity(argument.len());
    for byte in argument.as_bytes() {
        plain.push(*byte);
        if *byte == b'$' {
            plain.push(b'$');
        }
    }
    OsString::from_vec(plain)
}

/// The part of a command that the test asked for, without the way in.
pub(super) fn shown(command: &Command) -> String {
    let arguments: Vec<_> = command.get_args().map(OsStr::to_string_lossy).collect();
    let inside = arguments.iter().position(|argument| argument == "--").map_or(0, |at| at + 1);
    arguments[inside..].join(" ")
}
