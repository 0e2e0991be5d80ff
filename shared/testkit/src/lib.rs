//! What tests, the demo and the simulator need instead of the outside world.

pub mod github_payloads;
pub mod sample_repo;
