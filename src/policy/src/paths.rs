//! Real paths: what a path leads to, with every link followed and nothing opened.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io;
use std::path::{Component, Path, PathBuf};

/// As many links as the kernel follows in one path.
const MAX_LINKS: usize = 40;
const MAX_COMPONENTS: usize = 512;

/// The file system as the policy sees it.
pub trait Files {
    /// Where the symbolic link at `path` leads; none if there is no link there, or nothing at all.
    /// The folders on the way are no links.
    fn link(&self, path: &Path) -> io::Result<Option<PathBuf>>;

    /// Whether there is anything at `path`.
    fn exists(&self, path: &Path) -> bool;
}

/// The file system of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Disk;

impl Files for Disk {
    fn link(&self, path: &Path) -> io::Result<Option<PathBuf>> {
        match std::fs::read_link(path) {
            Ok(target) => Ok(Some(target)),
            Err(error) => match error.kind() {
                io::ErrorKind::InvalidInput
                | io::ErrorKind::NotFound
                | io::ErrorKind::NotADirectory => Ok(None),
                _ => Err(error),
            },
        }
    }

    fn exists(&self, path: &Path) -> bool {
        path.symlink_metadata().is_ok()
    }
}

/// A path cannot be followed to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unresolved;

/// The real path of `path`, seen from the folder `base`. What does not exist (yet) is kept as it is
/// named, below what does.
pub(crate) fn real(files: &dyn Files, base: &Path, path: &Path) -> Result<PathBuf, Unresolved> {
    let mut todo: VecDeque<OsString> = VecDeque::new();
    push(&mut todo, path);
    let mut done = if path.is_absolute() { PathBuf::from("/") } else { base.to_owned() };
    let (mut links, mut steps) = (0, 0);
    while let Some(name) = todo.pop_front() {
        steps += 1;
        if steps > MAX_COMPONENTS {
            return Err(Unresolved);
        }
        if name == ".." {
            done.pop();
            continue;
        }
        let process = done.strip_prefix("/proc").is_ok_and(|rest| rest.components().count() > 0);
        if process && is_process(&done) {
            // The links here are magic, and what they say depends on who looks.
            match name.to_str() {
                Some("root") => done = PathBuf::from("/"),
                Some("cwd") if done.starts_with("/proc/self") => done = base.to_owned(),
                Some("cwd" | "fd" | "exe" | "map_files") => return Err(Unresolved),
                _ => done.push(name),
            }
            continue;
        }
        done.push(&name);
        if done == Path::new("/proc/self") || done == Path::new("/proc/thread-self") {
            continue;
        }
        if done == Path::new("/dev/fd") {
            return Err(Unresolved);
        }
        if is_device(&done) {
            continue;
        }
        let Ok(link) = files.link(&done) else {
            // A folder that may not be searched: the agent, who is the same user, may not either.
            continue;
        };
        if let Some(target) = link {
            links += 1;
            if links > MAX_LINKS {
                return Err(Unresolved);
            }
            done.pop();
            if target.is_absolute() {
                done = PathBuf::from("/");
            }
            let mut rest = VecDeque::new();
            push(&mut rest, &target);
            rest.append(&mut todo);
            todo = rest;
        }
    }
    Ok(done)
}

/// The path without `.` and `..`, as it is written: no link is followed.
pub(crate) fn lexical(base: &Path, path: &Path) -> PathBuf {
    let mut done = if path.is_absolute() { PathBuf::from("/") } else { base.to_owned() };
    for component in path.components() {
        match component {
            Component::ParentDir => drop(done.pop()),
            Component::Normal(name) => done.push(name),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    done
}

/// What the shell opens as a stream and not as a file.
pub(crate) fn is_device(path: &Path) -> bool {
    let names = ["null", "zero", "full", "random", "urandom", "tty", "stdin", "stdout", "stderr"];
    path.parent() == Some(Path::new("/dev"))
        && path.file_name().is_some_and(|name| names.iter().any(|known| name == *known))
}

fn push(todo: &mut VecDeque<OsString>, path: &Path) {
    for component in path.components() {
        match component {
            Component::ParentDir => todo.push_back("..".into()),
            Component::Normal(name) => todo.push_back(name.to_owned()),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
}

/// Whether it is the folder of a process, or of one of its threads.
fn is_process(path: &Path) -> bool {
    let names: Vec<_> = path.iter().skip(2).filter_map(|name| name.to_str()).collect();
    let is_id = |name: &str| {
        name == "self" || name == "thread-self" || name.bytes().all(|c| c.is_ascii_digit())
    };
    match names[..] {
        [process] => is_id(process),
        [process, "task", thread] => is_id(process) && is_id(thread),
        _ => false,
    }
}

#[cfg(test)]
pub(crate) mod table {
    //! A file system made of a table of links.

    use std::collections::BTreeMap;

    use super::*;

    #[derive(Debug, Default, Clone)]
    pub(crate) struct Table {
        pub(crate) links: BTreeMap<PathBuf, PathBuf>,
    }

    impl Table {
        pub(crate) fn link(mut self, from: &str, to: &str) -> Self {
            self.links.insert(from.into(), to.into());
            self
        }
    }

    impl Files for Table {
        fn link(&self, path: &Path) -> io::Result<Option<PathBuf>> {
            Ok(self.links.get(path).cloned())
        }

        fn exists(&self, path: &Path) -> bool {
            self.links.contains_key(path)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::table::Table;
    use super::*;

    #[test]
    fn every_way_to_a_file_ends_at_the_file() {
        let files = Table::default()
            .link("/home/u/src/key", "../.ssh/id_rsa")
            .link("/home/u/src/up", "..")
            .link("/home/u/src/dangling", "/home/u/.ssh/new")
            .link("/link", "/home");
        let base = Path::new("/home/u/src");
        for (path, wanted) in [
            ("key", "/home/u/.ssh/id_rsa"),
            ("./up/.ssh/../.ssh/id_rsa", "/home/u/.ssh/id_rsa"),
            ("up/../x", "/home/x"),
            ("dangling", "/home/u/.ssh/new"),
            ("/link/u/src/up/a", "/home/u/a"),
            ("/proc/self/root/home/u/src/key", "/home/u/.ssh/id_rsa"),
            ("/proc/1234/root/etc/shadow", "/etc/shadow"),
            ("/proc/self/task/77/root/etc/shadow", "/etc/shadow"),
            ("/proc/self/cwd/key", "/home/u/.ssh/id_rsa"),
            ("/proc/self/environ", "/proc/self/environ"),
            ("/../../etc/shadow", "/etc/shadow"),
            ("missing/../../.ssh/x", "/home/u/.ssh/x"),
        ] {
            let found = real(&files, base, Path::new(path));
            assert_eq!(found, Ok(PathBuf::from(wanted)), "{path}");
        }
    }

    #[test]
    fn a_path_without_an_end_is_none() {
        let files = Table::default().link("/a", "/b").link("/b", "/a");
        let dots = "../".repeat(600);
        for path in ["/a", "/proc/self/fd/3", "/dev/fd/3", "/proc/7/cwd/x", &dots] {
            assert_eq!(real(&files, Path::new("/"), Path::new(path)), Err(Unresolved));
        }
    }

    #[test]
    fn the_disk_is_followed_too() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().canonicalize().unwrap();
        std::fs::create_dir(base.join("secret")).unwrap();
        std::os::unix::fs::symlink("secret", base.join("door")).unwrap();
        assert_eq!(real(&Disk, &base, Path::new("door/x")), Ok(base.join("secret/x")));
        assert!(Disk.exists(&base.join("door")) && !Disk.exists(&base.join("x")));
    }
}
