//! Adapters for one machine.
pub mod artifact;
pub mod git;
pub mod pipeline;
pub mod process;
pub mod secrets;

pub mod store;
