//! Greenroom's ports on AWS. Everything here is an adapter: it chooses nothing.

pub mod connect;
pub mod environment;
mod failure;
pub mod pipelines;
pub mod ports;
pub mod store;
