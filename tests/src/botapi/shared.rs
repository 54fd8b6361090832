//! The world behind its lock, and the bell that rings when it changes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::world::{Bot, World};

#[derive(Clone, Debug)]
pub(crate) struct Shared {
    world: Arc<Mutex<World>>,
    changed: watch::Sender<u64>,
}

impl Shared {
    pub(crate) fn new(bot: Bot) -> Self {
        let (changed, _) = watch::channel(0);
        Self { world: Arc::new(Mutex::new(World::new(bot))), changed }
    }

    /// Locks without telling anybody: for looking, and for changes nobody waits for.
    pub(crate) fn look(&self) -> MutexGuard<'_, World> {
        // A test that panicked while it looked has not broken the world for those that still report.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the world and wakes all who wait.
    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut World) -> R) -> R {
        let result = change(&mut self.look());
        self.changed.send_modify(|count| *count += 1);
        result
    }

    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }
}
