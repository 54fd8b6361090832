//! A stand-in for a coding agent: a process of its own that runs hooks as agents do, by `sh -c`. It must
//! be one, as pager lets no agent answer, and a test does answer.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Context as _;
use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};

/// Runs what it is told, line by line, each in a shell of its own.
const SCRIPT: &str = "while read -r line; do sh -c \"$line\" & done\n";

/// A running agent.
#[derive(Debug)]
pub struct Agent {
    process: Child,
    lines: ChildStdin,
    dir: PathBuf,
}

impl Agent {
    /// Starts one with the environment and in the folder of `command`, whose program and arguments do
    /// not matter; `dir` is for its own use.
    ///
    /// # Errors
    /// It could not be started.
    pub fn start(mut command: Command, dir: &Path) -> anyhow::Result<Self> {
        let script = dir.join("agent");
        std::fs::write(&script, SCRIPT)?;
        let mut process = command.arg(&script).stdin(Stdio::piped()).spawn()?;
        let lines = process.stdin.take().context("no standard input")?;
        Ok(Self { process, lines, dir: dir.to_owned() })
    }

    /// Has it run a hook, which is a command line of its own, with this input.
    ///
    /// # Errors
    /// It could not be run.
    pub fn hook(&mut self, command: &str, input: &str) -> anyhow::Result<Hook> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = |of: &str| self.dir.join(format!("hook-{number}.{of}"));
        for of in ["in", "out", "err", "pid", "status"] {
            mknodat(CWD, path(of), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
        }
        let quoted = |of: &str| format!("'{}'", path(of).display());
        let line = format!(
            "{command} <{} >{} 2>{} & echo $! >{}; wait $!; echo $? >{}",
            quoted("in"),
            quoted("out"),
            quoted("err"),
            quoted("pid"),
            quoted("status"),
        );
        writeln!(self.lines, "{line}")?;
        // Opened in the order in which the shell opens them: each waits for its other end.
        let mut stdin = File::options().write(true).open(path("in"))?;
        let stdout = File::open(path("out"))?;
        let stderr = File::open(path("err"))?;
        let mut pid = String::new();
        File::open(path("pid"))?.read_to_string(&mut pid)?;
        stdin.write_all(input.as_bytes())?;
        let (stdout, stderr) = (Some(stdout), Some(stderr));
        Ok(Hook { pid: pid.trim().parse()?, stdout, stderr, status: path("status"), waited: false })
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A hook that runs below an agent.
#[derive(Debug)]
pub struct Hook {
    pid: u32,
    /// What it prints.
    pub stdout: Option<File>,
    /// What it complains of.
    pub stderr: Option<File>,
    status: PathBuf,
    waited: bool,
}

impl Hook {
    /// Its process id.
    pub fn id(&self) -> u32 {
        self.pid
    }

    /// Waits for its end. To be done once.
    ///
    /// # Errors
    /// The kernel's.
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        let mut code = String::new();
        File::open(&self.status)?.read_to_string(&mut code)?;
        self.waited = true;
        let code: i32 = code.trim().parse().map_err(io::Error::other)?;
        Ok(ExitStatus::from_raw(code << 8))
    }

    /// Takes what it says until it ends, and its end.
    ///
    /// # Errors
    /// The kernel's.
    pub fn wait_with_output(mut self) -> io::Result<Output> {
        let mut output = Output { status: ExitStatus::default(), stdout: vec![], stderr: vec![] };
        if let Some(mut stdout) = self.stdout.take() {
            stdout.read_to_end(&mut output.stdout)?;
        }
        if let Some(mut stderr) = self.stderr.take() {
            stderr.read_to_end(&mut output.stderr)?;
        }
        output.status = self.wait()?;
        Ok(output)
    }
}

impl Drop for Hook {
    fn drop(&mut self) {
        if !self.waited {
            // Its shell would wait for ever for somebody to take its end: one that waits already has
            // it taken, and one that does not yet finds nothing to wait at.
            let taken = File::options()
                .read(true)
                .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
                .open(&self.status);
            drop(std::fs::remove_file(&self.status));
            drop(taken);
        }
    }
}
