//! `pagerctl setup`: from nothing to the first question on the phone. A wizard where a person sits
//! at a terminal, flags where a script does.

use std::path::PathBuf;
use std::time::Duration;

use owo_colors::OwoColorize;
use pager_config::{Config, TokenSource, Url};

use super::hooks;
use crate::doctor::checks::permission_mode;
use crate::failure::Failure;
use crate::output::say;
use crate::setup::bot::{Bot, BotError};
use crate::setup::configuration::Files;
use crate::setup::keyring::{self, Attributes, Keyring};
use crate::setup::pairing::{Code, Judgement, Pairing, Sender};
use crate::setup::service;
use crate::setup::token::{self, Source, Token};
use crate::talk;

/// `pagerctl setup …`
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Write this configuration file instead of your own pager.toml.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Leave Telegram out.
    #[arg(long, conflicts_with_all = [
        "token_file", "token_stdin", "token_secret_service", "api_url", "user", "wait", "delete_webhook",
    ])]
    no_telegram: bool,
    /// Read the bot's token from this file.
    #[arg(long, value_name = "FILE", conflicts_with = "token_stdin")]
    token_file: Option<PathBuf>,
    /// Read the bot's token from standard input.
    #[arg(long)]
    token_stdin: bool,
    /// Keep the bot's token in your keyring (Secret Service) instead of a file.
    #[arg(long)]
    token_secret_service: bool,
    /// Use this Bot API server.
    #[arg(long, value_name = "URL", value_parser = http_url)]
    api_url: Option<Url>,
    /// Allow this Telegram user, and wait for no message.
    #[arg(long, value_name = "ID", value_parser = clap::value_parser!(i64).range(1..1 << 52))]
    user: Option<i64>,
    /// Wait so long for a message to the bot.
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = duration)]
    wait: Duration,
    /// Take away a webhook that gets the bot's messages.
    #[arg(long)]
    delete_webhook: bool,
    /// Wire pager into Claude Code's settings, without asking.
    #[arg(long, conflicts_with = "no_hooks")]
    hooks: bool,
    /// Do not wire pager into Claude Code's settings.
    #[arg(long)]
    no_hooks: bool,
    /// Let systemd start pager, without asking.
    #[arg(long, conflicts_with = "no_enable")]
    enable: bool,
    /// Do not let systemd start pager.
    #[arg(long)]
    no_enable: bool,
}

fn http_url(text: &str) -> Result<Url, String> {
    let url: Url = text.trim_end_matches('/').parse().map_err(|error| format!("{error}"))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err("it must begin with http:// or https://".to_owned());
    }
    Ok(url)
}

fn duration(text: &str) -> Result<Duration, String> {
    let duration: jiff::SignedDuration = text.parse().map_err(|error| format!("{error}"))?;
    let duration = Duration::try_from(duration).map_err(|_| "it must not be negative")?;
    if duration < Duration::from_secs(1) || duration > Duration::from_secs(24 * 60 * 60) {
        return Err("it must be between 1s and 24h".to_owned());
    }
    Ok(duration)
}

/// Does it.
pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let mut setup = Setup { args, steps: 0, all_worked: true };
    if !setup.args.no_telegram {
        setup.telegram().await?;
    }
    setup.hooks().await?;
    setup.service().await?;
    setup.farewell()?;
    if setup.all_worked {
        return Ok(());
    }
    Err(Failure::failed("not everything worked: see above"))
}

struct Setup {
    args: Args,
    steps: u32,
    all_worked: bool,
}

impl Setup {
    fn heading(&mut self, title: &str) -> Result<(), Failure> {
        let gap = if self.steps > 0 { "\n" } else { "" };
        self.steps += 1;
        say(format!("{gap}{}", format!("{}. {title}", self.steps).bold()))
    }

    /// Tells of a step that failed without making the others useless.
    fn lament(&mut self, failure: &Failure) -> Result<(), Failure> {
        let hint = failure.hint.iter().map(|hint| format!("\n{hint}"));
        let told = hint.fold(failure.what.clone(), |told, hint| told + &hint);
        self.all_worked = false;
        say(format!("   {} {}", "Failed:".red().bold(), indented(&told)))
    }

