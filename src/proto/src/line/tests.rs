use proptest::prelude::*;

use super::*;

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap()
}

fn text(line: &ServerLine) -> String {
    String::from_utf8(encode_line(line)).unwrap()
}

#[test]
fn the_daemons_lines_are_the_documented_ones_and_come_back() {
    let cases = [
        (ServerLine::Seen, "{\"type\":\"seen\"}\n"),
        (
            ServerLine::Pending { approval: "ab".into() },
            "{\"type\":\"pending\",\"approval\":\"ab\"}\n",
        ),
        (
            ServerLine::Decision { output: raw(r#"{"b": 1.50, "a":"\u00e9"}"#) },
            "{\"type\":\"decision\",\"output\":{\"b\": 1.50, \"a\":\"\\u00e9\"}}\n",
        ),
        (ServerLine::NoDecision { reason: "x".into() }, "{\"type\":\"none\",\"reason\":\"x\"}\n"),
        (
            ServerLine::Refused { reason: "x".into(), supports: vec![1] },
            "{\"type\":\"refused\",\"reason\":\"x\",\"supports\":[1]}\n",
        ),
        (
            ServerLine::Pong { version: "1".into(), bus: Some("/b".into()) },
            "{\"type\":\"pong\",\"version\":\"1\",\"bus\":\"/b\"}\n",
        ),
        (
            ServerLine::Pong { version: "1".into(), bus: None },
            "{\"type\":\"pong\",\"version\":\"1\"}\n",
        ),
    ];
    for (line, expected) in cases {
        assert_eq!(text(&line), expected);
        let back = decode_server_line(expected.as_bytes()).unwrap().unwrap();
        assert_eq!(text(&back), expected);
    }
}

#[test]
fn the_clients_lines_are_the_documented_ones_and_come_back() {
    for (why, word) in
        [(Why::Terminated, "terminated"), (Why::AgentGone, "agent_gone"), (Why::Timeout, "timeout")]
    {
        let line = encode_client_line(ClientLine::Withdrawn { why });
        let expected = format!("{{\"type\":\"withdrawn\",\"why\":\"{word}\"}}\n");
        assert_eq!(String::from_utf8(line.clone()).unwrap(), expected);
        assert_eq!(decode_client_line(&line).unwrap(), Some(ClientLine::Withdrawn { why }));
    }
}

#[test]
fn a_decision_written_over_several_lines_still_is_one() {
    let line = encode_line(&ServerLine::Decision { output: raw("{\n \"a\":\r\n \"x\\ny\"\n}") });
    assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
    let Some(ServerLine::Decision { output }) = decode_server_line(&line).unwrap() else {
        panic!("not a decision")
    };
    assert_eq!(output.get(), "{  \"a\":\r  \"x\\ny\" }");
}

#[test]
fn the_future_is_passed_over() {
    assert!(decode_server_line(br#"{"type":"later","output":3}"#).unwrap().is_none());
    assert!(decode_client_line(br#"{"type":"later","why":3}"#).unwrap().is_none());
    let line = br#"{"new":[],"type":"withdrawn","why":"bored"}"#;
    let other = ClientLine::Withdrawn { why: Why::Other };
    assert_eq!(decode_client_line(line).unwrap(), Some(other));
    assert_eq!(decode_client_line(&encode_client_line(other)).unwrap(), Some(other));
    assert!(matches!(
        decode_server_line(br#"{"type":"none","reason":"","new":1}"#),
        Ok(Some(ServerLine::NoDecision { .. }))
    ));
}

#[test]
fn what_is_no_message_is_an_error() {
    let bad: [&[u8]; 8] = [
        b"",
        b"\n",
        b"[]",
        b"{}",
        b"{\"type\":1}",
        b"{\"type\":\"decision\"}",
        b"{\"type\":\"pending\",\"approval\":\"\xff\"}",
        b"{\"type\":\"decision\",\"output\":{}",
    ];
    for line in bad {
        assert!(decode_server_line(line).is_err(), "{}", String::from_utf8_lossy(line));
        assert!(decode_client_line(line).is_err() || line.starts_with(b"{\"type\":\""));
    }
    assert!(decode_client_line(b"{\"type\":\"withdrawn\"}").is_err());
}

#[test]
fn deep_nesting_costs_no_stack() {
    let depth = 200_000;
    let line =
        format!("{{\"type\":\"decision\",\"output\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    assert!(decode_server_line(line.as_bytes()).unwrap().is_some());
}

#[test]
fn the_limit_counts_the_newline() {
    let mut buffer = LineBuffer::new(4);
    buffer.push(b"abc\nabc");
    assert_eq!(buffer.next_line().unwrap().as_deref(), Some(&b"abc\n"[..]));
    assert_eq!(buffer.next_line().unwrap(), None);
    buffer.push(b"d");
    assert!(matches!(buffer.next_line(), Err(LineError::TooLong(4))));
    let mut buffer = LineBuffer::new(4);
    buffer.push(b"abcd\n");
    assert!(matches!(buffer.next_line(), Err(LineError::TooLong(4))));
}

#[test]
fn a_blocking_stream_yields_its_lines_and_drops_a_cut_one() {
    let mut stream = &b"one\ntwo\nthr"[..];
    let mut buffer = LineBuffer::new(100);
    assert_eq!(buffer.read_from(&mut stream).unwrap().unwrap(), b"one\n");
    assert_eq!(buffer.read_from(&mut stream).unwrap().unwrap(), b"two\n");
    assert_eq!(buffer.read_from(&mut stream).unwrap(), None);
    assert!(!buffer.is_empty());
}

proptest! {
    #[test]
    fn lines_in_any_pieces_come_out_whole(
        lines in prop::collection::vec("[a-z]{0,40}", 1..20),
        piece in 1usize..60,
    ) {
        let wire: Vec<u8> = lines.iter().flat_map(|line| format!("{line}\n").into_bytes()).collect();
        let mut buffer = LineBuffer::new(41);
        let mut out = Vec::new();
        for piece in wire.chunks(piece) {
            buffer.push(piece);
            while let Some(line) = buffer.next_line().unwrap() {
                out.push(String::from_utf8(line).unwrap().trim_end().to_owned());
            }
        }
        prop_assert!(buffer.is_empty());
        prop_assert_eq!(out, lines);
    }

    #[test]
    fn any_reason_survives(reason in any::<String>()) {
        let line = encode_line(&ServerLine::NoDecision { reason: reason.clone() });
        prop_assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
        match decode_server_line(&line) {
            Ok(Some(ServerLine::NoDecision { reason: back })) => prop_assert_eq!(back, reason),
            other => prop_assert!(false, "{other:?}"),
        }
    }

    #[test]
    fn garbage_is_never_a_message(garbage in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assume!(garbage.first() != Some(&b'{'));
        prop_assert!(!matches!(decode_server_line(&garbage), Ok(Some(_))));
        prop_assert!(!matches!(decode_client_line(&garbage), Ok(Some(_))));
    }
}
