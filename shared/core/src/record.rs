//! Writes down what happened. Total: a fact about something this stage no longer cares for
//! changes nothing.

mod foreign;
mod head;
mod queue;
mod redeploy;
mod suite;

use crate::bound;
use crate::execution::Observation;
use crate::fact::Fact;
use crate::name::ExecutionId;
use crate::stage::{Phase, Source, Stage, Unstopped};

/// The stage after `fact`.
#[must_use]
pub fn record(mut stage: Stage, fact: &Fact) -> Stage {
    match fact {
        Fact::HeadObserved {
            reference,
            revision,
            actor,
            cause,
            at,
        } => {
            let read = head::Read {
                reference,
                revision,
                actor: actor.as_ref(),
                cause,
                at: *at,
            };
            head::observe(&mut stage, &read);
        }
        Fact::HeadUntouched {
            reference,
            revision,
            actor,
            cause,
            since,
            at,
        } => {
            let read = head::Read {
                reference,
                revision,
                actor: actor.as_ref(),
                cause,
                at: *at,
            };
            head::pass_by(&mut stage, &read, since);
        }
        Fact::HeadGone { reference, at } => head::forget(&mut stage, reference, *at),
        Fact::RefreshHeadMissing { reference, .. } => {
            if let Some(wish) = stage.refresh.wish.clone() {
                let why = Some(format!("{reference} does not exist"));
                head::end_refresh(&mut stage, wish.slot, wish.by.as_deref(), why);
            }
        }
        Fact::ExecutionStarted {
            generation,
            execution,
        } => started(&mut stage, *generation, execution),
        Fact::StartRefused {
            generation,
            why,
            at,
        } => {
            if let Some(run) = stage.run_of(*generation)
                && run.execution.is_none()
            {
                run.ended = Some(Observation::Errored {
                    why: bound::text(why, bound::WHY_MAX),
                    at: *at,
                });
            }
        }
        Fact::ExecutionObserved {
            generation,
            execution,
            observation,
        } => {
            observe_execution(&mut stage, *generation, execution, observation);
            observe_unstopped(&mut stage, *generation, execution, observation);
        }
        Fact::VerdictReported {
            generation,
            suite,
            attempt,
            report,
        } => {
            let answer = suite::Answer {
                suite,
                attempt: *attempt,
                report,
            };
            suite::of_run(&mut stage, *generation, &answer);
        }
        Fact::RedeployAsked {
            by,
            number,
            asked,
            after,
            release,
            reference,
            at,
        } => {
            let ask = redeploy::Ask {
                by,
                number: *number,
                asked: *asked,
                after: *after,
                release,
                reference: reference.as_ref(),
                at: *at,
            };
            redeploy::asked(&mut stage, &ask);
        }
        Fact::ForeignSeen {
            execution,
            what,
            at,
        } => foreign::seen(&mut stage, execution, what, *at),
        Fact::TeardownHeadRead {
            number,
            revision,
            at,
        } => {
            let wish = stage.life.wish.as_mut();
            if let Some(wish) = wish.filter(|wish| wish.number == *number) {
                wish.source = Some(Source {
                    revision: revision.clone(),
                    at: *at,
                });
                wish.reading = None;
            }
        }
        Fact::WatchReported {
            round,
            suite,
            attempt,
            report,
        } => {
            let answer = suite::Answer {
                suite,
                attempt: *attempt,
                report,
            };
            suite::of_round(&mut stage, *round, &answer);
        }
    }
    stage
}

fn started(stage: &mut Stage, generation: u64, execution: &ExecutionId) {
    if let Some(run) = stage.run_of(generation)
        && run.execution.is_none()
    {
        run.execution = Some(execution.clone());
    }
}

/// Only our execution counts, and only its first end: what was read after the end is final.
fn observe_execution(
    stage: &mut Stage,
    generation: u64,
    execution: &ExecutionId,
    observation: &Observation,
) {
    let Some(run) = stage.run_of(generation) else {
        return;
    };
    if run.execution.as_ref() != Some(execution) || run.ended.is_some() {
        return;
    }
    let deploying = matches!(
        run.phase,
        Phase::Starting | Phase::Deploying | Phase::Stopping { .. }
    );
    if deploying && observation.is_terminal() {
        run.ended = Some(bounded(observation));
    }
}

/// What would not stop has ended at last: nothing is kept from the stage because of it any more.
/// That nobody knows of it is no end.
fn observe_unstopped(
    stage: &mut Stage,
    generation: u64,
    execution: &ExecutionId,
    seen: &Observation,
) {
    let is_it = |unstopped: &Unstopped| unstopped.is(generation, execution);
    if !seen.is_terminal() || !stage.unstopped.as_ref().is_some_and(is_it) {
        return;
    }
    stage.unstopped = None;
    if let Some(last) = stage
        .last
        .as_mut()
        .filter(|last| last.generation == generation)
    {
        last.ended = Some(bounded(seen));
    }
}

fn bounded(observation: &Observation) -> Observation {
    let mut bounded = observation.clone();
    match &mut bounded {
        Observation::Running { .. } | Observation::Stopped { .. } | Observation::Unknown => {}
        Observation::Succeeded {
            outputs, evidence, ..
        } => {
            *outputs = bound::outputs(outputs);
            // A deployment proves nothing about the release; its build did.
            *evidence = None;
        }
        Observation::Failed { step, why, .. } => {
            *step = bound::text(step, bound::NAME_MAX);
            *why = bound::text(why, bound::WHY_MAX);
        }
        Observation::TimedOut { step, .. } => *step = bound::text(step, bound::NAME_MAX),
        Observation::Errored { why, .. } | Observation::Refused { why, .. } => {
            *why = bound::text(why, bound::WHY_MAX);
        }
    }
    bounded
}
