//! The demo's own folder: everything is in it, and goes with it.

use std::fs::{self, Permissions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use pager_core::sanitize::visible;
use tempfile::TempDir;

use crate::failure::Failure;
use crate::output::shown;

/// Sockets have short paths; this is what a folder's may have for ours to fit.
const PATH_MAX: usize = 80;
/// How much of a log is shown when something went wrong.
const LOG_TAIL: u64 = 2000;

/// No bus to be looked for, no network to be used.
const CONFIG: &str = "[desktop]\nenabled = false\n";

/// A folder that only its owner can enter, removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    /// Makes it.
    pub(crate) fn make() -> Result<Self, Failure> {
        let parent = std::env::temp_dir();
        let parent = if parent.as_os_str().len() > PATH_MAX { Path::new("/tmp") } else { &parent };
        let failed = |error| {
            Failure::failed(format!("cannot make a temporary folder in {}: {error}", shown(parent)))
                .with_hint("TMPDIR names another place")
        };
        let folder = tempfile::Builder::new()
            .prefix("pager-demo.")
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(parent)
            .map_err(failed)?;
        let place = Self { folder };
        for made in [place.state(), place.runtime(), place.project()] {
            fs::create_dir(made).map_err(failed)?;
        }
        fs::write(place.config(), CONFIG).map_err(failed)?;
        Ok(place)
    }

    /// The folder itself; also the home of those who run in it.
    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    /// The daemon's configuration.
    pub(crate) fn config(&self) -> PathBuf {
        self.root().join("pager.toml")
    }

    /// The daemon's database and audit log.
    pub(crate) fn state(&self) -> PathBuf {
        self.root().join("state")
    }

    /// The daemon's sockets.
    pub(crate) fn runtime(&self) -> PathBuf {
        self.root().join("run")
    }

    /// Where the agent works.
    pub(crate) fn project(&self) -> PathBuf {
        self.root().join("webshop")
    }

    /// What the programs say on standard error.
    pub(crate) fn log(&self, program: &str) -> PathBuf {
        self.root().join(format!("{program}.log"))
    }

    /// The end of what a program said, for a failure's hint.
    pub(crate) fn log_tail(&self, program: &str) -> String {
        let mut text = Vec::new();
        let read = fs::File::open(self.log(program)).and_then(|mut log| {
            let length = log.metadata()?.len();
            log.seek(SeekFrom::Start(length.saturating_sub(LOG_TAIL)))?;
            log.read_to_end(&mut text)
        });
        match (read, String::from_utf8_lossy(&text).trim()) {
            (Err(_), _) | (_, "") => format!("{program} said nothing"),
            (Ok(_), said) => format!("{program} said:\n{}", visible(said)),
        }
    }

    /// Removes it, and tells if that did not work.
    pub(crate) fn remove(self) -> io::Result<()> {
        self.folder.close()
    }

    /// Leaves it where it is.
    pub(crate) fn keep(self) -> PathBuf {
        self.folder.keep()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_private_and_goes_away() {
        let place = Place::make().unwrap();
        let root = place.root().to_owned();
        assert_eq!(fs::metadata(&root).unwrap().permissions().mode() & 0o777, 0o700);
        drop(place);
        assert!(!root.exists());
    }

    #[test]
    fn the_configuration_is_one_the_daemon_takes() {
        let place = Place::make().unwrap();
        let loaded = pager_config::load(&pager_config::Sources::single(place.config())).unwrap();
        assert!(!loaded.config.desktop.enabled && loaded.config.telegram.token_file.is_none());
    }
}
