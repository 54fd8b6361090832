//! The body: a stream of unknown size in length-prefixed chunks.

use crate::{CHUNK_MAX, MAX_BODY};

/// The zero length that ends a body.
pub const END_OF_BODY: [u8; 4] = [0; 4];

/// Why a body is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// A chunk announces more than [`CHUNK_MAX`] bytes.
    #[error("a chunk of {0} bytes was announced, the most is {CHUNK_MAX}")]
    ChunkTooLong(u32),
    /// The chunks add up to more than the limit, in bytes.
    #[error("the body is longer than {0} bytes")]
    BodyTooLong(usize),
}

/// What the four bytes in front of a chunk say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChunkHeader {
    /// The body is complete.
    End,
    /// This many bytes follow.
    Data(usize),
}

impl ChunkHeader {
    /// Reads a chunk's header.
    ///
    /// # Errors
    /// [`BodyError::ChunkTooLong`].
    pub fn decode(bytes: [u8; 4]) -> Result<Self, BodyError> {
        let len = u32::from_be_bytes(bytes);
        match usize::try_from(len) {
            Ok(0) => Ok(Self::End),
            Ok(data) if data <= CHUNK_MAX => Ok(Self::Data(data)),
            _ => Err(BodyError::ChunkTooLong(len)),
        }
    }
}

/// Writes the header of a chunk of `len` bytes.
///
/// # Panics
/// Where `len` is not within 1 to [`CHUNK_MAX`]: no peer could read such a chunk.
#[must_use]
pub fn chunk_header(len: usize) -> [u8; 4] {
    assert!((1..=CHUNK_MAX).contains(&len), "a chunk has 1 to {CHUNK_MAX} bytes, not {len}");
    #[expect(clippy::cast_possible_truncation, reason = "asserted to be at most CHUNK_MAX")]
    let len = len as u32;
    len.to_be_bytes()
}

/// Writes a whole body with its end, for those who have it in one piece.
#[must_use]
pub fn encode_body(body: &[u8]) -> Vec<u8> {
    let headers = 4 * (body.len() / CHUNK_MAX + 2);
    let mut wire = Vec::with_capacity(body.len() + headers);
    for chunk in body.chunks(CHUNK_MAX) {
        wire.extend_from_slice(&chunk_header(chunk.len()));
        wire.extend_from_slice(chunk);
    }
    wire.extend_from_slice(&END_OF_BODY);
    wire
}

/// Puts a body together from bytes that arrive in any pieces.
#[derive(Debug)]
pub struct BodyAssembler {
    body: Vec<u8>,
    limit: usize,
    state: State,
}

#[derive(Debug)]
enum State {
    Header { bytes: [u8; 4], have: usize },
    Data { left: usize },
    Done,
}

/// How far [`BodyAssembler::feed`] came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Fed {
    /// Everything was taken and the body goes on.
    More,
    /// The body is complete; only this many bytes of the input belonged to it.
    Done(usize),
}

impl BodyAssembler {
    /// Makes an assembler for bodies of at most [`MAX_BODY`] bytes.
    #[must_use]
    pub fn new() -> Self {
        Self::with_limit(MAX_BODY)
    }

    /// Makes an assembler with a limit of its own, in bytes.
    #[must_use]
    pub fn with_limit(limit: usize) -> Self {
        Self { body: Vec::new(), limit, state: State::Header { bytes: [0; 4], have: 0 } }
    }

    /// Takes the next bytes of the connection.
    ///
    /// # Errors
    /// See [`BodyError`]. An oversized body is refused by its headers, before its bytes are kept;
    /// after an error the assembler is of no use.
    pub fn feed(&mut self, input: &[u8]) -> Result<Fed, BodyError> {
        let mut rest = input;
        loop {
            match &mut self.state {
                State::Header { bytes, have } => {
                    let Some((first, tail)) = rest.split_first() else { return Ok(Fed::More) };
                    rest = tail;
                    bytes[*have] = *first;
                    *have += 1;
                    if *have == bytes.len() {
                        self.state = match ChunkHeader::decode(*bytes)? {
                            ChunkHeader::End => State::Done,
                            ChunkHeader::Data(left) if left > self.limit - self.body.len() => {
                                return Err(BodyError::BodyTooLong(self.limit));
                            }
                            ChunkHeader::Data(left) => State::Data { left },
                        };
                    }
                }
                State::Data { left } => {
                    if rest.is_empty() {
                        return Ok(Fed::More);
                    }
                    let (data, tail) = rest.split_at(rest.len().min(*left));
                    self.body.extend_from_slice(data);
                    rest = tail;
                    *left -= data.len();
                    if *left == 0 {
                        self.state = State::Header { bytes: [0; 4], have: 0 };
                    }
                }
                State::Done => return Ok(Fed::Done(input.len() - rest.len())),
            }
        }
    }

