//! The door driven by a real client over a socket pair, with a real engine behind it.

mod answering;
mod granting;
mod kin;
mod objects;
mod panic;
mod polkit;
mod robust;
mod several;
mod world;
mod xml;
