//! Adapters for one machine.

pub mod channels;
pub mod console;
pub mod mail;
