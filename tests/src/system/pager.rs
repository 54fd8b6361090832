//! Pager in a booted system: installed from its package, set up as its person would.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use super::{Entry, System, prepared};

/// The person's configuration.
pub const CONFIG: &str = "/home/user/.config/pager/pager.toml";

/// The audit log.
pub const AUDIT: &str = "/home/user/.local/state/pager/audit.jsonl";

impl System {
    /// Installs the package and enables the socket; the daemon is not started by that.
    ///
    /// # Errors
    /// Where either fails.
    pub fn install_pager(&self) -> Result<()> {
        self.install_deb(&package()?)?;
        self.systemctl(["enable", "--now", "pager.socket"])?;
        Ok(())
    }

    /// Calls a method of the manager object as another program of the user's would.
    ///
    /// # Errors
    /// Where the call fails, with the error's name and text.
    pub fn call_manager(&self, method: &str, arguments: &[&str]) -> Result<String> {
        let object = ["org.pagerd.Pager1", "/org/pagerd/Pager1", "org.pagerd.Pager1.Manager"];
        let mut argv = vec!["busctl", "--user", "--json=short", "call"];
        argv.extend(object);
        argv.push(method);
        argv.extend(arguments);
        self.run_as_user(argv)
    }

    /// Waits until the journal tells of the first question, and returns its entry.
    ///
    /// # Errors
    /// Where none is asked.
    pub fn wait_for_question(&self) -> Result<Question> {
        let entry = self.wait_for_journal(&["_SYSTEMD_USER_UNIT=pager.service"], |entry| {
            entry.contains_key("PAGER_APPROVAL") && !entry.contains_key("PAGER_DECISION")
        })?;
        Ok(Question { approval: text(&entry, "PAGER_APPROVAL")?, entry })
    }

    /// Waits until the journal tells how an approval ended, and returns that entry.
    ///
    /// # Errors
    /// Where it does not end.
    pub fn wait_for_end(&self, approval: &str) -> Result<Entry> {
        self.wait_for_journal(&[&format!("PAGER_APPROVAL={approval}")], |entry| {
            entry.contains_key("PAGER_DECISION")
        })
    }

    /// The audit log's records, oldest first.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn audit(&self) -> Result<Vec<Entry>> {
        let log = self.run_as_user(["cat", AUDIT])?;
        let records = log.lines().map(|line| serde_json::from_str(line).context(line.to_owned()));
        records.collect()
    }
}

/// A question as the journal tells of it.
#[derive(Debug)]
pub struct Question {
    /// The approval's id.
    pub approval: String,
    /// The whole entry.
    pub entry: Entry,
}

fn text(entry: &Entry, field: &str) -> Result<String> {
    let value = entry.get(field).and_then(|value| value.as_str());
    value.map(str::to_owned).with_context(|| format!("no {field} in the journal entry {entry:?}"))
}

/// The package that `make deb` has built.
///
/// # Errors
/// Where there is none, or more than one.
pub fn package() -> Result<PathBuf> {
    let folder = prepared().join("../packages");
    let files = std::fs::read_dir(&folder)
        .with_context(|| format!("reading {}: run make deb", folder.display()))?;
    let mut packages = Vec::new();
    for file in files {
        let name = file.context("reading the packages")?.file_name();
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("pager_") && name.ends_with(".deb") {
            packages.push(folder.join(name));
        }
    }
    match packages.as_slice() {
        [package] => Ok(package.clone()),
        [] => bail!("no pager_*.deb in {}: run make deb", folder.display()),
        _ => bail!("more than one pager_*.deb in {}: remove the old ones", folder.display()),
    }
}
