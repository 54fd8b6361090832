use proptest::prelude::*;

use super::*;
use crate::{
    CHUNK_MAX, Kind, MAX_BODY, RequestId, Why, chunk_header, encode_body, encode_client_line,
    encode_hello,
};

fn hello(kind: Kind) -> Hello {
    Hello {
        program: "pager-hook".into(),
        version: "0.1.0".into(),
        agent: "claude".into(),
        kind,
        request: Some(RequestId::from_bytes([9; 16])),
    }
}

const WITHDRAWN: ClientLine = ClientLine::Withdrawn { why: Why::AgentGone };

fn conversation(body: &[u8]) -> Vec<u8> {
    let mut wire = encode_hello(&hello(Kind::Event));
    wire.extend_from_slice(&encode_body(body));
    wire.extend_from_slice(b"{\"type\":\"later\"}\n");
    wire.extend_from_slice(&encode_client_line(WITHDRAWN));
    wire
}

fn drain(decoder: &mut RequestDecoder) -> Result<Vec<Incoming>, IntakeError> {
    let mut items = Vec::new();
    while let Some(item) = decoder.next_item()? {
        items.push(item);
    }
    Ok(items)
}

fn refusal(wire: &[u8]) -> IntakeError {
    let mut decoder = RequestDecoder::new();
    decoder.push(wire);
    let error = drain(&mut decoder).unwrap_err();
    assert!(matches!(decoder.next_item(), Err(IntakeError::AlreadyFailed)));
    error
}

#[test]
fn a_ping_has_no_body() {
    let mut decoder = RequestDecoder::new();
    decoder.push(&encode_hello(&hello(Kind::Ping)));
    decoder.push(&encode_client_line(WITHDRAWN));
    let items = drain(&mut decoder).unwrap();
    assert_eq!(items, [Incoming::Hello(hello(Kind::Ping)), Incoming::Line(WITHDRAWN)]);
    assert_eq!(decoder.finish(), Ok(()));
}

#[test]
fn a_connection_taken_over_goes_on_with_lines() {
    let mut decoder = RequestDecoder::after_body();
    decoder.push(&encode_client_line(WITHDRAWN));
    assert_eq!(drain(&mut decoder).unwrap(), [Incoming::Line(WITHDRAWN)]);
}

#[test]
fn cut_at_any_byte_nothing_is_made_up() {
    let wire = conversation(b"{\"a\":1}");
    let hello_end = wire.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let body_end = hello_end + encode_body(b"{\"a\":1}").len();
    for cut in 0..wire.len() {
        let mut decoder = RequestDecoder::new();
        decoder.push(&wire[..cut]);
        let items = drain(&mut decoder).unwrap();
        let expected = usize::from(cut >= hello_end) + usize::from(cut >= body_end);
        assert_eq!(items.len(), expected, "cut at {cut}");
        let last_was_newline = cut > body_end && wire[cut - 1] == b'\n';
        match decoder.finish() {
            Err(Truncated::Hello) => assert!(cut < hello_end, "cut at {cut}"),
            Err(Truncated::Body) => assert!((hello_end..body_end).contains(&cut), "cut at {cut}"),
            Err(Truncated::Line) => assert!(cut > body_end && !last_was_newline, "cut at {cut}"),
            Ok(()) => assert!(cut == body_end || last_was_newline, "cut at {cut}"),
        }
    }
}

#[test]
fn every_limit_is_held() {
    assert!(matches!(refusal(&[b'x'; HELLO_MAX]), IntakeError::HelloTooLong));

    let mut wire = encode_hello(&hello(Kind::Event));
    wire.extend_from_slice(&u32::MAX.to_be_bytes());
    assert!(matches!(refusal(&wire), IntakeError::Body(BodyError::ChunkTooLong(u32::MAX))));

    let mut wire = conversation(b"");
    wire.extend_from_slice(&[b'x'; CLIENT_LINE_MAX]);
    assert!(matches!(refusal(&wire), IntakeError::Line(LineError::TooLong(CLIENT_LINE_MAX))));
}

#[test]
fn an_endless_body_stops_at_the_limit() {
    let mut decoder = RequestDecoder::new();
    decoder.push(&encode_hello(&hello(Kind::Event)));
    drain(&mut decoder).unwrap();
    let mut chunk = chunk_header(CHUNK_MAX).to_vec();
    chunk.extend_from_slice(&[b' '; CHUNK_MAX]);
    for _ in 0..MAX_BODY / CHUNK_MAX {
        decoder.push(&chunk);
        assert_eq!(drain(&mut decoder).unwrap(), []);
    }
    decoder.push(&chunk);
    assert!(matches!(
        drain(&mut decoder),
        Err(IntakeError::Body(BodyError::BodyTooLong(MAX_BODY)))
    ));
}

#[test]
fn a_blocking_stream_is_read_item_by_item() {
    let wire = conversation(b"body");
    let mut stream = &wire[..];
    let mut decoder = RequestDecoder::new();
    let mut next = || decoder.read_from(&mut stream);
    assert_eq!(next().unwrap(), Some(Incoming::Hello(hello(Kind::Event))));
    assert_eq!(next().unwrap(), Some(Incoming::Body(b"body".to_vec())));
    assert_eq!(next().unwrap(), Some(Incoming::Line(WITHDRAWN)));
    assert_eq!(next().unwrap(), None);

    let mut cut = &wire[..wire.len() / 2];
    let mut decoder = RequestDecoder::new();
    let error = loop {
        match decoder.read_from(&mut cut) {
            Ok(item) => assert!(item.is_some()),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
}

proptest! {
    #[test]
    fn pieces_do_not_matter(
        body in prop::collection::vec(any::<u8>(), 0..1000),
        pieces in prop::collection::vec(1usize..100, 1..20),
    ) {
        let wire = conversation(&body);
        let mut decoder = RequestDecoder::new();
        let (mut items, mut rest, mut pieces) = (Vec::new(), &wire[..], pieces.iter().cycle());
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.len().min(*pieces.next().unwrap()));
            decoder.push(piece);
            items.extend(drain(&mut decoder).unwrap());
            rest = after;
        }
        prop_assert_eq!(decoder.finish(), Ok(()));
        let expected = [
            Incoming::Hello(hello(Kind::Event)),
            Incoming::Body(body),
            Incoming::Line(WITHDRAWN),
        ];
        prop_assert_eq!(&items[..], &expected[..]);
    }

    #[test]
    fn garbage_is_refused_and_never_a_request(
        garbage in prop::collection::vec(any::<u8>(), 0..500),
    ) {
        prop_assume!(garbage.first() != Some(&b'{'));
        let mut decoder = RequestDecoder::new();
        decoder.push(&garbage);
        decoder.push(b"\n");
        prop_assert!(drain(&mut decoder).is_err());
    }
}
