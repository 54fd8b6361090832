//! Files that go into a session's folder and out of it: the one path policy, and what of the disk it
//! lets anybody touch.

use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};

use pager_core::Sha256Hex;
use pager_core::transfer::{self, Transfer, Wanted};
use pager_core::words::{bytes, grouped};

use crate::host::beneath::{Draft, Failure, Folder};

/// Places of the kernel's: what looks like files there are this process's secrets, and devices.
const KERNELS: [&str; 3] = ["/proc", "/sys", "/dev"];

/// Why a file is not exchanged.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Files are switched off.
    #[error("files are switched off (files.enabled in pager.toml)")]
    Off,
    /// The path is not one that is exchanged.
    #[error(transparent)]
    Path(#[from] transfer::Refused),
    /// It is pager's own, or the kernel's.
    #[error("it belongs to pager or to the system, and is not exchanged")]
    Own,
    /// It has more bytes than may go that way.
    #[error(
        "it has {}; {} at most{}",
        bytes(*.size), grouped(*.most), if *.telegram { ", as Telegram has it for bots" } else { "" }
    )]
    TooLarge {
        /// How many it has.
        size: u64,
        /// How many it may have.
        most: u64,
        /// Whether no configuration could allow more.
        telegram: bool,
    },
    /// It has more bytes than it said.
    #[error("it has more than {}, so it was cut off", bytes(*.0))]
    CutOff(u64),
    /// There is nothing in it.
    #[error("it is empty, and Telegram sends no empty files")]
    Empty,
    /// The disk says no.
    #[error(transparent)]
    Disk(#[from] Failure),
    /// It did not come to its end.
    #[error("it did not come to its end")]
    Unfinished,
}

/// The rules by which files are exchanged.
#[derive(Debug, Clone)]
pub struct Exchange {
    enabled: bool,
    max_upload: u64,
    max_download: u64,
    transfer: Transfer,
    /// What is denied above the folder as well: patterns of one's own are about what is in it.
    builtin: Transfer,
    /// Folders and files of pager's.
    own: Vec<PathBuf>,
}

/// A file of a session's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// What is in it.
    pub bytes: Vec<u8>,
    /// Its digest.
    pub sha256: Sha256Hex,
}

impl Exchange {
    /// The rules of this configuration; `own` are the folders and files of pager's own.
    ///
    /// # Errors
    /// A pattern that is none.
    pub fn new(
        files: &pager_config::Files,
        own: impl IntoIterator<Item = PathBuf>,
    ) -> Result<Self, transfer::InvalidPattern> {
        Ok(Self {
            enabled: files.enabled,
            max_upload: files.max_upload.into(),
            max_download: files.max_download.into(),
            transfer: Transfer::new(files.deny.iter().map(String::as_str))?,
            builtin: Transfer::new([])?,
            own: own.into_iter().chain(KERNELS.map(PathBuf::from)).collect(),
        })
    }

    /// Whether a file that says it has this many bytes is taken at all.
    ///
    /// # Errors
    /// [`Refused`]: the limit.
    pub fn admits(&self, size: u64) -> Result<(), Refused> {
        let most = self.max_upload;
        let telegram = self.max_upload == u64::from(pager_config::Files::default().max_upload);
        if size > most { Err(Refused::TooLarge { size, most, telegram }) } else { Ok(()) }
    }

    /// The most bytes that are taken.
    pub fn most(&self) -> u64 {
        self.max_upload
    }

