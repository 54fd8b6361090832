//! Checking many lines at once: a piece of a log, as read from a file, on any thread.

use super::{Broken, Digest, Entry, Head, ROTATED};
use crate::Sha256Hex;

/// What was found in a piece of a log: a chain from [`Block::follows`] to [`Block::end`], up to the
/// first line that is not part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// What the first record was made to follow; none where there is no sound record.
    pub follows: Option<Head>,
    /// The head after the last record of the chain.
    pub end: Option<Head>,
    /// Whether that record ends a file.
    pub rotated: bool,
    /// How many records the chain has.
    pub records: u64,
    /// How many bytes their lines have.
    pub bytes: usize,
    /// Why the chain ends there; none where it ends with the piece.
    pub fault: Option<Fault>,
    /// The records that were looked out for.
    pub seen: Vec<Seen>,
}

/// Why a line is not part of the chain before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The line itself is broken.
    Broken(Broken),
    /// It is a sound record that follows another one.
    Unlinked,
}

/// A record that was looked out for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The head with it.
    pub head: Head,
    /// Which line of the piece it is, from 0.
    pub line: u64,
}

/// Checks a piece of a log that consists of whole lines, and looks out for the records of these
/// numbers.
pub fn check_block(piece: &[u8], wanted: &[u64], digest: Digest) -> Block {
    let mut block = Block {
        follows: None,
        end: None,
        rotated: false,
        records: 0,
        bytes: 0,
        fault: None,
        seen: Vec::new(),
    };
    // The last record, as it stands in the piece: nothing is copied for the records in between.
    let mut last: Option<Entry<'_>> = None;
    let mut lines = memchr::memchr_iter(b'\n', piece);
    while block.bytes < piece.len() {
        let end = lines.next().unwrap_or(piece.len());
        let entry = match Entry::read_with(&piece[block.bytes..end], digest) {
            Ok(entry) => entry,
            Err(broken) => {
                block.fault = Some(Fault::Broken(broken));
                break;
            }
        };
        match &last {
            None => {
                block.follows = Some(Head {
                    seq: entry.seq.saturating_sub(1),
                    hash: Sha256Hex::parse(entry.prev_hash).unwrap_or_else(Sha256Hex::zero),
                });
            }
            Some(last)
                if last.seq.checked_add(1) != Some(entry.seq) || last.hash != entry.prev_hash =>
            {
                block.fault = Some(Fault::Unlinked);
                break;
            }
            Some(_) => {}
        }
        if wanted.contains(&entry.seq) {
            block.seen.push(Seen { head: entry.head(), line: block.records });
        }
        block.records += 1;
        block.bytes = (end + 1).min(piece.len());
        last = Some(entry);
    }
    block.end = last.as_ref().map(Entry::head);
    block.rotated = last.is_some_and(|last| last.event == ROTATED.event);
    block
}

#[cfg(test)]
mod tests {
    use super::super::{CONTINUED, note, write};
    use super::*;
    use sha2::{Digest as _, Sha256};

    fn check(piece: &[u8], wanted: &[u64]) -> Block {
        check_block(piece, wanted, |content, end| {
            Sha256::new().chain_update(content).chain_update(end).finalize().into()
        })
    }

    fn log(records: usize) -> (Vec<String>, Head) {
        let mut head = Head::default();
        let mut lines = Vec::new();
        for n in 0..records {
            let kind = if n + 1 == records { ROTATED } else { CONTINUED };
            let record = note(&head, jiff::Timestamp::UNIX_EPOCH, kind, n.to_string());
            let line = write(&record).unwrap();
            head = line.head;
            lines.push(line.text + "\n");
        }
        (lines, head)
    }

    #[test]
    fn a_sound_piece_is_a_chain_from_its_first_to_its_last_record() {
        let (lines, head) = log(5);
        let block = check(lines.concat().as_bytes(), &[2, 9]);
        assert_eq!((block.follows, block.end.as_ref()), (Some(Head::default()), Some(&head)));
        assert_eq!((block.records, block.fault, block.rotated), (5, None, true));
        assert_eq!((block.seen.len(), block.seen[0].line), (1, 1));

        let rest = check(lines[3..].concat().as_bytes(), &[]);
        assert_eq!((rest.follows.unwrap().seq, rest.end), (3, Some(head)));
        let nothing = check(b"", &[]);
        assert_eq!((nothing.follows, nothing.records, nothing.fault), (None, 0, None));
    }

    #[test]
    fn the_first_line_that_does_not_fit_ends_it() {
        let (lines, _) = log(5);
        let swapped = [&*lines[0], &lines[2], &lines[1]].concat();
        let block = check(swapped.as_bytes(), &[]);
        assert_eq!((block.records, block.bytes), (1, lines[0].len()));
        assert_eq!(block.fault, Some(Fault::Unlinked));

        let forged = lines.concat().replacen("\"3\"", "\"4\"", 1);
        let block = check(forged.as_bytes(), &[]);
        assert_eq!((block.records, block.fault), (3, Some(Fault::Broken(Broken::Changed))));
    }
}
