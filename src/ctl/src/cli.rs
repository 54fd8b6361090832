//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::commands::{
    approve, audit, config, demo, doctor, hooks, pair, panic, policy, rotate_token, setup,
};
use crate::output::Output;

/// See and answer what coding agents ask.
///
/// Without a verb: what waits for you, then the sessions. Ids may be shortened to any unique
/// beginning.
#[derive(Debug, Parser)]
#[command(name = "pagerctl", version, disable_help_subcommand = true)]
pub(crate) struct Args {
    /// What to do.
    #[command(subcommand)]
    pub(crate) verb: Option<Verb>,
    /// Print data as JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Do not show long output in a pager.
    #[arg(long, global = true)]
    pub(crate) no_pager: bool,
    /// Do not ask for a password where the policy wants one.
    #[arg(long, global = true)]
    pub(crate) no_ask_password: bool,
    /// Print nothing but what was asked for, and errors.
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Speak to the pagerd that was started with this --runtime-dir.
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) runtime_dir: Option<PathBuf>,
}

impl Args {
    /// How this run prints.
    pub(crate) fn output(&self) -> Output {
        Output {
            json: self.json,
            quiet: self.quiet,
            pager: !self.no_pager,
            ask_password: !self.no_ask_password,
        }
    }
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Show how the daemon does and what it reaches.
    Status,
    /// List the approvals that wait.
    List {
        /// Also those settled within the last hour.
        #[arg(long, short)]
        all: bool,
    },
    /// Show an approval whole.
    Show {
        /// The approval.
        id: String,
    },
    /// Let the agent do it.
    Approve(approve::Args),
    /// Do not let the agent do it.
    Deny {
        /// The approval.
        id: String,
        /// What the agent is told.
        #[arg(long, short = 'm', value_name = "REASON", default_value = "")]
        message: String,
        /// End the agent's turn as well.
        #[arg(long)]
        stop: bool,
    },
    /// Answer an agent's question; at a terminal you are asked.
    Answer {
        /// The approval.
        id: String,
        /// An answer: the label of a choice, or free text. With several questions put the
        /// question's header or text and `=` before it. Repeat it for more.
        #[arg(long = "answer", short = 'a', value_name = "[QUESTION=]ANSWER")]
        answers: Vec<String>,
    },
    /// Let a paused session ask again.
    Resume {
        /// The session: its id, the beginning of it, or its label.
        session: String,
    },
    /// Print a line for everything that happens, until interrupted.
    Monitor,
    /// List the sessions.
    Sessions {
        /// Also those that have ended.
        #[arg(long, short)]
        all: bool,
    },
    /// Set pager up: the Telegram bot, the person, the hooks, the service.
    Setup(setup::Args),
    /// Wire pager into a coding agent's settings, take it out, or look.
    Hooks(hooks::Args),
    /// See who may speak to the bot, let somebody in, or take it back.
    Pair(pair::Args),
    /// Look at the configuration.
    Config(config::Args),
    /// See what the audit log says, and whether it is whole.
    Audit(audit::Args),
    /// Look at the policy: what is allowed, denied or asked, and why; and at what you have granted
    /// for good.
    Policy(policy::Args),
    /// Go through everything that pager stands on; exits with 1 if something does not work.
    Doctor(doctor::Args),
    /// Shut everything from outside at once: no chat is heard, what waits is cancelled, agents are
    /// stopped. Or open it again.
    Panic(panic::Args),
    /// Give the bot another token, and see that the one before is dead.
    RotateToken(rotate_token::Args),
    /// Show one approval from question to answer, in a temporary place.
    Demo(demo::Args),
}
