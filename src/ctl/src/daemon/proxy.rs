//! The daemon's interfaces, as far as pagerctl calls them.

use std::collections::HashMap;

use zbus::zvariant::{OwnedObjectPath, OwnedValue};

/// A row of a listing: five columns, the second a path.
pub(crate) type Row = (String, OwnedObjectPath, String, String, String);

/// A granted rule: approval, agent, rules, place, file, session, label, by whom, when.
pub(crate) type GrantRow = (String, String, String, String, String, String, String, String, u64);

/// What a panic has done: what was stopped, what still runs, the evidence, what is missing there.
pub(crate) type PanicRow = (Vec<String>, Vec<String>, String, Vec<String>);

#[zbus::proxy(
    interface = "org.pagerd.Pager1.Manager",
    default_service = "org.pagerd.Pager1",
    default_path = "/org/pagerd/Pager1",
    gen_blocking = false
)]
pub(crate) trait Manager {
    fn list_sessions(&self) -> zbus::Result<Vec<Row>>;
    fn list_approvals(&self) -> zbus::Result<Vec<Row>>;
    fn approve(&self, id: &str) -> zbus::Result<()>;
    fn approve_always(&self, id: &str) -> zbus::Result<()>;
    fn deny(&self, id: &str, reason: &str) -> zbus::Result<()>;
    fn deny_and_stop(&self, id: &str, reason: &str) -> zbus::Result<()>;
    fn accept_edits(&self, id: &str) -> zbus::Result<()>;
    fn list_grants(&self) -> zbus::Result<Vec<GrantRow>>;
    fn revoke_grant(&self, id: &str) -> zbus::Result<String>;
    fn acknowledge_break(&self, gap: &str, reason: &str) -> zbus::Result<()>;
    fn resume_session(&self, session: &str) -> zbus::Result<()>;
    fn panic_because(&self, reason: &str) -> zbus::Result<PanicRow>;
    fn reload(&self) -> zbus::Result<()>;
    fn end_panic(&self) -> zbus::Result<()>;
    fn answer(&self, id: &str, answers: &HashMap<String, Vec<String>>) -> zbus::Result<()>;
    #[zbus(property)]
    fn version(&self) -> zbus::Result<String>;
    #[zbus(property)]
    fn state(&self) -> zbus::Result<String>;
    #[zbus(property)]
    fn telegram_state(&self) -> zbus::Result<String>;
    #[zbus(property)]
    fn token_source(&self) -> zbus::Result<String>;
    #[zbus(property)]
    fn pending_approvals(&self) -> zbus::Result<u32>;
    #[zbus(property)]
    fn active_sessions(&self) -> zbus::Result<u32>;
    #[zbus(property)]
    fn warnings(&self) -> zbus::Result<Vec<String>>;
    #[zbus(property)]
    fn locked_since(&self) -> zbus::Result<u64>;
    #[zbus(property)]
    fn locked_by(&self) -> zbus::Result<String>;
}

/// Somebody who waits: user id, name, when they asked, until when their code holds.
pub(crate) type PairingRow = (i64, String, u64, u64);
/// Somebody who is known: user id, name, role, who let them in, when.
pub(crate) type PrincipalRow = (i64, String, String, String, u64);

#[zbus::proxy(
    interface = "org.pagerd.Pager1.Access",
    default_service = "org.pagerd.Pager1",
    default_path = "/org/pagerd/Pager1",
    gen_blocking = false
)]
pub(crate) trait Access {
    fn list_pairings(&self) -> zbus::Result<Vec<PairingRow>>;
    fn approve_pairing(&self, code: &str) -> zbus::Result<(i64, String)>;
    fn approve_pairing_as(&self, code: &str, role: &str) -> zbus::Result<(i64, String)>;
    fn reject_pairing(&self, code: &str) -> zbus::Result<()>;
    fn list_principals(&self) -> zbus::Result<Vec<PrincipalRow>>;
    fn revoke_principal(&self, user: i64) -> zbus::Result<()>;
}

#[zbus::proxy(
    interface = "org.freedesktop.DBus.Properties",
    default_service = "org.pagerd.Pager1",
    gen_blocking = false
)]
pub(crate) trait Properties {
    fn get_all(&self, interface: &str) -> zbus::Result<HashMap<String, OwnedValue>>;
}
