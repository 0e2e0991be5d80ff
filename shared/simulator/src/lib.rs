//! A simulated world around Greenroom's own code: GitHub, pipelines, tests, channels, people and
//! misfortune, in one thread and in time that jumps. Everything follows from a seed.
//!
//! The decisions and the loop under test are those that are shipped; only the ports are not.

pub mod act;
pub mod check;
pub mod fault;
pub mod github_payloads;
pub mod inner;
pub mod memory_store;
pub mod model;
pub mod ports;
pub mod random;
pub mod rehearsal;
pub mod run;
pub mod setup;
pub mod shrink;
pub mod stage_files;
pub mod trace;
pub mod truth;
pub mod world;
