//! What a client sends on the hook socket, in pieces of any size: it is understood or refused, the
//! same however it is cut up, and within the protocol's limits.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pager_fuzz::end_at_panics;
use pager_proto::{
    CLIENT_LINE_MAX, Incoming, LineBuffer, MAX_BODY, RequestDecoder, decode_client_line,
    decode_server_line, encode_body, encode_client_line, encode_hello, encode_line,
};

/// All that a client said, and whether it was refused in the end.
fn hear(pieces: impl Iterator<Item = impl AsRef<[u8]>>) -> (Vec<Incoming>, bool) {
    let (mut decoder, mut heard) = (RequestDecoder::new(), Vec::new());
    for piece in pieces {
        decoder.push(piece.as_ref());
        loop {
            match decoder.next_item() {
                Ok(Some(item)) => heard.push(item),
                Ok(None) => break,
                Err(_) => {
                    assert!(decoder.next_item().is_err(), "a refusal is final");
                    return (heard, true);
                }
            }
        }
    }
    (heard, false)
}

fn again(items: &[Incoming]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for item in items {
        match item {
            Incoming::Hello(hello) => bytes.extend(encode_hello(hello)),
            Incoming::Body(body) => {
                assert!(body.len() <= MAX_BODY);
                bytes.extend(encode_body(body));
            }
            Incoming::Line(line) => bytes.extend(encode_client_line(*line)),
        }
    }
    bytes
}

fuzz_target!(init: end_at_panics(), |input: &[u8]| {
    let Some((size, bytes)) = input.split_first() else { return };
    let size = usize::from(*size) + 1;
    let (whole, refused) = hear(std::iter::once(bytes));
    let pieces = hear(bytes.chunks(size));
    assert_eq!(pieces, (whole, refused), "cut into pieces of {size}");
    assert_eq!(hear(std::iter::once(again(&pieces.0))), (pieces.0, false), "said again");

    // The client's side hears lines as well.
    let mut lines = LineBuffer::new(CLIENT_LINE_MAX);
    lines.push(bytes);
    while let Ok(Some(line)) = lines.next_line() {
        if let Ok(Some(said)) = decode_server_line(&line) {
            assert!(encode_line(&said).ends_with(b"\n"));
        }
        if let Ok(Some(said)) = decode_client_line(&line) {
            assert!(encode_client_line(said).ends_with(b"\n"));
        }
    }
});
