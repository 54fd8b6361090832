//! The parts of `pagerctl demo`: a place of its own, the daemon and the agent in it, what they say.

pub(crate) mod agent;
pub(crate) mod audit;
pub(crate) mod child;
pub(crate) mod daemon;
pub(crate) mod place;
