//! Files that look like secrets in the index of the repository around the current folder: whatever
//! an agent may read there, and whoever it is pushed to.

use std::path::Path;
use std::process::{Command, Stdio};

use pager_core::transfer::Transfer;

use crate::doctor::report::{Finding, Group, counted};
use crate::doctor::{Check, Found, Look, Scene};
use crate::failure::Failure;

pub(super) static CHECK: Check =
    Check { id: "repository", title: "Repository", group: Group::Agents, look: Look::Here(look) };

/// How many are named.
const SHOWN: usize = 5;

fn look(scene: &Scene) -> Found {
    let Some(config) = scene.config() else { return Ok(Vec::new()) };
    let Ok(transfer) = Transfer::new(config.files.deny.iter().map(String::as_str)) else {
        return Ok(Vec::new());
    };
    // Nothing that the repository's own configuration names is run.
    let listed = Command::new("git")
        .args(["-c", "core.fsmonitor=false", "ls-files", "-z", "--cached", "--full-name", ":/"])
        .env("GIT_OPTIONAL_LOCKS", "0")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    let listed = match listed {
        Ok(listed) => listed,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Failure::failed(format!("cannot run git: {error}"))),
    };
    if !listed.status.success() {
        // There is no repository here.
        return Ok(Vec::new());
    }
    let names = String::from_utf8_lossy(&listed.stdout);
    let names: Vec<_> = names.split('\0').filter(|name| !name.is_empty()).collect();
    Ok(judge(&names, &transfer))
}

/// Whether a file is kept from chats for another reason than that it holds a secret.
fn is_harmless(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    let example = ["example", "sample", "template", "dist"];
    let agents = [".claude/", ".codex/"];
    example.iter().any(|end| file.ends_with(&format!(".{end}")))
        || agents
            .iter()
            .any(|folder| name.starts_with(folder) || name.contains(&format!("/{folder}")))
}

fn judge(names: &[&str], transfer: &Transfer) -> Vec<Finding> {
    let secrets: Vec<_> = names
        .iter()
        .filter(|name| transfer.judge(Path::new(name)).is_err() && !is_harmless(name))
        .collect();
    if secrets.is_empty() {
        return vec![Finding::ok(format!(
            "{} in the index, none looks like a secret",
            counted(names.len(), "file")
        ))];
    }
    let mut shown: Vec<_> = secrets.iter().take(SHOWN).map(ToString::to_string).collect();
    if secrets.len() > SHOWN {
        shown.push(format!("{} more", secrets.len() - SHOWN));
    }
    vec![
        Finding::warn(format!(
            "{} in the repository's index by name: {}",
            counted(secrets.len(), "secret"),
            shown.join(", ")
        ))
        .means(
            "Everybody who has the repository has them, and pager keeps them from chats only. Only \
             the names were looked at.",
        )
        .fix("git rm --cached FILE, add it to .gitignore, and replace what was in it"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Status;

    #[test]
    fn at_most_five_are_named() {
        let transfer = Transfer::new([]).unwrap();
        let fine = ["src/main.rs", ".env.example", ".claude/settings.json", "a/.codex/config.toml"];
        assert_eq!(judge(&fine, &transfer)[0].status, Status::Ok);
        let names: Vec<_> = (0..7).map(|number| format!("conf/{number}.pem")).collect();
        let names: Vec<_> = names.iter().map(String::as_str).chain(["README.md"]).collect();
        let found = judge(&names, &transfer).remove(0);
        assert_eq!(found.status, Status::Warn);
        assert!(found.text.contains("conf/4.pem, 2 more"), "{}", found.text);
        assert!(!found.text.contains("conf/5.pem"), "{}", found.text);
    }
}
