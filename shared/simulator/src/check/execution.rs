//! C: what runs where, and what is said of it.

use std::collections::{BTreeMap, BTreeSet};

use greenroom_app::ports::pipelines::Observation;
use greenroom_core::stage::{Outcome, Run};

use super::wish::Wishes;
use super::{Found, Replaced, Stages};
use crate::model::executor::By;
use crate::truth::{Happened, Truth};

/// Admitted executions, and how runs ended.
#[derive(Debug, Default)]
pub struct Execution {
    admitted: BTreeMap<(String, u64), usize>,
    outcomes: BTreeMap<(String, u64), Outcome>,
    /// Runs whose execution is to stop, and those of which the outbox ever said so.
    to_stop: BTreeSet<String>,
    asked_to_stop: BTreeSet<String>,
}

impl Execution {
    pub fn see(
        &mut self,
        truth: &Truth,
        happened: &Happened<'_>,
        wishes: &Wishes,
        stages: &Stages,
        found: &mut Found,
    ) {
        match happened {
            Happened::Admitted { execution } => {
                alone(truth, *execution, wishes, found);
                self.once(truth, *execution, found);
                current(truth, *execution, stages, found);
            }
            Happened::Committed { changes } => {
                let entered = changes.iter().filter(|change| change.after.is_some());
                let stops = entered.filter(|change| change.key.sort.contains("/stop/"));
                self.asked_to_stop
                    .extend(stops.map(|change| change.key.sort.clone()));
            }
            Happened::Deployed { execution } => same_bytes(truth, *execution, stages, found),
            _ => {}
        }
    }

    /// C2
    fn once(&mut self, truth: &Truth, execution: usize, found: &mut Found) {
        let this = truth.executor.get(execution);
        let (Some(stage), Some(generation)) = (this.stage(), this.generation()) else {
            return;
        };
        let claim = (stage.to_owned(), generation);
        if let Some(first) = self.admitted.insert(claim, execution)
            && first != execution
        {
            let first = &truth.executor.get(first).id;
            let what = format!(
                "{} and {first} are both admitted for run {generation}",
                this.id
            );
            found.broken(truth, "C2", what);
        }
        if this.by == By::Hand {
            let what = format!("{}, started by hand, is admitted to {stage}", this.id);
            found.broken(truth, "C6", what);
        }
    }

    /// C4, C5: what is recorded of a run is what its own execution says, once.
    pub fn replaced(&mut self, truth: &Truth, replaced: &Replaced<'_>, found: &mut Found) {
        let stage = replaced.after;
        for run in stage.run.iter().chain(&stage.last) {
            attributed(truth, replaced, run, found);
            if run.stop_sent {
                self.to_stop
                    .insert(format!("{}/stop/{}", stage.id, run.generation));
            }
            let Some(outcome) = run.outcome else { continue };
            let name = (stage.id.stage.to_string(), run.generation);
            let known = *self.outcomes.entry(name).or_insert(outcome);
            if known != outcome {
                let what = format!(
                    "run {} of {} ended {known:?} and then {outcome:?}",
                    run.generation, stage.id
                );
                found.broken(truth, "C5", what);
            }
        }
        if replaced.claims()
            && let Some(run) = replaced.before.and_then(|before| before.run.as_ref())
            && run.outcome.is_none()
            && stage.last.as_ref().map(|last| last.generation) != Some(run.generation)
        {
            let what = format!(
                "{} claims a run while run {} is under way",
                stage.id, run.generation
            );
            found.broken(truth, "C1", what);
        }
    }

    /// C7: whatever is to stop was told so.
    pub fn end(&self, truth: &Truth, found: &mut Found) {
        for stop in self.to_stop.difference(&self.asked_to_stop) {
            found.broken(truth, "C7", format!("nobody was asked for {stop}"));
        }
    }
}

/// C1: nothing else of ours is at the stage, but for what a person did not want to wait for.
fn alone(truth: &Truth, execution: usize, wishes: &Wishes, found: &mut Found) {
    let this = truth.executor.get(execution);
    let others = truth.executor.all().iter().filter(|other| {
        other.id != this.id
            && other.stage() == this.stage()
            && other.admitted.is_some()
            && !other.has_ended()
            && !wishes.has_let_go(&other.id)
    });
    for other in others {
        let what = format!("{} is admitted while {} runs there", this.id, other.id);
        found.broken(truth, "C1", what);
    }
}

fn attributed(truth: &Truth, replaced: &Replaced<'_>, run: &Run, found: &mut Found) {
    let Some(id) = &run.execution else { return };
    let stage = replaced.after;
    let named = format!("run {} of {}", run.generation, stage.id);
    let Some(index) = truth.executor.find(id) else {
        found.broken(
            truth,
            "C4",
            format!("{named} has {id}, which does not exist"),
        );
        return;
    };
    let execution = truth.executor.get(index);
    let own = execution.stage() == Some(stage.id.stage.as_str())
        && execution.generation() == Some(run.generation);
    if !own {
        found.broken(truth, "C4", format!("{named} has {id}, which is another's"));
    }
    if let Some(ended) = &run.ended {
        let real = execution.ended_as(ended);
        // What can never be known is written down as such, not read.
        let unread = matches!(
            ended,
            Observation::Errored { .. } | Observation::Refused { .. }
        );
        if !real && !unread {
            found.broken(
                truth,
                "C5",
                format!("{named} ended as {id} did not: {ended:?}"),
            );
        }
    }
    if run.outcome == Some(Outcome::Succeeded)
        && !matches!(execution.ending, Some(Observation::Succeeded { .. }))
    {
        found.broken(truth, "C5", format!("{named} succeeded and {id} did not"));
    }
}

/// C3: only the current claim passes.
fn current(truth: &Truth, execution: usize, stages: &Stages, found: &mut Found) {
    let this = truth.executor.get(execution);
    let Some(stage) = this.stage() else { return };
    let run = stages
        .get(stage)
        .and_then(|(_, record)| record.stage.run.as_ref());
    let mine = run.is_some_and(|run| {
        Some(run.generation) == this.generation() && run.execution.as_ref() == Some(&this.id)
    });
    if !mine {
        let run = run.map(|run| run.generation);
        let what = format!(
            "{} of run {:?} is admitted to {stage}, whose run is {run:?}",
            this.id,
            this.generation()
        );
        found.broken(truth, "C3", what);
    }
    if mine && run.is_some_and(|run| !run.is_admitted()) {
        let what = format!("{} is admitted to {stage}, and it is not recorded", this.id);
        found.broken(truth, "G2", what);
    }
}

/// D2: what is put on a stage are the bytes of the claim.
fn same_bytes(truth: &Truth, execution: usize, stages: &Stages, found: &mut Found) {
    let this = truth.executor.get(execution);
    let Some(stage) = this.stage() else { return };
    let Some((_, record)) = stages.get(stage) else {
        return;
    };
    let runs = record.stage.run.iter().chain(&record.stage.last);
    for run in runs.filter(|run| Some(run.generation) == this.generation()) {
        if run.release.artifact.as_ref() != this.artifact() {
            let what = format!(
                "{} puts other bytes on {stage} than run {} claimed",
                this.id, run.generation
            );
            found.broken(truth, "D2", what);
        }
    }
}
