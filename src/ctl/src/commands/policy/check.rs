//! `pagerctl policy check`

use std::path::Path;

use pager_config::paths::Paths;
use pager_config::{Diagnostic, read_owned};
use pager_policy::{Disk, Document, Place, Policy, parse_file, parse_local};
use serde::Serialize;

use super::{file, lines, now};
use crate::failure::Failure;
use crate::output::{Output, shown};

const IN_FORCE: &str = "\nTo have it in force: systemctl --user reload pager";

/// What `policy check --json` prints.
#[derive(Debug, Serialize)]
struct Report<'a> {
    ok: bool,
    file: String,
    /// How many rules it has; none if it cannot be read.
    rules: Option<usize>,
    /// The digest that judgements by it carry.
    policy: Option<String>,
    warnings: &'a [Diagnostic],
    errors: &'a [Diagnostic],
}

/// How many rules and warnings the person's own policy has; none where there is no file.
pub(crate) fn own() -> Result<Option<(usize, usize)>, Failure> {
    let paths = Paths::from_env();
    let place = Place::usual(&paths);
    let path = file(None, &paths)?;
    if !path.exists() {
        return Ok(None);
    }
    match read(&path, &place) {
        Ok((document, policy)) => {
            Ok(Some((policy.rules(), document.warnings(&place, &Disk, now()).len())))
        }
        Err(errors) => Err(Failure::failed(lines(&errors))),
    }
}

/// Whether a rule of the person's own policy has a yes wait for polkit.
pub(crate) fn own_requires_polkit() -> bool {
    let paths = Paths::from_env();
    let read = file(None, &paths).ok().filter(|path| path.exists());
    let read = read.and_then(|path| read_policy(&path, &Place::usual(&paths)));
    read.is_some_and(|document| document.requires_polkit())
}

fn read_policy(path: &Path, place: &Place) -> Option<Document> {
    read(path, place).ok().map(|(document, _)| document)
}

pub(super) fn run(named: Option<&Path>, output: &Output) -> Result<(), Failure> {
    let paths = Paths::from_env();
    let place = Place::usual(&paths);
    let path = file(named, &paths)?;
    if !path.exists() {
        if named.is_some() {
            return Err(Failure::failed(format!("{} does not exist", path.display())));
        }
        let report = report(&path, None, &[], &[]);
        return output.done(&report, || {
            format!("OK. There is no {}: everything is asked, secrets are denied.", shown(&path))
        });
    }
    match read(&path, &place) {
        Ok((document, policy)) => {
            let warnings = document.warnings(&place, &Disk, now());
            let report = report(&path, Some(&policy), &warnings, &[]);
            output.done(&report, || {
                let told = warnings.iter().map(|warning| format!("warning: {warning}\n"));
                let ok = match warnings.len() {
                    0 => "OK.".to_owned(),
                    count => format!("OK, with {}.", counted(count, "warning")),
                };
                let rules = counted(policy.rules(), "rule");
                // The person's own, which a daemon may have read before it was changed.
                let hint = if named.is_none() { IN_FORCE } else { "" };
                told.collect::<String>() + &format!("{ok} {rules} in {}{hint}", shown(&path))
            })
        }
        Err(errors) => {
            output.line(&report(&path, None, &[], &errors), || {
                let count = counted(errors.len(), "error");
                format!("{}\n{count}: the daemon would not take this policy.", lines(&errors))
            })?;
            Err(Failure::told())
        }
    }
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

fn read(path: &Path, place: &Place) -> Result<(Document, Policy), Vec<Diagnostic>> {
    let text = read_owned(path).map_err(|fault| vec![*fault])?.unwrap_or_default();
    let empty = || Policy::new(place, None, &Disk);
    // A repository's own file, which is read by other rules.
    let (document, policy) = if path.ends_with(".pager/policy.toml") {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let document = parse_local(&absolute, &text)?;
        let policy = empty().map(|policy| policy.with_local(document.clone()));
        (document, policy)
    } else {
        let document = parse_file(path, &text)?;
        let policy = Policy::new(place, Some(document.clone()), &Disk);
        (document, policy)
    };
    let policy = policy.map_err(|error| vec![Diagnostic::of_file(path, error.to_string())])?;
    Ok((document, policy))
}

fn report<'a>(
    path: &Path,
    policy: Option<&Policy>,
    warnings: &'a [Diagnostic],
    errors: &'a [Diagnostic],
) -> Report<'a> {
    Report {
        ok: errors.is_empty(),
        file: shown(path),
        rules: policy.map(Policy::rules),
        policy: policy.map(|policy| policy.hash().to_string()),
        warnings,
        errors,
    }
}
