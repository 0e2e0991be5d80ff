//! Golden scenarios: short stories over a [`World`] that end one way. Whatever single call or pair
//! of calls meets whatever fault is honest for it, they must end as they do without, and at every
//! moment hold what [`Watch`](crate::world::Watch) watches.
//!
//! Nothing is sampled: [`Golden::singles`] and [`Golden::pairs`] go through all there are.

mod act;
mod end;
mod enumerate;
mod run;
mod scenarios;

pub use end::End;
pub use enumerate::{PAIRED, Plan, parse_plan};
pub use run::{Failure, Golden, Ran};
pub use scenarios::{ALL, DEV, UNLOCK};

use crate::world::World;

/// A short story.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    pub name: &'static str,
    /// The stage file of its app.
    pub file: &'static str,
    /// What happened before; no fault happens in it.
    pub prepare: fn(&mut World),
    /// What happens, with whatever people and pipelines do in it.
    pub act: fn(&mut World),
    /// How far its ends may differ.
    pub ends: Ends,
    /// What it is about: true of its end without faults, and of each if they may differ.
    pub golden: fn(&End) -> bool,
}

/// How far the ends of one scenario may differ.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ends {
    /// Each is as without faults.
    Alike,
    /// Two things race, and a fault may decide which is first; what is golden holds in each.
    Golden,
}

/// The scenario of this name.
pub fn scenario(name: &str) -> Option<&'static Scenario> {
    ALL.iter().find(|scenario| scenario.name == name)
}
