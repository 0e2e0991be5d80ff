//! Queue of alerts -> channels: one try a message. See README.md.

pub mod config;
pub mod handler;
