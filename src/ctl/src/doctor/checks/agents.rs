//! The coding agents: which there are, and whether this pager was tried with their releases.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use futures_util::future::FutureExt;
use tokio::process::Command;

use crate::doctor::report::{Finding, Group};
use crate::doctor::{Check, Found, Look, Scene};
use crate::programs::is_executable;

pub(super) static CHECK: Check = Check {
    id: "agents",
    title: "Agents",
    group: Group::Agents,
    look: Look::Asks(|scene| look(scene).boxed_local()),
};

/// How long a program may take to say its version.
const PATIENCE: Duration = Duration::from_secs(5);

type Release = (u32, u32, u32);

/// An agent, and what is known of its releases.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) program: &'static str,
    name: &'static str,
    /// An older one reads no settings with events that it does not know, or has no such hooks.
    oldest: Release,
    /// The newest that was tried.
    tried: Release,
}

pub(super) const KNOWN: [Known; 2] = [
    Known { program: "claude", name: "Claude Code", oldest: (2, 1, 120), tried: (2, 1, 330) },
    Known { program: "codex", name: "Codex", oldest: (0, 169, 0), tried: (0, 169, 0) },
];

async fn look(_: &Scene) -> Found {
    let mut seen = Vec::new();
    for known in &KNOWN {
        let said = match on_path(known.program) {
            None => None,
            Some(program) => Some(version(&program).await.map(|said| (program, said))),
        };
        seen.push((known, said));
    }
    Ok(judge(seen))
}

/// The program of that name that the person's shell would run.
pub(super) fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let mut programs = std::env::split_paths(&path).map(|folder| folder.join(name));
    programs.find(|program| program.is_absolute() && is_executable(program))
}

async fn version(program: &Path) -> Result<String, String> {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null()).kill_on_drop(true);
    match tokio::time::timeout(PATIENCE, command.output()).await {
        Err(_) => Err(format!("{} --version: no answer", program.display())),
        Ok(Err(error)) => Err(format!("{}: {error}", program.display())),
        Ok(Ok(output)) => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
    }
}

/// The first word of a text that is three numbers.
pub(super) fn release(text: &str) -> Option<Release> {
    text.split_whitespace().find_map(|word| {
        let word = word.trim_start_matches('v').split(['-', '+']).next()?;
        let mut numbers = word.split('.').map(|number| number.parse().ok());
        let release = (numbers.next()??, numbers.next()??, numbers.next()??);
        numbers.next().is_none().then_some(release)
    })
}

type Seen<'a> = (&'a Known, Option<Result<(PathBuf, String), String>>);

fn judge(seen: Vec<Seen<'_>>) -> Vec<Finding> {
    if seen.iter().all(|(_, said)| said.is_none()) {
        return vec![
            Finding::warn("neither claude nor codex is in PATH")
                .means("Without an agent nobody asks. One that is installed elsewhere is not seen here.")
                .fix("install Claude Code or Codex, or add its folder to PATH"),
        ];
    }
    seen.into_iter().filter_map(|(known, said)| Some(one(known, said?))).collect()
}

fn one(known: &Known, said: Result<(PathBuf, String), String>) -> Finding {
    let Known { program, name, oldest, tried } = known;
    let dotted = |(a, b, c): Release| format!("{a}.{b}.{c}");
    let (path, text) = match said {
        Ok(said) => said,
        Err(why) => {
            return Finding::warn(format!("the release of {name} is not known: {why}"))
                .means("Whether it works with this pager cannot be told.")
                .fix(format!("{program} --version"));
        }
    };
    match release(&text) {
        None => {
            Finding::warn(format!("{} does not say which release of {name} it is", path.display()))
                .means("Whether it works with this pager cannot be told.")
                .fix(format!("{program} --version"))
        }
        Some(found) if found < *oldest => {
            Finding::warn(format!("{name} {} is older than {}", dotted(found), dotted(*oldest)))
                .means("Some of what pager relies on is not there yet.")
                .fix(format!("bring {name} up to date"))
        }
        Some(found) if found > *tried => Finding::ok(format!(
            "{name} {}, newer than what was tested ({})",
            dotted(found),
            dotted(*tried)
        )),
        Some(found) => Finding::ok(format!("{name} {}", dotted(found))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Status;

    #[test]
    fn a_release_is_found_in_what_is_printed() {
        assert_eq!(release("2.1.197 (Claude Code)\n"), Some((2, 1, 197)));
        assert_eq!(release("codex-cli 0.169.0\n"), Some((0, 169, 0)));
        assert_eq!(release("v1.2.3-beta.1"), Some((1, 2, 3)));
        for none in ["", "1.2", "Claude Code", "1.2.3.4"] {
            assert_eq!(release(none), None, "{none}");
        }
    }

    #[test]
    fn releases_are_held_against_what_was_tried() {
        let claude = |text: &str| one(&KNOWN[0], Ok(("/usr/bin/claude".into(), text.to_owned())));
        assert_eq!(claude("2.1.197 (Claude Code)").text, "Claude Code 2.1.197");
        let newer = claude("2.2.0");
        assert_eq!(newer.status, Status::Ok);
        assert!(newer.text.contains("newer than what was tested"));
        assert_eq!(claude("2.1.119").status, Status::Warn);
        assert_eq!(claude("what?").status, Status::Warn);
        assert_eq!(one(&KNOWN[1], Err("no answer".to_owned())).status, Status::Warn);
    }

    #[test]
    fn one_agent_is_enough() {
        let none = judge(vec![(&KNOWN[0], None), (&KNOWN[1], None)]);
        assert_eq!(none[0].status, Status::Warn);
        let said = Ok(("/usr/bin/codex".into(), "codex-cli 0.169.0".to_owned()));
        let one = judge(vec![(&KNOWN[0], None), (&KNOWN[1], Some(said))]);
        assert_eq!(one.iter().map(|it| &*it.text).collect::<Vec<_>>(), ["Codex 0.169.0"]);
    }
}
