//! CodePipeline Invoke action -> the fence. See README.md.

pub mod config;
pub mod handler;
pub mod job;
