//! Finding a decision in the audit log, and proving the log up to there.

use std::fs;
use std::path::Path;

use pager_core::audit::{self, Head};
use serde_json::Value;

use crate::failure::Failure;
use crate::output::shown;

/// The line that tells of `approval`, after all lines up to it have been verified.
pub(crate) fn verified_line(log: &Path, approval: &str) -> Result<String, Failure> {
    let text = fs::read_to_string(log)
        .map_err(|error| Failure::failed(format!("cannot read {}: {error}", shown(log))))?;
    let mut head = Head::default();
    for (number, line) in text.lines().enumerate() {
        head = audit::verify(&head, line).map_err(|broken| {
            Failure::failed(format!("{}: line {} {broken}", shown(log), number + 1))
        })?;
        if tells_of(line, approval) {
            return Ok(line.to_owned());
        }
    }
    Err(Failure::failed(format!("{} does not tell of approval {approval}", shown(log))))
}

fn tells_of(line: &str, approval: &str) -> bool {
    let record: Option<Value> = serde_json::from_str(line).ok();
    record.is_some_and(|record| record["approval"] == approval)
}

#[cfg(test)]
mod tests {
    use pager_core::audit::Record;
    use pager_core::{Actor, ApprovalId};

    use super::*;

    fn log(folder: &Path, approvals: &[ApprovalId]) -> std::path::PathBuf {
        let mut head = Head::default();
        let mut text = String::new();
        for approval in approvals {
            let record = Record {
                seq: head.seq + 1,
                ts: jiff::Timestamp::UNIX_EPOCH,
                event: "approval.resolved".to_owned(),
                session: None,
                label: None,
                action: "allow".to_owned(),
                tool: None,
                summary: None,
                input_sha256: None,
                approval: Some(*approval),
                by: Actor::Desktop,
                message_id: None,
                latency_ms: None,
                prev_hash: head.hash.clone(),
            };
            let line = audit::write(&record).unwrap();
            text.push_str(&line.text);
            text.push('\n');
            head = line.head;
        }
        let path = folder.join("audit.jsonl");
        fs::write(&path, text).unwrap();
        path
    }

    #[test]
    fn the_line_is_found_only_if_the_log_is_sound() {
        let folder = tempfile::tempdir().unwrap();
        let [first, second] = [1, 2].map(|byte| ApprovalId::from_bytes([byte; 16]));
        let path = log(folder.path(), &[first, second]);
        let line = verified_line(&path, &second.to_string()).unwrap();
        assert!(line.contains(&second.to_string()));

        let unknown = ApprovalId::from_bytes([3; 16]).to_string();
        assert!(verified_line(&path, &unknown).is_err());
        let forged = fs::read_to_string(&path).unwrap().replacen("allow", "denied", 1);
        fs::write(&path, forged).unwrap();
        let error = verified_line(&path, &second.to_string()).unwrap_err().what;
        assert!(error.contains("line 1 has been changed"), "{error}");
    }
}
