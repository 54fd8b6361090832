//! A temporary folder with the places that pager reads its configuration from.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use pager_config::paths::Paths;
use pager_config::{Loaded, Sources, load};
use tempfile::TempDir;

/// The form of a token, and nobody's.
pub(crate) const TOKEN: &str = "123456789:AAtestTESTtestTESTtestTESTtestTEST0";

pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file with exactly this mode, whatever the umask is.
    pub(crate) fn write(&self, name: &str, mode: u32, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    /// The layers `lib`, `etc` and `home/.config/pager` of this folder.
    pub(crate) fn sources(&self) -> Sources {
        let home = self.path("home");
        let paths = Paths::from_lookup(|name| (name == "HOME").then(|| home.clone().into()));
        Sources::new([self.path("lib"), self.path("etc")], &paths).unwrap()
    }

    pub(crate) fn load(&self) -> Loaded {
        load(&self.sources()).unwrap_or_else(|errors| panic!("{errors}"))
    }

    /// The errors of loading, with this folder's own path left out.
    pub(crate) fn errors(&self) -> String {
        self.short(&load(&self.sources()).unwrap_err())
    }

    pub(crate) fn short(&self, text: &dyn ToString) -> String {
        text.to_string().replace(&format!("{}/", self.0.path().display()), "")
    }
}

/// Loads one file of the given text.
pub(crate) fn load_text(text: impl AsRef<[u8]>) -> Result<Loaded, String> {
    let folder = Folder::new();
    let path = folder.write("pager.toml", 0o644, text);
    load(&Sources::single(path)).map_err(|errors| folder.short(&errors))
}

/// The repository's root.
pub(crate) fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}
