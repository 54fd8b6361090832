//! What the daemon tells, as plain data. Its JSON form is an interface: fields are only ever added.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Serialize;
use zbus::zvariant::{OwnedObjectPath, OwnedValue};

use super::Labels;
use super::proxy::{GrantRow, PairingRow, PrincipalRow};
use crate::failure::{Failure, Status};

/// The daemon as a whole.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Summary {
    pub(crate) version: String,
    /// `ready` or `degraded`.
    pub(crate) state: String,
    /// `session-bus` or `private-socket`.
    pub(crate) reached: &'static str,
    pub(crate) telegram_state: String,
    /// Where the bot's token is from: `credential`, `file`, `secret-service`, `config` or `none`.
    pub(crate) token_source: String,
    pub(crate) pending_approvals: u32,
    pub(crate) active_sessions: u32,
    /// What the configuration allows and had better not, a sentence each.
    pub(crate) warnings: Vec<String>,
    /// The panic that has shut everything; none where nothing is.
    pub(crate) locked: Option<Lock>,
}

/// A panic that is not over.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Lock {
    pub(crate) since: Timestamp,
    pub(crate) by: String,
}

impl Lock {
    pub(super) fn read(since: u64, by: String) -> Result<Option<Self>, Failure> {
        Ok(if since == 0 { None } else { Some(Self { since: time(since)?, by }) })
    }
}

/// An approval, whole.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Approval {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) state: String,
    /// Who settled it; none while it is pending.
    pub(crate) resolved_by: Option<String>,
    pub(crate) agent: String,
    /// The session's id.
    pub(crate) session: String,
    pub(crate) label: String,
    pub(crate) cwd: String,
    pub(crate) tool: String,
    pub(crate) summary: String,
    /// All that is asked, as text for a person.
    pub(crate) body: String,
    /// The tool's input: JSON text, exactly as the agent wrote it.
    pub(crate) input: String,
    pub(crate) input_sha256: String,
    pub(crate) always_rule: Option<String>,
    pub(crate) created: Timestamp,
    pub(crate) expires: Timestamp,
    /// Whether it waits in its session's queue.
    pub(crate) queued: bool,
    /// The doors the policy takes a yes from; empty where every door will do.
    pub(crate) require: Vec<String>,
    /// How many different people must say yes.
    pub(crate) needed: u32,
    /// Those who have, where it takes more than one.
    pub(crate) yeses: Vec<String>,
}

impl Approval {
    pub(super) fn read(mut properties: Properties, labels: &Labels) -> Result<Self, Failure> {
        let session: OwnedObjectPath = properties.take("Session")?;
        let (session, label) = match labels.get(session.as_str()) {
            Some((id, label)) => (id.clone(), label.clone()),
            // The session is over for so long that it is forgotten.
            None => (session.rsplit('/').next().unwrap_or_default().to_owned(), String::new()),
        };
        let some = |text: String| (!text.is_empty()).then_some(text);
        Ok(Self {
            id: properties.take("Id")?,
            kind: properties.take("Kind")?,
            state: properties.take("State")?,
            resolved_by: some(properties.take("ResolvedBy")?),
            agent: properties.take("Agent")?,
            session,
            label,
            cwd: properties.take("Cwd")?,
            tool: properties.take("Tool")?,
            summary: properties.take("Summary")?,
            body: properties.take("Body")?,
            input: properties.take("Input")?,
            input_sha256: properties.take("InputSha256")?,
            always_rule: some(properties.take("AlwaysRule")?),
            created: time(properties.take("Created")?)?,
            expires: time(properties.take("Expires")?)?,
            queued: properties.take("Queued")?,
            require: properties
                .take::<String>("Require")?
                .split_whitespace()
                .map(str::to_owned)
                .collect(),
            needed: properties.take("Needed")?,
            yeses: properties.take("Yeses")?,
        })
    }
}

