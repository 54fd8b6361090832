//! Reading and replacing a settings file without ever leaving half of one behind.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use tempfile::{NamedTempFile, PersistError};

use super::WiringError;

/// What to do where the settings file is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    Create,
    Leave,
}

/// A settings file and the folder it stands in.
pub(super) struct SettingsFile<'a> {
    path: &'a Path,
    folder: &'a Path,
}

/// A settings file as it was when it was read.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) text: String,
    device: u64,
    inode: u64,
    mode: u32,
    uid: u32,
    gid: u32,
}

impl<'a> SettingsFile<'a> {
    pub(super) fn new(path: &'a Path) -> Result<Self, WiringError> {
        match path.parent() {
            Some(folder) if path.is_absolute() => Ok(Self { path, folder }),
            _ => Err(WiringError::Relative { file: path.to_owned() }),
        }
    }

    /// Reads the file; nothing where there is none.
    pub(super) fn read(&self) -> Result<Option<Found>, WiringError> {
        // NONBLOCK, or a pipe in the file's place would hold us for ever.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let opened =
            OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(self.path);
        let mut file = match opened {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(match std::fs::read_link(self.path) {
                    Ok(target) => WiringError::Symlink { file: self.path.to_owned(), target },
                    Err(_) if self.is_irregular() => self.not_regular(),
                    Err(_) => WiringError::io("open", self.path)(error),
                });
            }
        };
        let data = file.metadata().map_err(WiringError::io("look at", self.path))?;
        if !data.is_file() {
            return Err(self.not_regular());
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(WiringError::io("read", self.path))?;
        let text = String::from_utf8(bytes).map_err(|error| self.not_utf8(&error))?;
        Ok(Some(Found {
            text,
            device: data.dev(),
            inode: data.ino(),
            mode: data.mode() & 0o7777,
            uid: data.uid(),
            gid: data.gid(),
        }))
    }

    /// Puts `text` in the place of what was `found`, in one step; `Busy` where that is no longer
    /// what is there.
    pub(super) fn write(&self, found: Option<&Found>, text: &str) -> Result<(), WiringError> {
        let Some(found) = found else {
            self.create_folder()?;
            let new = self.draft(text, None)?;
            new.persist_noclobber(self.path).map_err(|error| self.unless_taken(error))?;
            return self.sync_folder();
        };
        let new = self.draft(text, Some(found))?;
        let now = self.read()?;
        if !now.is_some_and(|now| {
            (now.device, now.inode, &now.text) == (found.device, found.inode, &found.text)
        }) {
            return Err(WiringError::Busy { file: self.path.to_owned() });
        }
        new.persist(self.path)
            .map_err(|error| WiringError::io("replace", self.path)(error.error))?;
        self.sync_folder()
    }

    /// Keeps a copy of the file as it was before pager's first change, beside it. One of another
    /// content is never overwritten: a `first` change gets a numbered copy then, a later one none.
    pub(super) fn back_up(
        &self,
        found: &Found,
        first: bool,
    ) -> Result<Option<PathBuf>, WiringError> {
        if found.text.is_empty() {
            return Ok(None);
        }
        let mut number = 1;
        loop {
            let backup = self.backup_path(number);
            match std::fs::read(&backup) {
                Ok(kept) if kept == found.text.as_bytes() => return Ok(Some(backup)),
                Ok(_) if !first => return Ok(None),
                Ok(_) => number += 1,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    let copy = self.draft(&found.text, Some(found))?;
                    copy.persist_noclobber(&backup)
                        .map_err(|error| WiringError::io("write", &backup)(error.error))?;
                    self.sync_folder()?;
                    return Ok(Some(backup));
                }
                Err(error) => return Err(WiringError::io("read", &backup)(error)),
            }
        }
    }

    fn backup_path(&self, number: u32) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(".pager-backup");
        if number > 1 {
            name.push(format!(".{number}"));
        }
        PathBuf::from(name)
    }

    /// Writes `text` to a nameless-to-be file in the same folder, safe on the disk, with the mode
    /// and the owner of the one it is to follow.
    fn draft(&self, text: &str, like: Option<&Found>) -> Result<NamedTempFile, WiringError> {
        let failed = || WiringError::io("write a file in", self.folder);
        let mut draft = tempfile::Builder::new()
            .prefix(".settings.json.pager-")
            .tempfile_in(self.folder)
            .map_err(failed())?;
        draft.write_all(text.as_bytes()).map_err(failed())?;
        let file = draft.as_file();
        if let Some(like) = like {
            let own = file.metadata().map_err(failed())?;
            if (own.uid(), own.gid()) != (like.uid, like.gid) {
                fchown(file, Some(like.uid), Some(like.gid))
                    .map_err(WiringError::io("keep the owner of", self.path))?;
            }
            file.set_permissions(Permissions::from_mode(like.mode)).map_err(failed())?;
        }
        file.sync_all().map_err(failed())?;
        Ok(draft)
    }

    /// Only the folder itself is made, never its parents: a home that is not there is a mistake.
    fn create_folder(&self) -> Result<(), WiringError> {
        match DirBuilder::new().mode(0o700).create(self.folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                Err(WiringError::io("make the folder", self.folder)(error))
            }
            _ => Ok(()),
        }
    }

    fn sync_folder(&self) -> Result<(), WiringError> {
        File::open(self.folder)
            .and_then(|folder| folder.sync_all())
            .map_err(WiringError::io("make the change last in", self.folder))
    }

    fn is_irregular(&self) -> bool {
        std::fs::symlink_metadata(self.path).is_ok_and(|data| !data.is_file())
    }

    fn not_regular(&self) -> WiringError {
        WiringError::NotRegular { file: self.path.to_owned() }
    }

    fn not_utf8(&self, error: &std::string::FromUtf8Error) -> WiringError {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line_start = valid.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        WiringError::Invalid {
            file: self.path.to_owned(),
            line: valid.iter().filter(|&&byte| byte == b'\n').count() + 1,
            column: valid.len() - line_start + 1,
            reason: "not UTF-8".to_owned(),
        }
    }

    fn unless_taken(&self, error: PersistError) -> WiringError {
        if error.error.kind() == io::ErrorKind::AlreadyExists {
            WiringError::Busy { file: self.path.to_owned() }
        } else {
            WiringError::io("write", self.path)(error.error)
        }
    }
}
