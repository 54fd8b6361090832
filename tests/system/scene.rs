//! One agent that asks, in a house with every door open.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use pager_tests::botapi::{BotApi, MessageView};
use pager_tests::model_api::{Block, ModelApi, Script, ToolResult};
use pager_tests::system::desktop::{Desktop, Notifications};
use pager_tests::system::terminal::Terminal;
use pager_tests::system::{Input, LIMIT, System};

/// The person's Telegram account.
pub(crate) const PERSON: i64 = 111_111_111;

/// A Bash call that the agent asks permission for.
pub(crate) const GUARDED: &str = "touch made && curl -s http://127.0.0.1:9 ; echo ok";

/// A system with pager in it, set up by its own commands alone.
pub(crate) struct House<'a> {
    pub(crate) system: &'a System,
    pub(crate) desktop: Desktop<'a>,
    pub(crate) notifications: Notifications,
    pub(crate) bot: BotApi,
}

impl<'a> House<'a> {
    pub(crate) fn open(system: &'a System) -> Result<Self> {
        let desktop = Desktop::start(system)?;
        let notifications = Notifications::watch(system)?;
        let bot = BotApi::start();
        drop(bot.user(PERSON));
        system.install_pager()?;
        system.set_up_claude()?;
        let user = PERSON.to_string();
        let setup = system.command_as_user([
            "pagerctl",
            "setup",
            "--token-stdin",
            "--api-url",
            &bot.url(),
            "--user",
            &user,
            "--hooks",
            "--enable",
        ]);
        system.run_with(setup, Input::Text(bot.token() + "\n"))?;
        Ok(Self { system, desktop, notifications, bot })
    }

    /// Starts the agent on a command it must ask for, and returns once every door shows that.
    pub(crate) fn ask(self) -> Result<Asking<'a>> {
        let script = Script::turns([
            vec![Block::text("I make it."), Block::bash(GUARDED)],
            vec![Block::text("That is all.")],
        ]);
        let asking = self.play(script, "'Make it'", &["Allow", "Deny"])?;
        asking.terminal.wait_for("Do you want to proceed?")?;
        Ok(asking)
    }

    /// Starts the agent with these arguments and returns once every door shows what it asks;
    /// Telegram's message begins with these buttons.
    pub(crate) fn play(
        self,
        script: Script,
        arguments: &str,
        buttons: &[&str],
    ) -> Result<Asking<'a>> {
        let system = self.system;
        self.play_with(script, buttons, |model| system.start_claude(model, arguments))
    }

    /// The same with an agent that `start` starts.
    pub(crate) fn play_with(
        mut self,
        script: Script,
        buttons: &[&str],
        start: impl FnOnce(&ModelApi) -> Result<Terminal<'a>>,
    ) -> Result<Asking<'a>> {
        let daemon = self.system.systemctl(["show", "--property=ActiveState", "pager.service"])?;
        ensure!(daemon.trim() == "ActiveState=inactive", "before the first event: {daemon}");
        let model = ModelApi::start(script)?;
        let terminal = start(&model)?;
        let question = self.system.wait_for_question()?;
        self.notifications.wait("Notify")?;
        let message = self.message("the question", |message| message.labels().starts_with(buttons));
        Ok(Asking {
            model,
            terminal,
            approval: question.approval,
            message: message.id,
            house: self,
        })
    }

    /// Waits for a notification that says this, and returns what it says; what the screen shows of it
    /// is kept as a picture of that name, for people to look at.
    pub(crate) fn notified(&mut self, words: &str, picture: &str) -> Result<String> {
        let shown = loop {
            let shown = self.notifications.wait("Notify")?.to_string();
            if shown.contains(words) {
                break shown;
            }
        };
        self.desktop.wait_for_notification()?;
        let picture = Path::new(env!("CARGO_TARGET_TMPDIR")).join(picture).with_extension("png");
        self.desktop.screenshot(&picture)?;
        Ok(shown)
    }

    pub(crate) fn message(&self, what: &str, fits: impl Fn(&MessageView) -> bool) -> MessageView {
        self.bot.block_on(self.bot.wait_message(PERSON, what, fits))
    }
}

