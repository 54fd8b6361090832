//! `pagerctl policy explain`

use std::path::PathBuf;

use owo_colors::OwoColorize;
use pager_config::paths::Paths;
use pager_core::Ruling;
use pager_core::sanitize::{one_line, visible};
use pager_policy::{Call, Disk, Explanation, Place, RuleReport, SeenCommand, add_locals};

use super::{load, now};
use crate::daemon::{Daemon, Target};
use crate::failure::Failure;
use crate::output::Output;

/// `pagerctl policy explain …`
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A command line, as for the tool Bash.
    #[arg(long, value_name = "COMMAND", required_unless_present_any = ["tool", "approval"])]
    command: Option<String>,
    /// A tool, such as Write.
    #[arg(long, value_name = "TOOL", requires = "input", conflicts_with = "command")]
    tool: Option<String>,
    /// The tool's input as JSON.
    #[arg(long, value_name = "JSON", requires = "tool")]
    input: Option<String>,
    /// An approval, as it was asked.
    #[arg(long, value_name = "ID", conflicts_with_all = ["command", "tool", "cwd", "label", "agent"])]
    approval: Option<String>,
    /// The folder the agent works in [default: this one].
    #[arg(long, value_name = "DIR")]
    cwd: Option<PathBuf>,
    /// The session's label [default: the folder's name].
    #[arg(long)]
    label: Option<String>,
    /// The agent.
    #[arg(long, default_value = "claude")]
    agent: String,
    /// Judge by this policy instead of the person's.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

/// A call to be explained.
struct Asked {
    agent: String,
    tool: String,
    input: String,
    cwd: PathBuf,
    label: String,
}

pub(super) async fn run(args: &Args, target: &Target, output: &Output) -> Result<(), Failure> {
    let asked = match &args.approval {
        Some(id) => {
            let approval = Daemon::connect(target).await?.approval(id).await?;
            let cwd = approval.cwd.into();
            let (agent, tool, input, label) =
                (approval.agent, approval.tool, approval.input, approval.label);
            Asked { agent, tool, input, cwd, label }
        }
        None => given(args)?,
    };
    let paths = Paths::from_env();
    let policy = load(args.policy.as_deref(), &Place::usual(&paths), &paths)?;
    let policy = add_locals(&policy, &asked.cwd);
    let call = Call {
        agent: &asked.agent,
        tool: &asked.tool,
        input: &asked.input,
        cwd: &asked.cwd,
        label: &asked.label,
    };
    let explanation = policy.explain(call, &Disk, now());
    output.data(&explanation, || text(&explanation))
}

fn given(args: &Args) -> Result<Asked, Failure> {
    let here = std::env::current_dir()
        .map_err(|error| Failure::failed(format!("this folder is not known: {error}")))?;
    let cwd = args.cwd.as_ref().map_or(here.clone(), |cwd| here.join(cwd));
    let name = cwd.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (tool, input) = match (&args.command, &args.tool, &args.input) {
        (Some(command), _, _) => {
            ("Bash".to_owned(), serde_json::json!({ "command": command }).to_string())
        }
        (None, Some(tool), Some(input)) => {
            serde_json::from_str::<serde_json::Value>(input)
                .map_err(|error| Failure::usage(format!("--input is not JSON: {error}")))?;
            (tool.clone(), input.clone())
        }
        (None, _, _) => return Err(Failure::usage("give --command, or --tool and --input")),
    };
    let label = args.label.clone().unwrap_or(name);
    Ok(Asked { agent: args.agent.clone(), tool, input, cwd, label })
}

fn text(explanation: &Explanation) -> String {
    let Explanation { judgement: _, commands, paths, doubts, rules } = explanation;
    let mut lines = format!("{}\n", verdict(explanation).bold());
    let mut section = |title: &str, entries: Vec<String>| {
        if !entries.is_empty() {
            lines.push_str(&format!("\n{title}\n"));
            for entry in entries {
                lines.push_str(&format!("  {}\n", visible(&entry)));
            }
        }
    };
    let allowed = commands.iter().any(|command| command.allowed_by.is_some());
    let mut commands: Vec<_> = commands.iter().map(|seen| command(seen, allowed)).collect();
    // What runs others may be read in several ways that come to the same.
    commands.dedup();
    section("Commands", commands);
    let paths = paths.iter().map(|path| match &path.real {
        Some(real) if *real == path.path => path.path.clone(),
        Some(real) => format!("{} leads to {real}", path.path),
        None => format!("{} cannot be followed", path.path),
    });
    section("Paths", paths.collect());
    section("No rule may allow it, as", doubts.iter().map(|doubt| (*doubt).to_owned()).collect());
    section("Rules", rules.iter().flat_map(rule).collect());
    lines
}

/// A command and, where any is allowed by a rule, by which it is.
fn command(seen: &SeenCommand, any_allowed: bool) -> String {
    let remark = match &seen.allowed_by {
        _ if seen.inner => "  (inside of another)".to_owned(),
        Some(rule) => format!("  (allowed by {rule})"),
        None if any_allowed => "  (no rule allows it)".to_owned(),
        None => String::new(),
    };
    one_line(&seen.line(), 400) + &remark
}

fn verdict(explanation: &Explanation) -> String {
    let Explanation { judgement, commands, doubts, .. } = explanation;
    let what = match judgement.ruling {
        Ruling::Allow => "Allowed",
        Ruling::Deny => "Denied",
        Ruling::Ask => "Asked",
    };
    let by = match &judgement.rule {
        Some(rule) => format!("by rule {rule}"),
        None if !judgement.reason.is_empty() => "by default".to_owned(),
        None if !doubts.is_empty() => "by default: no rule may allow it".to_owned(),
        None if commands.iter().any(|command| command.allowed_by.is_some()) => {
            "by default: no rule allows all of it".to_owned()
        }
        None => "by default: no rule decides".to_owned(),
    };
    let reason = match judgement.reason.as_str() {
        "" => String::new(),
        reason => format!(": {}", one_line(reason, 400)),
    };
    let require = match judgement.require.words() {
        "" => String::new(),
        words => format!(" (a yes must come through {words})"),
    };
    format!("{what} {by}{reason}{require}")
}

fn rule(rule: &RuleReport) -> Vec<String> {
    let matches = if rule.matches { "matches" } else { "does not match" };
    let mut lines = vec![format!("{} {}: {matches}", rule.verdict.as_str(), rule.name)];
    for criterion in &rule.criteria {
        let holds = if criterion.holds { "yes" } else { "no" };
        let saw = one_line(&criterion.saw, 200);
        lines.push(format!("    {:<8} {holds:<3}  {saw}", criterion.key));
    }
    lines
}
