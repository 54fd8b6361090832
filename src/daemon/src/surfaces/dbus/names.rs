//! Names of objects on the bus.

use pager_core::{ApprovalId, SessionId};
use zbus::zvariant::{ObjectPath, OwnedObjectPath};

/// The name the daemon owns on the session bus.
pub const BUS_NAME: &str = "org.pagerd.Pager1";
/// The object that stands for the daemon itself.
pub const ROOT: &str = "/org/pagerd/Pager1";

pub(super) fn approval_path(id: &ApprovalId) -> OwnedObjectPath {
    child("approval", &id.to_string())
}

pub(super) fn session_path(id: &SessionId) -> OwnedObjectPath {
    child("session", &escape(id.as_str()))
}

pub(super) fn job_path(id: u64) -> OwnedObjectPath {
    child("job", &id.to_string())
}

/// `name` is of letters, digits and underscores only.
fn child(kind: &str, name: &str) -> OwnedObjectPath {
    ObjectPath::from_string_unchecked(format!("{ROOT}/{kind}/{name}")).into()
}

/// Escapes a name as `sd_bus_path_encode(3)` does, so that its counterpart reads it back: every byte
/// that is no letter or digit, and a digit in the first place, becomes `_` and two hexadecimal
/// digits; nothing at all becomes `_`.
fn escape(name: &str) -> String {
    if name.is_empty() {
        return "_".to_owned();
    }
    let mut escaped = String::with_capacity(name.len() + 16);
    for (at, byte) in name.bytes().enumerate() {
        if byte.is_ascii_alphabetic() || (at > 0 && byte.is_ascii_digit()) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("_{byte:02x}"));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_ids_are_escaped_as_systemd_does() {
        for (id, path) in [("abc-9", "abc_2d9"), ("6f0f_x", "_36f0f_5fx"), ("Ab0", "Ab0")] {
            let full = session_path(&SessionId::from_agent(id));
            assert_eq!(full.as_str(), format!("{ROOT}/session/{path}"));
            assert!(ObjectPath::try_from(full.as_str()).is_ok());
        }
        assert_eq!(escape(""), "_");
    }

    #[test]
    fn approvals_keep_their_id() {
        let id = ApprovalId::from_bytes([0x0f; 16]);
        assert_eq!(approval_path(&id).as_str(), format!("{ROOT}/approval/{id}"));
        assert!(ObjectPath::try_from(approval_path(&id).as_str()).is_ok());
    }
}
