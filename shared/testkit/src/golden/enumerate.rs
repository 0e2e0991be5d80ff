//! Every fault of every call, and every pair of them.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::run::{Failure, Golden};
use crate::world::{Call, Fault};

/// Faults by the number of the call they happen to, the first call being 1.
pub type Plan = Vec<(usize, Fault)>;

/// The six shortest scenarios, by their calls without faults.
pub const PAIRED: [&str; 6] = [
    "lock-during-start",
    "delete-branch",
    "abort",
    "promote",
    "unlock",
    "rollback",
];

/// Every fault that can happen to one of `calls` after the first `after`.
fn faults(calls: &[Call], after: usize) -> impl Iterator<Item = (usize, Fault)> {
    let numbered = calls.iter().enumerate().skip(after);
    numbered.flat_map(|(n, call)| {
        let faults = call.nature.faults().into_iter();
        faults.map(move |fault| (n + 1, fault))
    })
}

impl Golden {
    /// Every call with every fault that can happen to it. `next` hands out the faults; several
    /// goldens of one scenario may share it. Counts the runs it made itself.
    pub fn singles(&self, next: &AtomicUsize) -> (usize, Vec<Failure>) {
        let mut runs = 0;
        let mut failures = Vec::new();
        let all: Vec<_> = faults(&self.calm.calls, 0).collect();
        while let Some(single) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
            runs += 1;
            failures.extend(self.run(&vec![*single]).err());
        }
        (runs, failures)
    }

    /// Every pair of faults: after each first one the calls are those of the run that met it, up to
    /// where everything is done again, and each of them meets every fault that can happen to it.
    /// `next` hands out first faults.
    pub fn pairs(&self, next: &AtomicUsize) -> (usize, Vec<Failure>) {
        let mut runs = 0;
        let mut failures = Vec::new();
        let firsts: Vec<_> = faults(&self.calm.calls, 0).collect();
        while let Some(first) = firsts.get(next.fetch_add(1, Ordering::Relaxed)) {
            let ran = match self.run(&vec![*first]) {
                Ok(ran) => ran,
                Err(failure) => {
                    failures.push(failure);
                    continue;
                }
            };
            for second in faults(&ran.calls, first.0) {
                runs += 1;
                failures.extend(self.run(&vec![*first, second]).err());
            }
        }
        (runs, failures)
    }
}

/// `17:DieAfter 31:StallBefore`
pub(super) fn spell(plan: &Plan) -> String {
    let spelled = plan.iter().map(|(nth, fault)| format!("{nth}:{fault}"));
    spelled.collect::<Vec<_>>().join(" ")
}

/// Reads `promote 17:DieAfter 31:StallBefore`: a scenario's name and its faults.
///
/// # Errors
/// A sentence that says what is not understood.
pub fn parse_plan(text: &str) -> Result<(&str, Plan), String> {
    let mut words = text.split_whitespace();
    let name = words.next().ok_or("no scenario is named")?;
    let fault = |word: &str| {
        let (nth, fault) = word
            .split_once(':')
            .ok_or_else(|| format!("{word} is no fault"))?;
        let nth = nth
            .parse()
            .map_err(|_| format!("{nth} is no call's number"))?;
        Ok::<_, String>((nth, fault.parse()?))
    };
    Ok((name, words.map(fault).collect::<Result<_, _>>()?))
}