    async fn telegram(&mut self) -> Result<(), Failure> {
        let files = Files::look(self.args.config.as_deref())?;
        let config = files.config()?;

        self.heading("The bot")?;
        let bot = self.bot(&config).await?;
        self.heading("You")?;
        let person = self.person(&bot, &config).await?;
        self.heading("The configuration")?;
        let keyring = self.keyring(&bot.token, &config).await?;
        if let Some(attributes) = &keyring {
            Keyring::open().await?.put(attributes, &bot.token.secret).await?;
            say("   The token is in your keyring; Telegram begins when that is unlocked.")?;
        }
        files.write(&bot.token, keyring.as_ref(), self.args.api_url.as_ref(), person.id)?;
        self.heading("A test message")?;
        match bot.api.send(person.id, &greeting()).await {
            Ok(()) => say("   Sent: look at Telegram."),
            Err(error) => self.lament(&error.into()),
        }
    }

    async fn bot(&self, config: &Config) -> Result<Known, Failure> {
        let args = &self.args;
        let source = match &args.token_file {
            Some(path) => Source::File(path),
            None if args.token_stdin => Source::Stdin,
            None => Source::Ask,
        };
        if matches!(source, Source::Ask) && talk::somebody_is_there() {
            say("   In Telegram, write /newbot to @BotFather; it gives you a token.")?;
        }
        let token = token::get(source, config).await?;
        let api =
            Bot::new(&token.secret, args.api_url.as_ref().unwrap_or(&config.telegram.api_url))?;
        let me = api.me().await?;
        let name = me.user.username.clone().unwrap_or_else(|| me.user.id.to_string());
        say(format!("   The token is that of @{name}."))?;
        self.check_webhook(&api).await?;
        Ok(Known { api, token, name })
    }

    /// What the token is to be found by in the keyring, if it is to be there: where the person says so,
    /// or it was there before.
    async fn keyring(&self, token: &Token, config: &Config) -> Result<Option<Attributes>, Failure> {
        let before = match TokenSource::of(config) {
            TokenSource::SecretService => config.telegram.token_secret_service.clone(),
            _ => None,
        };
        let wanted = if self.args.token_secret_service {
            true
        } else if !token.is_new {
            false
        } else if before.is_some() {
            true
        } else if talk::somebody_is_there() && keyring::is_there().await {
            let question = "   Keep the token in your keyring? Then Telegram waits until you unlock \
                            that; in a file of yours alone it does not.";
            talk::yes_no(question, Some(false)).await?
        } else {
            false
        };
        Ok(wanted.then(|| before.unwrap_or_else(keyring::usual)))
    }

    async fn check_webhook(&self, api: &Bot) -> Result<(), Failure> {
        let Some(host) = api.webhook().await? else { return Ok(()) };
        say(format!("   Its messages go to a webhook at {host}; pager would get none."))?;
        let question = "   Take the webhook away? What serves it gets no message any more.";
        let agreed = self.args.delete_webhook
            || talk::somebody_is_there() && talk::yes_no(question, Some(false)).await?;
        if !agreed {
            return Err(Failure::failed("the bot has a webhook")
                .with_hint("take it away with --delete-webhook, or make a bot for pager alone"));
        }
        api.delete_webhook().await?;
        say("   The webhook is taken away.")
    }

    async fn person(&self, bot: &Known, config: &Config) -> Result<Sender, Failure> {
        let known = config.telegram.allowed_users.first().filter(|_| !bot.token.is_new);
        if let Some(id) = self.args.user {
            return named(bot, id).await;
        }
        if let Some(&id) = known {
            let question = format!("   User {id} may answer already. Keep it so?");
            if !talk::somebody_is_there() || talk::yes_no(&question, Some(true)).await? {
                return named(bot, id).await;
            }
        }
        if !bot.token.is_new && service::daemon_runs() {
            return Err(Failure::failed("pagerd runs with this bot, and gets its messages")
                .with_hint(
                    "stop it, `systemctl --user stop pager.socket pager.service`, and try again; \
                 or name the user with --user ID",
                ));
        }
        self.pair(bot).await
    }

    async fn pair(&self, bot: &Known) -> Result<Sender, Failure> {
        loop {
            let sender = self.wait_for_code(bot).await?;
            say(format!("   The code came from {}, user {}.", sender.name, sender.id))?;
            if !talk::somebody_is_there() || talk::yes_no("   Is this you?", None).await? {
                return Ok(sender);
            }
            say("   Then somebody else saw the code. Here is another one.")?;
        }
    }

