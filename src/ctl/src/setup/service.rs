//! The service: is a daemon there, start it with systemd, let it read its configuration anew.

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};

use pager_config::paths::Paths;
use pager_core::sanitize::one_line;

use crate::failure::Failure;

/// The longest complaint of systemctl's that is shown.
const TEXT_MAX: usize = 300;

/// Whether a daemon runs. Its private socket is bound by itself alone, so that, unlike the hook
/// socket, asking there starts nothing.
pub(crate) fn daemon_runs() -> bool {
    let runtime = Paths::from_env().runtime_dir();
    runtime.is_ok_and(|folder| UnixStream::connect(folder.join("bus.sock")).is_ok())
}

/// Whether there is a user manager to be asked.
pub(crate) fn user_manager() -> bool {
    let folder = std::env::var_os("XDG_RUNTIME_DIR").filter(|dir| Path::new(dir).is_absolute());
    folder.is_some_and(|folder| Path::new(&folder).join("systemd/private").exists())
}

/// Enables the hook socket, and listens from now on.
pub(crate) fn enable() -> Result<(), Failure> {
    systemctl(&["enable", "--now", "pager.socket"])
}

/// Lets the daemon read its configuration anew.
pub(crate) fn reload() -> Result<(), Failure> {
    systemctl(&["reload", "pager.service"])
}

/// Whether the daemon that runs is the user manager's.
pub(crate) fn is_active() -> bool {
    systemctl(&["is-active", "--quiet", "pager.service"]).is_ok()
}

fn systemctl(arguments: &[&str]) -> Result<(), Failure> {
    run("systemctl", &[&["--user"], arguments].concat()).map(drop)
}

/// What a program prints.
fn run(program: &str, arguments: &[&str]) -> Result<String, Failure> {
    let command = format!("{program} {}", arguments.join(" "));
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Failure::failed(format!("cannot run `{command}`: {error}")))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let complaint = one_line(&String::from_utf8_lossy(&output.stderr), TEXT_MAX);
    let complaint = if complaint.is_empty() { output.status.to_string() } else { complaint };
    Err(Failure::failed(format!("`{command}` failed: {complaint}")))
}
