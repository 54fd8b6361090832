//! What is opened beneath a folder, and all that is not.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::sync::atomic::{AtomicBool, Ordering};
use std::{fs, thread};

use rustix::fs::CWD;
use tempfile::TempDir;

use super::*;

/// A folder with a file in it, beside a secret.
struct Place {
    dir: TempDir,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("work/sub/deep")).unwrap();
        fs::create_dir(dir.path().join("outside")).unwrap();
        fs::write(dir.path().join("outside/secret"), "secret").unwrap();
        fs::write(dir.path().join("work/sub/deep/a.txt"), "hello").unwrap();
        Self { dir }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    fn folder(&self) -> Folder {
        Folder::open(&self.path("work")).unwrap()
    }

    fn read(&self, path: &str) -> Result<String, Failure> {
        let bytes = self.folder().find(Path::new(path))?.read(100)?;
        Ok(String::from_utf8(bytes).unwrap())
    }

    fn write(&self, path: &str, text: &str, overwrite: bool) -> Result<(), Failure> {
        let mut draft = self.folder().draft(Path::new(path))?;
        draft.write_all(text.as_bytes())?;
        draft.keep(overwrite)
    }

    /// All names in the folder and its subfolders.
    fn names(&self) -> Vec<String> {
        let folders = ["work", "work/sub", "work/sub/deep"];
        let list = |folder: &&str| fs::read_dir(self.path(folder)).unwrap();
        let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name();
        let mut names: Vec<_> = folders.iter().flat_map(list).map(name).collect();
        names.sort();
        names.into_iter().map(|name| name.into_string().unwrap()).collect()
    }
}

#[test]
fn a_file_in_the_folder_is_read_and_one_is_written() {
    let place = Place::new();
    assert_eq!(place.read("sub/deep/a.txt").unwrap(), "hello");
    place.write("sub/b.txt", "new", false).unwrap();
    assert_eq!(place.read("sub/b.txt").unwrap(), "new");
    let mode = fs::metadata(place.path("work/sub/b.txt")).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
    let folder = fs::canonicalize(place.path("work")).unwrap();
    let draft = place.folder().draft(Path::new("sub/c")).unwrap();
    assert_eq!(draft.real().unwrap(), folder.join("sub/c"));
    let found = place.folder().find(Path::new("sub/b.txt")).unwrap();
    assert_eq!(found.real().unwrap(), folder.join("sub/b.txt"));
}

#[test]
fn no_link_is_followed_at_any_level() {
    let place = Place::new();
    symlink("../outside", place.path("work/up")).unwrap();
    symlink("deep", place.path("work/sub/inner")).unwrap();
    symlink("a.txt", place.path("work/sub/deep/alias")).unwrap();
    symlink(place.path("outside/secret"), place.path("work/absolute")).unwrap();
    symlink("/proc/self/root", place.path("work/root")).unwrap();
    symlink("nowhere", place.path("work/dangling")).unwrap();
    for path in [
        "up/secret",
        "sub/inner/a.txt",
        "sub/deep/alias",
        "absolute",
        "root/etc/hostname",
        "dangling",
    ] {
        assert!(matches!(place.read(path), Err(Failure::Link)), "{path}");
    }
    for path in ["up/new", "sub/inner/new", "root/tmp/new"] {
        assert!(matches!(place.write(path, "x", true), Err(Failure::Link)), "{path}");
    }
    // The name itself may be one: what it leads to is neither written nor replaced.
    for path in ["absolute", "dangling", "sub/deep/alias"] {
        assert!(matches!(place.write(path, "x", true), Err(Failure::Link)), "{path}");
        assert!(matches!(place.write(path, "x", false), Err(Failure::Exists)), "{path}");
    }
    assert_eq!(fs::read_to_string(place.path("outside/secret")).unwrap(), "secret");
    assert!(!place.path("work/nowhere").exists());
}

#[test]
fn no_path_leads_out() {
    let place = Place::new();
    for path in ["../outside/secret", "sub/../../outside/secret", "/etc/hostname"] {
        assert!(matches!(place.read(path), Err(Failure::Elsewhere)), "{path}");
        assert!(matches!(place.write(path, "x", true), Err(Failure::Elsewhere)), "{path}");
    }
    assert_eq!(fs::read_to_string(place.path("outside/secret")).unwrap(), "secret");
}

#[test]
fn another_file_system_is_not_entered() {
    let root = Folder::open(Path::new("/")).unwrap();
    for path in ["proc/self/environ", "proc/version", "dev/null"] {
        assert!(matches!(root.find(Path::new(path)), Err(Failure::Elsewhere)), "{path}");
    }
    // The kernel's links that lead anywhere are none to a folder either.
    let magic = Folder::open(Path::new("/proc/self/cwd")).unwrap_err();
    assert!(matches!(&magic, Failure::Folder(_)), "{magic}");
}

#[test]
fn a_hard_link_is_refused_and_never_written_through() {
    let place = Place::new();
    fs::hard_link(place.path("outside/secret"), place.path("work/notes.txt")).unwrap();
    assert!(matches!(place.read("notes.txt"), Err(Failure::Linked)));
    place.write("notes.txt", "mine", true).unwrap();
    assert_eq!(place.read("notes.txt").unwrap(), "mine");
    assert_eq!(fs::read_to_string(place.path("outside/secret")).unwrap(), "secret");
}