    async fn wait_for_code(&self, bot: &Known) -> Result<Sender, Failure> {
        let code = Code::random().map_err(|error| Failure::failed(format!("no code: {error}")))?;
        let (name, shown) = (&bot.name, code.as_str());
        say(format!("   Open https://t.me/{name}?start={shown} and press Start,"))?;
        say(format!("   or send this code to @{name}: {}", shown.bold()))?;
        let mut pairing = Pairing::new(code);
        let end = tokio::time::Instant::now() + self.args.wait;
        let mut last = None;
        let mut told = false;
        loop {
            let left = end.saturating_duration_since(tokio::time::Instant::now());
            if left.is_zero() {
                return Err(Failure::failed("the code did not come")
                    .with_hint("try again with a longer --wait, or name the user with --user ID"));
            }
            let (messages, newest) = match bot.api.messages(last, left).await {
                Ok(answer) => answer,
                Err(error) => {
                    let pause = error.may_pass().ok_or_else(|| Failure::from(error.clone()))?;
                    if !std::mem::replace(&mut told, true) {
                        say(format!("   {error}; trying again"))?;
                    }
                    tokio::time::sleep(pause.min(left)).await;
                    continue;
                }
            };
            last = newest;
            for message in messages {
                match pairing.judge(&message) {
                    Judgement::Paired(sender) => {
                        // Confirmed, so that the daemon is not given it again.
                        drop(bot.api.messages(last, Duration::ZERO).await);
                        return Ok(sender);
                    }
                    Judgement::WithoutCode(sender) => {
                        say(format!("   (A message of {} without the code.)", sender.name))?;
                    }
                    Judgement::Ignored => {}
                }
            }
        }
    }

    async fn hooks(&mut self) -> Result<(), Failure> {
        self.heading("Claude Code")?;
        let question = "   Let Claude Code ask through pager (hooks in its settings)?";
        if !decide(self.args.hooks, self.args.no_hooks, question).await? {
            return say("   Not wired. `pagerctl hooks install` does it.");
        }
        match hooks::install(hooks::Agent::Claude) {
            Ok(change) => say(format!("   {}", indented(&hooks::installed(&change)))),
            Err(error) => self.lament(&error),
        }
    }

    async fn service(&mut self) -> Result<(), Failure> {
        self.heading("The service")?;
        if !service::user_manager() {
            say("   There is no systemd user manager here. Run pagerd yourself: pagerd(8).")?;
            if self.args.enable {
                self.all_worked = false;
            }
            return Ok(());
        }
        let question = "   Let systemd start pager when an agent needs it?";
        if decide(self.args.enable, self.args.no_enable, question).await? {
            match service::enable() {
                Ok(()) => say("   Enabled pager.socket: the first event starts pagerd.")?,
                Err(error) => self.lament(&error)?,
            }
        } else {
            say("   Not enabled. `systemctl --user enable --now pager.socket` does it.")?;
        }
        if service::is_active() {
            match service::reload() {
                Ok(()) => say("   pagerd runs, and has read its configuration anew.")?,
                Err(error) => self.lament(&error)?,
            }
        } else if service::daemon_runs() {
            say("   A pagerd runs that systemd does not know: send it SIGHUP.")?;
        }
        Ok(())
    }

    fn farewell(&self) -> Result<(), Failure> {
        say(format!("\n{}", "What next".bold()))?;
        if permission_mode::begins_in_auto() {
            say(
                "   Start claude --permission-mode default, and give it work that needs permission.",
            )?;
            say("   (Without that, this release begins in its auto mode and asks about little.)")?;
        } else {
            say("   Start claude, and give it work that needs permission.")?;
        }
        say("   pagerctl          what waits for you")?;
        say("   pagerctl status   whether all doors are open")?;
        say("   journalctl --user -u pager   where to look when it does not work")
    }
}

/// A bot that has answered.
struct Known {
    api: Bot,
    token: Token,
    name: String,
}

async fn named(bot: &Known, id: i64) -> Result<Sender, Failure> {
    let known = async {
        bot.api.reach(id).await?;
        bot.api.name_of(id).await
    };
    let name = match known.await {
        Ok(name) => pager_core::sanitize::one_line(&name, 64),
        Err(error @ BotError::Chat(_)) => {
            let start = format!("they have to open https://t.me/{} and press Start", bot.name);
            return Err(
                Failure::from(error).with_hint(format!("{start} before; is {id} the right id?"))
            );
        }
        Err(error) => return Err(error.into()),
    };
    say(format!("   User {id} is {name}."))?;
    Ok(Sender { id, is_bot: false, name })
}

/// What the flags say, or else the person; nobody there means no.
async fn decide(yes: bool, no: bool, question: &str) -> Result<bool, Failure> {
    if yes || no || !talk::somebody_is_there() {
        return Ok(yes);
    }
    talk::yes_no(question, Some(true)).await
}

fn greeting() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = pager_core::sanitize::one_line(&host, 64);
    let place = if host.is_empty() { String::new() } else { format!(" on {host}") };
    format!("pager is set up{place}. What your coding agents ask comes to this chat.")
}

fn indented(text: &str) -> String {
    text.replace('\n', "\n   ")
}
