//! The Access interface, at the root: who may speak to the bot, and who waits to.

use jiff::Timestamp;
use pager_core::access::{Code, RoleName};
use pager_core::{AccessCommand, Actor, Command, Knocker, Reply};
use zbus::message::Header;
use zbus::{Connection, interface};

use super::approval::microseconds;
use super::context::{Context, plain};
use super::error::Error;

/// Somebody who waits: Telegram user id, name, when they asked and until when their code holds.
type Waiting = (i64, String, u64, u64);
/// Somebody who is known: Telegram user id, name, role, who let them in, when; by the configuration
/// it is `config`, without a name and at 0.
type Known = (i64, String, String, String, u64);

/// Serves who may speak to the bot.
pub(super) struct Access {
    context: Context,
}

impl Access {
    pub(super) fn new(context: Context) -> Self {
        Self { context }
    }

    async fn submit(&self, actor: Actor, command: AccessCommand) -> Result<Reply, Error> {
        Ok(self.context.handle().submit(actor, Command::Access(command)).await?)
    }

    async fn let_in(
        &self,
        actor: Actor,
        code: &str,
        role: RoleName,
    ) -> Result<(i64, String), Error> {
        let code = read(code)?;
        match self.submit(actor, AccessCommand::LetIn { who: Knocker::Code(code), role }).await? {
            Reply::LetIn(principal) => Ok((principal.user, principal.role.to_string())),
            other => Err(Error::Unavailable(format!("the engine answered {other:?}"))),
        }
    }

    /// What somebody becomes of whom nothing is said: whoever comes first is an owner, as there would
    /// be none.
    async fn usual_role(&self) -> Result<RoleName, Error> {
        let configured = !self.context.shared.controls.rules.borrow().people.is_empty();
        let nobody = self
            .context
            .handle()
            .with_store(|_, machine| Ok(machine.principals().next().is_none()))
            .await?;
        Ok(if nobody && !configured { RoleName::owner() } else { RoleName::developer() })
    }
}

fn read(code: &str) -> Result<Code, Error> {
    Code::read(code).ok_or_else(|| {
        Error::InvalidArgument("that is no code: it has eight letters and digits".to_owned())
    })
}

/// Who may speak to the bot. What changes it is refused to whatever lives with an agent.
#[interface(name = "org.pagerd.Pager1.Access")]
impl Access {
    /// Those who wait to be let in, the oldest first: user id, what they call themselves, when they
    /// asked, and until when their code holds, both in microseconds since the epoch. The codes are
    /// known to them alone.
    #[zbus(out_args("pairings"))]
    async fn list_pairings(&self) -> Result<Vec<Waiting>, Error> {
        let now = Timestamp::now();
        let pairings = self.context.handle().with_store(move |_, machine| {
            let row = |pairing: &pager_core::access::Pairing| {
                let (asked, expires) =
                    (microseconds(pairing.asked), microseconds(pairing.expires()));
                (pairing.user, plain(&pairing.name), asked, expires)
            };
            Ok(machine.pairings(now).map(row).collect())
        });
        Ok(pairings.await?)
    }

    /// Lets somebody in by the code they were told: the first as owner, others as developer. Returns
    /// their user id and role.
    #[zbus(out_args("user", "role"))]
    async fn approve_pairing(
        &self,
        code: &str,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(i64, String), Error> {
        let actor = self.context.governor(connection, &header).await?;
        let role = self.usual_role().await?;
        self.let_in(actor, code, role).await
    }

    /// Lets somebody in by the code they were told, in a role that there is.
    #[zbus(out_args("user", "role"))]
    async fn approve_pairing_as(
        &self,
        code: &str,
        role: &str,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(i64, String), Error> {
        let actor = self.context.governor(connection, &header).await?;
        let wanted = RoleName::try_from(role.to_owned())
            .map_err(|error| Error::InvalidArgument(error.to_string()))?;
        let roles: Vec<_> =
            self.context.shared.controls.rules.borrow().roles.keys().cloned().collect();
        let given = |role: &&RoleName| **role != RoleName::guest();
        if !roles.iter().filter(given).any(|role| *role == wanted) {
            let known: Vec<_> = roles.iter().filter(given).map(RoleName::as_str).collect();
            return Err(Error::InvalidArgument(format!(
                "there is no role {}: there are {}",
                plain(role),
                known.join(", ")
            )));
        }
        self.let_in(actor, code, wanted).await
    }

    /// Turns somebody away by the code they were told.
    async fn reject_pairing(
        &self,
        code: &str,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        let actor = self.context.governor(connection, &header).await?;
        self.submit(actor, AccessCommand::TurnAway { who: Knocker::Code(read(code)?) }).await?;
        Ok(())
    }

    /// Those who are known: user id, name, role, who let them in (`config` where pager.toml did), and
    /// when, in microseconds since the epoch.
    #[zbus(out_args("principals"))]
    async fn list_principals(&self) -> Result<Vec<Known>, Error> {
        let people = self.context.shared.controls.rules.borrow().people.clone();
        let row = |principal: &pager_core::access::Principal| {
            let pager_core::access::Principal { user, name, role, by, at } = principal;
            (*user, plain(name), role.to_string(), plain(&by.to_string()), microseconds(*at))
        };
        let let_in: Vec<Known> = self
            .context
            .handle()
            .with_store(move |_, machine| Ok(machine.principals().map(row).collect()))
            .await?;
        let configured = people
            .into_iter()
            .map(|(user, role)| (user, String::new(), role.to_string(), "config".to_owned(), 0));
        Ok(configured.chain(let_in).collect())
    }

    /// Takes back that somebody was let in. Whoever is in pager.toml is taken out there.
    async fn revoke_principal(
        &self,
        user: i64,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        let actor = self.context.governor(connection, &header).await?;
        let configured = self.context.shared.controls.rules.borrow().people.contains_key(&user);
        let removed = self.submit(actor, AccessCommand::Remove { user }).await;
        if configured {
            let done =
                if removed.is_ok() { "what pairing gave them is taken back, but " } else { "" };
            return Err(Error::InvalidArgument(format!(
                "{done}{user} is in telegram.allowed_users: take the id out of pager.toml, then \
                 systemctl --user reload pager"
            )));
        }
        removed.map(drop)
    }
}
