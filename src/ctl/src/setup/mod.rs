//! The parts of `pagerctl setup`: the bot, the person, the files, the service.

pub(crate) mod bot;
pub(crate) mod configuration;
pub(crate) mod edit;
pub(crate) mod files;
pub(crate) mod keyring;
pub(crate) mod pairing;
pub(crate) mod service;
pub(crate) mod token;
