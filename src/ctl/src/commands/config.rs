//! `pagerctl config`: what the configuration says, whether it is right, and where each value is from.

use std::path::PathBuf;

use clap::Subcommand;
use pager_config::{ConfigErrors, Diagnostic, Entry, Loaded, Sources};
use pager_core::sanitize::visible;
use serde::Serialize;

use crate::failure::{Failure, Status};
use crate::output::{Output, shown};

/// `pagerctl config …`
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Read this configuration file instead of all others.
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    deed: Deed,
}

#[derive(Debug, Subcommand)]
enum Deed {
    /// Read it as the daemon would and report what is wrong; exits with 1 if anything is.
    Check,
    /// Print every key with its value and where that comes from; secrets are not shown.
    Show,
    /// Print the value of one key.
    Get {
        /// The key, such as approvals.window.
        key: String,
    },
}

/// What `config check --json` prints.
#[derive(Debug, Serialize)]
struct Report<'a> {
    ok: bool,
    files: Vec<String>,
    warnings: &'a [Diagnostic],
    errors: Option<&'a ConfigErrors>,
}

/// Does it.
pub(crate) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let sources = Sources::choose(args.config.as_deref()).map_err(Failure::failed)?;
    let loaded = pager_config::load(&sources);
    if let Deed::Check = args.deed {
        return check(loaded.as_ref(), output);
    }
    let loaded = loaded
        .map_err(|errors| Failure::failed(format!("the configuration is wrong:\n{errors}")))?;
    match &args.deed {
        Deed::Get { key } => get(&loaded, key, output),
        Deed::Show | Deed::Check => {
            let entries: Vec<_> = loaded.entries().collect();
            output.data(&entries, || entries.iter().map(line).collect())
        }
    }
}

fn check(loaded: Result<&Loaded, &ConfigErrors>, output: &Output) -> Result<(), Failure> {
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(errors) => {
            let report =
                Report { ok: false, files: Vec::new(), warnings: &[], errors: Some(errors) };
            let count = errors.iter().count();
            let faults = if count == 1 { "1 error".to_owned() } else { format!("{count} errors") };
            output.data(&report, || {
                format!("{errors}\n{faults}: the daemon would refuse this configuration.\n")
            })?;
            return Err(Failure::told());
        }
    };
    let files: Vec<_> = loaded.files.iter().map(|file| shown(file)).collect();
    let report =
        Report { ok: true, files: files.clone(), warnings: &loaded.warnings, errors: None };
    output.done(&report, || {
        let warnings = loaded.warnings.iter().map(|warning| format!("warning: {warning}\n"));
        let verdict = if files.is_empty() {
            "OK. There is no configuration file: every key has its default.".to_owned()
        } else {
            format!("OK. Read: {}", files.join(", "))
        };
        warnings.collect::<String>() + &verdict
    })
}

/// A key as it could stand in the file, with its origin as a comment.
fn line(entry: &Entry) -> String {
    let key = entry.key;
    match &entry.value {
        Some(value) => format!("{key} = {value}  # {}\n", visible(&entry.origin.to_string())),
        None => format!("# {key} is not set\n"),
    }
}

fn get(loaded: &Loaded, key: &str, output: &Output) -> Result<(), Failure> {
    let Some(entry) = loaded.get(key) else {
        let failure = Failure::new(Status::NotFound, format!("there is no key {key:?}"));
        return Err(match pager_config::nearest_key(key) {
            Some(near) => failure.with_hint(format!("did you mean {near}?")),
            None => failure.with_hint("`pagerctl config show` lists all keys"),
        });
    };
    let Some(value) = &entry.value else {
        return Err(Failure::failed(format!("{key} is not set")));
    };
    output.data(&entry, || match value.as_str() {
        Some(text) => format!("{}\n", visible(text)),
        None => format!("{value}\n"),
    })
}
