//! Greenroom's ports on AWS. Everything here is an adapter: it chooses nothing.

pub mod bucket;
pub mod channels;
pub mod connect;
pub mod environment;
mod failure;
pub mod pipelines;
pub mod ports;
pub mod queue;
pub mod secrets;
pub mod store;
