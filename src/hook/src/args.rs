//! The command line.

use std::ffi::OsString;

use pager_proto::Kind;

const USAGE: &str = "\
usage: pager-hook [--status-line] [--agent NAME]

Carries the hook event on standard input to pagerd, and prints the decision on a permission request.
A coding agent runs it; 'pagerctl hooks install' tells the agent to. The exit status is always 0.

  --status-line  standard input is what the agent gives its status line
  --agent NAME   the agent that runs this hook (default: claude)
  --version      print the version
  --help         print this text
";

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Serve(Args),
    Print(String),
}

/// How to serve the agent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Args {
    pub(crate) kind: Kind,
    pub(crate) agent: String,
}

/// A command line that is wrong.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Misuse {
    Unknown(OsString),
    NoName,
}

impl std::fmt::Display for Misuse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unknown(argument) => write!(f, "unknown argument {argument:?}")?,
            Self::NoName => f.write_str("--agent needs the agent's name")?,
        }
        f.write_str("; see pager-hook --help, or let 'pagerctl hooks install' write the command")
    }
}

pub(crate) fn parse(mut arguments: impl Iterator<Item = OsString>) -> Result<Action, Misuse> {
    let mut args = Args { kind: Kind::Event, agent: "claude".to_owned() };
    while let Some(argument) = arguments.next() {
        match argument.to_str() {
            Some("--status-line") => args.kind = Kind::StatusLine,
            Some("--agent") => {
                let name = arguments.next().and_then(|name| name.into_string().ok());
                args.agent = name.filter(|name| !name.is_empty()).ok_or(Misuse::NoName)?;
            }
            Some("--version") => {
                return Ok(Action::Print(
                    concat!("pager-hook ", env!("CARGO_PKG_VERSION"), "\n").into(),
                ));
            }
            Some("--help") => return Ok(Action::Print(USAGE.to_owned())),
            _ => return Err(Misuse::Unknown(argument)),
        }
    }
    Ok(Action::Serve(args))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Action, Misuse> {
        parse(arguments.iter().map(OsString::from))
    }

    fn serve(kind: Kind, agent: &str) -> Result<Action, Misuse> {
        Ok(Action::Serve(Args { kind, agent: agent.to_owned() }))
    }

    #[test]
    fn every_form_is_understood() {
        assert_eq!(parsed(&[]), serve(Kind::Event, "claude"));
        assert_eq!(parsed(&["--agent", "codex"]), serve(Kind::Event, "codex"));
        assert_eq!(parsed(&["--status-line"]), serve(Kind::StatusLine, "claude"));
        assert_eq!(
            parsed(&["--agent", "codex", "--status-line"]),
            serve(Kind::StatusLine, "codex")
        );
        assert!(matches!(parsed(&["--help"]), Ok(Action::Print(text)) if text.contains("usage")));
    }

    #[test]
    fn misuse_is_named() {
        assert_eq!(parsed(&["--agent"]), Err(Misuse::NoName));
        assert_eq!(parsed(&["--agent", ""]), Err(Misuse::NoName));
        assert_eq!(parsed(&["-x"]), Err(Misuse::Unknown("-x".into())));
    }
}
