//! `[desktop]`

use super::{Key, Section, no_advice};

/// Notifications on the desktop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desktop {
    /// Whether a question is shown as a notification.
    pub enabled: bool,
}

impl Default for Desktop {
    fn default() -> Self {
        Self { enabled: true }
    }
}

pub(super) const SECTION: Section =
    Section { name: "desktop", keys: &[ENABLED], advise: no_advice };

const ENABLED: Key = Key {
    path: "desktop.enabled",
    expected: "true or false, without quotes",
    set: |config, input| {
        config.desktop.enabled = input.boolean()?;
        Ok(())
    },
    show: |config| Some(config.desktop.enabled.into()),
};
