//! Another token: what was offered with the one before counts no more.

use pager_core::{AccessCommand, Actor, Command, Machine};

use super::Outbox;
use super::tell::RESUME;
use crate::engine::EngineError;
use crate::store::{Store, StoreError};
use crate::surfaces::telegram::DOOR;
use crate::surfaces::telegram::callback::Sent;

/// Where the digest is of the token that was used last.
const TOKEN: &str = "telegram.token";

impl Outbox {
    /// Finds out whether the token is another than the last daemon's; if so, no button that stands
    /// counts any more, and what waits is asked anew: on the messages that are there, or by new ones
    /// where it is another bot.
    pub(super) async fn follow_token(&self) -> Result<(), EngineError> {
        let digest = self.door.api.token_digest().to_string();
        let bot = self.door.api.bot_id().to_owned();
        let (now, own) = (digest.clone(), bot.clone());
        let changed = self.door.handle.with_store(move |store, machine| {
            match store.fact(TOKEN)? {
                Some(known) if known == now => return Ok(false),
                Some(_) => {}
                None => {
                    store.put_fact(TOKEN, &now)?;
                    return Ok(false);
                }
            }
            invalidate(store, machine, &own)?;
            Ok(true)
        });
        if !changed.await? {
            return Ok(());
        }
        let rotated = Command::Access(AccessCommand::Rotated { bot });
        self.door.handle.submit(Actor::Pager, rotated).await?;
        // Last: until it is written down all of this is done again.
        self.door.handle.with_store(move |store, _| store.put_fact(TOKEN, &digest)).await
    }
}

/// Lets the buttons that stand offer nothing; they are drawn anew when the door opens.
fn invalidate(store: &mut Store, machine: &Machine, bot: &str) -> Result<(), StoreError> {
    for approval in machine.pending() {
        for (slot, sent) in store.notes::<Sent>(DOOR, &approval.id)? {
            if sent.bot == bot {
                let nothing = Sent { offers: Vec::new(), drawn: None, ..sent };
                store.put_note(DOOR, &approval.id, &slot, &nothing)?;
            }
        }
    }
    for (key, _) in store.facts_below(RESUME)? {
        store.drop_fact(&key)?;
    }
    Ok(())
}
