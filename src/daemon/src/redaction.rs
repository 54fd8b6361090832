//! What may leave this process nowhere: one memory of it, asked by every way out.
//!
//! It is the process's, not a part's, as the log is: a secret that one part has met must be known to
//! all, and no call may have to think of it.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use pager_config::Secret;
use pager_config::paths::Paths;
use pager_core::redact::Redactor;
use pager_core::sanitize::one_line;

static KNOWN: LazyLock<RwLock<Arc<Redactor>>> = LazyLock::new(|| {
    let redactor = Redactor::new();
    let redactor = match Paths::from_env().home() {
        Some(home) => redactor.with_home(&home.to_string_lossy()),
        None => redactor,
    };
    RwLock::new(Arc::new(redactor))
});

/// From now on this value is taken out of everything, also when another has come in its place: who
/// holds it may still hold it.
pub(crate) fn learn(secret: &Secret) {
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    *known = Arc::new(Redactor::clone(&known).with_secret(secret.expose()));
}

/// What knows all that was learned so far.
pub(crate) fn redactor() -> Arc<Redactor> {
    Arc::clone(&KNOWN.read().unwrap_or_else(PoisonError::into_inner))
}

/// The text without secrets.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    redactor().clean(text).text
}

/// The text without secrets on one line of at most `max` characters: what is shortened first may keep
/// a part of a secret that is not known any more as one.
pub(crate) fn line(text: &str, max: usize) -> String {
    one_line(&clean(text), max)
}

/// The text without secrets, and with `~` for the home folder: an error as a chat may show it.
pub(crate) fn for_chat(text: &str) -> String {
    redactor().for_chat(text).into_owned()
}
