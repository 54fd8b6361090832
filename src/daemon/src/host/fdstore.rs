//! The service manager's file-descriptor store: waiting hook connections are left with it, so that
//! they outlive a restart, an upgrade or a crash. See `FileDescriptorStoreMax=` in systemd.service(5).

use std::os::fd::{AsFd, BorrowedFd};

use pager_core::ApprovalId;
use sd_notify::NotifyState;

const PREFIX: &str = "approval-";

/// The name a waiting connection is stored under.
fn name(id: &ApprovalId) -> String {
    format!("{PREFIX}{id}")
}

/// The approval whose connection is stored under that name.
pub fn approval(name: &str) -> Option<ApprovalId> {
    name.strip_prefix(PREFIX)?.parse().ok()
}

/// Leaves a connection with the service manager. Where there is none, the client reconnects instead.
pub fn keep(id: &ApprovalId, connection: BorrowedFd<'_>) {
    let name = name(id);
    let state = [NotifyState::FdStore, NotifyState::FdName(&name)];
    if let Err(error) = sd_notify::notify_with_fds(&state, &[connection.as_fd()]) {
        tracing::debug!("a waiting hook could not be left with the service manager: {error}");
    }
}

/// Takes a connection out of the store: it is answered or gone.
pub fn forget(id: &ApprovalId) {
    let name = name(id);
    let state = [NotifyState::FdStoreRemove, NotifyState::FdName(&name)];
    if let Err(error) = sd_notify::notify(&state) {
        tracing::debug!("a settled hook could not be taken from the service manager: {error}");
    }
}
