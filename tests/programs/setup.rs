//! `pagerctl setup` against the Bot API double: what it writes, what it refuses, whom it believes.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use pager_tests::botapi::BotApi;
use pager_tests::closed::{program, write_private};
use pager_tests::pty::Terminal;
use rustix::process::Signal;
use serde_json::Value;

const PERSON: i64 = 111_111_111;
const STRANGER: i64 = 222_222_222;
const NOTHING_ELSE: [&str; 2] = ["--no-hooks", "--no-enable"];

/// A home of a person who has pager, and nothing of it set up.
struct Home {
    folder: tempfile::TempDir,
    telegram: BotApi,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let telegram = BotApi::start();
        write_private(&folder.path().join("token"), &format!("{}\n", telegram.token())).unwrap();
        Self { folder, telegram }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn config(&self) -> PathBuf {
        self.path("config/pager/pager.toml")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program("pagerctl"));
        self.close(&mut command);
        command.args(arguments).stdin(Stdio::null());
        command
    }

    fn close(&self, command: &mut Command) {
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.folder.path())
            .env("XDG_CONFIG_HOME", self.path("config"))
            .current_dir(self.folder.path());
    }

    /// Setup with the token from a file, and neither hooks nor service.
    fn setup(&self, more: &[&str]) -> Command {
        let url = self.telegram.url();
        let mut arguments = vec!["setup", "--token-file", "token", "--api-url", &url];
        arguments.extend(NOTHING_ELSE);
        arguments.extend(more);
        self.command(&arguments)
    }

    fn written(&self) -> String {
        fs::read_to_string(self.config()).unwrap()
    }

    /// Fails if the token is where anybody could see it.
    fn assert_discreet(&self, output: &Output) {
        let secret = self.telegram.token();
        let secret = secret.split_once(':').unwrap().1;
        for text in [&output.stdout, &output.stderr] {
            let text = String::from_utf8_lossy(text);
            assert!(!text.contains(secret), "the token is in: {text}");
        }
    }

    /// Runs a setup that must fail, and gives what it says; nothing may have been written.
    fn refused(&self, more: &[&str]) -> String {
        let output = self.setup(more).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", all(&output));
        self.assert_discreet(&output);
        assert!(!self.config().exists() && !self.path("config/pager/telegram-token").exists());
        String::from_utf8(output.stderr).unwrap()
    }

    fn methods(&self) -> Vec<String> {
        self.telegram.calls().into_iter().map(|call| call.method).collect()
    }
}

