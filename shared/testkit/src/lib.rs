//! What tests stand on: fakes that are as strict as the real thing.

pub mod fake_smtp;
pub mod fake_telegram;
