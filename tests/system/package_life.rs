//! What becomes of a package on a machine where several people are logged in: installed, upgraded while
//! an agent waits, removed, purged, installed again, and put back to an older one.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use pager_tests::system::pager::{AUDIT, package};
use pager_tests::system::suite::Scenario;
use pager_tests::system::{Entry, Input, System, USER};

use crate::package::terminal_decides;
use crate::scene::{House, Settled};

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario { name: "everybody_logged_in_has_what_is_installed", run: installed },
    Scenario { name: "an_upgrade_keeps_what_waits", run: upgraded },
    Scenario { name: "what_is_removed_runs_on_for_nobody", run: removed },
    Scenario { name: "stopped_and_started_in_any_order_it_is_reached", run: any_order },
    Scenario { name: "what_make_install_has_put_below_usr_local_works", run: by_make },
    Scenario { name: "an_older_pager_leaves_a_newer_database_alone", run: downgraded },
];

/// The next package there could be of this pager, whatever its version is.
const NEXT: &str = concat!(env!("CARGO_PKG_VERSION"), "-2");
/// Older than any.
const OLDER: &str = "0.0.0-1";

/// Somebody else who is logged in.
const SECOND: &str = "second";

/// Their systemctl.
fn systemctl_of(system: &System, person: &str, argv: &[&str]) -> Result<String> {
    let machine = format!("--machine={person}@");
    let systemctl = ["systemctl", "--user", "--no-pager", &machine];
    system.run_as_root(systemctl.iter().chain(argv))
}

/// Some of what their manager knows of a unit.
fn known(system: &System, person: &str, unit: &str, properties: &str) -> Result<String> {
    let properties = format!("--property={properties}");
    let shown = systemctl_of(system, person, &["show", &properties, unit])?;
    Ok(shown.trim().replace('\n', " "))
}

/// Has somebody else log in, and stay.
fn second_person(system: &System) -> Result<()> {
    system.run_as_root(["useradd", "--create-home", "--shell=/bin/bash", SECOND])?;
    // What `loginctl enable-linger` does; newer ones cannot in every container.
    system.run_as_root(["touch", &format!("/var/lib/systemd/linger/{SECOND}")])?;
    let uid = system.run_as_root(["id", "--user", SECOND])?;
    system.run_as_root(["systemctl", "start", &format!("user@{}.service", uid.trim())])?;
    Ok(())
}

/// The package as it will be, or was: with another version, and a unit of another description.
fn repacked(version: &str, into: &Path) -> Result<PathBuf> {
    let run = |command: &mut Command| -> Result<()> {
        let done = command.output().with_context(|| format!("running {command:?}"))?;
        ensure!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
        Ok(())
    };
    let tree = into.join("tree");
    run(Command::new("dpkg-deb").arg("--raw-extract").arg(package()?).arg(&tree))?;
    for (file, line) in [
        ("DEBIAN/control", format!("s/^Version: .*/Version: {version}/")),
        ("usr/lib/systemd/user/pager.service", format!("s/^Description=.*/&, {version}/")),
    ] {
        run(Command::new("sed").arg("--in-place").arg(line).arg(tree.join(file)))?;
    }
    // What was changed has other sums.
    std::fs::remove_file(tree.join("DEBIAN/md5sums")).context("the package has sums")?;
    let package = into.join(format!("pager_{version}.deb"));
    run(Command::new("dpkg-deb").args(["--build", "-Znone"]).arg(&tree).arg(&package))?;
    Ok(package)
}

fn installed(system: &System) -> Result<()> {
    second_person(system)?;
    system.install_deb(&package()?)?;
    for person in [USER, SECOND] {
        // By the preset, and from the next login on; nothing was started behind anybody's back.
        let socket = known(system, person, "pager.socket", "LoadState,UnitFileState,ActiveState")?;
        assert_eq!(socket, "LoadState=loaded ActiveState=inactive UnitFileState=enabled");
        systemctl_of(system, person, &["enable", "--now", "pager.socket"])?;
        let service = known(system, person, "pager.service", "ActiveState")?;
        assert_eq!(service, "ActiveState=inactive", "it waits for a first event");
    }
    for (person, uid) in [(USER, "1000"), (SECOND, "1001")] {
        let socket = format!("/run/user/{uid}/pager/hook.sock");
        let shown = system.run_as_root(["stat", "--format=%a %U %F", &socket])?;
        assert_eq!(shown.trim(), format!("600 {person} socket"));
        let folder = format!("/run/user/{uid}/pager");
        let shown = system.run_as_root(["stat", "--format=%a %U %F", &folder])?;
        assert_eq!(shown.trim(), format!("700 {person} directory"));
        // Over D-Bus it starts as well, each person's own.
        let run = format!("--machine={person}@");
        let ask = ["systemd-run", "--user", "--quiet", "--pipe", "--wait", &run];
        let status = ["busctl", "--user", "get-property", "org.pagerd.Pager1"];
        let property = ["/org/pagerd/Pager1", "org.pagerd.Pager1.Manager", "State"];
        let state = system.run_as_root(ask.iter().chain(&status).chain(&property))?;
        assert_eq!(state.trim(), "s \"ready\"");
        let service = known(system, person, "pager.service", "ActiveState,NRestarts")?;
        assert_eq!(service, "NRestarts=0 ActiveState=active");
        let pid = known(system, person, "pager.service", "MainPID")?;
        let pid = pid.trim_start_matches("MainPID=");
        let owner = system.run_as_root(["stat", "--format=%U", &format!("/proc/{pid}")])?;
        assert_eq!(owner.trim(), person);
    }
    Ok(())
}

