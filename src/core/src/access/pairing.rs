//! Letting a stranger in: they are given a code by the bot, and tell it to the machine's user, who
//! enters it there.
//!
//! A code proves nothing but that whoever has it can read the stranger's chat with the bot, and is of
//! no use away from the machine.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Wait;
use crate::{Actor, Sha256Hex};

/// The letters of a code: none that is taken for another.
pub const CODE_ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// How many of them a code has: 40 bits.
pub const CODE_LENGTH: usize = 8;

/// How long a code holds.
const TTL: SignedDuration = SignedDuration::from_mins(60);
/// How far a clock may be set back before what was asked counts as asked in the future.
const SKEW: SignedDuration = SignedDuration::from_mins(5);
/// How many strangers may wait at once.
const PENDING: usize = 3;
/// How many may ask in an hour.
const PER_HOUR: usize = 10;
const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// After how many wrong codes nothing is taken until the first of them is old.
const WRONG: usize = 5;
/// When a wrong code is old.
const FORGIVEN: SignedDuration = SignedDuration::from_mins(10);

/// A code as its stranger is told it.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

impl Code {
    /// Makes one of 64 random bits, of which it uses 40.
    pub fn new(random: u64) -> Self {
        let letter = |at: usize| char::from(CODE_ALPHABET[(random >> (5 * at)) as usize % 32]);
        Self((0..CODE_LENGTH).map(letter).collect())
    }

    /// Reads one as a person types it: in small letters, with blanks and dashes anywhere.
    pub fn read(text: &str) -> Option<Self> {
        let text: String = text.chars().filter(|c| *c != '-' && !c.is_whitespace()).collect();
        let text = text.to_ascii_uppercase();
        let letters = text.bytes().all(|byte| CODE_ALPHABET.contains(&byte));
        (text.len() == CODE_LENGTH && letters).then_some(Self(text))
    }

    /// The code, for whom it is meant.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it. Digests are compared, so how long that takes tells nothing of the code.
    pub fn digest(&self) -> Sha256Hex {
        Sha256Hex::of(self.0.as_bytes())
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Code([redacted])")
    }
}

/// A stranger who waits to be let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pairing {
    /// Their number.
    pub user: i64,
    /// What they call themselves: somebody else's words.
    pub name: String,
    /// The digest of their code.
    pub code: Sha256Hex,
    /// When they were first heard.
    pub asked: Timestamp,
    /// Whether they have their code: the message was taken by the server.
    #[serde(default)]
    pub told: bool,
}

impl Pairing {
    /// When the code ends.
    pub fn expires(&self) -> Timestamp {
        self.asked.saturating_add(TTL).unwrap_or(Timestamp::MAX)
    }

    /// Whether the code still holds; one of the future never does.
    pub fn holds(&self, now: Timestamp) -> bool {
        now <= self.expires() && self.asked.duration_since(now) <= SKEW
    }
}

/// What is to be done for a stranger.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Knock {
    /// They wait, and are to be told the code of this pairing, which is new or was never told.
    Tell(Pairing),
    /// Nothing: they have been told, or there are too many of them.
    Silence,
}

/// Why a code was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// Nobody waits with such a code.
    #[error("nobody waits with that code: it may have ended (after 60 minutes) or been used")]
    Unknown,
    /// Nobody of that number waits.
    #[error("they wait no more: their code has ended (after 60 minutes), or somebody has answered")]
    Gone,
    /// Too many codes were wrong.
    #[error("too many wrong codes: none is taken for {}", minutes(*.0))]
    TooMany(Wait),
}

fn minutes(wait: Wait) -> String {
    match wait.seconds.div_ceil(60) {
        0 | 1 => "another minute".to_owned(),
        minutes => format!("another {minutes} minutes"),
    }
}

/// Whether it was within `span` before now; a clock that was set back is forgiven a little, and does
/// not make it last.
fn lately(at: Timestamp, span: SignedDuration, now: Timestamp) -> bool {
    let ago = now.duration_since(at);
    ago < span && ago >= -SKEW
}

/// Everybody who waits, and how often somebody guessed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pairings {
    pending: Vec<Pairing>,
    asked: Vec<Timestamp>,
    wrong: Vec<Timestamp>,
}

