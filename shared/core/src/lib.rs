//! Greenroom's decisions: pure functions over values. No clock, no async, no environment.

pub mod escape;
pub mod message;
pub mod name;
pub mod release;
pub mod stage_file;
pub mod verdict;
