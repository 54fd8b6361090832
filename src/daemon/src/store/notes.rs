//! What a door must remember over a restart: notes about an approval (its messages, the hashes of its
//! nonces), and facts of its own (the offset of its last update).

use pager_core::ApprovalId;
use rusqlite::OptionalExtension;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Store, StoreError};

impl Store {
    /// Remembers a note in a slot of a door's own naming.
    ///
    /// # Errors
    /// The database's.
    pub fn put_note<T: Serialize>(
        &mut self,
        door: &str,
        approval: &ApprovalId,
        slot: &str,
        note: &T,
    ) -> Result<(), StoreError> {
        // It outlives this process, which is enough: over a loss of power no hook waits on.
        self.db.pragma_update(None, "synchronous", "NORMAL")?;
        self.db
            .prepare_cached(
                "INSERT OR REPLACE INTO notes (door, approval, slot, body) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute((door, approval.to_string(), slot, serde_json::to_string(note)?))?;
        Ok(())
    }

    /// A door's notes about an approval, by slot.
    ///
    /// # Errors
    /// The database's, or a note that cannot be read.
    pub fn notes<T: DeserializeOwned>(
        &self,
        door: &str,
        approval: &ApprovalId,
    ) -> Result<Vec<(String, T)>, StoreError> {
        let mut rows = self.db.prepare_cached(
            "SELECT slot, body FROM notes WHERE door = ?1 AND approval = ?2 ORDER BY slot",
        )?;
        let rows = rows.query_map((door, approval.to_string()), |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        })?;
        rows.map(|row| {
            let (slot, body) = row?;
            Ok((slot, serde_json::from_str(&body)?))
        })
        .collect()
    }

    /// The note that stands in this slot, with the approval it is about: for slots that a door names
    /// so that no two approvals have the same.
    ///
    /// # Errors
    /// The database's, or a note that cannot be read.
    pub fn find_note<T: DeserializeOwned>(
        &self,
        door: &str,
        slot: &str,
    ) -> Result<Option<(ApprovalId, T)>, StoreError> {
        let mut rows = self
            .db
            .prepare_cached("SELECT approval, body FROM notes WHERE door = ?1 AND slot = ?2")?;
        let row = rows
            .query_row((door, slot), |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))
            .optional()?;
        let Some((approval, body)) = row else { return Ok(None) };
        let Ok(approval) = approval.parse() else { return Ok(None) };
        Ok(Some((approval, serde_json::from_str(&body)?)))
    }

    /// All of a door's notes, with the approvals they are about.
    ///
    /// # Errors
    /// The database's, or a note that cannot be read.
    pub fn all_notes<T: DeserializeOwned>(
        &self,
        door: &str,
    ) -> Result<Vec<(ApprovalId, T)>, StoreError> {
        let mut rows =
            self.db.prepare_cached("SELECT approval, body FROM notes WHERE door = ?1")?;
        let rows =
            rows.query_map([door], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
        let mut notes = Vec::new();
        for row in rows {
            let (approval, body) = row?;
            if let Ok(approval) = approval.parse() {
                notes.push((approval, serde_json::from_str(&body)?));
            }
        }
        Ok(notes)
    }

    /// Drops one note.
    ///
    /// # Errors
    /// The database's.
    pub fn drop_note(
        &mut self,
        door: &str,
        approval: &ApprovalId,
        slot: &str,
    ) -> Result<(), StoreError> {
        self.db.pragma_update(None, "synchronous", "NORMAL")?;
        self.db
            .prepare_cached("DELETE FROM notes WHERE door = ?1 AND approval = ?2 AND slot = ?3")?
            .execute((door, approval.to_string(), slot))?;
        Ok(())
    }

    /// Drops a door's notes about an approval.
    ///
    /// # Errors
    /// The database's.
    pub fn drop_notes(&mut self, door: &str, approval: &ApprovalId) -> Result<(), StoreError> {
        self.db
            .prepare_cached("DELETE FROM notes WHERE door = ?1 AND approval = ?2")?
            .execute((door, approval.to_string()))?;
        Ok(())
    }

    /// Remembers a single value, durably.
    ///
    /// # Errors
    /// The database's.
    pub fn put_fact(&mut self, key: &str, value: &str) -> Result<(), StoreError> {
        self.db.pragma_update(None, "synchronous", "FULL")?;
        self.write_fact(key, value)
    }

    /// Remembers a single value that a crash must not lose but a power cut may.
    ///
    /// # Errors
    /// The database's.
    pub fn put_fact_relaxed(&mut self, key: &str, value: &str) -> Result<(), StoreError> {
        self.db.pragma_update(None, "synchronous", "NORMAL")?;
        self.write_fact(key, value)
    }

    fn write_fact(&mut self, key: &str, value: &str) -> Result<(), StoreError> {
        self.db
            .prepare_cached("INSERT OR REPLACE INTO facts (key, value) VALUES (?1, ?2)")?
            .execute((key, value))?;
        Ok(())
    }

    /// Forgets a single value.
    ///
    /// # Errors
    /// The database's.
    pub fn drop_fact(&mut self, key: &str) -> Result<(), StoreError> {
        self.db.pragma_update(None, "synchronous", "NORMAL")?;
        self.db.prepare_cached("DELETE FROM facts WHERE key = ?1")?.execute([key])?;
        Ok(())
    }

    /// The values remembered whose keys begin so, with their keys.
    ///
    /// # Errors
    /// The database's.
    pub fn facts_below(&self, prefix: &str) -> Result<Vec<(String, String)>, StoreError> {
        let mut facts = self
            .db
            .prepare_cached("SELECT key, value FROM facts WHERE substr(key, 1, length(?1)) = ?1")?;
        let facts = facts.query_map([prefix], |row| row.try_into())?;
        Ok(facts.collect::<Result<_, _>>()?)
    }

    /// A value remembered.
    ///
    /// # Errors
    /// The database's.
    pub fn fact(&self, key: &str) -> Result<Option<String>, StoreError> {
        let mut value = self.db.prepare_cached("SELECT value FROM facts WHERE key = ?1")?;
        Ok(value.query_row([key], |row| row.get(0)).optional()?)
    }
}
