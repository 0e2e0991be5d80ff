//! Inbox stream -> stages: decides deliveries. See README.md.

pub mod config;
pub mod handler;
