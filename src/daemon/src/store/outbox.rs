//! The outbox: what a door still has to do. A row stands until the door says it is done, so that a
//! crash in between does it again rather than never.

use pager_core::{ApprovalId, Effect, Notice};
use rusqlite::Transaction;

use super::{Store, StoreError};

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Todo {
    /// Show the approval and ask for a verdict.
    Ask(ApprovalId),
    /// Show a pending approval as it is now.
    Renew(ApprovalId),
    /// Show how the approval ended and take the question back.
    Settle(ApprovalId),
    /// Tell the person.
    Tell(Box<Notice>),
}

/// One thing to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// The row's number: later tasks have greater ones.
    pub id: i64,
    /// What.
    pub todo: Todo,
}

/// Adds a row for one door.
pub(super) fn put(tx: &Transaction<'_>, door: &str, effect: &Effect) -> Result<(), StoreError> {
    let (kind, subject, body) = match effect {
        Effect::Ask(id) => ("ask", id.to_string(), None),
        Effect::Renew(id) => ("renew", id.to_string(), None),
        Effect::Settle(id) => ("settle", id.to_string(), None),
        Effect::Tell(notice) => ("tell", notice.key(), Some(serde_json::to_string(notice)?)),
    };
    tx.prepare_cached(
        "INSERT OR REPLACE INTO outbox (door, kind, subject, body) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute((door, kind, subject, body))?;
    Ok(())
}

impl Store {
    /// What a door still has to do: questions first, then what is to be told, then in order.
    ///
    /// # Errors
    /// The database's.
    pub fn tasks(&self, door: &str, limit: usize) -> Result<Vec<Task>, StoreError> {
        let mut rows = self.db.prepare_cached(
            "SELECT id, kind, subject, body FROM outbox WHERE door = ?1
             ORDER BY kind = 'ask' DESC, kind = 'tell' DESC, id LIMIT ?2",
        )?;
        let rows = rows.query_map((door, limit), |row| {
            let parts: (i64, String, String, Option<String>) = row.try_into()?;
            Ok(parts)
        })?;
        let mut tasks = Vec::new();
        for row in rows {
            let (id, kind, subject, body) = row?;
            let todo = match (kind.as_str(), body) {
                ("ask", _) => subject.parse().ok().map(Todo::Ask),
                ("renew", _) => subject.parse().ok().map(Todo::Renew),
                ("settle", _) => subject.parse().ok().map(Todo::Settle),
                (_, body) => body.and_then(|body| serde_json::from_str(&body).ok()).map(Todo::Tell),
            };
            tasks.extend(todo.map(|todo| Task { id, todo }));
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