    /// Reads a file of a session's folder.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn read(&self, folder: &Path, wanted: &Wanted) -> Result<Taken, Refused> {
        let folder = self.enter(folder, wanted)?;
        let found = folder.find(wanted.path())?;
        self.judge(&folder.real()?, &found.real()?)?;
        let telegram = self.max_download == u64::from(pager_config::Files::default().max_download);
        let most = self.max_download;
        match found.size() {
            0 => return Err(Refused::Empty),
            size if size > most => return Err(Refused::TooLarge { size, most, telegram }),
            _ => {}
        }
        let bytes = found.read(most)?;
        if bytes.is_empty() {
            return Err(Refused::Empty);
        }
        Ok(Taken { sha256: Sha256Hex::of(&bytes), bytes })
    }

    /// Begins a file in a session's folder.
    ///
    /// # Errors
    /// [`Refused`]; also where something has the name already, and is not to be replaced.
    pub fn begin(&self, folder: &Path, wanted: &Wanted, overwrite: bool) -> Result<Draft, Refused> {
        let folder = self.enter(folder, wanted)?;
        let draft = folder.draft(wanted.path())?;
        self.judge(&folder.real()?, &draft.real()?)?;
        if !overwrite && draft.is_taken() {
            return Err(Failure::Exists.into());
        }
        Ok(draft)
    }

    /// Writes all there is to be read, at most what is taken, and keeps it; tells how many bytes it
    /// has, and its digest.
    ///
    /// # Errors
    /// [`Refused`]; nothing is kept then.
    pub fn finish(
        &self,
        mut draft: Draft,
        source: impl Read,
        overwrite: bool,
    ) -> Result<(u64, Sha256Hex), Refused> {
        let mut copy =
            Copy { source: source.take(self.max_upload + 1), draft: &mut draft, size: 0 };
        let sha256 = Sha256Hex::of_all(&mut copy).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => Refused::Unfinished,
            _ => Refused::Disk(error.into()),
        })?;
        let size = copy.size;
        if size > self.max_upload {
            return Err(Refused::CutOff(self.max_upload));
        }
        draft.keep(overwrite)?;
        Ok((size, sha256))
    }

    /// Opens the folder for what may be wanted of it.
    fn enter(&self, folder: &Path, wanted: &Wanted) -> Result<Folder, Refused> {
        if !self.enabled {
            return Err(Refused::Off);
        }
        self.transfer.judge(wanted.path())?;
        Ok(Folder::open(folder)?)
    }

    /// Judges a file by where it really is.
    fn judge(&self, folder: &Path, real: &Path) -> Result<(), Refused> {
        let own = self.own.iter().any(|own| {
            let canonical = std::fs::canonicalize(own);
            real.starts_with(own) || canonical.is_ok_and(|own| real.starts_with(own))
        });
        if own {
            return Err(Refused::Own);
        }
        self.builtin.judge(folder.strip_prefix("/").unwrap_or(folder))?;
        // Whatever has moved in between is no longer what was asked for.
        let inside = real.strip_prefix(folder).map_err(|_| Refused::Own)?;
        Ok(self.transfer.judge(inside)?)
    }
}

/// Reads, and writes what it has read.
struct Copy<'a, R> {
    source: io::Take<R>,
    draft: &'a mut Draft,
    size: u64,
}

