//! The promises, each checked against the world's truth right after whatever happens. The numbers
//! are those of ARCHITECTURE.md.

mod execution;
mod state;

use jiff::Timestamp;

use crate::truth::{Happened, Truth};

/// A promise that was not kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// The number of the invariant.
    pub invariant: &'static str,
    pub at: Timestamp,
    pub what: String,
}

/// All checks and what they remember.
#[derive(Debug, Default)]
pub struct Checks {
    execution: execution::Execution,
    state: state::State,
}

/// Broken promises are collected here.
#[derive(Debug, Default)]
pub struct Found(Vec<Violation>);

impl Found {
    /// `invariant` is broken.
    pub fn broken(&mut self, truth: &Truth, invariant: &'static str, what: impl Into<String>) {
        self.0.push(Violation {
            invariant,
            at: truth.now,
            what: what.into(),
        });
    }

    pub fn first(&self) -> Option<&Violation> {
        self.0.first()
    }
}

impl Checks {
    /// Looks at what has just happened.
    pub fn see(&mut self, truth: &Truth, happened: &Happened<'_>, found: &mut Found) {
        self.execution.see(truth, happened, found);
        self.state.see(truth, happened, found);
    }
}
