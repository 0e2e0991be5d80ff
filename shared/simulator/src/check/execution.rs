//! C: what runs where.

use std::collections::BTreeMap;

use super::Found;
use crate::truth::{Happened, Truth};

/// Admitted executions by stage and generation.
#[derive(Debug, Default)]
pub struct Execution {
    admitted: BTreeMap<(String, u64), usize>,
}

impl Execution {
    pub fn see(&mut self, truth: &Truth, happened: &Happened<'_>, found: &mut Found) {
        let Happened::Admitted { execution } = happened else {
            return;
        };
        let this = truth.executor.get(*execution);
        let (Some(stage), Some(generation)) = (this.stage(), this.generation()) else {
            return;
        };
        let others = truth.executor.all().iter().filter(|other| {
            other.id != this.id
                && other.stage() == Some(stage)
                && other.admitted.is_some()
                && !other.has_ended()
                && !other.stopping
        });
        for other in others {
            let what = format!("{} is admitted to {stage} while {} runs", this.id, other.id);
            found.broken(truth, "C1", what);
        }
        let claim = (stage.to_owned(), generation);
        if let Some(first) = self.admitted.insert(claim, *execution)
            && first != *execution
        {
            let first = &truth.executor.get(first).id;
            let what = format!(
                "{} and {first} are both admitted for run {generation} of {stage}",
                this.id
            );
            found.broken(truth, "C2", what);
        }
    }
}
