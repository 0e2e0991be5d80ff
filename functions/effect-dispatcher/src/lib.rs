//! Outbox stream -> CodePipeline and queues: performs what was decided. See README.md.

pub mod config;
pub mod handler;
