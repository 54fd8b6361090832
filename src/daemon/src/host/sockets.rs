//! Sockets: those the service manager passes, by name, and those the daemon binds itself.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use listenfd::ListenFd;
use pager_core::ApprovalId;
use rustix::net::{AddressFamily, SocketType};

use super::fdstore;

/// `FileDescriptorName=` of the hook socket in `pager.socket`.
const HOOK: &str = "hook";

/// What the service manager passed.
#[derive(Debug, Default)]
pub struct Passed {
    /// The hook socket.
    pub hook: Option<UnixListener>,
    /// Hooks that were waiting when the daemon last ended, with the approval each waits for.
    pub waiting: Vec<(ApprovalId, UnixStream)>,
}

/// Takes over what the service manager passed (sd_listen_fds_with_names(3)). It must be called
/// before any thread is started, as it clears `LISTEN_PID` and `LISTEN_FDS`.
pub fn passed() -> Passed {
    let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
    let mut fds = ListenFd::from_env();
    let mut names = names.split(':');
    let mut passed = Passed::default();
    for index in 0..fds.len() {
        let name = names.next().filter(|name| !name.is_empty()).unwrap_or("unknown");
        if let Err(error) = take(&mut fds, index, name, &mut passed) {
            tracing::warn!(
                "the descriptor {name:?} passed by the service manager is of no use: {error}"
            );
        }
    }
    passed
}

fn take(fds: &mut ListenFd, index: usize, name: &str, passed: &mut Passed) -> io::Result<()> {
    if name == HOOK || name == "unknown" && passed.hook.is_none() {
        passed.hook = fds.take_unix_listener(index)?;
        return Ok(());
    }
    // Whatever it is, it is ours to close now.
    let stream = fds.take_custom::<UnixStream>(
        index,
        i32::from(AddressFamily::UNIX.as_raw()),
        SocketType::STREAM.as_raw().cast_signed(),
        "connection of a waiting hook",
    )?;
    match (fdstore::approval(name), stream) {
        (Some(id), Some(stream)) => passed.waiting.push((id, stream)),
        _ => tracing::warn!(
            "closed the descriptor {name:?} passed by the service manager: unknown name"
        ),
    }
    Ok(())
}

/// Why a socket cannot be bound.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another daemon answers there.
    #[error("{path}: another program listens there; stop it, or give this pagerd another --runtime-dir", path = .0.display())]
    InUse(PathBuf),
    /// Something that is no socket has its name.
    #[error("{path}: is in the way, and is no socket; move it away", path = .0.display())]
    NotASocket(PathBuf),
    /// The folder or the socket could not be made.
    #[error("{path}: {source}", path = .path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Binds a socket 0600 in a folder 0700, in place of one that a dead daemon left.
///
/// # Errors
/// [`BindError`].
pub fn bind(path: &Path) -> Result<UnixListener, BindError> {
    let failed = |source| BindError::Io { path: path.to_owned(), source };
    if let Some(dir) = path.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(failed)?;
    }
    match fs::symlink_metadata(path) {
        Ok(there) if !there.file_type().is_socket() => {
            return Err(BindError::NotASocket(path.to_owned()));
        }
        Ok(_) if UnixStream::connect(path).is_ok() => {
            return Err(BindError::InUse(path.to_owned()));
        }
        Ok(_) => fs::remove_file(path).map_err(failed)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    let listener = UnixListener::bind(path).map_err(failed)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(failed)?;
    Ok(listener)
}
