//! Scheduler, each minute -> whatever is due, and the heads of branches. See README.md.

pub mod handler;
