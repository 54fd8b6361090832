//! What this machine lacks for booting systems.

use std::path::Path;
use std::process::Stdio;

use super::pager::package;
use super::{host_command, prepared, scripts};

/// Each thing that is missing, and how to get it; empty where the suite can run.
pub fn missing() -> Vec<String> {
    let mut missing = Vec::new();
    if !rustix::process::geteuid().is_root() {
        missing.push("needs root: run it with sudo".to_owned());
    } else if !may_mount() {
        missing.push("needs to mount: run it outside of a confined container".to_owned());
    }
    let tools = [
        ("systemd-nspawn", "systemd-container"),
        ("nsenter", "util-linux"),
        ("unshare", "util-linux"),
        ("setpriv", "util-linux"),
        ("findmnt", "util-linux"),
    ];
    for (tool, package) in tools {
        if !Path::new("/usr/bin").join(tool).exists() {
            missing.push(format!("needs {tool}: install the Debian package {package}"));
        }
    }
    let folder = prepared();
    for part in ["tree/.key", "claude", "codex/bin/codex"] {
        let part = folder.join(part);
        if !part.exists() {
            let prepare = scripts().join("prepare.sh");
            let (part, prepare, folder) = (part.display(), prepare.display(), folder.display());
            missing.push(format!("needs {part}: run {prepare} {folder}"));
        }
    }
    if let Err(error) = package() {
        missing.push(format!("{error:#}"));
    }
    missing
}

fn may_mount() -> bool {
    let probe = host_command("unshare").args(["--mount", "true"]).stderr(Stdio::null()).status();
    // Without the program there is another complaint.
    probe.map_or(true, |status| status.success())
}
