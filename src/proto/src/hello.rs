//! The first line of a connection.

use serde::{Deserialize, Serialize};

use crate::{PROTOCOL, RequestId};

/// What a client says first: who it is and what it wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// The client program's name.
    pub program: String,
    /// The client program's version.
    pub version: String,
    /// The coding agent that the event comes from, such as `claude`; empty in a ping.
    pub agent: String,
    /// What follows.
    pub kind: Kind,
    /// The idempotency key, kept over reconnects. Every kind but a ping has one.
    pub request: Option<RequestId>,
}

/// What a connection carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A hook event of the agent.
    Event,
    /// The JSON an agent gives its status line.
    StatusLine,
    /// Nothing: the client asks whether the daemon is there.
    Ping,
}

impl Kind {
    /// Tells whether a body follows the hello.
    #[must_use]
    pub fn has_body(self) -> bool {
        match self {
            Self::Event | Self::StatusLine => true,
            Self::Ping => false,
        }
    }
}

/// Why a hello cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum HelloError {
    /// The line is not JSON, or a field has the wrong type or is missing.
    #[error("the hello is not what protocol {PROTOCOL} expects: {0}")]
    Malformed(#[from] serde_json::Error),
    /// The client speaks another major of the protocol.
    #[error("the client speaks protocol {0}, this daemon speaks {PROTOCOL}; restart the older one")]
    UnsupportedMajor(u64),
    /// The kind is none this version knows.
    #[error("the hello asks for a kind this version does not know")]
    UnknownKind,
    /// A name is empty, too long, or holds characters no program or agent name has.
    #[error("the hello's `{0}` is not 1 to 64 plain characters (letters, digits, and -_.+)")]
    BadName(&'static str),
    /// An event or status line without its idempotency key.
    #[error("the hello has no request id")]
    NoRequestId,
}

/// Reads a hello line, with or without its newline.
///
/// The major version is judged before anything else, so that a client from the future is told what
/// is spoken here instead of that its line is wrong.
///
/// # Errors
/// See [`HelloError`]; each is answered with `refused`.
pub fn decode_hello(line: &[u8]) -> Result<Hello, HelloError> {
    #[derive(Deserialize)]
    struct Major {
        pager: u64,
    }
    #[derive(Deserialize)]
    struct Fields {
        program: String,
        version: String,
        #[serde(default)]
        agent: String,
        kind: String,
        request: Option<RequestId>,
    }
    let Major { pager } = serde_json::from_slice(line)?;
    if pager != u64::from(PROTOCOL) {
        return Err(HelloError::UnsupportedMajor(pager));
    }
    let fields: Fields = serde_json::from_slice(line)?;
    let kind = match fields.kind.as_str() {
        "event" => Kind::Event,
        "status_line" => Kind::StatusLine,
        "ping" => Kind::Ping,
        _ => return Err(HelloError::UnknownKind),
    };
    check_name("program", &fields.program)?;
    check_name("version", &fields.version)?;
    if kind.has_body() {
        check_name("agent", &fields.agent)?;
        if fields.request.is_none() {
            return Err(HelloError::NoRequestId);
        }
    }
    Ok(Hello {
        program: fields.program,
        version: fields.version,
        agent: fields.agent,
        kind,
        request: fields.request,
    })
}

/// Writes a hello line, newline included.
#[must_use]
pub fn encode_hello(hello: &Hello) -> Vec<u8> {
    #[derive(Serialize)]
    struct Line<'a> {
        pager: u32,
        program: &'a str,
        version: &'a str,
        #[serde(skip_serializing_if = "str::is_empty")]
        agent: &'a str,
        kind: Kind,
        #[serde(skip_serializing_if = "Option::is_none")]
        request: Option<RequestId>,
    }
    crate::line::to_line(&Line {
        pager: PROTOCOL,
        program: &hello.program,
        version: &hello.version,
        agent: &hello.agent,
        kind: hello.kind,
        request: hello.request,
    })
}

/// Names end up in logs and on screens, so they are held to characters that are safe everywhere.
fn check_name(field: &'static str, name: &str) -> Result<(), HelloError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.+".contains(&byte);
    if (1..=64).contains(&name.len()) && name.bytes().all(plain) {
        Ok(())
    } else {
        Err(HelloError::BadName(field))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello() -> Hello {
        Hello {
            program: "pager-hook".into(),
            version: "0.1.0".into(),
            agent: "claude".into(),
            kind: Kind::Event,
            request: Some(RequestId::from_bytes([7; 16])),
        }
    }

    #[test]
    fn the_line_is_the_documented_one() {
        let line = encode_hello(&hello());
        let expected = concat!(
            r#"{"pager":1,"program":"pager-hook","version":"0.1.0","agent":"claude","#,
            r#""kind":"event","request":"07070707070707070707070707070707"}"#,
            "\n"
        );
        assert_eq!(String::from_utf8(line).unwrap(), expected);
    }

    #[test]
    fn every_kind_survives_the_wire() {
        for kind in [Kind::Event, Kind::StatusLine, Kind::Ping] {
            let hello = Hello { kind, ..hello() };
            assert_eq!(decode_hello(&encode_hello(&hello)).unwrap(), hello);
        }
        let ping = Hello { agent: String::new(), kind: Kind::Ping, request: None, ..hello() };
        assert_eq!(decode_hello(&encode_hello(&ping)).unwrap(), ping);
    }

    #[test]
    fn unknown_fields_are_passed_over() {
        let line = br#"{"pager":1,"program":"p","version":"1","kind":"ping","new":{"a":[1]}}"#;
        assert_eq!(decode_hello(line).unwrap().kind, Kind::Ping);
    }

    #[test]
    fn another_major_is_named_whatever_else_it_says() {
        let error = decode_hello(br#"{"pager":2,"kind":7}"#).unwrap_err();
        assert!(matches!(error, HelloError::UnsupportedMajor(2)), "{error}");
    }

    #[test]
    fn what_cannot_be_served_is_refused_by_name() {
        type Expected = fn(&HelloError) -> bool;
        let cases: [(&[u8], Expected); 9] = [
            (b"", |e| matches!(e, HelloError::Malformed(_))),
            (b"{", |e| matches!(e, HelloError::Malformed(_))),
            (b"\xff\xfe", |e| matches!(e, HelloError::Malformed(_))),
            (br#"{"pager":"1"}"#, |e| matches!(e, HelloError::Malformed(_))),
            (b"{\"pager\":1,\"program\":\"\xff\",\"version\":\"1\",\"kind\":\"ping\"}", |e| {
                matches!(e, HelloError::Malformed(_))
            }),
            (br#"{"pager":1,"program":"p","version":"1","kind":"dance"}"#, |e| {
                matches!(e, HelloError::UnknownKind)
            }),
            (br#"{"pager":1,"program":"p\u001b[31m","version":"1","kind":"ping"}"#, |e| {
                matches!(e, HelloError::BadName("program"))
            }),
            (br#"{"pager":1,"program":"p","version":"1","kind":"event"}"#, |e| {
                matches!(e, HelloError::BadName("agent"))
            }),
            (br#"{"pager":1,"program":"p","version":"1","kind":"event","agent":"claude"}"#, |e| {
                matches!(e, HelloError::NoRequestId)
            }),
        ];
        for (line, expected) in cases {
            let error = decode_hello(line).unwrap_err();
            assert!(expected(&error), "{}: {error}", String::from_utf8_lossy(line));
        }
    }
}