impl Pairings {
    /// All that are kept, those whose codes have ended among them.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Pairing> {
        self.pending.iter()
    }

    /// Those who wait, the oldest first.
    pub fn pending(&self, now: Timestamp) -> impl Iterator<Item = &Pairing> {
        self.pending.iter().filter(move |pairing| pairing.holds(now))
    }

    /// Somebody unknown has written. `code` is a new one, should they need it.
    pub fn knock(&self, user: i64, name: &str, code: &Code, now: Timestamp) -> Knock {
        let known = self.pending(now).find(|pairing| pairing.user == user);
        match known {
            Some(pairing) if pairing.told => Knock::Silence,
            // The message did not get through. What it said is written nowhere, so it says another.
            Some(pairing) => Knock::Tell(Pairing { code: code.digest(), ..pairing.clone() }),
            None if self.is_full(now) => Knock::Silence,
            None => Knock::Tell(Pairing {
                user,
                name: name.to_owned(),
                code: code.digest(),
                asked: now,
                told: false,
            }),
        }
    }

    fn is_full(&self, now: Timestamp) -> bool {
        let asked = self.asked.iter().filter(|at| lately(**at, HOUR, now));
        self.pending(now).count() >= PENDING || asked.count() >= PER_HOUR
    }

    /// Who waits with that code.
    ///
    /// # Errors
    /// Nobody, or nothing is taken for now.
    pub fn find(&self, code: &Code, now: Timestamp) -> Result<&Pairing, Rejected> {
        let wrong = self.wrong.iter().filter(|at| lately(**at, FORGIVEN, now));
        let mut wrong: Vec<Timestamp> = wrong.copied().collect();
        wrong.sort_unstable();
        if let Some(first) = wrong.len().checked_sub(WRONG).and_then(|over| wrong.get(over)) {
            let left = FORGIVEN - now.duration_since(*first);
            let seconds = left.as_secs() + i64::from(left.subsec_nanos() > 0);
            return Err(Rejected::TooMany(Wait { seconds: seconds.unsigned_abs() }));
        }
        let digest = code.digest();
        self.pending(now).find(|pairing| pairing.code == digest).ok_or(Rejected::Unknown)
    }

    /// Notes a pairing: a new one, another code, or that it was told.
    pub fn put(&mut self, pairing: &Pairing, now: Timestamp) {
        self.asked.retain(|at| lately(*at, HOUR, now));
        if !self
            .pending
            .iter()
            .any(|known| (known.user, known.asked) == (pairing.user, pairing.asked))
        {
            self.asked.push(pairing.asked);
        }
        self.pending.retain(|known| known.user != pairing.user && known.holds(now));
        self.pending.push(pairing.clone());
        self.pending.sort_by_key(|pairing| pairing.asked);
    }

    /// Notes that somebody no longer waits.
    pub fn take(&mut self, user: i64) {
        self.pending.retain(|known| known.user != user);
    }

    /// Notes a wrong code.
    pub fn wrong(&mut self, at: Timestamp) {
        self.wrong.retain(|known| lately(*known, FORGIVEN, at));
        self.wrong.push(at);
    }
}