#[test]
fn only_regular_files_are_read_and_nothing_hangs() {
    let place = Place::new();
    let pipe = place.path("work/pipe");
    rustix::fs::mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(place.path("work/socket")).unwrap();
    for path in ["pipe", "socket"] {
        assert!(matches!(place.read(path), Err(Failure::Special)), "{path}");
        assert!(matches!(place.write(path, "x", true), Err(Failure::Special)), "{path}");
    }
    let devices = Folder::open(Path::new("/dev")).unwrap();
    assert!(matches!(devices.find(Path::new("null")), Err(Failure::Special)));
    assert!(matches!(place.read("sub"), Err(Failure::IsFolder)));
    assert!(matches!(place.write("sub", "x", true), Err(Failure::IsFolder)));
    assert!(matches!(place.read("gone"), Err(Failure::Missing)));
    assert!(matches!(place.read("sub/deep/a.txt/b"), Err(Failure::Missing)));
}

#[test]
fn a_folder_that_is_not_there_is_not_made() {
    let place = Place::new();
    assert!(matches!(place.write("new/a.txt", "x", false), Err(Failure::NoParent)));
    assert!(matches!(place.write("sub/deep/a.txt/b", "x", false), Err(Failure::NoParent)));
    assert!(!place.path("work/new").exists());
    let gone = Folder::open(&place.path("gone")).unwrap_err();
    assert!(matches!(&gone, Failure::Folder(_)), "{gone}");
    for relative in ["", ".", "src"] {
        assert!(matches!(Folder::open(Path::new(relative)), Err(Failure::Folder(_))), "{relative}");
    }
}

#[test]
fn nothing_is_overwritten_unless_asked() {
    let place = Place::new();
    assert!(matches!(place.write("sub/deep/a.txt", "other", false), Err(Failure::Exists)));
    assert_eq!(place.read("sub/deep/a.txt").unwrap(), "hello");
    place.write("sub/deep/a.txt", "other", true).unwrap();
    assert_eq!(place.read("sub/deep/a.txt").unwrap(), "other");
    assert_eq!(place.names(), ["a.txt", "deep", "sub"]);
}

#[test]
fn what_is_not_kept_never_was() {
    let place = Place::new();
    let mut draft = place.folder().draft(Path::new("b.txt")).unwrap();
    draft.write_all(b"half").unwrap();
    drop(draft);
    // As in a file system that knows no nameless files.
    let mut draft = place.folder().draft(Path::new("b.txt")).unwrap();
    let name = temporary_name().unwrap();
    draft.link(&name).unwrap();
    draft.temporary = Some(name.clone());
    assert!(place.names().contains(&name));
    drop(draft);
    assert_eq!(place.names(), ["a.txt", "deep", "sub"]);
}

#[test]
fn a_file_with_a_name_from_the_beginning_is_kept_as_well() {
    let place = Place::new();
    for (overwrite, text) in [(false, "first"), (true, "second")] {
        let mut draft = place.folder().draft(Path::new("b.txt")).unwrap();
        let name = temporary_name().unwrap();
        draft.link(&name).unwrap();
        draft.temporary = Some(name);
        draft.write_all(text.as_bytes()).unwrap();
        draft.keep(overwrite).unwrap();
        assert_eq!(place.read("b.txt").unwrap(), text);
    }
    assert_eq!(place.names(), ["a.txt", "b.txt", "deep", "sub"]);
}

#[test]
fn a_file_is_read_up_to_its_limit_even_if_it_grows() {
    let place = Place::new();
    fs::write(place.path("work/b"), [b'x'; 100]).unwrap();
    let found = place.folder().find(Path::new("b")).unwrap();
    assert_eq!(found.read(100).unwrap().len(), 100);
    assert!(matches!(found.read(99), Err(Failure::TooLarge(99))));
    fs::write(place.path("work/b"), [b'x'; 101]).unwrap();
    assert_eq!(found.size(), 100);
    assert!(matches!(found.read(100), Err(Failure::TooLarge(100))));
}

/// While a folder is swapped for a link and back, over and over, only what is in the folder is ever
/// read or written.
#[test]
fn a_folder_that_becomes_a_link_leads_nowhere() {
    let place = Place::new();
    fs::write(place.path("work/sub/secret"), "hello").unwrap();
    symlink("../outside", place.path("work/link")).unwrap();
    let stop = AtomicBool::new(false);
    let (mut read, mut refused) = (0, 0);
    thread::scope(|scope| {
        scope.spawn(|| {
            let (sub, link) = (place.path("work/sub"), place.path("work/link"));
            while !stop.load(Ordering::Relaxed) {
                rustix::fs::renameat_with(CWD, &sub, CWD, &link, RenameFlags::EXCHANGE).unwrap();
            }
        });
        let mut round = 0;
        while (read < 50 || refused < 50) && round < 1_000_000 {
            round += 1;
            match place.read("sub/secret") {
                Ok(text) => {
                    assert_eq!(text, "hello");
                    read += 1;
                }
                Err(Failure::Link) => refused += 1,
                Err(failure) => panic!("{failure}"),
            }
            match place.write("sub/planted", "x", true) {
                Ok(()) | Err(Failure::Link) => {}
                Err(failure) => panic!("{failure}"),
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(read >= 50 && refused >= 50, "{read} {refused}");
    assert!(!place.path("outside/planted").exists());
}

#[test]
fn what_the_disk_or_the_kernel_says_is_said_plainly() {
    let place = Place::new();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut draft = place.folder().draft(Path::new("b.txt")).unwrap();
    draft.file = full;
    let refused = Failure::from(draft.write_all(b"more").unwrap_err());
    assert!(matches!(refused, Failure::Full));
    drop(draft);
    assert_eq!(place.names(), ["a.txt", "deep", "sub"]);
    for errno in [Errno::NOSPC, Errno::DQUOT, Errno::FBIG] {
        assert!(matches!(Failure::from(io::Error::from(errno)), Failure::Full));
    }
    assert!(matches!(Failure::from(Errno::NOSYS), Failure::Kernel));
}
