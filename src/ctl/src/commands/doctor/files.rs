//! What lies in files: the configuration, the token, the policy, the agents' settings, the audit log.

use std::path::Path;

use pager_config::paths::Paths;
use pager_config::{Config, Sources, TokenError};

use super::Finding;
use crate::commands::hooks::{self, Agent};
use crate::commands::{audit, policy};
use crate::output::shown;
use crate::programs;

/// Looks, and tells of what the configuration has been warned of.
pub(super) fn look() -> (Vec<Finding>, Vec<String>) {
    let (mut found, config) = configuration();
    if let Some(config) = &config {
        found.push(token(config));
    }
    found.push(policy());
    found.extend(settings(Agent::Claude));
    found.extend(settings(Agent::Codex));
    found.extend(audit());
    (found, config.map(|config| config.warnings()).unwrap_or_default())
}

fn configuration() -> (Vec<Finding>, Option<Config>) {
    const CHECK: &str = "configuration";
    let sources = match Sources::choose(None) {
        Ok(sources) => sources,
        Err(error) => return (vec![Finding::problem(CHECK, error.to_string())], None),
    };
    match pager_config::load(&sources) {
        Ok(loaded) => {
            let files: Vec<_> = loaded.files.iter().map(|file| shown(file)).collect();
            let mut found = vec![match files.as_slice() {
                [] => Finding::ok(CHECK, "there is no file: every key has its default"),
                files => Finding::ok(CHECK, files.join(", ")),
            }];
            let warnings = loaded.warnings.iter();
            found.extend(warnings.map(|warning| Finding::warning(CHECK, warning.to_string())));
            (found, Some(loaded.config))
        }
        Err(errors) => {
            let found = Finding::problem(CHECK, errors.to_string())
                .hint("the daemon keeps what it has read before, and does not start with this");
            (vec![found], None)
        }
    }
}

fn token(config: &Config) -> Finding {
    const CHECK: &str = "token";
    match pager_config::read_token(config) {
        Ok(_) => Finding::ok(CHECK, "one is there, and nobody else can read it"),
        // Only the daemon sees the credentials of its unit.
        Err(TokenError::InSecretService(_)) => {
            Finding::ok(CHECK, "in the Secret Service; `pagerctl status` says whether it was there")
        }
        Err(TokenError::NotSet) => Finding::ok(CHECK, "none in the configuration"),
        Err(error) => Finding::problem(CHECK, error.to_string()),
    }
}

fn policy() -> Finding {
    const CHECK: &str = "policy";
    match policy::check::own() {
        Ok(None) => Finding::ok(CHECK, "there is none: everything is asked, secrets are denied"),
        Ok(Some((rules, 0))) => Finding::ok(CHECK, super::counted(rules, "rule")),
        Ok(Some((rules, warnings))) => {
            let (rules, warnings) =
                (super::counted(rules, "rule"), super::counted(warnings, "warning"));
            Finding::warning(CHECK, format!("{rules}, {warnings}"))
                .hint("pagerctl policy check shows them")
        }
        Err(failure) => Finding::failure(CHECK, &failure),
    }
}

/// Whether an agent asks through pager. Codex is not missed where it has never run.
fn settings(agent: Agent) -> Option<Finding> {
    let check = match agent {
        Agent::Claude => "Claude Code",
        Agent::Codex => "Codex",
    };
    let looked = agent.wiring().and_then(|wiring| {
        let program = programs::HOOK.find()?;
        wiring.check(&program).map_err(crate::failure::Failure::failed)
    });
    match looked {
        Ok(looked) if agent == Agent::Codex && !folder_exists(&looked.file) => None,
        Ok(looked) if looked.is_installed() => {
            Some(Finding::ok(check, format!("{}: all events are wired", shown(&looked.file))))
        }
        Ok(looked) => Some(Finding::problem(check, hooks::checked(&looked))),
        Err(failure) => Some(Finding::failure(check, &failure)),
    }
}

fn folder_exists(file: &Path) -> bool {
    file.parent().is_some_and(Path::is_dir)
}

/// Nothing where nothing was ever written.
fn audit() -> Option<Finding> {
    const CHECK: &str = "audit log";
    let folder = Paths::from_env().state_dir().ok()?;
    if !folder.join("audit.jsonl").exists() {
        return None;
    }
    match audit::verify::own() {
        Ok(walk) if walk.breaks.is_empty() => {
            let last = walk.first.end.short();
            Some(Finding::ok(CHECK, format!("it is whole; its last record is {last}")))
        }
        Ok(walk) => {
            let sentences: Vec<_> = walk.breaks.iter().map(|it| it.problem.sentence()).collect();
            let hint = "pagerctl audit verify tells more";
            let text = sentences.join("\n");
            Some(if walk.is_acknowledged() {
                Finding::warning(CHECK, format!("{text}\n(acknowledged)")).hint(hint)
            } else {
                Finding::problem(CHECK, text).hint(hint)
            })
        }
        Err(failure) => Some(Finding::failure(CHECK, &failure)),
    }
}
