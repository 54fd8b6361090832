//! The journal's `MESSAGE_ID` of every kind of event.
//!
//! An id is for ever: `journalctl MESSAGE_ID=…`, alerts and the message catalogue
//! (`systemd/pager.catalog`, shown by `journalctl -x`) go by it. A kind of event that
//! changes its meaning gets a new one.

macro_rules! message_ids {
    ($($(#[$doc:meta])+ $name:ident = $id:literal;)+) => {
        $($(#[$doc])+ pub const $name: &str = $id;)+

        /// Every name with its id.
        pub const ALL: &[(&str, &str)] = &[$((stringify!($name), $name)),+];
    };
}

message_ids! {
    /// The daemon is ready: sockets, store and bus are up.
    DAEMON_STARTED = "7e970c30df9a48d58e47012cc0f5441c";
    /// An agent asks, and the question is on its way to every surface.
    APPROVAL_REQUESTED = "30ecfaa555df4ce2b211776b1777a87b";
    /// A person, or a rule of theirs, answered: allowed, denied, or a question answered.
    APPROVAL_RESOLVED = "f9b8a13c2b834e529a142c63f8397632";
    /// Nobody answered within `approvals.window`; the terminal's dialog remains.
    APPROVAL_EXPIRED = "9c9f3425fcdf4f1da1e95a405fa8c73e";
    /// The question went away: answered at the terminal, or its agent ended.
    APPROVAL_CANCELLED = "46a2ff0e996e4c6fa06bf96bc955fe5a";
    /// Somebody answered who may not: not allowed, or the asking agent itself.
    APPROVAL_REFUSED = "9d02c7b2a3394b26a78ab07e93b34ef5";
    /// What came over the hook socket was refused: malformed, too large, too slow, wrong user.
    HOOK_REFUSED = "015d5aed636848e494a1434ffb4aad9d";
    /// The database could not be opened, read or written.
    STORE_TROUBLE = "cee3c0543d2d48b08c4d6a76af012bf3";
    /// A configuration was refused; the last good one stays in force.
    CONFIG_REFUSED = "43e1d3fa4c3e43fab996840e6275df9d";
    /// Telegram cannot be reached, or refuses what is asked of it.
    TELEGRAM_TROUBLE = "2e0eac7dd21c475fa9c31377249224f0";
    /// A program speaks for a session whose own agent still runs.
    SESSION_IMPOSTOR = "6aadde7d130b2b4ecb9500a64370d404";
    /// A session asks nearly as much as may reach a person, or more.
    SESSION_BUSY = "a7c4edf277a36c5ceaaec54ebb549820";
    /// A session was paused after too many denials in a row, or resumed.
    SESSION_PAUSED = "8193277979b384660f22c570e92c2f9a";
    /// A rule that was granted for always was taken back.
    GRANT_REVOKED = "9defcaddebb4d56fc5fe617cd03141e6";
    /// Who may speak to the bot has changed, or somebody asks to be let in.
    ACCESS_CHANGED = "be50324823c848729c5cbd94e8c447af";
    /// Everything from outside was shut by a panic, or opened again.
    PANIC = "5b17b30bebf34e84bd33118bb8922455";
    /// A file was put into a session's folder, or sent from it.
    FILE_EXCHANGED = "2c18cdd00d73457793c5d4c806f1e0ea";
    /// The bot's token is another than it was.
    TOKEN_ROTATED = "41f0c6f2a9bb4c3d8f7a2de15c90b7e6";
    /// The audit log could not be written, or its chain does not verify.
    AUDIT_TROUBLE = "467b23d79253459b981e56f78fd32086";
    /// The audit log says something of itself: a new file was begun, or a start found it not as left.
    AUDIT_NOTED = "4b648bb50c8567fba5b6d510e4371661";
}

#[cfg(test)]
mod tests {
    use super::ALL;
    use std::collections::BTreeSet;

    /// The ids of the catalogue's entries, in its order.
    fn catalogue() -> Vec<&'static str> {
        include_str!("../../../systemd/pager.catalog")
            .lines()
            .filter_map(|line| line.strip_prefix("-- "))
            .collect()
    }

    #[test]
    fn every_id_is_32_lowercase_hex_digits_and_used_once() {
        for (name, id) in ALL {
            assert_eq!(id.len(), 32, "{name}");
            assert!(id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')), "{name}");
        }
        let distinct: BTreeSet<_> = ALL.iter().map(|(_, id)| id).collect();
        assert_eq!(distinct.len(), ALL.len());
    }

    #[test]
    fn the_catalogue_explains_exactly_these_events() {
        let ids: Vec<_> = ALL.iter().map(|(_, id)| *id).collect();
        assert_eq!(catalogue(), ids);
    }
}
