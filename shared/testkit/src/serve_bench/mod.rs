//! What `greenroom serve` costs, measured on the real binary over real sockets on loopback.
//!
//! Only ratios of one run and counts mean something on another machine; times are printed beside
//! them because the goals of start and memory are absolute. Nothing here is an assertion of a
//! test: a goal that is missed is printed as missed.

pub mod history;
pub mod load;
pub mod measure;
pub mod process;
pub mod report;
pub mod site;

use std::error::Error;

/// Anything that keeps a measurement from being made.
pub type Failure = Box<dyn Error + Send + Sync>;
/// What a measurement gives.
pub type Result<T> = std::result::Result<T, Failure>;
