//! The doors: thin, equal, and none knows of another. Adding one is adding a folder here.

pub mod dbus;
pub mod desktop;
pub mod telegram;
