//! The adapter and the real SDK against the stand-in, with pipelines as they are rendered from a
//! stage file: what is deployed is what is tested.

mod foreign;
mod inspect;
mod reports;
mod results;
mod start;
mod stop;
mod support;
