//! The rules that persons have granted for good: which there are, and taking them back.

use pager_agents::wiring::{Grant, Wiring};
use pager_core::approval::Verdict;
use pager_core::{Actor, Approval, ApprovalId, Command, Machine, Phase};

use super::approval::microseconds;
use super::context::{Context, plain};
use super::error::Error;
use crate::redaction;

/// A granted rule as it is listed: approval, agent, rules, place, file, session, label, by, when.
pub(super) type Row = (String, String, String, String, String, String, String, String, u64);

/// Claude watches the folders of settings that were there when it started, and no others.
const RUNNING: &str = "; a session that runs since before that folder was made goes by it until it \
                       ends";

/// Every rule that holds.
pub(super) async fn list(context: &Context) -> Result<Vec<Row>, Error> {
    let wirings = context.shared.controls.wirings.clone();
    let granted = context.handle().with_store(move |store, machine| {
        let granted = store.grants()?.into_iter().filter_map(|approval| {
            let grant = grant(&wirings, &approval)?;
            holds(machine, &approval, &grant).then_some((approval, grant))
        });
        Ok(granted.collect::<Vec<_>>())
    });
    let granted = granted.await?;
    // The settings are files of the person's projects, on whatever disk those are.
    blocking(move || granted.iter().map(|(approval, grant)| row(approval, grant)).collect()).await
}

/// Takes back what was granted with an approval; says what was done.
pub(super) async fn revoke(
    context: &Context,
    actor: Actor,
    id: ApprovalId,
) -> Result<String, Error> {
    let known = context.handle().approval(id).await?;
    let approval = known.ok_or_else(|| Error::NotFound(format!("there is no approval {id}")))?;
    if let Some(revocation) = &approval.revoked {
        let (by, at) = (revocation.by.words(), revocation.at.strftime("%F %H:%M:%S UTC"));
        return Err(Error::AlreadyResolved(format!("already taken back {by} at {at}")));
    }
    let granted = approval
        .resolution
        .as_ref()
        .is_some_and(|resolution| resolution.verdict == Some(Verdict::AllowAlways));
    let grant = granted.then(|| grant(&context.shared.controls.wirings, &approval)).flatten();
    let Some(grant) = grant else {
        let why = format!("no rule was granted with approval {id} that could be taken back");
        return Err(Error::InvalidArgument(why));
    };
    if !grant.is_kept() {
        return Err(Error::InvalidArgument(format!(
            "this was granted for the session in {} only: it ends with that session, and nothing \
             else takes it back",
            plain(&approval.label)
        )));
    }
    let taken = blocking(move || grant.revoke()).await?;
    let taken = taken.map_err(|error| {
        Error::Unavailable(redaction::clean(&plain(&error.to_string())).into_owned())
    })?;
    // Done again after this has failed, it finds nothing to take out and is written down then.
    context.handle().submit(actor, Command::Revoke { approval: Box::new(approval) }).await?;
    Ok(match taken {
        Some(file) => format!("taken out of {}{RUNNING}", plain(&file.display().to_string())),
        None => "it stood in the agent's settings no more".to_owned(),
    })
}

fn grant(wirings: &[Wiring], approval: &Approval) -> Option<Grant> {
    wirings.iter().find_map(|wiring| wiring.grant(approval))
}

/// Whether a grant can still mean anything: one for its session ends with that.
fn holds(machine: &Machine, approval: &Approval, grant: &Grant) -> bool {
    let lives = || machine.session(&approval.session).is_some_and(|it| it.phase != Phase::Ended);
    grant.is_kept() || lives()
}

fn row(approval: &Approval, grant: &Grant) -> Row {
    let file = grant.file().map(|file| plain(&file.display().to_string()));
    let resolution = approval.resolution.as_ref();
    (
        approval.id.to_string(),
        plain(approval.agent.as_str()),
        plain(&grant.rules().join("\n")),
        plain(grant.place()),
        file.unwrap_or_default(),
        approval.session.to_string(),
        plain(&approval.label),
        resolution.map(|resolution| plain(&resolution.by.to_string())).unwrap_or_default(),
        resolution.map(|resolution| microseconds(resolution.at)).unwrap_or_default(),
    )
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    let broken = |error| Error::Unavailable(format!("it broke off: {error}"));
    tokio::task::spawn_blocking(work).await.map_err(broken)
}