    /// Hands out what was gathered: the whole body once `feed` said [`Fed::Done`].
    #[must_use]
    pub fn into_body(self) -> Vec<u8> {
        self.body
    }
}

impl Default for BodyAssembler {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn headers_are_big_endian_and_capped() {
        assert_eq!(chunk_header(0x0102), [0, 0, 1, 2]);
        assert_eq!(ChunkHeader::decode([0, 0, 1, 2]), Ok(ChunkHeader::Data(0x0102)));
        assert_eq!(ChunkHeader::decode(END_OF_BODY), Ok(ChunkHeader::End));
        assert_eq!(ChunkHeader::decode([0, 1, 0, 0]), Ok(ChunkHeader::Data(CHUNK_MAX)));
        assert_eq!(ChunkHeader::decode([0, 1, 0, 1]), Err(BodyError::ChunkTooLong(0x1_0001)));
        assert_eq!(ChunkHeader::decode([255; 4]), Err(BodyError::ChunkTooLong(u32::MAX)));
    }

    #[test]
    fn the_limit_is_exact() {
        let fits = encode_body(&[1; 100]);
        let mut assembler = BodyAssembler::with_limit(100);
        assert_eq!(assembler.feed(&fits), Ok(Fed::Done(fits.len())));
        let mut assembler = BodyAssembler::with_limit(99);
        assert_eq!(assembler.feed(&fits), Err(BodyError::BodyTooLong(99)));
        assert!(assembler.into_body().is_empty(), "refused by the header alone");
    }

    #[test]
    fn the_largest_body_passes_and_one_byte_more_does_not() {
        let mut wire = encode_body(&vec![b'x'; MAX_BODY]);
        let mut assembler = BodyAssembler::new();
        assert_eq!(assembler.feed(&wire), Ok(Fed::Done(wire.len())));
        assert_eq!(assembler.into_body().len(), MAX_BODY);
        wire.truncate(wire.len() - END_OF_BODY.len());
        wire.extend_from_slice(&chunk_header(1));
        assert_eq!(BodyAssembler::new().feed(&wire), Err(BodyError::BodyTooLong(MAX_BODY)));
    }

    proptest! {
        #[test]
        fn any_body_in_any_pieces_comes_out_whole(
            body in prop::collection::vec(any::<u8>(), 0..2000),
            sizes in prop::collection::vec(1usize..300, 1..20),
            pieces in prop::collection::vec(1usize..300, 1..20),
            tail in prop::collection::vec(any::<u8>(), 0..20),
        ) {
            let mut wire = Vec::new();
            let (mut rest, mut sizes) = (&body[..], sizes.iter().cycle());
            while !rest.is_empty() {
                let (chunk, after) = rest.split_at(rest.len().min(*sizes.next().unwrap()));
                wire.extend_from_slice(&chunk_header(chunk.len()));
                wire.extend_from_slice(chunk);
                rest = after;
            }
            wire.extend_from_slice(&END_OF_BODY);
            let end = wire.len();
            wire.extend_from_slice(&tail);

            let mut assembler = BodyAssembler::new();
            let (mut at, mut pieces) = (0, pieces.iter().cycle());
            loop {
                let piece = &wire[at..wire.len().min(at + pieces.next().unwrap())];
                match assembler.feed(piece).unwrap() {
                    Fed::More => at += piece.len(),
                    Fed::Done(used) => { at += used; break }
                }
            }
            prop_assert_eq!(at, end);
            prop_assert_eq!(assembler.into_body(), body);
        }

        #[test]
        fn a_cut_body_is_never_taken_for_whole(
            body in prop::collection::vec(any::<u8>(), 0..200),
            cut in any::<prop::sample::Index>(),
        ) {
            let wire = encode_body(&body);
            let cut = cut.index(wire.len());
            prop_assert_eq!(BodyAssembler::new().feed(&wire[..cut]), Ok(Fed::More));
        }

        #[test]
        fn garbage_keeps_to_the_limit(garbage in prop::collection::vec(any::<u8>(), 0..4000)) {
            let mut assembler = BodyAssembler::with_limit(64);
            let _outcome = assembler.feed(&garbage);
            prop_assert!(assembler.into_body().len() <= 64);
        }
    }
}