impl<R: Read> Read for Copy<'_, R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let length = self.source.read(bytes)?;
        self.draft.write_all(&bytes[..length])?;
        self.size += u64::try_from(length).unwrap_or(u64::MAX);
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn exchange(own: &[&Path]) -> Exchange {
        let files = pager_config::Files {
            max_upload: 10,
            max_download: 10,
            deny: vec!["*.sqlite".to_owned(), "out/**".to_owned()],
            ..pager_config::Files::default()
        };
        Exchange::new(&files, own.iter().map(|own| own.to_path_buf())).unwrap()
    }

    fn wanted(path: &str) -> Wanted {
        Wanted::read(path).unwrap()
    }

    fn put(
        exchange: &Exchange,
        folder: &Path,
        path: &str,
        bytes: &[u8],
    ) -> Result<(u64, Sha256Hex), Refused> {
        let draft = exchange.begin(folder, &wanted(path), false)?;
        exchange.finish(draft, bytes, false)
    }

    #[test]
    fn what_is_put_is_what_is_got() {
        let dir = tempfile::tempdir().unwrap();
        let exchange = exchange(&[]);
        let (size, sha256) = put(&exchange, dir.path(), "a.txt", b"hello").unwrap();
        assert_eq!((size, &sha256), (5, &Sha256Hex::of(b"hello")));
        let taken = exchange.read(dir.path(), &wanted("a.txt")).unwrap();
        assert_eq!(taken, Taken { bytes: b"hello".to_vec(), sha256 });
        let again = put(&exchange, dir.path(), "a.txt", b"other").unwrap_err();
        assert!(matches!(again, Refused::Disk(Failure::Exists)), "{again}");
        let draft = exchange.begin(dir.path(), &wanted("a.txt"), true).unwrap();
        exchange.finish(draft, &b"other"[..], true).unwrap();
        assert_eq!(fs::read(dir.path().join("a.txt")).unwrap(), b"other");
    }

    #[test]
    fn sizes_are_kept_to_whatever_was_announced() {
        let dir = tempfile::tempdir().unwrap();
        let exchange = exchange(&[]);
        assert!(exchange.admits(10).is_ok());
        let told = exchange.admits(11).unwrap_err().to_string();
        assert_eq!(told, "it has 11 bytes; 10 at most");
        put(&exchange, dir.path(), "ten", &[b'x'; 10]).unwrap();
        let told = put(&exchange, dir.path(), "eleven", &[b'x'; 11]).unwrap_err().to_string();
        assert_eq!(told, "it has more than 10 bytes, so it was cut off");
        // However much more is to come, no more is read.
        let endless = exchange.begin(dir.path(), &wanted("endless"), false).unwrap();
        let endless = exchange.finish(endless, io::repeat(b'x'), false).unwrap_err();
        assert!(matches!(endless, Refused::CutOff(10)));
        fs::write(dir.path().join("large"), [b'x'; 11]).unwrap();
        let large = exchange.read(dir.path(), &wanted("large")).unwrap_err();
        assert_eq!(large.to_string(), "it has 11 bytes; 10 at most");
        fs::write(dir.path().join("empty"), "").unwrap();
        let empty = exchange.read(dir.path(), &wanted("empty")).unwrap_err();
        assert!(matches!(empty, Refused::Empty));
        let mut names: Vec<_> =
            fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["empty", "large", "ten"]);
        let most = Exchange::new(&pager_config::Files::default(), []).unwrap();
        assert_eq!(
            most.admits(20_971_521).unwrap_err().to_string(),
            "it has 20,971,521 bytes; 20,971,520 at most, as Telegram has it for bots"
        );
    }

    #[test]
    fn what_is_denied_is_denied_in_both_directions() {
        let dir = tempfile::tempdir().unwrap();
        for folder in [".git", "sub/.SSH", "out"] {
            fs::create_dir_all(dir.path().join(folder)).unwrap();
        }
        let exchange = exchange(&[]);
        for path in
            [".ENV", "ID_RSA", ".git/config", "sub/.SSH/known_hosts", "a.sqlite", "out/x", "x.PEM"]
        {
            fs::write(dir.path().join(path), "x").unwrap();
            let got = exchange.read(dir.path(), &wanted(path)).unwrap_err();
            assert!(matches!(got, Refused::Path(_)), "{path}: {got}");
            fs::remove_file(dir.path().join(path)).unwrap();
            let put = put(&exchange, dir.path(), path, b"x").unwrap_err();
            assert!(matches!(put, Refused::Path(_)), "{path}: {put}");
            assert!(!dir.path().join(path).exists());
        }
        // Where a session works in such a folder, nothing of it is exchanged.
        let inside = put(&exchange, &dir.path().join(".git"), "config", b"x").unwrap_err();
        assert!(matches!(inside, Refused::Path(_)), "{inside}");
        // Patterns of one's own are about what is in the folder.
        put(&exchange, &dir.path().join("out"), "x", b"x").unwrap();
    }

    #[test]
    fn pagers_own_files_are_denied_wherever_a_session_works() {
        let dir = tempfile::tempdir().unwrap();
        let home = fs::canonicalize(dir.path()).unwrap();
        fs::create_dir_all(home.join("state/pager")).unwrap();
        fs::write(home.join("state/pager/pager.db"), "x").unwrap();
        symlink(home.join("state"), home.join("link")).unwrap();
        // From the root it may be in another file system.
        let is_refused =
            |refused: &Refused| matches!(refused, Refused::Own | Refused::Disk(Failure::Elsewhere));
        for own in ["state/pager", "link/pager"] {
            let exchange = exchange(&[&home.join(own)]);
            let inside = home.strip_prefix("/").unwrap().join("state/pager/pager.db");
            for (folder, path) in [
                (home.as_path(), "state/pager/pager.db"),
                (Path::new("/"), inside.to_str().unwrap()),
                (&home.join("state/pager"), "pager.db"),
                (&home.join("link/pager"), "pager.db"),
            ] {
                let got = exchange.read(folder, &wanted(path)).unwrap_err();
                assert!(is_refused(&got), "{path}: {got}");
                let put = exchange.begin(folder, &wanted(path), true).unwrap_err();
                assert!(is_refused(&put), "{path}: {put}");
            }
        }
        let exchange = exchange(&[]);
        for (folder, path) in [("/proc/self", "environ"), ("/sys/kernel", "notes")] {
            let got = exchange.read(Path::new(folder), &wanted(path)).unwrap_err();
            let refused = matches!(got, Refused::Own | Refused::Disk(Failure::Missing));
            assert!(refused, "{folder}/{path}: {got}");
        }
        let off = pager_config::Files { enabled: false, ..pager_config::Files::default() };
        let off = Exchange::new(&off, []).unwrap();
        assert!(matches!(off.read(&home, &wanted("a")), Err(Refused::Off)));
    }
}
