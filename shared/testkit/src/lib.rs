//! What tests and the demo stand on: memory adapters, the contracts adapters must keep, fakes that
//! are as strict as the real thing, real payloads, and a sample repository.

pub mod conformance;
pub mod demo;
pub mod fake_smtp;
pub mod fake_telegram;
pub mod golden;
pub mod sample_repo;
pub mod scenario;
pub mod serve_bench;
pub mod world;

pub use greenroom_simulator::{github_payloads, memory_store};
