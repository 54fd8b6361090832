//! The audit log as its reader sees it: which files it has, whether they are one unbroken chain, and
//! what its records say. The daemon is not asked: it need not run.

mod breaks;
mod diagnose;
mod log;
mod piece;
mod problem;
mod record;
mod scan;
mod witness;

pub(crate) use breaks::{Acknowledged, Break, Walk, walk};
pub(crate) use log::Log;
pub(crate) use problem::Problem;
pub(crate) use record::{Record, Wanted};
pub(crate) use scan::Scan;
pub(crate) use witness::{Witness, open as open_database};
