//! Stopping agents: by the units they run in, where such a unit is theirs alone.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::StreamExt;
use pager_core::Process;
use pager_core::sanitize::one_line;
use tokio::time::{Instant, timeout, timeout_at};
use zbus::Connection;
use zbus::zvariant::OwnedObjectPath;

use crate::host::lineage::Lineage;
use crate::host::manager::{ServiceManagerProxy, why};
use crate::host::process::{control_group, stat};

/// The slice in which pager's own sessions are; what is in it is stopped with it.
const SLICE: &str = "pager-sessions.slice";
/// How long the service manager may take to answer at all.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);
/// How long a unit has to end by itself, and then once it is killed.
const ENDS_WITHIN: Duration = Duration::from_secs(5);
const KILL: i32 = 9;
/// Where the control groups are, in whichever hierarchy the manager uses.
const HIERARCHIES: [&str; 3] =
    ["/sys/fs/cgroup", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified"];

/// An agent that lives.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) process: Process,
    /// Which: "Claude Code in webshop".
    pub(super) who: String,
}

/// What became of them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Done {
    pub(super) stopped: Vec<String>,
    pub(super) left: Vec<String>,
}

/// Stops the units of these agents, and all that runs in pager's own slice.
pub(super) async fn stop(bus: Option<&str>, running: Vec<Running>) -> Done {
    let mut done = Done::default();
    let mut units: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for Running { process, who } in running {
        let who = format!("{} (process {process})", one_line(&who, 80));
        match home_of(process) {
            Home::Own(unit) => units.entry(unit).or_default().push(who),
            Home::Shared(unit) => done.left.push(format!(
                "{who} runs among other programs in {unit}; to end it: kill {process}"
            )),
            Home::None => {
                done.left
                    .push(format!("{who} runs in no unit of its own; to end it: kill {process}"));
            }
        }
    }
    let manager =
        match reach(bus).await {
            Ok(manager) => manager,
            Err(why) => {
                done.left.extend(units.into_iter().map(|(unit, who)| {
                    format!("{} in {unit} was not stopped: {why}", who.join(", "))
                }));
                return done;
            }
        };
    end(&manager, units, ENDS_WITHIN, &mut done).await;
    done
}

async fn reach(bus: Option<&str>) -> Result<ServiceManagerProxy<'static>, String> {
    let Some(bus) = bus else { return Err("there is no session bus".to_owned()) };
    let reached = async {
        let connection: Connection = zbus::connection::Builder::address(bus)?.build().await?;
        let manager = ServiceManagerProxy::new(&connection).await?;
        manager.subscribe().await?;
        zbus::Result::Ok(manager)
    };
    match timeout(ANSWERS_WITHIN, reached).await {
        Ok(Ok(manager)) => Ok(manager),
        Ok(Err(error)) => Err(format!("the service manager does not answer: {error}")),
        Err(_) => Err("the service manager does not answer".to_owned()),
    }
}

async fn end(
    manager: &ServiceManagerProxy<'_>,
    mut units: BTreeMap<String, Vec<String>>,
    patience: Duration,
    done: &mut Done,
) {
    let Ok(mut removed) = manager.receive_job_removed().await else {
        done.left.extend(units.into_keys().map(|unit| format!("{unit}: the bus is gone")));
        return;
    };
    units.entry(SLICE.to_owned()).or_default();
    let mut jobs: HashMap<OwnedObjectPath, String> = HashMap::new();
    let name = |unit: &str, who: &[String]| match who {
        [] => unit.to_owned(),
        who => format!("{unit}: {}", who.join(", ")),
    };
    for (unit, who) in &units {
        match timeout(ANSWERS_WITHIN, manager.stop_unit(unit, "replace")).await {
            Ok(Ok(job)) => drop(jobs.insert(job, unit.clone())),
            Ok(Err(error)) if is_unknown(&error) && unit == SLICE => {}
            Ok(Err(error)) => {
                done.left.push(format!("{} was not stopped: {}", name(unit, who), why(error)));
            }
            Err(_) => done.left.push(format!("{} was not stopped in time", name(unit, who))),
        }
    }
    for (attempt, patience) in [patience, ENDS_WITHIN].into_iter().enumerate() {
        let until = Instant::now() + patience;
        while !jobs.is_empty() {
            let Ok(Some(signal)) = timeout_at(until, removed.next()).await else { break };
            let Ok(args) = signal.args() else { continue };
            let Some(unit) = jobs.remove(args.job()) else { continue };
            let name = name(&unit, units.get(&unit).map_or(&[], Vec::as_slice));
            match args.result().as_str() {
                "done" => done.stopped.push(name),
                result => done.left.push(format!("{name} was not stopped: {result}")),
            }
        }
        if attempt == 0 {
            for unit in jobs.values() {
                tracing::warn!("{unit} does not end, and is killed");
                drop(timeout(ANSWERS_WITHIN, manager.kill_unit(unit, "all", KILL)).await);
            }
        }
    }
    done.left.extend(jobs.into_values().map(|unit| {
        let name = name(&unit, units.get(&unit).map_or(&[], Vec::as_slice));
        format!("{name} does not end; look with: systemctl --user status {unit}")
    }));
    done.stopped.sort();
}

