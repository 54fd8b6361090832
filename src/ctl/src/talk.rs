//! Asking the person at the terminal.

use std::io::{self, BufRead, IsTerminal, Read};
use std::time::Duration;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::failure::Failure;
use crate::output;

/// More than anybody types in one line.
const LINE_MAX: u64 = 64 * 1024;
/// Longer than a signal to oneself is ever on its way.
const SIGNAL: Duration = Duration::from_secs(10);

/// Whether there is a person to ask.
pub(crate) fn somebody_is_there() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Asks for a line; nothing if the input has ended.
pub(crate) async fn line(prompt: &str) -> Result<Option<String>, Failure> {
    output::prompt(prompt)?;
    reading(|| {
        let mut line = String::new();
        let read = io::stdin().lock().take(LINE_MAX).read_line(&mut line)?;
        Ok((read > 0).then(|| line.trim().to_owned()))
    })
    .await
}

/// Asks until the answer is yes or no. An empty answer is `default`, where there is one.
pub(crate) async fn yes_no(question: &str, default: Option<bool>) -> Result<bool, Failure> {
    let choices = match default {
        Some(true) => "[Y/n]",
        Some(false) => "[y/N]",
        None => "[y/n]",
    };
    loop {
        let Some(answer) = line(&format!("{question} {choices} ")).await? else {
            return Err(Failure::failed("the input ended before the question was answered"));
        };
        match (answer.to_ascii_lowercase().as_str(), default) {
            ("y" | "yes", _) => return Ok(true),
            ("n" | "no", _) => return Ok(false),
            ("", Some(default)) => return Ok(default),
            _ => {}
        }
    }
}

/// Asks for a line that the terminal does not show.
pub(crate) async fn secret(prompt: &str) -> Result<String, Failure> {
    // The library asks first and hides then: what is pasted in between would be seen.
    let _hidden = Hidden::begin()?;
    let prompt = prompt.to_owned();
    let typed = reading(move || Ok(rpassword::prompt_password(prompt))).await?;
    if matches!(&typed, Err(error) if error.kind() == io::ErrorKind::Interrupted) {
        // Ctrl-C, which the library has made a signal again: that ends us, as soon as it is here.
        tokio::time::sleep(SIGNAL).await;
    }
    typed.map_err(unreadable)
}

async fn reading<T: Send + 'static>(
    read: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Failure> {
    let read = tokio::task::spawn_blocking(read).await.map_err(Failure::failed)?;
    read.map_err(unreadable)
}

#[allow(clippy::needless_pass_by_value, reason = "as map_err wants it")]
fn unreadable(error: io::Error) -> Failure {
    Failure::failed(format!("cannot read from the terminal: {error}"))
}

/// A terminal that shows nothing of what is typed, until this is dropped.
struct Hidden(Termios);

impl Hidden {
    fn begin() -> Result<Self, Failure> {
        let before = tcgetattr(io::stdin()).map_err(|error| unreadable(error.into()))?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Now, &hidden)
            .map_err(|error| unreadable(error.into()))?;
        Ok(Self(before))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // A terminal that is gone needs no mode.
        tcsetattr(io::stdin(), OptionalActions::Now, &self.0).ok();
    }
}
