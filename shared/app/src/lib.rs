//! The loop between the core's decisions and the world.
pub mod ports;
pub mod retry;
