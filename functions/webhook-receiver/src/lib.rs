//! API Gateway -> durable inbox: verifies a webhook and keeps it. See README.md.

pub mod config;
pub mod handler;
