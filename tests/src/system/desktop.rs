//! A person's desktop: an X server without a screen, and dunst as the notification server.

use std::cell::Cell;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::journal::Entry;
use super::{Input, Lines, System};

/// A left click opens dunst's menu of the actions, which is dmenu.
const DUNSTRC: &str = "\
[global]
    origin = top-left
    offset = 0x0
    width = 400
    height = 300
    mouse_left_click = context
    dmenu = /usr/bin/dmenu -p choose
";

/// A desktop with an empty screen.
pub struct Desktop<'a> {
    system: &'a System,
    display: String,
    /// Keeps the X server's end from being waited for in vain.
    _server: Lines,
}

impl<'a> Desktop<'a> {
    /// Logs in: an X server, known to the user's manager and bus, and dunst on that bus.
    ///
    /// # Errors
    /// Where one of them does not start.
    pub fn start(system: &'a System) -> Result<Self> {
        // The server prints the display's number once it takes clients.
        let unit = ["systemd-run", "--user", "--quiet", "--collect", "--pipe", "--unit=xserver"];
        let mut command = system.command_aside(unit);
        command.args(["Xvfb", "-displayfd", "1", "-screen", "0", "800x600x24", "-nolisten", "tcp"]);
        command.stderr(Stdio::null());
        let mut server = Lines::of(command)?;
        let display = format!(":{}", server.line().context("starting Xvfb")?);
        system.write_as_user("/home/user/.config/dunst/dunstrc", DUNSTRC)?;
        system.systemctl(["set-environment", &format!("DISPLAY={display}")])?;
        system.systemctl(["start", "dunst.service"])?;
        Ok(Self { system, display, _server: server })
    }

    /// Waits until a notification is on the screen.
    ///
    /// # Errors
    /// Where none ever is.
    pub fn wait_for_notification(&self) -> Result<()> {
        self.xdotool(&["search", "--sync", "--onlyvisible", "--class", "Dunst"]).map(drop)
    }

    /// Clicks on the topmost notification and chooses the action of this label from its menu.
    ///
    /// # Errors
    /// Where no notification is shown or the menu does not open.
    pub fn click_action(&self, label: &str) -> Result<()> {
        self.wait_for_notification()?;
        self.xdotool(&["mousemove", "--sync", "20", "20", "click", "1"])?;
        self.xdotool(&["search", "--sync", "--onlyvisible", "--class", "dmenu"])?;
        self.xdotool(&["type", &format!("#{label}")])?;
        self.xdotool(&["key", "Return"])?;
        Ok(())
    }

    /// Saves a picture of the screen on the host.
    ///
    /// # Errors
    /// Where it cannot be taken or saved.
    pub fn screenshot(&self, file: &Path) -> Result<()> {
        let picture = ["import", "-window", "root", "png:-"];
        let output = self.command(&picture).output().context("running import")?;
        ensure!(output.status.success(), "import: {}", String::from_utf8_lossy(&output.stderr));
        std::fs::write(file, output.stdout).with_context(|| format!("writing {}", file.display()))
    }

    fn xdotool(&self, argv: &[&str]) -> Result<String> {
        let mut command = self.command(&["xdotool"]);
        command.args(argv);
        self.system.run_with(command, Input::None)
    }

    fn command(&self, argv: &[&str]) -> std::process::Command {
        let mut command = self.system.command_aside(["env", &format!("DISPLAY={}", self.display)]);
        command.args(argv);
        command
    }
}

/// The traffic of the user's bus about notifications.
pub struct Notifications(Lines);

impl Notifications {
    /// Watches from now on.
    ///
    /// # Errors
    /// Where the bus cannot be watched.
    pub fn watch(system: &System) -> Result<Self> {
        let of = "interface='org.freedesktop.Notifications'";
        let script = "exec busctl --user --json=short --match=\"$1\" monitor 2>&1";
        // Whether busctl says it itself depends on its release.
        let bus = ["SYSLOG_IDENTIFIER=dbus-daemon"];
        let watched = |entry: &Entry| {
            entry["MESSAGE"].as_str().is_some_and(|text| text.contains("became a monitor"))
        };
        let before = system.journal(&bus)?.iter().filter(|entry| watched(entry)).count();
        let lines = Lines::of(system.command_aside(["sh", "-c", script, "sh", of]))?;
        let seen = Cell::new(0);
        system.wait_for_journal(&bus, |entry| {
            seen.set(seen.get() + usize::from(watched(entry)));
            seen.get() > before
        })?;
        Ok(Self(lines))
    }

    /// Waits for a call or signal of this name and returns its arguments.
    ///
    /// # Errors
    /// Where none comes.
    pub fn wait(&mut self, member: &str) -> Result<Value> {
        self.0.wait(member, |line| {
            let mut message: Value = serde_json::from_str(line).ok()?;
            (message["member"] == member).then(|| message["payload"]["data"].take())
        })
    }
}
