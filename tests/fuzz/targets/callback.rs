//! What comes back from a button on Telegram, edited or not: it is read as exactly one claim, or not
//! at all.

#![no_main]
// Only some of the file is of use here.
#![allow(dead_code)]

use libfuzzer_sys::fuzz_target;
use pager_fuzz::end_at_panics;

// The file itself, as the daemon around it would take minutes to build.
#[path = "../../../src/daemon/src/surfaces/telegram/callback.rs"]
mod callback;

use callback::Claim;

fuzz_target!(init: end_at_panics(), |data: &str| {
    let again = match Claim::read(data) {
        Some(Claim::Choice { choice, argument, approval, nonce }) => {
            nonce.data(choice, argument, &approval)
        }
        Some(Claim::Resume { nonce }) => nonce.resume_data(),
        None => return,
    };
    assert_eq!(again, data, "a claim has one form");
});