fn all(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

fn succeeded(output: &Output) -> String {
    assert!(output.status.success(), "{}: {}", output.status, all(output));
    all(output)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn whose_agent_begins_in_a_mode_that_asks_little_is_told() {
    let home = Home::new();
    drop(home.telegram.user(PERSON));
    let ended = || succeeded(&home.setup(&["--user", &PERSON.to_string()]).output().unwrap());
    assert!(ended().contains("Start claude, and"));

    // As its own installer leaves it.
    for folder in [".local/share/claude/versions", ".local/bin", ".claude"] {
        fs::create_dir_all(home.path(folder)).unwrap();
    }
    let program = home.path(".local/share/claude/versions/2.1.330");
    fs::write(&program, "").unwrap();
    std::os::unix::fs::symlink(program, home.path(".local/bin/claude")).unwrap();
    assert!(ended().contains("Start claude --permission-mode default, and"));

    let chosen = r#"{"permissions": {"defaultMode": "auto"}}"#;
    fs::write(home.path(".claude/settings.json"), chosen).unwrap();
    assert!(ended().contains("Start claude, and"), "that is meant");
}

#[test]
fn flags_alone_set_it_up_whole() {
    let home = Home::new();
    drop(home.telegram.user(PERSON));
    let output = home.setup(&["--user", &PERSON.to_string()]).output().unwrap();
    succeeded(&output);
    home.assert_discreet(&output);

    let token = home.path("config/pager/telegram-token");
    assert_eq!(fs::read_to_string(&token).unwrap(), format!("{}\n", home.telegram.token()));
    assert_eq!((mode(&token), mode(&home.config())), (0o600, 0o600));
    assert!(!home.path(".claude").exists());
    home.telegram.block_on(home.telegram.wait_message(PERSON, "the greeting", |message| {
        message.text().starts_with("pager is set up")
    }));
    assert!(!home.methods().contains(&"getUpdates".to_owned()));

    // The daemon would take it, and means it.
    let shown = home.command(&["config", "show", "--json"]).output().unwrap();
    let shown: Vec<Value> = serde_json::from_str(&succeeded(&shown)).unwrap();
    let value = |key| shown.iter().find(|entry| entry["key"] == key).unwrap()["value"].clone();
    assert_eq!(value("telegram.token_file"), token.to_str().unwrap());
    assert_eq!(value("telegram.allowed_users"), serde_json::json!([PERSON]));
    assert_eq!(value("telegram.chat"), PERSON);
    assert_eq!(value("telegram.api_url"), home.telegram.url());

    // A second time there is nothing to do, and no backup of anything.
    let before = home.written();
    let again = home.setup(&["--user", &PERSON.to_string()]).output().unwrap();
    assert!(succeeded(&again).contains("says all of it already"));
    assert_eq!(home.written(), before);
    assert_eq!(fs::read_dir(home.path("config/pager")).unwrap().count(), 2);
}

#[test]
fn what_the_person_wrote_stays() {
    let home = Home::new();
    drop(home.telegram.user(PERSON));
    fs::create_dir_all(home.path("config/pager")).unwrap();
    let before = "# mine\n[telegram]\nallowed_users = [3] # her\n\n[desktop]\nenabled = false\n";
    write_private(&home.config(), before).unwrap();
    let output = home.setup(&["--user", &PERSON.to_string()]).output().unwrap();
    let text = succeeded(&output);
    assert!(
        home.written().starts_with("# mine\n[telegram]\nallowed_users = [3, 111111111] # her\n")
    );
    assert!(home.written().ends_with("\n[desktop]\nenabled = false\n"));
    let backup = home.path("config/pager/pager.toml.pager-backup");
    assert_eq!(fs::read_to_string(&backup).unwrap(), before);
    assert!(text.contains(backup.to_str().unwrap()), "{text}");
}

/// A setup that waits for a code.
struct Waiting {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
    code: String,
}

impl Waiting {
    fn start(home: &Home) -> Self {
        let mut child =
            home.setup(&[]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains("?start=") {
            line.clear();
            assert_ne!(output.read_line(&mut line).unwrap(), 0, "no code was shown");
        }
        let code = line.split_once("?start=").unwrap().1.split(' ').next().unwrap().to_owned();
        home.telegram.block_on(home.telegram.wait_polling());
        Self { child, output, code }
    }

    fn end(mut self) -> Output {
        let mut output = Vec::new();
        std::io::Read::read_to_end(&mut self.output, &mut output).unwrap();
        let end = self.child.wait_with_output().unwrap();
        Output { stdout: output, ..end }
    }
}

#[test]
fn whoever_sends_the_code_is_the_person() {
    let home = Home::new();
    let (person, stranger) = (home.telegram.stranger(PERSON), home.telegram.stranger(STRANGER));
    person.send("an old message");
    let waiting = Waiting::start(&home);
    stranger.send("/start");
    stranger.send("let me in");
    let group = home.telegram.group(-1_000_000_000_777, "all of us", &[&stranger]);
    drop(group);
    stranger.in_chat(-1_000_000_000_777).send(&format!("/start {}", waiting.code));
    person.send(&format!("/start {}", waiting.code.to_lowercase()));
    let output = waiting.end();
    let text = succeeded(&output);
    home.assert_discreet(&output);
    assert!(text.contains("without the code"), "{text}");
    assert!(home.written().contains("allowed_users = [111111111]\nchat = 111111111\n"));
    // What setup has read the daemon does not read again.
    let mut calls = home.telegram.calls().into_iter();
    let last = calls.rfind(|call| call.method == "getUpdates").unwrap().params;
    assert!(last["offset"].to_string().trim_matches('"').parse::<i64>().unwrap() > 0, "{last}");
}

#[test]
fn no_code_in_time_is_an_error() {
    let home = Home::new();
    home.telegram.stranger(STRANGER).send("hello");
    let said = home.refused(&["--wait", "1s"]);
    assert!(said.contains("the code did not come") && said.contains("--user"), "{said}");
}

#[test]
fn a_revoked_token_is_told_apart_from_a_network_that_is_down() {
    let home = Home::new();
    home.telegram.revoke_token("110201543:BBHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0");
    home.telegram.expect("getMe", "Unauthorized");
    let said = home.refused(&["--user", "5"]);
    assert!(said.contains("does not know this token") && said.contains("@BotFather"), "{said}");

    let home = Home::new();
    home.telegram.go_down();
    let said = home.refused(&["--user", "5"]);
    assert!(said.contains("127.0.0.1 cannot be reached") && said.contains("--api-url"), "{said}");
}

#[test]
fn somebody_the_bot_never_met_is_told_what_to_do() {
    let home = Home::new();
    drop(home.telegram.stranger(STRANGER));
    home.telegram.expect("sendChatAction", "initiate conversation");
    let said = home.refused(&["--user", &STRANGER.to_string()]);
    assert!(said.contains("press Start"), "{said}");
}

#[test]
fn a_second_poller_and_a_webhook_are_named() {
    let home = Home::new();
    let waiting = Waiting::start(&home);
    home.telegram.allow("getUpdates", "terminated by other getUpdates");
    let method =
        |name: &str| format!("{}/bot{}/{name}", home.telegram.url(), home.telegram.token());
    let call = |name: &str, query: &str| {
        let url = format!("{}?{query}", method(name));
        home.telegram.block_on(async { reqwest::get(url).await.unwrap().text().await.unwrap() })
    };
    call("getUpdates", "timeout=0");
    let output = waiting.end();
    assert_eq!(output.status.code(), Some(1), "{}", all(&output));
    assert!(all(&output).contains("another program asks Telegram"), "{}", all(&output));
    assert!(!home.config().exists());

    call("setWebhook", "url=https://hooks.example.org/secret-path");
    let said = home.refused(&["--user", "5"]);
    assert!(said.contains("--delete-webhook") && !said.contains("secret-path"), "{said}");
    drop(home.telegram.user(PERSON));
    let taken = ["--delete-webhook", "--user", &PERSON.to_string()];
    let output = home.setup(&taken).output().unwrap();
    let text = succeeded(&output);
    assert!(text.contains("hooks.example.org") && !text.contains("secret-path"), "{text}");
}

#[test]
fn a_file_that_is_not_understood_is_left_alone_before_anybody_is_asked() {
    let home = Home::new();
    fs::create_dir_all(home.path("config/pager")).unwrap();
    let run = || {
        let output = home.setup(&["--user", "5"]).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", all(&output));
        all(&output)
    };
    write_private(&home.path("real.toml"), "").unwrap();
    std::os::unix::fs::symlink(home.path("real.toml"), home.config()).unwrap();
    assert!(run().contains("symbolic link"));
    assert_eq!(home.written(), "");
    fs::remove_file(home.config()).unwrap();

    write_private(&home.config(), "[telegram]\nchat = \"me\"\n").unwrap();
    let said = run();
    assert!(said.contains("pager.toml:2:8: telegram.chat:"), "{said}");
    assert_eq!(home.written(), "[telegram]\nchat = \"me\"\n");
    assert_eq!(home.methods(), Vec::<String>::new());
}

#[test]
fn without_telegram_the_rest_is_done() {
    let home = Home::new();
    let output = home.command(&["setup", "--no-telegram", "--hooks", "--no-enable"]).output();
    succeeded(&output.unwrap());
    let settings = fs::read_to_string(home.path(".claude/settings.json")).unwrap();
    assert!(settings.contains(program("pager-hook").to_str().unwrap()), "{settings}");
    assert!(!home.config().exists());
    assert_eq!(home.methods(), Vec::<String>::new());
    succeeded(&home.command(&["hooks", "check"]).output().unwrap());
}

#[test]
fn no_token_and_no_terminal_is_a_wrong_command_line() {
    let home = Home::new();
    let output = home.command(&["setup"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(all(&output).contains("--token-stdin"), "{}", all(&output));
    let wrong = home.command(&["setup", "--token-file", "config"]).output().unwrap();
    assert_eq!(wrong.status.code(), Some(1), "{}", all(&wrong));
}

fn wizard(home: &Home) -> Terminal {
    let url = home.telegram.url();
    Terminal::start(&program("pagerctl"), |command| {
        home.close(command);
        command.args(["setup", "--api-url", &url]);
    })
    .unwrap()
}

#[test]
fn the_wizard_shows_no_token_and_asks_who_it_is() {
    let home = Home::new();
    let person = home.telegram.stranger(PERSON);
    let mut terminal = wizard(&home);
    terminal.expect("Token (not shown): ").unwrap();
    terminal.send(&format!("{}\n", home.telegram.token())).unwrap();
    terminal.expect("The token is that of @pager_test_bot.").unwrap();
    for sure in ["n\n", "\ny\n"] {
        terminal.expect("?start=").unwrap();
        let code = terminal.expect(" ").unwrap();
        person.send(&format!("/start {code}"));
        terminal.expect("Is this you? [y/n] ").unwrap();
        terminal.send(sure).unwrap();
    }
    terminal.expect("Let Claude Code ask through pager").unwrap();
    terminal.send("\n").unwrap();
    terminal.expect("The service").unwrap();
    let (status, screen) = terminal.end().unwrap();
    assert!(status.success(), "{screen}");
    assert!(!screen.contains(&home.telegram.token()), "{screen}");
    assert!(home.written().contains("allowed_users = [111111111]"));
    assert!(home.path(".claude/settings.json").exists());
}

#[test]
fn ctrl_c_in_the_wizard_leaves_nothing_written() {
    let home = Home::new();
    for typed in ["", "token"] {
        let mut terminal = wizard(&home);
        terminal.expect("Token (not shown): ").unwrap();
        if typed == "token" {
            terminal.send(&format!("{}\n", home.telegram.token())).unwrap();
            terminal.expect("or send this code").unwrap();
        }
        terminal.send("\u{3}").unwrap();
        let (status, screen) = terminal.end().unwrap();
        assert_eq!(status.signal(), Some(Signal::INT.as_raw()), "{status}: {screen}");
        assert!(!home.path("config").exists() && !home.path(".claude").exists());
    }
}
