//! Adapters for one machine.

pub mod store;
