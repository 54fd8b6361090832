//! pager.toml: layers, schema, and errors that name file, line and column.
//!
//! [`load`] reads the files that [`Sources`] names, lets a later one win over an earlier one key by
//! key, and gives a [`Config`] of plain values together with where each of them came from. Whatever
//! is wrong in any of the files is reported at once, and nothing is loaded then: a daemon that
//! reloads keeps the configuration it has.
//!
//! The schema is data: one file a section in `schema`, one `Key` a key. Reading, `pagerctl config
//! show`, the hints in errors and the test of the man page all walk the same table.

mod diagnostic;
mod fields;
mod file;
mod input;
mod load;
mod mask;
pub mod paths;
mod schema;
mod secret;
mod slip;
mod sources;
mod token;
mod way;

pub use diagnostic::{ConfigErrors, Diagnostic};
pub use file::FileError;
pub use load::{Entry, Loaded, Origin, load, read_any, read_owned};
pub use mask::looks_like_token;
pub use schema::{
    Access, Approvals, Audit, Config, Desktop, Files, Limits, Observer, Telegram, keys, nearest_key,
};
pub use secret::Secret;
pub use slip::nearest;
pub use sources::Sources;
pub use token::{TokenError, TokenSource, read_token, read_token_from};
pub use url::Url;
pub use way::{WayError, check_way};
