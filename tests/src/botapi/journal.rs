//! What was called, what came of it, and which calls the real server would have refused.

use std::fmt::{self, Write as _};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::refusal::Refusal;

/// How a call ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It has not ended yet.
    Pending,
    /// It was done; this is `result`.
    Done(Value),
    /// It was refused by the rules.
    Refused(Refusal),
    /// A fault that a test asked for stood in its way; text says which.
    Faulted(String),
    /// The client went away before the reply.
    Abandoned,
}

/// One call of the bot.
#[derive(Clone, Debug)]
pub struct Call {
    /// Number of the call, from 0.
    pub number: usize,
    /// When it came, by the double's clock.
    pub at: Timestamp,
    /// The method, written as in the documentation.
    pub method: String,
    /// What was sent.
    pub params: Value,
    /// The chat it concerns.
    pub chat: Option<i64>,
    /// What came of it.
    pub outcome: Outcome,
}

impl Call {
    /// Has the call not ended yet?
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.outcome == Outcome::Pending
    }

    /// The call as JSON, for the control interface.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let (state, detail) = match &self.outcome {
            Outcome::Pending => ("pending", Value::Null),
            Outcome::Done(result) => ("done", result.clone()),
            Outcome::Refused(refusal) => ("refused", refusal.body()),
            Outcome::Faulted(what) => ("faulted", what.clone().into()),
            Outcome::Abandoned => ("abandoned", Value::Null),
        };
        json!({
            "number": self.number, "at": self.at, "method": self.method, "params": self.params, "outcome": state,
            "detail": detail,
        })
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "#{} {} {} {} -> ",
            self.number,
            self.at.strftime("%H:%M:%S%.3f"),
            self.method,
            self.params
        )?;
        match &self.outcome {
            Outcome::Pending => f.write_str("…"),
            Outcome::Done(result) => {
                let result = result.to_string();
                let short: String = result.chars().take(120).collect();
                write!(f, "{short}{}", if short.len() < result.len() { "…" } else { "" })
            }
            Outcome::Refused(refusal) => write!(f, "{refusal}"),
            Outcome::Faulted(what) => write!(f, "fault: {what}"),
            Outcome::Abandoned => f.write_str("the client went away"),
        }
    }
}

/// A call that a test must answer for.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// Number of the call.
    pub call: usize,
    /// Its method.
    pub method: String,
    /// What is wrong with it.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "call #{} {}: {}", self.call, self.method, self.what)
    }
}

#[derive(Debug)]
struct Expectation {
    method: String,
    contains: String,
    required: bool,
    seen: usize,
}

#[derive(Debug, Default)]
pub(crate) struct Journal {
    pub(crate) calls: Vec<Call>,
    violations: Vec<Violation>,
    expectations: Vec<Expectation>,
}

impl Journal {
    pub(crate) fn begin(
        &mut self,
        at: Timestamp,
        method: &str,
        params: Value,
        chat: Option<i64>,
    ) -> usize {
        let number = self.calls.len();
        let (method, outcome) = (method.to_owned(), Outcome::Pending);
        self.calls.push(Call { number, at, method, params, chat, outcome });
        number
    }

    /// Notes the end of a call; a refusal counts as a violation unless it was foreseen.
    pub(crate) fn end(&mut self, number: usize, outcome: Outcome) {
        if let Outcome::Refused(refusal) = &outcome {
            self.violation(number, refusal.to_string());
        }
        if let Some(call) = self.calls.get_mut(number) {
            call.outcome = outcome;
        }
    }

    pub(crate) fn violation(&mut self, number: usize, what: String) {
        let method = self.calls.get(number).map(|call| call.method.clone()).unwrap_or_default();
        let mut foreseen = false;
        for expectation in &mut self.expectations {
            let any = expectation.method == "*" || expectation.method.eq_ignore_ascii_case(&method);
            if any && what.contains(&expectation.contains) {
                expectation.seen += 1;
                foreseen = true;
            }
        }
        if !foreseen {
            self.violations.push(Violation { call: number, method, what });
        }
    }

    pub(crate) fn expect(&mut self, method: &str, contains: &str, required: bool) {
        let (method, contains) = (method.to_owned(), contains.to_owned());
        self.expectations.push(Expectation { method, contains, required, seen: 0 });
    }

    pub(crate) fn violations(&self) -> Vec<Violation> {
        self.violations.clone()
    }

    /// Everything that keeps a test from being a pass: violations, and refusals that were to come and did not.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let mut all: Vec<String> = self.violations.iter().map(ToString::to_string).collect();
        let missed = self.expectations.iter().filter(|one| one.required && one.seen == 0);
        all.extend(missed.map(|one| {
            format!(
                "expected {} to be refused with {:?}; that never happened",
                one.method, one.contains
            )
        }));
        all
    }

    pub(crate) fn print(&self) -> String {
        let mut text = String::new();
        for call in &self.calls {
            // Writing to a String cannot fail.
            writeln!(text, "  {call}").unwrap_or_default();
        }
        text
    }
}
