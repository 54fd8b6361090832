//! What pager costs, measured on the real programs: `make bench` prints the table and writes
//! `target/bench.json`. It judges nothing; the README says what is promised.

mod flood;

use std::fs::File;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use pager_core::audit::{self, Head, Record};
use pager_tests::botapi::BotApi;
use pager_tests::bus::Bus;
use pager_tests::closed::{Daemon, Setup, permission_request, printed, program};
use serde_json::{Value, json};

const PERSON: i64 = 111_111_111;
const SESSION: &str = "6f0f5d50-3f5b-4f43-8e4e-1f5e5f2f9a10";

/// One figure with how it was come by.
struct Figure {
    name: &'static str,
    unit: &'static str,
    median: f64,
    least: f64,
    most: f64,
    runs: usize,
}

impl Figure {
    fn of(name: &'static str, unit: &'static str, mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
        let runs = values.len();
        let (median, least, most) = (at(runs / 2), at(0), at(runs.saturating_sub(1)));
        Self { name, unit, median, least, most, runs }
    }

    fn json(&self) -> Value {
        json!({
            "name": self.name, "unit": self.unit, "median": self.median, "min": self.least,
            "max": self.most, "runs": self.runs,
        })
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // `cargo test --benches` only wants to know that it can be built.
    if std::env::args().any(|arg| arg == "--test") {
        return Ok(());
    }
    // `cargo bench -p pager-tests -- flood` measures that alone.
    let named: Vec<_> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let wanted = |name: &str| named.is_empty() || named.iter().any(|one| one == name);
    let mut figures = Vec::new();
    if wanted("hook") {
        figures.extend(hook()?);
    }
    if wanted("start") {
        figures.push(start()?);
    }
    if wanted("verify") {
        figures.push(verify()?);
    }
    if wanted("judge") {
        figures.push(judge()?);
    }
    if wanted("daemon") {
        figures.extend(daemon().await?);
    }
    if wanted("flood") {
        figures.extend(flood::figures().await?);
    }
    println!("{:<58} {:>9} {:>9} {:>9} {:>6}", "", "median", "min", "max", "runs");
    for figure in &figures {
        println!(
            "{:<58} {:>9.2} {:>9.2} {:>9.2} {:>6}  {}",
            figure.name, figure.median, figure.least, figure.most, figure.runs, figure.unit
        );
    }
    let target =
        program("pagerd").ancestors().nth(2).context("no target folder")?.join("bench.json");
    let report: Vec<Value> = figures.iter().map(Figure::json).collect();
    File::create(&target)?.write_all(serde_json::to_string_pretty(&report)?.as_bytes())?;
    println!("written to {}", target.display());
    Ok(())
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// `pager-hook` for an event that does not wait, against `/bin/true` started the same way, in turn.
fn hook() -> anyhow::Result<Vec<Figure>> {
    let daemon = Daemon::start(Setup::default())?;
    let mut event = permission_request(SESSION, "touch made");
    event["hook_event_name"] = json!("PostToolUse");
    event["tool_response"] = json!({ "stdout": "x".repeat(1000) });
    let input = daemon.path("event.json");
    std::fs::write(&input, event.to_string())?;
    let run = |path: &std::path::Path| -> anyhow::Result<f64> {
        let stdin = File::open(&input)?;
        let mut command = Command::new(path);
        command.env_clear().env("PAGER_HOOK_SOCKET", daemon.socket()).stdin(stdin);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let started = Instant::now();
        command.status()?;
        Ok(millis(started.elapsed()))
    };
    let (mut own, mut other, mut ratio) = (Vec::new(), Vec::new(), Vec::new());
    let (hook, bin_true) = (program("pager-hook"), std::path::PathBuf::from("/bin/true"));
    for _ in 0..500 {
        let (a, b) = (run(&hook)?, run(&bin_true)?);
        own.push(a);
        other.push(b);
        ratio.push(a / b);
    }
    Ok(vec![
        Figure::of("pager-hook, an event that does not wait", "ms", own),
        Figure::of("/bin/true, started the same way", "ms", other),
        Figure::of("the one by the other, pair by pair", "x", ratio),
        Figure::of("pager-hook, peak resident", "MB", vec![hook_peak(&daemon, &event)?; 1]),
    ])
}

/// The hook's peak once it has taken in and passed on all but the end of its input.
fn hook_peak(daemon: &Daemon, event: &Value) -> anyhow::Result<f64> {
    let mut child = Command::new(program("pager-hook"))
        .env_clear()
        .env("PAGER_HOOK_SOCKET", daemon.socket())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    let mut stdin = child.stdin.take().context("no standard input")?;
    stdin.write_all(event.to_string().as_bytes())?;
    // It sleeps in read(2) once it has taken everything in.
    let pid = child.id();
    pager_tests::closed::eventually("a hook that waits for more", || {
        let wchan = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        wchan.rsplit(')').next()?.trim_start().starts_with('S').then_some(())
    })?;
    let peak = memory(pid, "VmHWM:")?;
    drop(stdin);
    child.wait()?;
    Ok(peak)
}

/// From the daemon's start to READY=1, with an empty state.
fn start() -> anyhow::Result<Figure> {
    let bus = Bus::start()?;
    let times: anyhow::Result<Vec<f64>> =
        (0..20).map(|_| Ok(millis(Daemon::start(Setup::on(&bus))?.ready_after))).collect();
    Ok(Figure::of("pagerd, from start to READY, with a bus", "ms", times?))
}

/// `pagerctl audit verify` on a log of a million records, as long as real ones.
fn verify() -> anyhow::Result<Figure> {
    let dir = tempfile::tempdir()?;
    let log = dir.path().join("audit.jsonl");
    let mut file = std::io::BufWriter::new(File::create(&log)?);
    let mut head = Head::default();
    let like = r#"{"seq":1,"ts":"2026-11-21T12:25:00.123456789Z","event":"approval.resolved",
        "session":"6f0f5d50-3f5b-4f43-8e4e-1f5e5f2f9a10","label":"webshop","action":"allow",
        "tool":"Bash","summary":"cargo test --workspace --locked && git commit --all --message done",
        "input_sha256":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "approval":"6f0f5d503f5b4f438e4e1f5e5f2f9a10","by":"telegram:111111111","message_id":4711,
        "latency_ms":1234,"prev_hash":""}"#;
    let mut record: Record = serde_json::from_str(like)?;
    for seq in 1..=1_000_000 {
        (record.seq, record.prev_hash) = (seq, head.hash);
        let line = audit::write(&record)?;
        writeln!(file, "{}", line.text)?;
        head = line.head;
    }
    file.flush()?;
    drop(file);
    let mut times = Vec::new();
    for _ in 0..5 {
        let started = Instant::now();
        let output =
            Command::new(program("pagerctl")).args(["audit", "verify"]).arg(&log).output()?;
        times.push(millis(started.elapsed()));
        anyhow::ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    Ok(Figure::of("pagerctl audit verify, 1,000,000 records", "ms", times))
}

/// One judgement by five hundred rules, each with a command, a folder and a path, on this disk.
fn judge() -> anyhow::Result<Figure> {
    let rule = |n: usize| {
        let verdict = ["allow", "deny", "ask"][n % 3];
        format!(
            "[[rule]]\nname = \"rule-{n}\"\nverdict = \"{verdict}\"\n\
             command = [\"tool{n} sub **\", \"cargo sub{n} **\"]\n\
             path = \"~/work/project{n}/**\"\ncwd = \"~/work/**\"\n"
        )
    };
    let text = (0..500).map(rule).collect::<String>();
    let document = pager_policy::parse(&text).map_err(|faults| {
        anyhow::anyhow!("{}", faults.first().map_or_else(String::new, ToString::to_string))
    })?;
    let dir = tempfile::tempdir()?;
    let project = dir.path().join("work/project7");
    std::fs::create_dir_all(&project)?;
    let place = pager_policy::Place { home: dir.path().to_owned(), own: Vec::new() };
    let policy = pager_policy::Policy::new(&place, Some(document), &pager_policy::Disk)?;
    let input =
        json!({ "command": "cargo sub7 --workspace 2>&1 | tail -n 30 src/main.rs" }).to_string();
    let call = pager_policy::Call {
        agent: "claude",
        tool: "Bash",
        input: &input,
        cwd: &project,
        label: "webshop",
    };
    let once = || {
        let started = Instant::now();
        let judgement = policy.judge(call, &pager_policy::Disk, jiff::Timestamp::now());
        let time = started.elapsed();
        std::hint::black_box(&judgement);
        time.as_secs_f64() * 1e6
    };
    let times = (0..2000).map(|_| once()).skip(100).collect();
    Ok(Figure::of("a judgement of a command line by 500 rules", "µs", times))
}

async fn daemon() -> anyhow::Result<Vec<Figure>> {
    let bus = Bus::start()?;
    let double = BotApi::start();
    let person = double.user(PERSON);
    let daemon = Daemon::start(Setup::on(&bus).with_bot(&double, person.id()))?;
    double.wait_polling().await;
    // What was needed to start is not what it needs to stay.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let idle = memory(daemon.pid(), "VmRSS:")?;

    let connection = bus.connect().await?;
    let (mut until_printed, mut until_asked) = (Vec::new(), Vec::new());
    for n in 0..40 {
        let before = double.view().calls_of("sendMessage").len();
        let started = Instant::now();
        // A session of its own for each: one that asks so often would be made to queue.
        let session = format!("bench-{n}");
        let hook = daemon.hook(&permission_request(&session, &format!("touch made-{n}")))?;
        double
            .wait_for("the question", |view| {
                (view.calls_of("sendMessage").len() > before).then_some(())
            })
            .await;
        until_asked.push(millis(started.elapsed()));
        let listed: Vec<(String, zbus::zvariant::OwnedObjectPath, String, String, String)> =
            call(&connection, "ListApprovals", &()).await?;
        let id = &listed.first().context("nothing waits")?.0;
        let started = Instant::now();
        let () = call(&connection, "Approve", id).await?;
        let printed = printed(hook)?;
        until_printed.push(millis(started.elapsed()));
        anyhow::ensure!(printed.contains("allow"), "{printed}");
        // A private chat takes about one message a second.
        tokio::time::sleep(Duration::from_millis(1500)).await;
    }
    Ok(vec![
        Figure::of("pagerd, resident, idle with D-Bus and Telegram", "MB", vec![idle]),
        Figure::of("PermissionRequest until Telegram has the question", "ms", until_asked),
        Figure::of("verdict on D-Bus until the hook has printed and ended", "ms", until_printed),
    ])
}

async fn call<B, R>(connection: &zbus::Connection, method: &str, body: &B) -> anyhow::Result<R>
where
    B: serde::Serialize + zbus::zvariant::DynamicType,
    R: for<'d> zbus::zvariant::DynamicDeserialize<'d>,
{
    let (name, root) = ("org.pagerd.Pager1", "/org/pagerd/Pager1");
    let interface = Some("org.pagerd.Pager1.Manager");
    let reply = connection.call_method(Some(name), root, interface, method, body).await?;
    Ok(reply.body().deserialize()?)
}

/// A line of `/proc/PID/status`, in megabytes.
fn memory(pid: u32, line: &str) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|text| text.strip_prefix(line)).context("no such line")?;
    let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kilobytes / 1e3)
}
