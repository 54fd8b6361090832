//! A person's terminal: tmux, run by the user's own manager.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use super::follow::Chunks;
use super::{Input, LIMIT, RUNTIME_DIR, System};

/// A terminal with a program in it. The program's end leaves the last screen to be read.
pub struct Terminal<'a> {
    system: &'a System,
    socket: String,
    /// Says when the screen may have changed.
    output: Chunks,
}

impl<'a> Terminal<'a> {
    /// Opens a terminal in `folder` that runs `script` by the shell.
    ///
    /// # Errors
    /// Where tmux cannot be started.
    pub fn open(system: &'a System, folder: &str, script: &str) -> Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let socket = format!("terminal{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let output = format!("{RUNTIME_DIR}/{socket}");
        system.run_with(system.command_aside(["mkfifo", &output]), Input::None)?;
        // Reading first: what is printed from here on cannot be missed.
        let chunks = Chunks::of(system.command_aside(["cat", &output]))?;
        let mut command = system.command_aside(["systemd-run", "--user", "--quiet", "--collect"]);
        command.args(["--property=Type=forking", &format!("--unit={socket}"), "--"]);
        command.args(["tmux", "-f", "/dev/null", "-L", &socket, "new-session", "-d"]);
        command.args(["-x", "160", "-y", "50", "-c", folder]);
        // The shell in it waits for a line, so that nothing is printed before the pane is piped.
        command.arg("read -r script && clear && eval \"$$script\"");
        system.run_with(command, Input::None)?;
        let terminal = Self { system, socket, output: chunks };
        terminal.tmux(&["set-option", "-g", "remain-on-exit", "on"])?;
        terminal.tmux(&["pipe-pane", &format!("exec cat >{output}")])?;
        terminal.type_text(script)?;
        terminal.keys(&["Enter"])?;
        Ok(terminal)
    }

    /// The name of its tmux server's socket, as `tmux -L` takes it.
    pub fn socket(&self) -> &str {
        &self.socket
    }

    /// What the screen shows.
    ///
    /// # Errors
    /// Where the terminal is gone.
    pub fn screen(&self) -> Result<String> {
        self.tmux(&["capture-pane", "-p", "-J"])
    }

    /// Waits until the screen shows `text`, and returns the whole screen.
    ///
    /// # Errors
    /// Where it never does, with what it showed last.
    pub fn wait_for(&self, text: &str) -> Result<String> {
        self.wait_until(&format!("{text:?}"), |screen| screen.contains(text))
    }

    /// Waits until `seen` accepts the screen, and returns it.
    ///
    /// # Errors
    /// Where it never does, with what it showed last.
    pub fn wait_until(&self, what: &str, seen: impl Fn(&str) -> bool) -> Result<String> {
        let begun = Instant::now();
        loop {
            let screen = self.screen()?;
            if seen(&screen) {
                return Ok(screen);
            }
            let waiting = || format!("waiting for {what} on the screen:\n{screen}");
            // An agent at work prints without end.
            ensure!(begun.elapsed() < 2 * LIMIT, waiting());
            self.output.next().with_context(waiting)?;
        }
    }

    /// Presses keys by their names: `Enter`, `Escape`, `C-c`.
    ///
    /// # Errors
    /// Where the terminal is gone.
    pub fn keys(&self, keys: &[&str]) -> Result<()> {
        let mut argv = vec!["send-keys"];
        argv.extend(keys);
        self.tmux(&argv).map(drop)
    }

    /// Types text as it is, without Enter.
    ///
    /// # Errors
    /// Where the terminal is gone.
    pub fn type_text(&self, text: &str) -> Result<()> {
        self.tmux(&["send-keys", "-l", "--", text]).map(drop)
    }

    fn tmux(&self, argv: &[&str]) -> Result<String> {
        let mut command = self.system.command_aside(["tmux", "-L", &self.socket]);
        command.args(argv);
        self.system.run_with(command, Input::None)
    }
}
