//! When a chat may be written to: never while a ban of the server's lasts, and, for what can wait,
//! not so fast that one is pronounced.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

/// How much a chat takes at once and how long one more takes: in a private chat about a message a
/// second with bursts that the server bears, in a group twenty a minute.
const PRIVATE: (f64, Duration) = (100.0, Duration::from_secs(1));
const GROUP: (f64, Duration) = (20.0, Duration::from_secs(3));

/// How much is held back in a chat for the prompts that may come.
const RESERVE: f64 = 5.0;

/// What is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Urgency {
    /// A prompt: a person waits behind it, only a ban holds it up.
    Prompt,
    /// An edit or a reply.
    Other,
}

#[derive(Debug)]
struct Chat {
    banned_until: Option<Instant>,
    left: f64,
    counted: Instant,
}

impl Chat {
    /// Whether it is as good as one that was never written to.
    fn is_fresh(&self, chat: i64, now: Instant) -> bool {
        let (most, each) = pace(chat);
        let gained = now.duration_since(self.counted).div_duration_f64(each);
        self.banned_until.is_none_or(|until| until <= now) && self.left + gained >= most
    }
}

const fn pace(chat: i64) -> (f64, Duration) {
    if chat < 0 { GROUP } else { PRIVATE }
}

/// The pace of every chat.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    chats: HashMap<i64, Chat>,
}

impl Throttle {
    /// Of how many chats it is counted at most: where everybody may write, there are as many as there
    /// are strangers.
    const MOST: usize = 1_000;

    /// A chat's count, for which there is room.
    fn of(&mut self, chat: i64, now: Instant) -> &mut Chat {
        if self.chats.len() >= Self::MOST && !self.chats.contains_key(&chat) {
            self.chats.retain(|&chat, count| !count.is_fresh(chat, now));
        }
        while self.chats.len() >= Self::MOST && !self.chats.contains_key(&chat) {
            // A ban is kept to as long as any: to call into it makes it longer.
            let first = |(_, count): &(&i64, &Chat)| (count.banned_until, count.counted);
            let Some(oldest) = self.chats.iter().min_by_key(first).map(|(chat, _)| *chat) else {
                break;
            };
            self.chats.remove(&oldest);
        }
        let (left, _) = pace(chat);
        self.chats.entry(chat).or_insert(Chat { banned_until: None, left, counted: now })
    }

    /// Takes the right to one call now, or tells when to ask again.
    pub(super) fn take(
        &mut self,
        chat: i64,
        urgency: Urgency,
        now: Instant,
    ) -> Result<(), Instant> {
        let (most, each) = pace(chat);
        let pace = self.of(chat, now);
        if let Some(until) = pace.banned_until {
            if now < until {
                return Err(until);
            }
            pace.banned_until = None;
        }
        let gained = now.duration_since(pace.counted).div_duration_f64(each);
        pace.left = (pace.left + gained).min(most);
        pace.counted = now;
        let missing = RESERVE + 1.0 - pace.left;
        if urgency == Urgency::Other && missing > 0.0 {
            return Err(now + each.mul_f64(missing));
        }
        pace.left = (pace.left - 1.0).max(0.0);
        Ok(())
    }

    /// Keeps off the chat for as long as the server said.
    pub(super) fn ban(&mut self, chat: i64, wait: Duration, now: Instant) {
        self.of(chat, now).banned_until = Some(now + wait);
    }
}

/// Waits that double from one second to a minute, each with up to a quarter more at random, so that
/// many daemons do not come back at once.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    const MOST: Duration = Duration::from_secs(60);

    /// How long to wait after one more failure.
    pub(super) fn next(&mut self) -> Duration {
        let wait = Duration::from_secs(1 << self.failures.min(6)).min(Self::MOST);
        self.failures += 1;
        let mut random = [0; 1];
        // Without randomness there is no jitter, which is no harm.
        rustix::rand::getrandom(&mut random[..], rustix::rand::GetRandomFlags::NONBLOCK)
            .unwrap_or_default();
        wait + wait.mul_f64(f64::from(random[0]) / 1024.0)
    }

    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ban_holds_everything_up_in_its_chat_and_nothing_elsewhere() {
        let now = Instant::now();
        let mut throttle = Throttle::default();
        throttle.ban(1, Duration::from_secs(5), now);
        let over = now + Duration::from_secs(5);
        assert_eq!(throttle.take(1, Urgency::Prompt, now), Err(over));
        assert_eq!(throttle.take(2, Urgency::Other, now), Ok(()));
        assert_eq!(throttle.take(1, Urgency::Prompt, over), Ok(()));
    }

    #[test]
    fn what_can_wait_leaves_room_for_prompts() {
        let now = Instant::now();
        let mut throttle = Throttle::default();
        let free = (0..100).take_while(|_| throttle.take(-7, Urgency::Other, now).is_ok()).count();
        assert_eq!(free, 15);
        assert_eq!(throttle.take(-7, Urgency::Prompt, now), Ok(()));
        let later = now + Duration::from_secs(6);
        assert_eq!(throttle.take(-7, Urgency::Other, later), Ok(()));
    }

    #[test]
    fn of_many_chats_those_are_forgotten_that_have_rested() {
        let now = Instant::now();
        let mut throttle = Throttle::default();
        throttle.ban(1, Duration::from_secs(600), now);
        for chat in 2..=5_000 {
            assert_eq!(throttle.take(chat, Urgency::Other, now), Ok(()));
        }
        assert_eq!(throttle.chats.len(), Throttle::MOST);
        let over = now + Duration::from_secs(600);
        assert_eq!(throttle.take(1, Urgency::Prompt, now), Err(over), "a ban is not forgotten");
        let rested = now + Duration::from_secs(1);
        assert_eq!(throttle.take(6_000, Urgency::Other, rested), Ok(()));
        assert_eq!(throttle.chats.len(), 2, "the ban, and the one that is new");
    }

    #[test]
    fn waits_double_up_to_a_minute() {
        let mut backoff = Backoff::default();
        let waits: Vec<u64> = (0..8).map(|_| backoff.next().as_secs()).collect();
        assert!((1..=1).contains(&waits[0]) && (2..=2).contains(&waits[1]), "{waits:?}");
        assert!(waits[7] >= 60 && waits[7] <= 75, "{waits:?}");
        backoff.reset();
        assert_eq!(backoff.next().as_secs(), 1);
    }
}
