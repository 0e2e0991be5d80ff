//! EventBridge -> executions: reads what is said to have changed. See README.md.

pub mod config;
pub mod handler;
