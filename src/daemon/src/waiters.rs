//! Who waits for the answer to an approval.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pager_core::ApprovalId;

/// The approvals whose answer somebody waits for, and how many: a hook that came back may have two
/// connections.
#[derive(Debug, Default)]
pub struct Waiters(Mutex<HashMap<ApprovalId, usize>>);

impl Waiters {
    /// Whether somebody waits for it.
    pub fn has(&self, id: &ApprovalId) -> bool {
        self.lock().contains_key(id)
    }

    /// One more waits for it.
    pub fn begin(&self, id: ApprovalId) {
        *self.lock().entry(id).or_default() += 1;
    }

    /// One fewer waits for it.
    pub fn end(&self, id: &ApprovalId) {
        let mut waiting = self.lock();
        if let Some(count) = waiting.get_mut(id) {
            *count -= 1;
            if *count == 0 {
                waiting.remove(id);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ApprovalId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
