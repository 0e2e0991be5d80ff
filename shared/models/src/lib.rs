//! The protocols of Greenroom, looked at in every order things can happen in.
//!
//! The core's own functions decide here; what is modelled is what surrounds them: a table that
//! others write, workers that die, a pipeline that is late, people and clocks. `docs/models.md`
//! has the bounds and the numbers.

pub mod book;
pub mod decide;
mod happens;
pub mod models;
pub mod outbox;
pub mod promises;
pub mod protocol;
pub mod report;
pub mod setup;
pub mod state;