fn upgraded(system: &System) -> Result<()> {
    second_person(system)?;
    let asking = House::open(system)?.ask()?;
    systemctl_of(system, SECOND, &["start", "pager.service"])?;
    let before = known(system, USER, "pager.service", "MainPID")?;

    let so_far = [USER, SECOND].map(|person| (person, reloads(system, person, None)));
    let folder = tempfile::tempdir().context("making a folder for the next package")?;
    system.install_deb(&repacked(NEXT, folder.path())?)?;
    for (person, before_it) in so_far {
        // The managers reload by themselves, after the package is in place.
        reloads(system, person, Some(before_it? + 1))?;
        let service = known(system, person, "pager.service", "Description,NeedDaemonReload")?;
        assert!(service.contains(&format!(", {NEXT} ")) && service.ends_with("=no"), "{service}");
    }
    let after = known(system, USER, "pager.service", "MainPID")?;
    assert_eq!(before, after, "an upgrade restarts nobody's daemon");
    assert_eq!(asking.property("State")?, "pending");

    system.systemctl(["restart", "pager.service"])?;
    assert_eq!(asking.property("State")?, "pending");
    system.call_manager("Approve", &["s", &asking.approval])?;
    asking.done()?;
    let by = "dbus:1000/busctl";
    asking.settled(&Settled { state: "allowed", action: "allow", by, words: "Allowed" })
}

/// How often a person's manager has read its units again, so far; or waits until it is so often.
fn reloads(system: &System, person: &str, wanted: Option<usize>) -> Result<usize> {
    let uid = system.run_as_root(["id", "--user", person])?;
    let manager = format!("_SYSTEMD_UNIT=user@{}.service", uid.trim());
    let of = [manager.as_str(), "_SYSTEMD_USER_UNIT=init.scope"];
    // The first is systemd 252's, which does nothing else until it is done; the others' is the second.
    let finished = |entry: &Entry| {
        let text = entry["MESSAGE"].as_str().unwrap_or_default();
        text == "Reloading." || text.starts_with("Reloading finished")
    };
    let Some(wanted) = wanted else {
        return Ok(system.journal(&of)?.iter().filter(|entry| finished(entry)).count());
    };
    let seen = Cell::new(0);
    system.wait_for_journal(&of, |entry| {
        seen.set(seen.get() + usize::from(finished(entry)));
        seen.get() >= wanted
    })?;
    Ok(wanted)
}

fn removed(system: &System) -> Result<()> {
    second_person(system)?;
    drop(House::open(system)?);
    let files = system.run_as_root(["dpkg", "--listfiles", "pager"])?;
    for person in [USER, SECOND] {
        systemctl_of(system, person, &["start", "pager.socket", "pager.service"])?;
    }
    let trail = system.audit()?.len();

    system.run_as_root(["apt-get", "remove", "--yes", "pager"])?;
    for person in [USER, SECOND] {
        for unit in ["pager.socket", "pager.service"] {
            let state = known(system, person, unit, "ActiveState")?;
            assert_eq!(state, "ActiveState=inactive", "{unit} of {person}");
        }
    }
    let left = system.run_as_root(["sh", "-c", "pgrep --list-full pagerd || :"])?;
    assert_eq!(left, "");
    terminal_decides(system)?;

    system.run_as_root(["apt-get", "purge", "--yes", "pager"])?;
    let files = files
        .lines()
        .filter(|file| !file.ends_with('.'))
        .map(|file| format!("if [ -f '{file}' ] || [ -L '{file}' ]; then echo '{file}'; fi\n"));
    let left = system.run_as_root(["sh", "-c", &files.collect::<String>()])?;
    assert_eq!(left, "", "files of the package");
    let links = "find /etc/systemd /var/lib/systemd -name '*pager*'";
    assert_eq!(system.run_as_root(["sh", "-c", links])?, "");
    // What is a person's own is theirs.
    assert_eq!(system.audit()?.len(), trail);

    system.install_pager()?;
    system.run_as_user(["pagerctl", "status"])?;
    system.run_as_user(["pagerctl", "audit", "verify"])?;
    Ok(())
}

