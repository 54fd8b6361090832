//! Which files are read, and in which order.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use crate::diagnostic::Diagnostic;
use crate::paths::{PathError, Paths};

const FILE: &str = "pager.toml";
const DROP_INS: &str = "pager.toml.d";

/// The folders of the system, from the one of the distribution to the one of the administrator.
const SYSTEM: [&str; 2] = ["/usr/lib/pager", "/etc/pager"];

/// Where the configuration is read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    layers: Vec<Layer>,
    home: Option<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Layer {
    /// A folder with a pager.toml and a pager.toml.d, each of which need not be there.
    Folder { path: PathBuf, trust: Trust },
    /// One file, which must be there.
    File(PathBuf),
}

/// Who must have written a file for it to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    /// The administrator, by the place it is in. The owner is not looked at: in a user namespace
    /// root's files appear as nobody's.
    Place,
    /// The user or root, by the owner of the file.
    Owner,
}

/// One file to read.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) path: PathBuf,
    pub(crate) trust: Trust,
    /// Whether it is an error if it is not there.
    pub(crate) required: bool,
}

impl Sources {
    /// The system's and this person's files, where the environment says they are.
    pub fn standard() -> Result<Self, PathError> {
        Self::new(SYSTEM, &Paths::from_env())
    }

    /// One file instead of all others: what `--config` names.
    pub fn single(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        // Absolute, so that a reload finds it again and the origin of a value can be opened.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Self { layers: vec![Layer::File(path)], home: Paths::from_env().home().map(Path::to_owned) }
    }

    /// What `--config` names if it is given, or else the standard places.
    pub fn choose(config: Option<&Path>) -> Result<Self, PathError> {
        config.map_or_else(Self::standard, |path| Ok(Self::single(path)))
    }

    /// The folders of a system, a later one winning over an earlier one, and those of a person.
    pub fn new(
        system: impl IntoIterator<Item = impl Into<PathBuf>>,
        paths: &Paths,
    ) -> Result<Self, PathError> {
        let mut layers: Vec<_> = system
            .into_iter()
            .map(|path| Layer::Folder { path: path.into(), trust: Trust::Place })
            .collect();
        layers.push(Layer::Folder { path: paths.config_dir()?, trust: Trust::Owner });
        Ok(Self { layers, home: paths.home().map(Path::to_owned) })
    }

    /// The file a person edits: the one that `--config` names, or their own pager.toml.
    pub fn main_file(&self) -> Option<PathBuf> {
        self.layers.last().map(|layer| match layer {
            Layer::Folder { path, .. } => path.join(FILE),
            Layer::File(path) => path.clone(),
        })
    }

    pub(crate) fn home(&self) -> Option<&Path> {
        self.home.as_deref()
    }

    /// The files in the order they are applied, and the folders that could not be listed.
    pub(crate) fn candidates(&self) -> (Vec<Candidate>, Vec<Diagnostic>) {
        let mut files = Vec::new();
        let mut faults = Vec::new();
        for layer in &self.layers {
            match layer {
                Layer::File(path) => {
                    files.push(Candidate {
                        path: path.clone(),
                        trust: Trust::Owner,
                        required: true,
                    });
                }
                Layer::Folder { path, trust } => {
                    let trust = *trust;
                    files.push(Candidate { path: path.join(FILE), trust, required: false });
                    let folder = path.join(DROP_INS);
                    match drop_ins(&folder) {
                        // What is listed must be there: a link to nothing is a mistake.
                        Ok(paths) => files.extend(paths.into_iter().map(|path| Candidate {
                            path,
                            trust,
                            required: true,
                        })),
                        Err(error) => {
                            let message = format!("the folder cannot be listed: {error}");
                            faults.push(Diagnostic::of_file(&folder, message));
                        }
                    }
                }
            }
        }
        (files, faults)
    }
}

/// The files of a folder whose names end in `.toml`, sorted by name; none if it does not exist.
/// Hidden ones are what editors leave behind.
fn drop_ins(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let entry = entry?;
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        let path = entry.path();
        if !hidden && path.extension() == Some(OsStr::new("toml")) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}