/// Somebody who was let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    /// Their number.
    pub user: i64,
    /// What they called themselves.
    pub name: String,
    /// Their role.
    pub role: super::RoleName,
    /// Who let them in.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + seconds).unwrap()
    }

    fn code(n: u64) -> Code {
        Code::new(n)
    }

    fn knock(pairings: &mut Pairings, user: i64, n: u64, seconds: i64) -> bool {
        match pairings.knock(user, "Ada", &code(n), at(seconds)) {
            Knock::Tell(pairing) => {
                pairings.put(&pairing, at(seconds));
                pairings.put(&Pairing { told: true, ..pairing }, at(seconds));
                true
            }
            Knock::Silence => false,
        }
    }

    #[test]
    fn a_code_has_eight_of_thirty_two_letters_all_as_likely() {
        let mut seen = std::collections::BTreeMap::<char, u32>::new();
        for n in 0..32 {
            let code = Code::new(n * 0x84_2108_4210_8421);
            assert_eq!(code.reveal().len(), 8);
            code.reveal().chars().for_each(|c| *seen.entry(c).or_default() += 1);
        }
        assert_eq!(seen.len(), 32, "{seen:?}");
        assert!(!seen.keys().any(|c| "01IO".contains(*c)));
        assert_eq!(format!("{:?}", code(1)), "Code([redacted])");
    }

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let code = Code::new(0x0123_4567_89ab_cdef);
        let typed = format!("  {}-{} \n", &code.reveal()[..4], &code.reveal()[4..]);
        assert_eq!(Code::read(&typed.to_lowercase()), Some(code.clone()));
        assert_eq!(Code::read("abcd efgh"), Code::read("A-B-C-D\u{a0}EFGH"));
        assert!(Code::read("abcd efgh").is_some());
        for bad in ["", "ABCDEFG", "ABCDEFGHJ", "ABCDEFG0", "ABCDEFGÄ", "ABCD_EFGH"] {
            assert_eq!(Code::read(bad), None, "{bad}");
        }
    }

    #[test]
    fn one_reply_for_one_request() {
        let mut pairings = Pairings::default();
        assert!(knock(&mut pairings, 1, 1, 0));
        assert!(!knock(&mut pairings, 1, 2, 60), "told already");
        assert_eq!(pairings.find(&code(1), at(3_600)).map(|pairing| pairing.user), Ok(1));
        assert_eq!(pairings.find(&code(1), at(3_601)), Err(Rejected::Unknown));
        assert!(knock(&mut pairings, 1, 3, 3_601), "a new code after an hour");
        assert_eq!(pairings.find(&code(3), at(3_601)).map(|pairing| pairing.user), Ok(1));
    }

    #[test]
    fn whoever_was_not_reached_is_told_another_code() {
        let mut pairings = Pairings::default();
        let Knock::Tell(first) = pairings.knock(1, "Ada", &code(1), at(0)) else { panic!() };
        pairings.put(&first, at(0));
        let Knock::Tell(second) = pairings.knock(1, "Ada", &code(2), at(90)) else { panic!() };
        assert_eq!(second.asked, at(0), "no longer than an hour from the first");
        pairings.put(&second, at(90));
        assert_eq!(pairings.find(&code(1), at(90)), Err(Rejected::Unknown));
        assert!(pairings.find(&code(2), at(90)).is_ok());
        assert_eq!(pairings.pending(at(90)).count(), 1);
    }

    #[test]
    fn three_wait_and_the_fourth_hears_nothing() {
        let mut pairings = Pairings::default();
        for user in 1..=3 {
            assert!(knock(&mut pairings, user, user.unsigned_abs(), user));
        }
        assert!(!knock(&mut pairings, 4, 4, 10));
        assert_eq!(pairings.pending(at(10)).count(), 3);
        pairings.take(2);
        assert!(knock(&mut pairings, 4, 4, 11));
    }

    #[test]
    fn ten_strangers_an_hour_are_answered() {
        let mut pairings = Pairings::default();
        let mut told = 0;
        for user in 1..=50 {
            told += i32::from(knock(&mut pairings, user, user.unsigned_abs(), user));
            pairings.take(user);
        }
        assert_eq!(told, 10);
        assert!(knock(&mut pairings, 51, 51, 3_602));
    }

    #[test]
    fn nobody_guesses_for_long() {
        let mut pairings = Pairings::default();
        assert!(knock(&mut pairings, 1, 1, 0));
        for n in 0..5 {
            assert_eq!(pairings.find(&code(99), at(n)), Err(Rejected::Unknown));
            pairings.wrong(at(n));
        }
        let refused = |seconds| pairings.find(&code(1), at(seconds)).unwrap_err();
        assert_eq!(refused(5), Rejected::TooMany(Wait { seconds: 595 }));
        assert!(refused(5).to_string().ends_with("for another 10 minutes"));
        assert!(refused(599).to_string().ends_with("for another minute"));
        assert!(pairings.find(&code(1), at(600)).is_ok());
        assert_eq!(refused(-296), Rejected::TooMany(Wait { seconds: 896 }), "set back a little");
    }

    #[test]
    fn a_clock_that_is_set_back_far_shuts_nobody_out_for_long() {
        let mut pairings = Pairings::default();
        for n in 0..10 {
            assert!(knock(&mut pairings, n, n.unsigned_abs(), 90_000));
            pairings.take(n);
        }
        (0..5).for_each(|_| pairings.wrong(at(90_000)));
        assert!(!knock(&mut pairings, 11, 11, 90_000));
        assert!(knock(&mut pairings, 11, 11, 0), "a day before");
        assert!(pairings.find(&code(11), at(0)).is_ok());
        assert_eq!(pairings.find(&code(11), at(-301)), Err(Rejected::Unknown), "of the future");
        assert_eq!(pairings.find(&code(11), at(90_600)), Err(Rejected::Unknown), "set right again");
    }

    #[test]
    fn what_was_asked_in_the_future_does_not_hold() {
        let pairing = |asked| Pairing {
            user: 1,
            name: String::new(),
            code: code(1).digest(),
            asked,
            told: true,
        };
        assert!(pairing(at(300)).holds(at(0)), "a clock that was set a little");
        assert!(!pairing(at(301)).holds(at(0)));
        assert!(!pairing(Timestamp::MAX).holds(at(0)));
        assert!(!pairing(Timestamp::UNIX_EPOCH).holds(at(0)));
    }
}
