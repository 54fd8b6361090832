//! Processes as the kernel names them: by number and time of start, so that a number used again names
//! another one.

use std::fs;

use pager_core::Process;

/// Whether the process still lives; one that has ended and only waits to be collected does not.
pub fn lives(process: &Process) -> bool {
    stat(process.pid).is_some_and(|stat| stat.started == process.started && !stat.ended)
}

/// What proc_pid_stat(5) says of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stat {
    /// Its parent.
    pub(crate) parent: u32,
    /// Clock ticks from the machine's start to its own.
    pub(crate) started: u64,
    /// Whether it has ended.
    pub(crate) ended: bool,
}

/// Looks at a process; nothing where there is none.
pub(crate) fn stat(pid: u32) -> Option<Stat> {
    parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

fn parse(line: &str) -> Option<Stat> {
    // The name in parentheses may hold anything, parentheses too: what follows its end is counted.
    let (_, rest) = line.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    let ended = matches!(fields.next()?, "Z" | "X" | "x");
    let parent = fields.next()?.parse().ok()?;
    let started = fields.nth(17)?.parse().ok()?;
    Some(Stat { parent, started, ended })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_parentheses() {
        let mut line = "42 (a) b (c) S 7".to_owned();
        for field in 5..=21 {
            line.push_str(&format!(" {field}"));
        }
        line.push_str(" 9000 23\n");
        assert_eq!(parse(&line), Some(Stat { parent: 7, started: 9000, ended: false }));
    }

    #[test]
    fn a_process_lives_until_it_has_ended() {
        let mut child =
            std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
        let stat = stat(child.id()).unwrap();
        assert_eq!(stat.parent, std::process::id());
        let process = Process { pid: child.id(), started: stat.started };
        assert!(lives(&process));
        assert!(!lives(&Process { started: stat.started + 1, ..process }));
        drop(child.stdin.take());
        child.wait().unwrap();
        assert!(!lives(&process));
    }
}
