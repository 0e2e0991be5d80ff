//! Makes a failing run smaller: which of the many things that went wrong are needed for it.

use std::collections::BTreeSet;

use crate::fault::Allowed;
use crate::run::{Outcome, run};
use crate::setup::Setup;

/// Runs that are spent on it at most.
const TRIES: usize = 600;

/// The same failure with as few of the faults and acts as could be found.
pub fn shrink(setup: &Setup, failed: &Outcome) -> Outcome {
    let Some(violation) = &failed.violation else {
        return failed.clone();
    };
    let mut best = failed.clone();
    let mut needed: Vec<u64> = numbers(failed);
    let mut tries = 0;
    let mut part = needed.len().div_ceil(2).max(1);
    while tries < TRIES && !needed.is_empty() {
        let mut removed = false;
        let mut from = 0;
        while from < needed.len() && tries < TRIES {
            let to = (from + part).min(needed.len());
            let mut fewer = needed.clone();
            drop(fewer.drain(from..to));
            let outcome = with_only(setup, fewer.iter().copied().collect());
            tries += 1;
            let same = outcome
                .violation
                .as_ref()
                .is_some_and(|found| found.invariant == violation.invariant);
            if same {
                // What did not happen this time is not needed either.
                needed = numbers(&outcome);
                best = outcome;
                removed = true;
            } else {
                from = to;
            }
        }
        if part == 1 && !removed {
            break;
        }
        part = part.div_ceil(2).min(needed.len().max(1));
        if removed && part == 0 {
            break;
        }
    }
    let mut again = setup.clone();
    again.allowed = Allowed::Only(needed.into_iter().collect());
    again.recording = true;
    let recorded = run(again);
    if recorded.violation.is_some() {
        recorded
    } else {
        best
    }
}

fn numbers(outcome: &Outcome) -> Vec<u64> {
    let all: BTreeSet<u64> = outcome.met.iter().map(|met| met.number).collect();
    all.into_iter().collect()
}

fn with_only(setup: &Setup, some: BTreeSet<u64>) -> Outcome {
    let mut setup = setup.clone();
    setup.allowed = Allowed::Only(some);
    setup.recording = false;
    run(setup)
}
