//! `[files]`

use std::ops::RangeInclusive;

use pager_core::transfer::Transfer;
use toml::Spanned;
use toml::de::DeValue;

use super::{Key, Section, no_advice};
use crate::fields;
use crate::input::{self, Refusal};

/// The files that are exchanged with the folders of sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// Whether any are.
    pub enabled: bool,
    /// The most bytes that a file may have which is put into a folder.
    pub max_upload: u32,
    /// The most bytes that a file may have which is got from a folder.
    pub max_download: u32,
    /// Patterns of paths that are never exchanged, besides those that never are.
    pub deny: Vec<String>,
}

/// What a bot may fetch from the Bot API.
const UPLOAD_MAX: u32 = 20 << 20;
/// What a bot may send over it.
const DOWNLOAD_MAX: u32 = 50 << 20;

impl Default for Files {
    fn default() -> Self {
        Self { enabled: true, max_upload: UPLOAD_MAX, max_download: DOWNLOAD_MAX, deny: Vec::new() }
    }
}

const UPLOAD: RangeInclusive<u32> = 1..=UPLOAD_MAX;
const DOWNLOAD: RangeInclusive<u32> = 1..=DOWNLOAD_MAX;

pub(super) const SECTION: Section =
    Section { name: "files", keys: &[ENABLED, MAX_UPLOAD, MAX_DOWNLOAD, DENY], advise: no_advice };

const ENABLED: Key = Key {
    path: "files.enabled",
    expected: "true or false",
    set: |config, input| {
        config.files.enabled = input.boolean()?;
        Ok(())
    },
    show: |config| Some(config.files.enabled.into()),
};

const MAX_UPLOAD: Key = Key {
    path: "files.max_upload",
    expected: "a number of bytes from 1 to 20971520, the most that a bot can fetch",
    set: |config, input| {
        config.files.max_upload = input.count(UPLOAD)?;
        Ok(())
    },
    show: |config| Some(config.files.max_upload.into()),
};

const MAX_DOWNLOAD: Key = Key {
    path: "files.max_download",
    expected: "a number of bytes from 1 to 52428800, the most that a bot can send",
    set: |config, input| {
        config.files.max_download = input.count(DOWNLOAD)?;
        Ok(())
    },
    show: |config| Some(config.files.max_download.into()),
};

const DENY: Key = Key {
    path: "files.deny",
    expected: "an array of patterns, such as [\"*.sqlite\", \"private/**\"]",
    set: |config, input| {
        config.files.deny = fields::each(input.value, pattern)?;
        Ok(())
    },
    show: |config| Some(config.files.deny.clone().into()),
};

fn pattern(value: &Spanned<DeValue<'_>>) -> Result<String, Refusal> {
    let text = fields::text(value)?;
    if text.trim().is_empty() {
        return Err(input::refuse(value, "the pattern is empty"));
    }
    match Transfer::new([text]) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(input::refuse(value, error.to_string())),
    }
}