fn is_unknown(error: &zbus::Error) -> bool {
    matches!(error, zbus::Error::MethodError(name, ..)
        if name.as_str() == "org.freedesktop.systemd1.NoSuchUnit")
}

/// Where an agent runs.
#[derive(Debug, PartialEq, Eq)]
enum Home {
    /// In a unit of the user's manager that is its alone.
    Own(String),
    /// In one that holds other programs as well: stopping it would end those.
    Shared(String),
    /// In none of that manager's.
    None,
}

fn home_of(agent: Process) -> Home {
    let Some(group) = control_group(agent.pid) else { return Home::None };
    let Some((unit, path)) = unit_of(&group) else { return Home::None };
    if unit.starts_with("pager-session@") {
        return Home::Own(unit.to_owned());
    }
    let ancestors: Vec<u32> = Lineage::of(agent.pid)
        .map(|lineage| lineage.chain.iter().skip(1).map(|one| one.process.pid).collect())
        .unwrap_or_default();
    let own = !unit.starts_with("pager")
        && members(path).is_some_and(|members| {
            members.contains(&agent.pid) && began_with(agent, &members, &ancestors)
        });
    if own { Home::Own(unit.to_owned()) } else { Home::Shared(unit.to_owned()) }
}

/// Whether a unit began with this process: nothing in it is older or started it.
fn began_with(agent: Process, members: &[u32], ancestors: &[u32]) -> bool {
    members.iter().filter(|pid| **pid != agent.pid).all(|pid| {
        !ancestors.contains(pid) && stat(*pid).is_none_or(|member| member.started >= agent.started)
    })
}

/// The unit of the user's manager that a control group belongs to, and the unit's own control group.
fn unit_of(group: &str) -> Option<(&str, &str)> {
    let manager = group.find("/user@")?;
    let begin = manager + 1 + group.get(manager + 1..)?.find('/')? + 1;
    let mut at = begin;
    for part in group.get(begin..)?.split('/') {
        let end = at + part.len();
        if part.ends_with(".service") || part.ends_with(".scope") {
            return (part != "init.scope").then_some((part, group.get(..end)?));
        }
        at = end + 1;
    }
    None
}

/// The processes of a control group and of those beneath it.
fn members(group: &str) -> Option<Vec<u32>> {
    let folder = HIERARCHIES
        .iter()
        .map(|root| PathBuf::from(format!("{root}{group}")))
        .find(|folder| folder.join("cgroup.procs").exists())?;
    let mut members = Vec::new();
    collect(&folder, &mut members)?;
    Some(members)
}

