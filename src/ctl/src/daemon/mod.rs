//! The daemon as pagerctl sees it: the objects of `org.pagerd.Pager1`, over whichever transport
//! reaches it.

mod events;
mod model;
mod proxy;
mod transport;

use std::collections::HashMap;

use futures_util::future::try_join_all;
use zbus::fdo::ObjectManagerProxy;
use zbus::proxy::CacheProperties;

pub(crate) use events::{Event, Events};
pub(crate) use model::{Approval, Grant, Lock, Pairing, Principal, Session, Summary};
pub(crate) use transport::{Target, bus_address};

use crate::failure::{Failure, Status};
use model::Properties;
use proxy::{AccessProxy, ManagerProxy, PropertiesProxy};

pub(crate) const BUS_NAME: &str = "org.pagerd.Pager1";
const ROOT: &str = "/org/pagerd/Pager1";
const APPROVAL: &str = "org.pagerd.Pager1.Approval";
const SESSION: &str = "org.pagerd.Pager1.Session";

/// A daemon that was reached.
#[derive(Debug)]
pub(crate) struct Daemon {
    connection: zbus::Connection,
    reached: &'static str,
    manager: ManagerProxy<'static>,
    access: AccessProxy<'static>,
}

impl Daemon {
    /// Reaches the daemon, starting it where it can be started by reaching for it.
    pub(crate) async fn connect(target: &Target) -> Result<Self, Failure> {
        let (connection, reached) = transport::connect(target).await?;
        let manager = ManagerProxy::builder(&connection)
            .cache_properties(CacheProperties::No)
            .build()
            .await?;
        let access =
            AccessProxy::builder(&connection).cache_properties(CacheProperties::No).build().await?;
        Ok(Self { connection, reached, manager, access })
    }

    pub(crate) fn manager(&self) -> &ManagerProxy<'static> {
        &self.manager
    }

    pub(crate) fn access(&self) -> &AccessProxy<'static> {
        &self.access
    }

    /// Those who wait to be let in, the oldest first.
    pub(crate) async fn pairings(&self) -> Result<Vec<Pairing>, Failure> {
        self.access.list_pairings().await?.into_iter().map(Pairing::read).collect()
    }

    /// Those who may speak to the bot.
    pub(crate) async fn principals(&self) -> Result<Vec<Principal>, Failure> {
        self.access.list_principals().await?.into_iter().map(Principal::read).collect()
    }

    pub(crate) async fn summary(&self) -> Result<Summary, Failure> {
        Ok(Summary {
            version: self.manager.version().await?,
            state: self.manager.state().await?,
            reached: self.reached,
            telegram_state: self.manager.telegram_state().await?,
            token_source: self.manager.token_source().await?,
            pending_approvals: self.manager.pending_approvals().await?,
            active_sessions: self.manager.active_sessions().await?,
            warnings: self.manager.warnings().await?,
            locked: self.locked().await?,
        })
    }

    /// The panic that has shut everything, if one has.
    pub(crate) async fn locked(&self) -> Result<Option<Lock>, Failure> {
        Lock::read(self.manager.locked_since().await?, self.manager.locked_by().await?)
    }

    /// The approvals that wait, the oldest first.
    pub(crate) async fn waiting(&self) -> Result<Vec<Approval>, Failure> {
        let rows = self.manager.list_approvals().await?;
        let labels = self.labels().await?;
        let approvals = rows.iter().map(async |row| {
            // One that was asked or forgotten this very moment is listed and has no object.
            match self.approval_at(row.1.as_str(), &labels).await {
                Err(failure) if failure.status == Status::NotFound => Ok(None),
                approval => approval.map(Some),
            }
        });
        Ok(try_join_all(approvals).await?.into_iter().flatten().collect())
    }

    /// Those at hand that wait or were settled lately, the oldest first.
    pub(crate) async fn lately(&self) -> Result<Vec<Approval>, Failure> {
        let labels = self.labels().await?;
        let objects = self.objects().await?.get_managed_objects().await?;
        let mut approvals = objects
            .into_values()
            .filter_map(|mut interfaces| interfaces.remove(APPROVAL))
            .map(|properties| Approval::read(Properties(properties), &labels))
            .collect::<Result<Vec<_>, _>>()?;
        approvals.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
        Ok(approvals)
    }

    /// The one approval that `id` names or is short for.
    pub(crate) async fn approval(&self, id: &str) -> Result<Approval, Failure> {
        let id = self.full_id(id).await?;
        let path = format!("{ROOT}/approval/{id}");
        self.approval_at(&path, &self.labels().await?).await.map_err(|failure| {
            match failure.status {
                Status::NotFound => unknown(&id),
                _ => failure,
            }
        })
    }

    async fn full_id(&self, id: &str) -> Result<String, Failure> {
        let id = id.to_ascii_lowercase();
        if id.is_empty() || id.len() > 32 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(unknown(&id));
        }
        if id.len() == 32 {
            return Ok(id);
        }
        let waiting = self.manager.list_approvals().await?;
        let mut known: Vec<String> = waiting.into_iter().map(|row| row.0).collect();
        if !known.iter().any(|known| known.starts_with(&id)) {
            known = self.lately().await?.into_iter().map(|approval| approval.id).collect();
        }
        known.retain(|known| known.starts_with(&id));
        match known.as_slice() {
            [one] => Ok(one.clone()),
            [] => Err(unknown(&id)),
            _ => Err(Failure::new(
                Status::Failed,
                format!("{id} is short for more than one approval: give more of its digits"),
            )),
        }
    }

    pub(crate) async fn sessions(&self) -> Result<Vec<Session>, Failure> {
        let rows = self.manager.list_sessions().await?;
        try_join_all(rows.iter().map(|row| async {
            let properties = self.properties(row.1.as_str(), SESSION).await?;
            Session::read(Properties(properties))
        }))
        .await
    }

    /// The rules granted for good, the oldest first.
    pub(crate) async fn grants(&self) -> Result<Vec<Grant>, Failure> {
        self.manager.list_grants().await?.into_iter().map(Grant::read).collect()
    }

    /// What happens from now on.
    pub(crate) async fn events(&self) -> Result<Events, Failure> {
        Events::subscribe(&self.connection).await
    }

    /// Each session's path with its id and label.
    pub(crate) async fn labels(&self) -> Result<Labels, Failure> {
        let rows = self.manager.list_sessions().await?;
        Ok(rows.into_iter().map(|row| (row.1.to_string(), (row.0, row.2))).collect())
    }

    async fn approval_at(&self, path: &str, labels: &Labels) -> Result<Approval, Failure> {
        Approval::read(Properties(self.properties(path, APPROVAL).await?), labels)
    }

    async fn properties(
        &self,
        path: &str,
        interface: &str,
    ) -> Result<HashMap<String, zbus::zvariant::OwnedValue>, Failure> {
        let properties = PropertiesProxy::builder(&self.connection)
            .path(path)?
            .cache_properties(CacheProperties::No)
            .build()
            .await?;
        Ok(properties.get_all(interface).await?)
    }

    async fn objects(&self) -> Result<ObjectManagerProxy<'_>, Failure> {
        let builder = ObjectManagerProxy::builder(&self.connection);
        Ok(builder.destination(BUS_NAME)?.path(ROOT)?.build().await?)
    }
}

/// Session path → (id, label).
pub(crate) type Labels = HashMap<String, (String, String)>;

fn unknown(id: &str) -> Failure {
    let id: String = id.chars().take(64).collect();
    Failure::new(Status::NotFound, format!("there is no approval {id}"))
}
