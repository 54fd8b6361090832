//! The outbox: what a door still has to do. A row stands until the door says it is done, so that a
//! crash in between does it again rather than never.

use pager_core::ApprovalId;

use super::{Store, StoreError};

/// What is to be done with an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskKind {
    /// Show it and ask for a verdict.
    Ask,
    /// Show how it ended and take the question back.
    Settle,
}

impl TaskKind {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Settle => "settle",
        }
    }
}

/// One thing to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Task {
    /// The row's number: later tasks have greater ones.
    pub id: i64,
    /// What.
    pub kind: TaskKind,
    /// With which approval.
    pub approval: ApprovalId,
}

impl Store {
    /// What a door still has to do: questions first, then in order.
    ///
    /// # Errors
    /// The database's.
    pub fn tasks(&self, door: &str, limit: usize) -> Result<Vec<Task>, StoreError> {
        let mut rows = self.db.prepare_cached(
            "SELECT id, kind, approval FROM outbox WHERE door = ?1
             ORDER BY kind = 'ask' DESC, id LIMIT ?2",
        )?;
        let rows = rows.query_map((door, limit), |row| {
            Ok((row.get(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
        })?;
        let mut tasks = Vec::new();
        for row in rows {
            let (id, kind, approval) = row?;
            let kind = if kind == "ask" { TaskKind::Ask } else { TaskKind::Settle };
            if let Ok(approval) = approval.parse() {
                tasks.push(Task { id, kind, approval });
            }
        }
        Ok(tasks)
    }

    /// Takes a task that is done, or can never be, out of the outbox.
    ///
    /// # Errors
    /// The database's.
    pub fn finish_task(&mut self, id: i64) -> Result<(), StoreError> {
        // Lost with the power, it is done once more: that is what the outbox is for.
        self.db.pragma_update(None, "synchronous", "NORMAL")?;
        self.db.prepare_cached("DELETE FROM outbox WHERE id = ?1")?.execute([id])?;
        Ok(())
    }

    /// Takes everything a door still had to do out of the outbox: it is no longer a door.
    ///
    /// # Errors
    /// The database's.
    pub fn clear_tasks(&mut self, door: &str) -> Result<(), StoreError> {
        self.db.prepare_cached("DELETE FROM outbox WHERE door = ?1")?.execute([door])?;
        Ok(())
    }
}