/// An agent that has asked and waits, with its dialog on the screen.
pub(crate) struct Asking<'a> {
    pub(crate) house: House<'a>,
    pub(crate) model: ModelApi,
    pub(crate) terminal: Terminal<'a>,
    pub(crate) approval: String,
    /// The Telegram message's number.
    pub(crate) message: i64,
}

impl Asking<'_> {
    /// What the model was told, once the agent has come to rest.
    pub(crate) fn told(&self) -> Result<ToolResult> {
        self.told_of("Bash")
    }

    /// What the model was told of a tool, once the agent has said `That is all.`
    pub(crate) fn told_of(&self, tool: &str) -> Result<ToolResult> {
        let told = self.model.wait_for_result(tool, LIMIT)?;
        self.terminal.wait_for("That is all.")?;
        Ok(told)
    }

    /// The agent did what it asked for.
    pub(crate) fn done(&self) -> Result<()> {
        let told = self.told()?;
        ensure!(!told.is_error && told.text.contains("ok"), "the model was told {told:?}");
        ensure!(self.made(), "the command did not run");
        Ok(())
    }

    /// Whether the command has run.
    pub(crate) fn made(&self) -> bool {
        self.house.system.run_as_user(["test", "-e", "/home/user/work/made"]).is_ok()
    }

    /// A property of the approval's object.
    pub(crate) fn property(&self, name: &str) -> Result<String> {
        let object = format!("/org/pagerd/Pager1/approval/{}", self.approval);
        let printed = self.house.system.run_as_user([
            "busctl",
            "--user",
            "--json=short",
            "get-property",
            "org.pagerd.Pager1",
            &object,
            "org.pagerd.Pager1.Approval",
            name,
        ])?;
        let value: serde_json::Value = serde_json::from_str(&printed)?;
        Ok(value["data"].as_str().context("a property that is no string")?.to_owned())
    }

    /// Every door shows the end, and the journal and the audit log tell the same of it.
    pub(crate) fn settled(mut self, expected: &Settled) -> Result<()> {
        let Settled { state, action, by, words } = *expected;
        let system = self.house.system;
        let end = system.wait_for_end(&self.approval)?;
        let settled = |message: &MessageView| {
            message.id == self.message
                && message.labels().is_empty()
                && message.text().contains(words)
        };
        self.house.message(&format!("the words {words:?}"), settled);
        self.house.notifications.wait("NotificationClosed")?;
        assert_eq!(self.property("State")?, state);

        let actor = self.property("ResolvedBy")?;
        assert!(actor.starts_with(by), "resolved by {actor}, not {by}");
        let audit = system.audit()?;
        let mut records = audit.iter().filter(|record| record["approval"] == *self.approval);
        let record = records.next().with_context(|| format!("no audit record in {audit:?}"))?;
        assert_eq!(records.next(), None, "one decision, one record");
        assert_eq!((&record["action"], &record["by"]), (&action.into(), &actor.clone().into()));
        assert_eq!((&end["PAGER_DECISION"], &end["PAGER_ACTOR"]), (&action.into(), &actor.into()));
        assert_eq!(record["hash"], end["PAGER_AUDIT_HASH"]);
        assert_eq!(record["input_sha256"], end["PAGER_INPUT_SHA256"]);
        assert_eq!(record["input_sha256"], self.property("InputSha256")?);

        let journal = system.run_as_root(["journalctl", "--output=export"])?;
        assert!(!journal.contains(&self.house.bot.token()), "the bot's token is in the journal");
        self.house.bot.finish();
        Ok(())
    }
}

/// How a question ended.
pub(crate) struct Settled {
    pub(crate) state: &'static str,
    pub(crate) action: &'static str,
    /// How the actor's name begins.
    pub(crate) by: &'static str,
    /// What the Telegram message says.
    pub(crate) words: &'static str,
}