fn collect(folder: &Path, members: &mut Vec<u32>) -> Option<()> {
    let listed = fs::read_to_string(folder.join("cgroup.procs")).ok()?;
    for line in listed.lines() {
        members.push(line.parse().ok()?);
    }
    for entry in fs::read_dir(folder).ok()? {
        let entry = entry.ok()?;
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            collect(&entry.path(), members)?;
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use zbus::object_server::SignalEmitter;
    use zbus::zvariant::ObjectPath;

    use super::*;

    fn myself() -> Process {
        let pid = std::process::id();
        Process { pid, started: stat(pid).unwrap().started }
    }

    #[test]
    fn a_unit_is_the_first_one_beneath_the_users_manager() {
        let user = "/user.slice/user-1000.slice/user@1000.service";
        for (below, unit) in [
            (
                "/pager.slice/pager-sessions.slice/pager-session@a.service",
                "pager-session@a.service",
            ),
            ("/app.slice/run-r1.scope/sub/deeper", "run-r1.scope"),
            ("/app.slice/app-x.service/inner.scope", "app-x.service"),
        ] {
            let group = format!("{user}{below}");
            let (found, path) = unit_of(&group).unwrap();
            assert_eq!(found, unit);
            assert!(path.ends_with(unit) && group.starts_with(path), "{path}");
        }
        for none in [
            "/user.slice/user-1000.slice/session-3.scope",
            "/user.slice/user-1000.slice/user@1000.service/init.scope",
            "/user.slice/user-1000.slice/user@1000.service",
            "/system.slice/x.service",
            "/",
            "",
        ] {
            assert_eq!(unit_of(none), None, "{none}");
        }
    }

    #[test]
    fn a_unit_that_holds_whoever_started_the_agent_is_not_its_own() {
        let me = myself();
        let parent = stat(me.pid).unwrap().parent;
        let younger = Process { started: me.started + 1, ..me };
        assert!(began_with(me, &[me.pid], &[parent]));
        assert!(!began_with(me, &[me.pid, parent], &[parent]));
        assert!(began_with(me, &[me.pid, u32::MAX], &[parent]), "one that has ended");
        let older = me.pid;
        assert!(!began_with(Process { pid: 1, ..younger }, &[1, older], &[]), "one that is older");
    }

    /// A service manager of which some units are stubborn.
    struct Fake;

    #[zbus::interface(name = "org.freedesktop.systemd1.Manager")]
    impl Fake {
        fn subscribe(&self) {}

        async fn stop_unit(
            &self,
            name: &str,
            mode: &str,
            #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
        ) -> Result<OwnedObjectPath, zbus::fdo::Error> {
            assert_eq!(mode, "replace");
            match name {
                "good.service" => self.ended(name, "done", &emitter).await,
                "bad.service" => self.ended(name, "failed", &emitter).await,
                "stubborn.service" => {}
                _ => return Err(zbus::fdo::Error::AccessDenied("not yours".to_owned())),
            }
            Ok(job(name))
        }

        async fn kill_unit(
            &self,
            name: &str,
            whom: &str,
            signal: i32,
            #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
        ) {
            assert_eq!((name, whom, signal), ("stubborn.service", "all", 9));
            self.ended(name, "done", &emitter).await;
        }

        #[zbus(signal)]
        async fn job_removed(
            emitter: &SignalEmitter<'_>,
            id: u32,
            job: ObjectPath<'_>,
            unit: &str,
            result: &str,
        ) -> zbus::Result<()>;
    }

    impl Fake {
        async fn ended(&self, unit: &str, result: &str, emitter: &SignalEmitter<'_>) {
            Self::job_removed(emitter, 1, job(unit).into_inner(), unit, result).await.unwrap();
        }
    }

    fn job(unit: &str) -> OwnedObjectPath {
        let path = format!("/org/freedesktop/systemd1/job/{}", unit.replace('.', "_"));
        ObjectPath::try_from(path).unwrap().into()
    }

    #[tokio::test]
    async fn what_is_stopped_and_what_is_not_is_told_and_the_stubborn_are_killed() {
        let bus = pager_tests::bus::Bus::start().unwrap();
        let _manager = zbus::connection::Builder::address(bus.address())
            .unwrap()
            .serve_at("/org/freedesktop/systemd1", Fake)
            .unwrap()
            .name("org.freedesktop.systemd1")
            .unwrap()
            .build()
            .await
            .unwrap();
        let manager = reach(Some(bus.address())).await.unwrap();
        let units = ["good", "bad", "stubborn", "foreign"]
            .map(|name| (format!("{name}.service"), vec![format!("agent of {name}")]));
        let mut done = Done::default();
        end(&manager, units.into(), Duration::from_millis(50), &mut done).await;
        let stopped = ["good.service: agent of good", "stubborn.service: agent of stubborn"];
        assert_eq!(done.stopped, stopped);
        done.left.sort();
        assert_eq!(done.left.len(), 3, "{:?}", done.left);
        for (left, start) in done.left.iter().zip(["bad.service", "foreign.service", SLICE]) {
            assert!(left.starts_with(start) && left.contains("was not stopped: "), "{left}");
        }
    }

    #[tokio::test]
    async fn without_a_service_manager_every_agent_is_named_with_what_to_do() {
        let process = myself();
        let who = "Claude Code in webshop".to_owned();
        let Done { stopped, left } = stop(None, vec![Running { process, who }]).await;
        assert_eq!((stopped.len(), left.len()), (0, 1));
        assert!(left[0].contains(&format!("(process {process})")), "{left:?}");
    }
}
