//! `[audit]`

use std::ops::RangeInclusive;

use super::{Key, Section, no_advice};

/// The audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// How many bytes a file of the log has before a new one is begun.
    pub rotate_at: u32,
}

impl Default for Audit {
    fn default() -> Self {
        Self { rotate_at: 16 << 20 }
    }
}

/// From a few records to what an editor still opens.
const ROTATE_AT_RANGE: RangeInclusive<u32> = 4096..=1 << 30;

pub(super) const SECTION: Section =
    Section { name: "audit", keys: &[ROTATE_AT], advise: no_advice };

const ROTATE_AT: Key = Key {
    path: "audit.rotate_at",
    expected: "a number of bytes from 4096 to 1073741824",
    set: |config, input| {
        config.audit.rotate_at = input.count(ROTATE_AT_RANGE)?;
        Ok(())
    },
    show: |config| Some(config.audit.rotate_at.into()),
};
