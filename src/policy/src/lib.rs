//! policy.toml: what a person decided before being asked.
//!
//! [`parse`] reads a file, [`Policy::judge`] says what is to happen with a call. Hard denies come
//! first and are built in, then the person's denies, then what must be asked, then what is allowed;
//! where rules stand in a file never matters. What is not understood is never allowed.
//!
//! Judging opens no file and runs nothing: the file system is seen through [`Files`]. Only [`load`]
//! and [`add_locals`] read files.

mod builtin;
mod cases;
mod check;
mod compiled;
mod document;
mod explain;
mod facts;
mod globs;
mod index;
mod load;
mod parse;
mod paths;
mod pattern;
mod policy;
mod risk;
mod secrets;
mod shell;
mod touched;

pub use builtin::{ANSWERS_RULE, OWN_RULE, SECRETS_RULE};
pub use cases::{CaseResult, Cases};
pub use document::Document;
pub use explain::{CriterionReport, Explanation, RuleReport, SeenCommand, SeenPath};
pub use facts::Call;
pub use load::{add_locals, load};
pub use parse::{parse, parse_file, parse_local};
pub use paths::{Disk, Files};
pub use policy::{Place, Policy, TooMuch};