fn any_order(system: &System) -> Result<()> {
    system.install_pager()?;
    let reached = |after: &[&str]| -> Result<()> {
        system
            .run_as_user(["sh", "-c", "echo '{}' | pager-hook"])
            .with_context(|| format!("after {after:?}"))?;
        let socket = system.systemctl(["is-active", "pager.socket"])?;
        ensure!(socket.trim() == "active", "after {after:?} the socket is {socket}");
        let there = system.run_as_user(["test", "-S", "/run/user/1000/pager/hook.sock"]);
        there.with_context(|| format!("after {after:?} there is no socket"))?;
        system.run_as_user(["pagerctl", "status"]).with_context(|| format!("after {after:?}"))?;
        Ok(())
    };
    for order in [
        &["start pager.service"][..],
        &["stop pager.service"],
        &["stop pager.socket", "start pager.service"],
        &["stop pager.service", "stop pager.socket", "start pager.socket"],
        &["restart pager.socket"],
        &["restart pager.service", "restart pager.socket"],
        &["stop pager.socket", "restart pager.service"],
        &["stop pager.socket pager.service", "start pager.service pager.socket"],
    ] {
        for step in order {
            system.systemctl(step.split(' ')).with_context(|| format!("{order:?}"))?;
        }
        reached(order)?;
    }
    Ok(())
}

fn by_make(system: &System) -> Result<()> {
    let stage = tempfile::tempdir().context("making a folder to install into")?;
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("no repository")?;
    let install = Command::new("packaging/install.sh")
        .arg("install")
        .current_dir(repository)
        .env("DESTDIR", stage.path())
        .env("PREFIX", "/usr/local")
        .status()
        .context("running install.sh")?;
    ensure!(install.success(), "install.sh: {install}");
    let archive = stage.path().join("files.tar");
    let mut tar = Command::new("tar");
    tar.arg("--create").arg("--file").arg(&archive).arg("--directory").arg(stage.path()).arg("usr");
    let packed = tar.status().context("running tar")?;
    ensure!(packed.success(), "tar: {packed}");
    let unpack = system.command_as_root(["tar", "--extract", "--no-same-owner", "--directory=/"]);
    let file = std::fs::File::open(&archive).context("opening the archive")?;
    system.run_with(unpack, Input::File(file))?;
    // What `make install` does where there is no DESTDIR.
    system.run_as_root(["journalctl", "--update-catalog"])?;

    system.systemctl(["daemon-reload"])?;
    system.systemctl(["enable", "--now", "pager.socket"])?;
    system.run_as_user(["sh", "-c", "echo '{}' | pager-hook"])?;
    system.run_as_user(["pagerctl", "status"])?;
    system.systemctl(["stop", "pager.service"])?;
    // The bus learns of new services when it is told, or at the next login.
    system.systemctl(["reload", "dbus.service"])?;
    let ping =
        ["call", "org.pagerd.Pager1", "/org/pagerd/Pager1", "org.freedesktop.DBus.Peer", "Ping"];
    system.run_as_user(["busctl", "--user"].iter().chain(&ping))?;
    let known = system.run_as_root(["journalctl", "--list-catalog"])?;
    ensure!(known.contains("Pager is ready"), "{known}");
    Ok(())
}

fn downgraded(system: &System) -> Result<()> {
    system.install_pager()?;
    system.run_as_user(["pagerctl", "status"])?;
    system.systemctl(["stop", "pager.socket", "pager.service"])?;
    // Where SQLite keeps what `PRAGMA user_version` says: the schema that some later pager wrote.
    let database = "/home/user/.local/state/pager/pager.db";
    let later = r#"printf '\000\000\000\143' | dd of="$1" bs=1 seek=60 conv=notrunc status=none"#;
    system.run_as_user(["sh", "-c", later, "sh", database])?;
    let sums = || system.run_as_user(["sha256sum", database, AUDIT]);
    let before = sums()?;

    let folder = tempfile::tempdir().context("making a folder for the older package")?;
    let older = repacked(OLDER, folder.path())?;
    let script = "cat >/var/tmp/older.deb && dpkg --install /var/tmp/older.deb";
    let file = std::fs::File::open(&older).context("opening the older package")?;
    let install = system.command_as_root(["sh", "-c", script]);
    system.run_with(install, Input::File(file))?;
    system.systemctl(["start", "pager.socket"])?;

    let refused = system.run_as_user(["sh", "-c", "pagerctl status 2>&1; echo \"status $?\""])?;
    assert!(refused.contains("status 69"), "{refused}");
    let told = system.wait_for_journal(&["_SYSTEMD_USER_UNIT=pager.service"], |entry| {
        entry["MESSAGE"].as_str().is_some_and(|text| text.contains("newer"))
    })?;
    let told = told["MESSAGE"].as_str().unwrap_or_default();
    assert!(told.contains(database) && told.contains("99"), "{told}");
    assert_eq!(sums()?, before);
    Ok(())
}
