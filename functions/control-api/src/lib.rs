//! API Gateway -> the JSON API. See README.md.

pub mod address;
pub mod config;
pub mod handler;
