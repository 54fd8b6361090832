//! Albums: several files sent at once come as messages of their own, and are taken as one.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

/// How long after a part of an album no other has come when it is taken as whole.
pub(super) const QUIET: Duration = Duration::from_secs(1);
/// As many parts as an album has at most.
const PARTS: usize = 10;
/// As many albums as are waited for at once.
const ALBUMS: usize = 32;

/// An album: the chat and what Telegram calls it.
pub(super) type Name = (i64, String);

/// The albums whose parts are being collected.
#[derive(Debug)]
pub(in super::super) struct Albums<T> {
    open: HashMap<Name, Open<T>>,
}

#[derive(Debug)]
struct Open<T> {
    parts: Vec<T>,
    due: Instant,
}

/// What becomes of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Added {
    /// It is the first of its album: somebody is to wait for the others.
    First,
    /// Its album is waited for.
    Another,
    /// There are too many albums, or too many parts in this one.
    TooMany,
}

/// How it is with an album.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum State<T> {
    /// More may come until then.
    Until(Instant),
    /// These are its parts.
    Whole(Vec<T>),
}

impl<T> Default for Albums<T> {
    fn default() -> Self {
        Self { open: HashMap::new() }
    }
}

impl<T> Albums<T> {
    /// Adds a part.
    pub(super) fn add(&mut self, name: &Name, part: T, now: Instant) -> Added {
        let full = self.open.len() >= ALBUMS;
        match self.open.get_mut(name) {
            Some(album) if album.parts.len() >= PARTS => Added::TooMany,
            Some(album) => {
                album.parts.push(part);
                album.due = now + QUIET;
                Added::Another
            }
            None if full => Added::TooMany,
            None => {
                let album = Open { parts: vec![part], due: now + QUIET };
                self.open.insert(name.clone(), album);
                Added::First
            }
        }
    }

    /// Takes an album out if no more of it is to come.
    pub(super) fn take(&mut self, name: &Name, now: Instant) -> State<T> {
        match self.open.get(name) {
            Some(album) if now < album.due && album.parts.len() < PARTS => State::Until(album.due),
            _ => State::Whole(self.open.remove(name).map(|album| album.parts).unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(of: &str) -> Name {
        (1, of.to_owned())
    }

    #[test]
    fn an_album_is_whole_a_second_after_its_last_part() {
        let begun = Instant::now();
        let at = |millis| begun + Duration::from_millis(millis);
        let mut albums = Albums::default();
        assert_eq!(albums.add(&name("a"), 1, at(0)), Added::First);
        assert_eq!(albums.add(&name("b"), 7, at(100)), Added::First);
        assert_eq!(albums.add(&name("a"), 2, at(900)), Added::Another);
        assert_eq!(albums.take(&name("a"), at(1000)), State::Until(at(1900)));
        assert_eq!(albums.take(&name("b"), at(1100)), State::Whole(vec![7]));
        assert_eq!(albums.take(&name("a"), at(1900)), State::Whole(vec![1, 2]));
        // What comes later is another one.
        assert_eq!(albums.add(&name("a"), 3, at(2000)), Added::First);
    }

    #[test]
    fn there_is_an_end_to_what_is_collected() {
        let now = Instant::now();
        let mut albums = Albums::default();
        assert_eq!(albums.add(&name("a"), 0, now), Added::First);
        for part in 1..10 {
            assert_eq!(albums.add(&name("a"), part, now), Added::Another);
        }
        assert_eq!(albums.add(&name("a"), 10, now), Added::TooMany);
        assert_eq!(albums.take(&name("a"), now), State::Whole((0..10).collect()));
        for album in 0..32 {
            assert_eq!(albums.add(&name(&album.to_string()), 0, now), Added::First);
        }
        assert_eq!(albums.add(&name("more"), 0, now), Added::TooMany);
    }
}
