//! CodePipeline Invoke action -> the fence. See README.md.

pub mod handler;
pub mod job;
