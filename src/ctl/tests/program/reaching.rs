use crate::daemon::{Daemon, pagerctl, run};

#[test]
fn the_daemon_is_reached_over_the_bus_or_without_one() {
    let daemon = Daemon::start();
    let reached = |ran: crate::daemon::Ran| ran.json()["reached"].clone();
    assert_eq!(reached(daemon.ctl_over_bus(&["status", "--json"])), "session-bus");
    assert_eq!(reached(daemon.ctl(&["status", "--json"])), "private-socket");
    let socket = daemon.dir.path().join("hook.sock");
    let mut by_hook_socket = pagerctl();
    by_hook_socket.env("PAGER_HOOK_SOCKET", &socket).args(["status", "--json"]);
    assert_eq!(reached(run(&mut by_hook_socket)), "private-socket");
    // A folder as systemd would have it, and a bus nobody listens on.
    let runtime = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(daemon.dir.path(), runtime.path().join("pager")).unwrap();
    let mut no_bus = pagerctl();
    no_bus.env("XDG_RUNTIME_DIR", runtime.path());
    no_bus.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus");
    assert_eq!(reached(run(no_bus.args(["status", "--json"]))), "private-socket");
}

#[test]
fn a_bus_without_pager_is_no_obstacle() {
    let daemon = Daemon::start();
    let other = pager_tests::bus::Bus::start().unwrap();
    let runtime = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(daemon.dir.path(), runtime.path().join("pager")).unwrap();
    let mut command = pagerctl();
    command.env("XDG_RUNTIME_DIR", runtime.path());
    command.env("DBUS_SESSION_BUS_ADDRESS", other.address());
    assert_eq!(run(command.args(["status", "--json"])).json()["reached"], "private-socket");
}

#[test]
fn a_daemon_that_is_not_there_is_69_and_says_what_to_do() {
    let empty = tempfile::tempdir().unwrap();
    let mut nowhere = pagerctl();
    let mut no_socket = pagerctl();
    no_socket.env("XDG_RUNTIME_DIR", empty.path());
    let mut by_flag = pagerctl();
    by_flag.arg("--runtime-dir").arg(empty.path());
    for command in [&mut nowhere, &mut no_socket, &mut by_flag] {
        let ran = run(command.arg("list"));
        assert_eq!((ran.status, ran.out.as_str()), (69, ""), "{ran:?}");
        assert!(ran.err.starts_with("pagerctl: "), "{ran:?}");
        assert!(ran.err.contains("\nhint: systemctl --user enable --now pager.socket"), "{ran:?}");
    }
}
