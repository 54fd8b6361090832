//! A break in the audit log that a person knows of.

use pager_core::audit::{Gap, NoGap};
use pager_core::sanitize::one_line;
use pager_core::{Actor, Command, News};

use super::context::Context;
use super::error::Error;

/// Writes down that they know of it, and why it is there.
pub(super) async fn acknowledge(
    context: &Context,
    actor: Actor,
    gap: &str,
    reason: &str,
) -> Result<(), Error> {
    let gap: Gap = gap.parse().map_err(|no: NoGap| Error::InvalidArgument(no.to_string()))?;
    let reason = one_line(reason, usize::MAX);
    if !(1..=Gap::REASON_MAX).contains(&reason.chars().count()) {
        let what = format!("say why, in up to {} characters", Gap::REASON_MAX);
        return Err(Error::InvalidArgument(what));
    }
    let news = News::Acknowledged { gap, reason };
    context.handle().submit(actor, Command::Report { session: None, news }).await?;
    Ok(())
}
