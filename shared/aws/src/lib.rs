//! Greenroom's ports on AWS. Everything here is an adapter: it chooses nothing.

pub mod connect;
pub mod environment;
pub mod ports;
