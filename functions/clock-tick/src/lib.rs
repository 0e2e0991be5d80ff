//! Scheduler, each minute -> whatever is due, and the heads of branches. See README.md.

pub mod config;
pub mod handler;
