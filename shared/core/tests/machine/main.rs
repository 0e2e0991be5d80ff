//! The state machine of a stage, by value: facts and commands go in, plans come out.

#![allow(
    unused_must_use,
    reason = "most steps are only taken; where they led is looked at later"
)]

mod breaks;
mod builds;
mod bytes;
mod commit_statuses;
mod deploy;
mod ends;
mod fence;
mod fifo;
mod fifo_promotions;
mod fixture;
mod flap;
mod foreign;
mod forks;
mod gates;
mod life;
mod lines;
mod logged;
mod marks;
mod moves;
mod mute;
mod outdated;
mod paths;
mod people;
mod promotion;
mod properties;
mod refresh;
mod rollback;
mod rounds;
mod routes;
mod select;
mod sharing;
mod story;
mod through;
mod together;
mod toggle;
mod verdicts;
mod waits;
mod watch;
mod windows;
mod world;
