//! The hook protocol: messages, framing and the small blocking client.
