//! Where a hook's word comes from.

use pager_core::{Origin, Process};
use tokio::net::UnixStream;

use super::process::{Stat, arguments, control_group, program, stat};

/// Shells that an agent starts its hooks with.
const SHELLS: [&str; 9] = ["sh", "bash", "dash", "zsh", "fish", "ksh", "mksh", "ash", "busybox"];

/// The process at the other end of a socket; for one that listened there, the one that began to.
pub(crate) fn peer(stream: &UnixStream) -> Option<u32> {
    let pid = stream.peer_cred().ok()?.pid()?;
    // A process of another namespace has no number here.
    u32::try_from(pid).ok().filter(|pid| *pid != 0)
}

/// The origin of what the process `hook` says. To be asked while it lives: what has ended has no parent
/// any more.
pub(crate) fn of_hook(hook: u32) -> Origin {
    // All that vanishes with the hook comes first.
    let agent = agent_of(hook);
    let unit = control_group(hook).unwrap_or_default();
    let program = agent.and_then(|agent| program(agent.pid)).unwrap_or_else(unknown);
    Origin { agent, program, unit }
}

/// The origin of what the agent `pid` says itself.
pub(crate) fn of_agent(pid: u32) -> Origin {
    let stat = stat(pid).filter(|stat| !is_manager(pid, stat));
    let agent = stat.map(|stat| Process { pid, started: stat.started });
    let unit = control_group(pid).unwrap_or_default();
    Origin { agent, program: program(pid).unwrap_or_else(unknown), unit }
}

/// The origin of what comes from a process that cannot be looked at.
pub(crate) fn nowhere() -> Origin {
    Origin { agent: None, program: unknown(), unit: String::new() }
}

fn unknown() -> String {
    "unknown".to_owned()
}

fn agent_of(hook: u32) -> Option<Process> {
    let (pid, parent) = parent_of(&stat(hook)?)?;
    let (pid, agent) =
        if runs_a_command(pid, &parent) { parent_of(&parent)? } else { (pid, parent) };
    (!is_manager(pid, &agent)).then_some(Process { pid, started: agent.started })
}

/// Whether it is the service manager: an orphan's parent, and nobody's agent.
fn is_manager(pid: u32, stat: &Stat) -> bool {
    pid == 1 || stat.name == "systemd"
}

fn parent_of(child: &Stat) -> Option<(u32, Stat)> {
    let parent = stat(child.parent)?;
    // A younger parent is another process that has got the number.
    (parent.started <= child.started).then_some((child.parent, parent))
}

/// Whether the process is the shell of a `sh -c …`.
fn runs_a_command(pid: u32, stat: &Stat) -> bool {
    let is_option = |argument: &String| argument.starts_with('-') && !argument.starts_with("--");
    SHELLS.contains(&stat.name.as_str())
        && arguments(pid).is_some_and(|arguments| {
            let mut options = arguments.iter().skip(1).take_while(|argument| is_option(argument));
            options.any(|option| option.contains('c'))
        })
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::process::{Child, Command, Stdio};

    use super::*;

    /// Runs a script that prints the number of a process which waits for its input to end.
    fn start(script: &str) -> (Child, u32) {
        let mut child = Command::new("sh")
            .args(["-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        (child, line.trim().parse().unwrap())
    }

    fn end(mut child: Child) {
        drop(child.stdin.take());
        child.wait().unwrap();
    }

    fn myself() -> Process {
        let pid = std::process::id();
        Process { pid, started: stat(pid).unwrap().started }
    }

    #[test]
    fn the_agent_is_the_hooks_parent() {
        let (child, hook) = start("echo $$; exec cat");
        let origin = of_hook(hook);
        assert_eq!(origin.agent, Some(myself()));
        assert!(origin.program.starts_with("pagerd-"), "{origin:?}");
        assert_eq!(Some(origin.unit), control_group(std::process::id()));
        end(child);
    }

    #[test]
    fn the_shell_that_runs_the_hook_is_not_the_agent() {
        for shell in ["sh", "bash"] {
            let script = format!("exec {shell} -c 'cat <&3 & echo $!; wait' 3<&0");
            let (child, hook) = start(&script);
            assert_eq!(of_hook(hook).agent, Some(myself()), "{shell}");
            end(child);
        }
    }

    #[test]
    fn who_listens_is_an_agent_and_the_manager_is_none() {
        let origin = of_agent(std::process::id());
        assert_eq!(origin.agent, Some(myself()));
        assert!(origin.program.starts_with("pagerd-"), "{origin:?}");
        // What the service manager listens for says nothing of whoever it is passed to.
        assert_eq!(of_agent(1).agent, None);
    }

    #[test]
    fn a_script_is_an_agent() {
        let dir = tempfile::tempdir().unwrap();
        let script = dir.path().join("agent");
        std::fs::write(&script, "cat <&3 & echo $!; wait\n").unwrap();
        let (child, hook) = start(&format!("exec sh {} 3<&0", script.display()));
        assert_eq!(of_hook(hook).agent.map(|agent| agent.pid), Some(child.id()));
        end(child);
    }

    #[test]
    fn an_orphan_and_a_process_that_has_ended_have_no_agent() {
        // What `$(…)` starts is over when the number is printed.
        let (child, hook) = start("exec 3<&0; echo $(cat <&3 >/dev/null & echo $!); read end");
        // Whoever adopts it, a manager or a subreaper, it is not the shell that started it.
        assert_ne!(of_hook(hook).agent.map(|agent| agent.pid), Some(child.id()));
        end(child);
        let mut gone = Command::new("true").spawn().unwrap();
        let pid = gone.id();
        gone.wait().unwrap();
        assert_eq!(of_hook(pid), nowhere());
    }
}
