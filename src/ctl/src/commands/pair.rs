//! `pagerctl pair`: who may speak to the bot.

use clap::Subcommand;
use jiff::Timestamp;
use owo_colors::OwoColorize;
use pager_core::sanitize::one_line;
use serde::Serialize;

use super::words::by;
use crate::daemon::{Daemon, Pairing, Principal};
use crate::failure::{Failure, Status};
use crate::output::Output;
use crate::time::{date, span};

/// Arguments of `pagerctl pair`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    deed: Option<Deed>,
}

#[derive(Debug, Subcommand)]
enum Deed {
    /// Who waits to be let in, and who may speak to the bot (the default).
    List,
    /// Let somebody in, by the code that the bot told them.
    Approve {
        /// The code, as they read it out: small letters, blanks and dashes do not matter.
        #[arg(required = true)]
        code: Vec<String>,
        /// What they become: owner, admin, developer, observer, or a role of your own. Without it
        /// the first is an owner, and others are developers.
        #[arg(long)]
        role: Option<String>,
    },
    /// Turn somebody away, by the code that the bot told them.
    Reject {
        /// The code.
        #[arg(required = true)]
        code: Vec<String>,
    },
    /// Take back that somebody was let in.
    Revoke {
        /// Their Telegram user id.
        user: i64,
    },
}

#[derive(Debug, Serialize)]
pub(super) struct Listing {
    pub(super) pairings: Vec<Pairing>,
    pub(super) principals: Vec<Principal>,
}

#[derive(Debug, Serialize)]
pub(super) struct LetIn {
    pub(super) user: i64,
    pub(super) role: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Revoked {
    pub(super) user: i64,
}

pub(crate) async fn run(daemon: &Daemon, output: &Output, args: &Args) -> Result<(), Failure> {
    let access = daemon.access();
    match args.deed.as_ref().unwrap_or(&Deed::List) {
        Deed::List => {
            let listing = Listing {
                pairings: daemon.pairings().await?,
                principals: daemon.principals().await?,
            };
            output.data(&listing, || text(&listing, Timestamp::now(), output))
        }
        Deed::Approve { code, role } => {
            let code = code.concat();
            let let_in = match role {
                Some(role) => access.approve_pairing_as(&code, role).await,
                None => access.approve_pairing(&code).await,
            };
            let (user, role) = let_in.map_err(refused)?;
            let shown = one_line(&role, 40);
            output.done(&LetIn { user, role }, || {
                format!("Telegram user {user} may use your bot, as {shown}.")
            })
        }
        Deed::Reject { code } => {
            access.reject_pairing(&code.concat()).await.map_err(refused)?;
            output.done(&(), || "Turned away. They may ask again with another code.".to_owned())
        }
        Deed::Revoke { user } => {
            if !daemon.principals().await?.iter().any(|known| known.user == *user) {
                let why = format!("nobody let {user} in");
                return Err(Failure::new(Status::NotFound, why).with_hint(WHO));
            }
            access.revoke_principal(*user).await?;
            output.done(&Revoked { user: *user }, || {
                format!("Telegram user {user} may no longer use your bot.")
            })
        }
    }
}

fn refused(error: zbus::Error) -> Failure {
    let failure = Failure::from(error);
    if failure.status == Status::NotFound { failure.with_hint(WHO) } else { failure }
}

const WHO: &str = "pagerctl pair shows who waits, and who may use the bot";

/// Two lines for each, as neither a name nor a time may be cut.
pub(super) fn text(listing: &Listing, now: Timestamp, output: &Output) -> String {
    let mut lines = String::new();
    for pairing in &listing.pairings {
        let name = one_line(&pairing.name, 60);
        lines.push_str(&format!(
            "{}\n  asked {} ago, may be let in until {}\n",
            format!("{name} ({})", pairing.user).bold(),
            span(pairing.asked, now),
            date(pairing.expires)
        ));
    }
    if !listing.pairings.is_empty() {
        lines.push_str(&output.remark(
            "To let one in, ask them for their code: pagerctl pair approve CODE\n\n".to_owned(),
        ));
    }
    if listing.principals.is_empty() {
        return lines + &output.remark("Nobody may use the bot.\n".to_owned());
    }
    for principal in &listing.principals {
        let name = one_line(&principal.name, 60);
        let who = if name.is_empty() {
            principal.user.to_string()
        } else {
            format!("{name} ({})", principal.user)
        };
        let since = match &principal.since {
            Some(since) => format!(
                "let in {}, {} ago, {}",
                one_line(&by(&principal.by), 80),
                span(*since, now),
                date(*since)
            ),
            None => "by pager.toml".to_owned(),
        };
        lines.push_str(&format!("{}\n  {}, {since}\n", who.bold(), one_line(&principal.role, 40)));
    }
    lines
}
