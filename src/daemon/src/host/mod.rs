//! Everything that speaks to systemd and the kernel: sockets passed in, the file-descriptor store,
//! readiness and watchdog, the journal, limits.

pub mod beneath;
pub mod fdstore;
pub mod journal;
pub mod limits;
pub(crate) mod lineage;
pub(crate) mod manager;
pub mod notify;
pub(crate) mod origin;
pub mod process;
pub mod sockets;
