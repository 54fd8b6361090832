//! Processes as the kernel names them: by number and time of start, so that a number used again names
//! another one.

use std::fs;
use std::io::Read;

use pager_core::Process;
use pager_core::sanitize::one_line;

/// Whether the process still lives; one that has ended and only waits to be collected does not.
pub fn lives(process: &Process) -> bool {
    stat(process.pid).is_some_and(|stat| stat.started == process.started && !stat.ended)
}

/// What proc_pid_stat(5) says of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stat {
    /// Its name, at most 15 bytes and of its own choice.
    pub(crate) name: String,
    /// Its parent; 0 where that is outside of what can be seen from here.
    pub(crate) parent: u32,
    /// Whether it has a controlling terminal.
    pub(crate) on_terminal: bool,
    /// Clock ticks from the machine's start to its own.
    pub(crate) started: u64,
    /// Whether it has ended.
    pub(crate) ended: bool,
}

/// Looks at a process; nothing where there is none.
pub(crate) fn stat(pid: u32) -> Option<Stat> {
    // A name need not be UTF-8.
    parse(&String::from_utf8_lossy(&read(pid, "stat")?))
}

/// The arguments a process was started with, its program's name first.
pub(crate) fn arguments(pid: u32) -> Option<Vec<String>> {
    Some(strings(&read(pid, "cmdline")?))
}

/// The environment a process was started with, as `NAME=value`.
pub(crate) fn environment(pid: u32) -> Option<Vec<String>> {
    Some(strings(&read(pid, "environ")?))
}

/// Reads what the kernel says of a process. Such a file has no size: without room for all of it, it
/// would be read in many small pieces, and one verdict looks at dozens of them.
fn read(pid: u32, file: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(4096);
    let file = fs::File::open(format!("/proc/{pid}/{file}")).ok()?;
    file.take(u64::MAX).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

fn strings(zero_ended: &[u8]) -> Vec<String> {
    zero_ended
        .split(|byte| *byte == 0)
        .filter(|string| !string.is_empty())
        .map(|string| String::from_utf8_lossy(string).into_owned())
        .collect()
}

/// The file name of the program a process runs, made fit to be shown.
pub(crate) fn program(pid: u32) -> Option<String> {
    let name = match fs::read_link(format!("/proc/{pid}/exe")) {
        Ok(exe) => exe.file_name()?.to_string_lossy().trim_end_matches(" (deleted)").to_owned(),
        Err(_) => stat(pid)?.name,
    };
    let name = one_line(&name, 64);
    (!name.is_empty()).then_some(name)
}

/// The control group a process runs in: the service manager's name for it, in whichever hierarchy
/// the manager uses.
pub(crate) fn control_group(pid: u32) -> Option<String> {
    group_of(std::str::from_utf8(&read(pid, "cgroup")?).ok()?)
}

fn group_of(text: &str) -> Option<String> {
    let path_in = |hierarchy: &str| {
        text.lines().find_map(|line| {
            let (_, line) = line.split_once(':')?;
            line.strip_prefix(hierarchy)?.strip_prefix(':')
        })
    };
    let unified = path_in("").filter(|path| *path != "/");
    unified.or_else(|| path_in("name=systemd")).or_else(|| path_in("")).map(str::to_owned)
}

fn parse(line: &str) -> Option<Stat> {
    // The name in parentheses may hold anything, parentheses too: what follows its end is counted.
    let (before, rest) = line.rsplit_once(')')?;
    let name = before.split_once('(')?.1.to_owned();
    let mut fields = rest.split_ascii_whitespace();
    let ended = matches!(fields.next()?, "Z" | "X" | "x");
    let parent = fields.next()?.parse().ok()?;
    let on_terminal = fields.nth(2)? != "0";
    let started = fields.nth(14)?.parse().ok()?;
    Some(Stat { name, parent, on_terminal, started, ended })
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
        let name = "a) b (c".to_owned();
        let expected = Stat { name, parent: 7, on_terminal: true, started: 9000, ended: false };
        assert_eq!(parse(&line), Some(expected));
    }

    #[test]
    fn the_group_is_the_managers_in_every_layout() {
        for (text, group) in [
            ("0::/user.slice/a.scope\n", "/user.slice/a.scope"),
            ("4:memory:/x\n1:name=systemd:/user.slice/b.scope\n0::/\n", "/user.slice/b.scope"),
            ("1:name=systemd:/b.scope\n0::/a.scope\n", "/a.scope"),
            ("2:cpu,cpuacct:/x\n0::/\n", "/"),
        ] {
            assert_eq!(group_of(text).as_deref(), Some(group), "{text}");
        }
        assert_eq!(group_of("2:cpu,cpuacct:/x\n"), None);
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
