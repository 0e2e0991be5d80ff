//! What stands outside of Greenroom, as it truly is: plain state machines without clocks, waiting
//! or faults of their own.

pub mod environment;
pub mod executor;
pub mod messenger;
pub mod people;
pub mod pulls;
pub mod repository;
