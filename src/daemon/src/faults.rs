//! Named places between the steps of an answer, where a crash or a full disk would lose or double it
//! were their order wrong.
//!
//! Nothing that is installed arms them, so there they are one load each: `examples/faulty.rs` does,
//! and the tests run that in the daemon's place.

use std::io;
use std::sync::OnceLock;

/// A place in the daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// The outcome of a command is to be recorded in the audit log.
    Evidence,
    /// The audit log has it; the database is to.
    Commit,
    /// It did not come to pass; what the audit log has of it is to be taken back.
    Undo,
    /// The database has it; nobody knows yet.
    Apply,
    /// Whoever gave the command knows; no door has done anything of it.
    Effects,
    /// A question is on the disk; its hook does not know that it was taken.
    Pending,
    /// Telegram has taken a message; that it has is to be written down.
    Sent,
    /// The hook was told the decision; the service manager still keeps its connection.
    Told,
    /// A panic has shut everything; nothing else of it is done.
    Locked,
    /// Something is to be added to the evidence of a panic, its folder first of all.
    Bundle,
}

impl Point {
    /// Every point with its name.
    pub const ALL: [(Self, &'static str); 10] = [
        (Self::Evidence, "evidence"),
        (Self::Commit, "commit"),
        (Self::Undo, "undo"),
        (Self::Apply, "apply"),
        (Self::Effects, "effects"),
        (Self::Pending, "pending"),
        (Self::Sent, "sent"),
        (Self::Told, "told"),
        (Self::Locked, "locked"),
        (Self::Bundle, "bundle"),
    ];
}

/// What happens at a point: nothing, the disk's error, or the end of the process.
type Plan = Box<dyn Fn(Point) -> io::Result<()> + Send + Sync>;

static PLAN: OnceLock<Plan> = OnceLock::new();

/// Has something happen at the points, until the process ends. A second plan is passed over.
pub fn arm(plan: impl Fn(Point) -> io::Result<()> + Send + Sync + 'static) {
    drop(PLAN.set(Box::new(plan)));
}

/// Passes a point where the disk may fail.
pub(crate) fn write(point: Point) -> io::Result<()> {
    PLAN.get().map_or(Ok(()), |plan| plan(point))
}

/// Passes a point where nothing but the process's end can happen.
pub(crate) fn pass(point: Point) {
    drop(write(point));
}
