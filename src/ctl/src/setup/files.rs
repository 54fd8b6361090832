//! Writing the files of setup whole or not at all, for the eyes of their owner only.

use std::fs::{DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::failure::Failure;
use crate::output::shown;

/// A file that setup writes, as it was found.
#[derive(Debug)]
pub(crate) struct Target {
    path: PathBuf,
    text: Option<String>,
}

impl Target {
    /// Looks at the file, which need not be there. A symbolic link is refused: writing would put a
    /// file in its place, behind the back of whoever made it.
    pub(crate) fn look(path: &Path) -> Result<Self, Failure> {
        // Absolute, so that there is a folder to write in.
        let path = std::path::absolute(path).map_err(cannot("find", path))?;
        let text = match std::fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(cannot("look at", &path)(error)),
            Ok(data) if data.is_symlink() => {
                let target = std::fs::read_link(&path).unwrap_or_default();
                let message = format!(
                    "{} is a symbolic link to {}: left alone",
                    shown(&path),
                    shown(&target)
                );
                return Err(Failure::failed(message).with_hint(
                    "writing would replace the link; make it a regular file, or name the file it \
                     points to with --config",
                ));
            }
            Ok(data) if !data.is_file() => {
                let message = format!("{} is not a regular file: left alone", shown(&path));
                return Err(Failure::failed(message).with_hint("move it away and try again"));
            }
            Ok(_) => Some(std::fs::read_to_string(&path).map_err(cannot("read", &path))?),
        };
        Ok(Self { path, text })
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it was there.
    pub(crate) fn exists(&self) -> bool {
        self.text.is_some()
    }

    /// What it says; nothing if it is not there.
    pub(crate) fn text(&self) -> &str {
        self.text.as_deref().unwrap_or_default()
    }

    /// Puts a text in its place, if `check` finds nothing wrong with the draft. It is readable by
    /// its owner only, and safe on the disk.
    pub(crate) fn write(
        &self,
        text: &str,
        check: impl FnOnce(&Path) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let folder = self.folder();
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(cannot("make the folder", folder))?;
        let draft = self.draft(text)?;
        check(draft.path())?;
        if Self::look(&self.path)?.text != self.text {
            let message = format!("{} was changed meanwhile: left alone", shown(&self.path));
            return Err(Failure::failed(message).with_hint("try again"));
        }
        draft.persist(&self.path).map_err(|error| cannot("write", &self.path)(error.error))?;
        self.sync_folder()
    }

    /// Keeps a copy beside it, if it is there and no copy like it is.
    pub(crate) fn back_up(&self) -> Result<Option<PathBuf>, Failure> {
        let Some(text) = self.text.as_deref().filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let mut number = 1;
        loop {
            let backup = self.backup_path(number);
            match std::fs::read(&backup) {
                Ok(kept) if kept == text.as_bytes() => return Ok(Some(backup)),
                Ok(_) => number += 1,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    self.draft(text)?
                        .persist_noclobber(&backup)
                        .map_err(|error| cannot("write", &backup)(error.error))?;
                    self.sync_folder()?;
                    return Ok(Some(backup));
                }
                Err(error) => return Err(cannot("read", &backup)(error)),
            }
        }
    }

    fn backup_path(&self, number: u32) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(".pager-backup");
        if number > 1 {
            name.push(format!(".{number}"));
        }
        name.into()
    }

    /// A file of mode 0600 in the same folder, safe on the disk, under a name nobody reads.
    fn draft(&self, text: &str) -> Result<NamedTempFile, Failure> {
        let failed = || cannot("write a file in", self.folder());
        let mut draft = tempfile::Builder::new()
            .prefix(".pager-setup.")
            .tempfile_in(self.folder())
            .map_err(failed())?;
        draft.write_all(text.as_bytes()).map_err(failed())?;
        draft.as_file().sync_all().map_err(failed())?;
        Ok(draft)
    }

    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("/"))
    }

    fn sync_folder(&self) -> Result<(), Failure> {
        let folder = self.folder();
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(cannot("make the change last in", folder))
    }
}

fn cannot<'a>(what: &'a str, path: &'a Path) -> impl FnOnce(io::Error) -> Failure + use<'a> {
    move |error| Failure::failed(format!("cannot {what} {}: {error}", shown(path)))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn a_file_is_made_with_its_folder_for_its_owner_alone() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a/b/file");
        Target::look(&path).unwrap().write("text", |_| Ok(())).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "text");
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(&root.path().join("a/b")), 0o700);
    }

    #[test]
    fn a_draft_that_is_refused_and_a_change_meanwhile_leave_all_as_it_was() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("file");
        fs::write(&path, "before").unwrap();
        let target = Target::look(&path).unwrap();
        assert!(target.write("after", |_| Err(Failure::failed("no"))).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "before");
        fs::write(&path, "theirs").unwrap();
        assert!(target.write("after", |_| Ok(())).unwrap_err().what.contains("meanwhile"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "theirs");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1, "a draft was left behind");
    }

    #[test]
    fn links_and_folders_are_left_alone() {
        let root = tempfile::tempdir().unwrap();
        let real = root.path().join("real");
        fs::write(&real, "").unwrap();
        let link = root.path().join("link");
        std::os::unix::fs::symlink(&real, &link).unwrap();
        assert!(Target::look(&link).unwrap_err().what.contains("symbolic link to"));
        assert!(Target::look(root.path()).unwrap_err().what.contains("regular file"));
    }

    #[test]
    fn no_backup_is_ever_lost() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("file");
        assert_eq!(Target::look(&path).unwrap().back_up().unwrap(), None);
        for text in ["one", "two", "one"] {
            fs::write(&path, text).unwrap();
            let backup = Target::look(&path).unwrap().back_up().unwrap().unwrap();
            assert_eq!(fs::read_to_string(&backup).unwrap(), text);
            assert_eq!(mode(&backup), 0o600);
        }
        assert!(root.path().join("file.pager-backup.2").exists());
        assert!(!root.path().join("file.pager-backup.3").exists());
    }
}
