//! The AWS and the GitHub of tests, on loopback: each started by the test that needs it, on a port
//! that was free, and stopped by it.

pub mod bucket;
pub mod codepipeline;
pub mod dynamodb_local;
pub mod github;
pub mod ministack;
mod process;
pub mod proxy;

pub use process::StartError;
