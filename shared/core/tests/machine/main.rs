//! The state machine of a stage, by value: facts and commands go in, plans come out.

mod breaks;
mod builds;
mod deploy;
mod fence;
mod logged;
mod people;
mod promotion;
mod properties;
mod refresh;
mod rollback;
mod verdicts;
mod waits;
mod world;
