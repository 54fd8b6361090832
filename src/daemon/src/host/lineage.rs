//! What a process is and where it comes from, as the kernel tells it.

use pager_core::Process;

use super::process::{Stat, control_group, environment, stat};

/// How often a walk is begun anew because somebody on the way ended.
const WALKS: usize = 16;
/// More generations than any real process has.
const GENERATIONS: usize = 512;

/// One process of a lineage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ancestor {
    pub(crate) process: Process,
    /// Its name, of its own choice.
    pub(crate) name: String,
    /// Whether it has a controlling terminal.
    pub(crate) on_terminal: bool,
    /// Its control group; empty where it has just ended.
    pub(crate) group: String,
}

/// A process with all those above it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lineage {
    /// The process itself and its ancestors, up to and without the service manager and init.
    pub(crate) chain: Vec<Ancestor>,
    /// Whether its eldest ancestor was adopted, or started, by init or the service manager; not so
    /// where it comes from outside of this namespace, where nothing that runs here can put it.
    pub(crate) from_manager: bool,
    /// Its environment; nothing where it hides that from its own user.
    pub(crate) environment: Option<Vec<String>>,
}

impl Lineage {
    /// Looks at a process; nothing where it has ended.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        (0..WALKS).find_map(|_| Self::walk(pid))
    }

    /// The process itself.
    pub(crate) fn own(&self) -> Option<&Ancestor> {
        self.chain.first()
    }

    /// Walks up once; nothing where a process was not the same, or no longer the same's child, when it
    /// was looked at again.
    fn walk(pid: u32) -> Option<Self> {
        let environment = environment(pid);
        let mut seen: Vec<(u32, Stat)> = Vec::new();
        let mut next = pid;
        while next != 0 && seen.len() < GENERATIONS {
            let found = stat(next)?;
            if seen.is_empty() && found.ended {
                return None;
            }
            let parent = found.parent;
            seen.push((next, found));
            next = parent;
        }
        let chain: Vec<_> = seen
            .iter()
            .map(|(pid, stat)| Ancestor {
                process: Process { pid: *pid, started: stat.started },
                name: stat.name.clone(),
                on_terminal: stat.on_terminal,
                group: control_group(*pid).unwrap_or_default(),
            })
            .collect();
        let unchanged = |(pid, before): &(u32, Stat)| {
            stat(*pid)
                .is_some_and(|now| now.started == before.started && now.parent == before.parent)
        };
        if !seen.iter().all(unchanged) {
            return None;
        }
        let managers = seen.iter().rev().take_while(|(pid, stat)| is_manager(*pid, stat)).count();
        let mut lineage = Self { chain, from_manager: managers > 0, environment };
        lineage.chain.truncate(seen.len() - managers);
        Some(lineage)
    }
}

/// Whether it is init, or the service manager that init started.
fn is_manager(pid: u32, stat: &Stat) -> bool {
    pid == 1 || (stat.parent == 1 && stat.name == "systemd")
}