/// A session.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) agent: String,
    pub(crate) label: String,
    pub(crate) state: String,
    pub(crate) cwd: String,
    pub(crate) model: Option<String>,
    pub(crate) permission_mode: Option<String>,
    pub(crate) context_percent: Option<f64>,
    pub(crate) cost_usd: Option<f64>,
    /// Whether it stands still until it is resumed.
    pub(crate) paused: bool,
    pub(crate) managed: bool,
    pub(crate) unit: Option<String>,
}

impl Session {
    pub(super) fn read(mut properties: Properties) -> Result<Self, Failure> {
        let some = |text: String| (!text.is_empty()).then_some(text);
        let known = |number: f64| (number >= 0.0).then_some(number);
        Ok(Self {
            id: properties.take("Id")?,
            agent: properties.take("Agent")?,
            label: properties.take("Label")?,
            state: properties.take("State")?,
            cwd: properties.take("Cwd")?,
            model: some(properties.take("Model")?),
            permission_mode: some(properties.take("PermissionMode")?),
            context_percent: known(properties.take("ContextPercent")?),
            cost_usd: known(properties.take("CostUsd")?),
            paused: properties.take("Paused")?,
            managed: properties.take("Managed")?,
            unit: some(properties.take("Unit")?),
        })
    }
}

/// What a person granted for good with one approval.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Grant {
    /// The approval's id.
    pub(crate) id: String,
    pub(crate) agent: String,
    pub(crate) rules: Vec<String>,
    /// The agent's word for where it keeps them.
    pub(crate) place: String,
    /// The file they stand in; none where they stand in none now.
    pub(crate) file: Option<String>,
    pub(crate) session: String,
    pub(crate) label: String,
    pub(crate) by: String,
    pub(crate) granted: Timestamp,
}

impl Grant {
    pub(super) fn read(row: GrantRow) -> Result<Self, Failure> {
        let (id, agent, rules, place, file, session, label, by, granted) = row;
        let rules = rules.lines().map(str::to_owned).collect();
        let file = (!file.is_empty()).then_some(file);
        let granted = time(granted)?;
        Ok(Self { id, agent, rules, place, file, session, label, by, granted })
    }
}

/// An object's properties, to be taken out one by one.
pub(super) struct Properties(pub(super) HashMap<String, OwnedValue>);

impl Properties {
    fn take<T>(&mut self, name: &str) -> Result<T, Failure>
    where
        T: TryFrom<OwnedValue>,
    {
        self.0.remove(name).and_then(|value| T::try_from(value).ok()).ok_or_else(|| {
            let what = format!("pagerd does not tell {name} as this pagerctl expects it");
            Failure {
                hint: Some("are pagerctl and the running pagerd of the same version?".into()),
                ..Failure::new(Status::Failed, what)
            }
        })
    }
}

fn time(microseconds: u64) -> Result<Timestamp, Failure> {
    i64::try_from(microseconds)
        .ok()
        .and_then(|microseconds| Timestamp::from_microsecond(microseconds).ok())
        .ok_or_else(|| Failure::new(Status::Failed, "pagerd tells a time that cannot be"))
}

/// Somebody who waits to be let in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Pairing {
    /// Their Telegram user id.
    pub(crate) user: i64,
    /// What they call themselves.
    pub(crate) name: String,
    pub(crate) asked: Timestamp,
    /// Until when their code holds.
    pub(crate) expires: Timestamp,
}

impl Pairing {
    pub(super) fn read((user, name, asked, expires): PairingRow) -> Result<Self, Failure> {
        Ok(Self { user, name, asked: time(asked)?, expires: time(expires)? })
    }
}

/// Somebody who may speak to the bot.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Principal {
    /// Their Telegram user id.
    pub(crate) user: i64,
    /// What they called themselves; empty if they are in pager.toml.
    pub(crate) name: String,
    pub(crate) role: String,
    /// Who let them in; `config` if they are in pager.toml.
    pub(crate) by: String,
    /// Since when; none if they are in pager.toml.
    pub(crate) since: Option<Timestamp>,
}

impl Principal {
    pub(super) fn read((user, name, role, by, since): PrincipalRow) -> Result<Self, Failure> {
        let since = (by != "config").then(|| time(since)).transpose()?;
        Ok(Self { user, name, role, by, since })
    }
}
