//! Queue of tests -> verdicts: runs one attempt at a suite a message. See README.md.

pub mod config;
pub mod handler;
pub mod within;
