//! What a call would change: the file as it is now, compared with what it would be.
//!
//! The text that comes of it stands in `Approval::preview`: sentences of pager's, one a line and
//! warnings marked as such, then a unified diff with its header; no diff where none could be made. Looking at a file never delays a
//! question for long, and never holds up anything else: files may lie on a disk that is gone.

mod change;
mod read;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use pager_core::present::WARNING;
use pager_core::sanitize::{in_line, one_line};
use pager_core::{Command, Facts, Ruling};
use tokio::sync::{Semaphore, oneshot};

use change::Change;
use read::{Found, Unseen};

/// How long a question waits for its preview.
pub(super) const WITHIN: Duration = Duration::from_millis(100);
/// How many files are looked at at once; one on a disk that does not answer keeps its place.
static PLACES: Semaphore = Semaphore::const_new(8);
/// The largest preview.
const PREVIEW_MAX: usize = 1 << 20;

const TOO_SLOW: &str = "The file could not be looked at in time.";

/// Gives a question about a change of a file its preview, within a time. What the policy decides
/// nobody is shown: the file, which may hold a secret, is then left alone.
pub(super) async fn fill(command: &mut Command, time: Duration) {
    let Command::Ask { facts, request } = command else { return };
    if request.judgement.as_ref().is_some_and(|judgement| judgement.ruling != Ruling::Ask) {
        return;
    }
    let Some(change) = Change::read(&request.tool, request.input.text()) else { return };
    request.preview = Some(within(change, facts, time).await.into());
}

async fn within(change: Change, facts: &Facts, time: Duration) -> String {
    let path = match &facts.cwd {
        Some(cwd) => Path::new(cwd).join(&change.path),
        None => PathBuf::from(&change.path),
    };
    if !path.is_absolute() {
        return "It is not known which folder the file is in.".to_owned();
    }
    let Ok(place) = PLACES.try_acquire() else { return TOO_SLOW.to_owned() };
    let (done, preview) = oneshot::channel();
    // A thread of its own, for which nobody waits: not even the daemon when it ends.
    let looker = std::thread::Builder::new().name("preview".to_owned()).spawn(move || {
        let deadline = Instant::now() + time;
        // Nobody listens where it came too late.
        drop(done.send(compare(&change, &path, deadline)));
        drop(place);
    });
    if looker.is_err() {
        return TOO_SLOW.to_owned();
    }
    match tokio::time::timeout(time, preview).await {
        Ok(Ok(preview)) => preview,
        _ => TOO_SLOW.to_owned(),
    }
}

/// The preview of a change.
fn compare(change: &Change, path: &Path, deadline: Instant) -> String {
    let (found, mut notes) = match read::text(path) {
        Ok(Found { text, real }) => {
            let note =
                (real != path).then(|| format!("{WARNING}The file is really {}", short(&real)));
            (Some(text), Vec::from_iter(note))
        }
        Err(Unseen::Missing { link }) => {
            let note = link.map(|to| format!("{WARNING}The file is a link to {}", short(&to)));
            (None, Vec::from_iter(note))
        }
        Err(unseen) => return format!("It could not be compared with the file: {unseen}."),
    };
    match change.apply(found.as_deref(), deadline) {
        Ok(applied) => {
            notes.extend(applied.note.map(str::to_owned));
            let diff = applied.diff(&in_line(&path.to_string_lossy()), deadline);
            if diff.len() > PREVIEW_MAX {
                notes.push("The comparison with the file is too large to be shown.".to_owned());
            } else if !diff.is_empty() {
                notes.push(diff);
            }
        }
        Err(why) => notes.push(why.to_string()),
    }
    notes.join("\n")
}

fn short(path: &Path) -> String {
    one_line(&path.to_string_lossy(), 300)
}

#[cfg(test)]
mod tests;
