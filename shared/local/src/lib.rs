//! Adapters for one machine: the embedded store, git, pipelines as processes, integration tests,
//! Telegram, mail and the console.

pub mod artifact;
pub mod channels;
pub mod clock;
pub mod console;
pub mod git;
pub mod mail;
pub mod pipeline;
pub mod ports;
pub mod process;
pub mod secrets;
pub mod store;
pub mod suites;
