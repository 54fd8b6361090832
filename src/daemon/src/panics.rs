//! What becomes of a panic.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};

thread_local! {
    /// Whether what this thread is doing may fail without harm to anything else.
    static CONTAINED: Cell<bool> = const { Cell::new(false) };
}

/// A panic in any thread ends the daemon: half of it alive would be worse than none, and the service
/// manager starts a whole one, which gets the waiting hooks back. What is [`contained`] is excepted.
pub(crate) fn end_the_daemon() {
    set_hook(Box::new(|panic| {
        if CONTAINED.get() {
            tracing::error!("what an agent sent could not be understood: {panic}");
            return;
        }
        tracing::error!("pagerd ends itself, as it must not go on: {panic}");
        std::process::abort();
    }));
}

/// Does work that only reads, with code that may not be up to whatever an agent sends: a panic in it
/// must not end the daemon again and again. Nothing where it panicked.
pub(crate) fn contained<T>(work: impl FnOnce() -> T) -> Option<T> {
    let before = CONTAINED.replace(true);
    // What the work leaves half done is dropped with it.
    let done = catch_unwind(AssertUnwindSafe(work)).ok();
    CONTAINED.set(before);
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contained_panic_is_nothing_and_containment_ends() {
        assert_eq!(contained(|| 5), Some(5));
        let inner = || contained(|| -> u8 { panic!("an odd word") });
        assert_eq!(contained(|| (inner(), CONTAINED.get())), Some((None, true)));
        assert!(!CONTAINED.get());
    }
}
