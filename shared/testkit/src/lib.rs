//! What tests, the demo and the simulator need instead of the outside world.

pub mod github_payloads;
//! What tests of the other crates share: memory adapters and the contracts adapters must keep.

pub mod conformance;
pub mod memory_store;
pub mod sample_repo;
//! What tests stand on: fakes that are as strict as the real thing.

pub mod fake_smtp;
pub mod fake_telegram;
