//! Greenroom's decisions: pure functions over values. No clock, no async, no environment.

pub mod name;
pub mod release;
pub mod resolve;
pub mod schedule;
pub mod stage_file;
pub mod verdict;
