//! Moves the claimed run along: its execution has ended, its suites have answered, its time is up.

use jiff::{SignedDuration, Timestamp};

use super::suites::{self, Subject};
use super::{Draft, OBSERVE_EVERY, finish, foreign, later};
use crate::bound;
use crate::effect::Effect;
use crate::execution::Observation;
use crate::policy::Policy;
use crate::release::Outputs;
use crate::stage::{Failing, Outcome, Phase, Run, StopReason, Unstopped};
use crate::waiting::{LifeWait, ToggleWait, Wait};

/// How long a stopped execution may take to end before it is given up.
const STOP_PATIENCE: SignedDuration = SignedDuration::from_mins(2);

pub(super) fn advance(draft: &mut Draft, policy: Option<&Policy<'_>>) {
    let Some(mut run) = draft.next.run.take() else {
        return;
    };
    let end = step(draft, &mut run);
    match end {
        Some(end) => {
            let end = foreign::judge(draft, &run, end);
            finish::finish(draft, run, end, policy);
        }
        None => {
            wait_for(draft, &run);
            draft.next.run = Some(run);
        }
    }
}

/// How a run ends.
pub(super) struct End {
    pub outcome: Outcome,
    pub why: String,
    pub failing: Option<Failing>,
    /// Whether automation may try it again if nobody could tell.
    pub again: bool,
}

impl End {
    pub(super) fn of(outcome: Outcome, why: impl Into<String>) -> Self {
        Self {
            outcome,
            why: why.into(),
            failing: None,
            again: true,
        }
    }

    pub(super) fn failed(why: String, failing: Failing) -> Self {
        Self {
            failing: Some(failing),
            ..Self::of(Outcome::Failed, why)
        }
    }
}

fn step(draft: &mut Draft, run: &mut Run) -> Option<End> {
    match run.phase.clone() {
        Phase::Starting | Phase::Deploying => deploying(draft, run),
        Phase::Verifying { since } => verifying(draft, run, since),
        Phase::Stopping { reason, since } => stopping(draft, run, &reason, since),
        Phase::Ended => Some(End::of(Outcome::Errored, "it had ended already")),
    }
}

fn deploying(draft: &mut Draft, run: &mut Run) -> Option<End> {
    if let Some(ended) = run.ended.clone() {
        return ended_deployment(draft, run, &ended);
    }
    if draft.now < run.deadline {
        return None;
    }
    let (reason, since) = (StopReason::TimedOut, draft.now);
    run.phase = Phase::Stopping {
        reason: reason.clone(),
        since,
    };
    stopping(draft, run, &reason, since)
}

/// The execution has ended: on to the suites, or to the end.
fn ended_deployment(draft: &mut Draft, run: &mut Run, ended: &Observation) -> Option<End> {
    match ended {
        Observation::Succeeded { .. } | Observation::Failed { .. } if !run.is_admitted() => {
            Some(not_admitted(draft, run, ended))
        }
        Observation::Succeeded { outputs, at, .. } => {
            complete(draft, run, outputs, *at);
            if run.suites.is_empty() {
                return Some(End::of(Outcome::Succeeded, "deployed; it has no suites"));
            }
            if draft.now >= run.deadline {
                let why = "deployed, but too late to be tested";
                return Some(End::of(Outcome::TimedOut, why));
            }
            start_suites(draft, run);
            None
        }
        Observation::Failed { step, why, .. } => Some(End::failed(
            format!("step {step} failed: {why}"),
            Failing::Step {
                build: false,
                step: step.clone(),
                why: why.clone(),
            },
        )),
        Observation::TimedOut { step, after, .. } => Some(End::of(
            Outcome::TimedOut,
            format!("step {step} took longer than {} s", after.as_secs()),
        )),
        Observation::Errored { why, .. } => Some(End::of(Outcome::Errored, why.clone())),
        Observation::Stopped { .. } => {
            Some(End::of(Outcome::Errored, "somebody stopped its execution"))
        }
        Observation::Refused { why, .. } => Some(End::of(Outcome::Refused, why.clone())),
        Observation::Running { .. } | Observation::Unknown => None,
    }
}

/// Steps may have run that nobody admitted: what stands on the stage is anybody's guess, and no
/// verdict about the change.
fn not_admitted(draft: &mut Draft, run: &Run, ended: &Observation) -> End {
    // A switch changes nothing on the stage.
    if !run.cause.is_flip() {
        draft.next.verified = None;
        if let Some(deployed) = &mut draft.next.deployed {
            deployed.complete = false;
        }
    }
    let how = match ended {
        Observation::Failed { step, why, .. } => format!("failed at step {step} ({why})"),
        _ => "succeeded".to_owned(),
    };
    let why = format!("the pipeline {how} without asking to be admitted");
    End::of(Outcome::Errored, why)
}

/// The pipeline has put the release there, whole.
fn complete(draft: &mut Draft, run: &mut Run, outputs: &Outputs, at: Timestamp) {
    run.outputs.extend(outputs.clone());
    run.outputs = bound::outputs(&run.outputs);
    let deployed = draft.next.deployed.as_mut();
    if let Some(deployed) = deployed.filter(|deployed| deployed.generation == run.generation) {
        deployed.complete = true;
        deployed.at = at;
        deployed.outputs.clone_from(&run.outputs);
    }
}

fn start_suites(draft: &mut Draft, run: &mut Run) {
    run.phase = Phase::Verifying { since: draft.now };
    let subject = subject(run);
    suites::start(draft, &mut run.suites, &subject);
}

fn verifying(draft: &mut Draft, run: &mut Run, since: Timestamp) -> Option<End> {
    let subject = subject(run);
    suites::follow(draft, &mut run.suites, &subject, since)
}

/// What its suites look at.
fn subject(run: &Run) -> Subject {
    Subject {
        generation: run.generation,
        round: None,
        revision: run.release.revision.clone(),
        config: run.config.clone(),
        outputs: run.outputs.clone(),
        deadline: run.deadline,
    }
}

/// Nothing of ours is on the stage before admission, and nothing runs any more while tests do:
/// then a stop is immediate. Otherwise the execution must have ended first, or patience.
fn stopping(
    draft: &mut Draft,
    run: &mut Run,
    reason: &StopReason,
    since: Timestamp,
) -> Option<End> {
    match run.ended.clone() {
        None => ask_to_stop(draft, run, reason),
        Some(Observation::Succeeded { outputs, at, .. }) => complete(draft, run, &outputs, at),
        Some(_) => {}
    }
    let gone = run.ended.is_some() || !run.is_admitted();
    if !gone && draft.now < later(since, STOP_PATIENCE) {
        return None;
    }
    let mut end = match reason {
        StopReason::Aborted { by, why } => End::of(Outcome::Aborted, format!("{by}: {why}")),
        StopReason::TimedOut => End::of(
            Outcome::TimedOut,
            format!("it did not end before {}", run.deadline),
        ),
    };
    if !gone {
        // It may still be at it: nothing is sent after it but by a person, until it has ended.
        end.again = false;
        draft.next.unstopped = run.execution.clone().map(|execution| Unstopped {
            generation: run.generation,
            execution,
            since: draft.now,
        });
        end.why.push_str("; it would not stop");
    }
    Some(end)
}

/// Asks the execution to stop, once.
fn ask_to_stop(draft: &mut Draft, run: &mut Run, reason: &StopReason) {
    let Some(execution) = run.execution.clone().filter(|_| !run.stop_sent) else {
        return;
    };
    run.stop_sent = true;
    draft.effects.push(Effect::StopExecution {
        stage: draft.next.id.stage.clone(),
        generation: run.generation,
        execution,
        reason: match reason {
            StopReason::Aborted { by, why } => format!("{by}: {why}"),
            StopReason::TimedOut => "it took too long".to_owned(),
        },
    });
}

fn wait_for(draft: &mut Draft, run: &Run) {
    let generation = run.generation;
    // A run that is being stopped has another limit.
    if !matches!(run.phase, Phase::Stopping { .. }) {
        draft.wake_at(run.deadline);
    }
    let wait = match &run.phase {
        Phase::Starting | Phase::Ended => Wait::Starting {
            generation,
            since: run.claimed_at,
        },
        Phase::Deploying if run.cause.is_teardown() => Wait::Life(LifeWait::TearingDown {
            generation,
            since: run.admitted_at.unwrap_or(run.claimed_at),
            deadline: run.deadline,
        }),
        Phase::Deploying if run.cause.is_flip() => Wait::Toggle(ToggleWait::Flipping {
            generation,
            since: run.admitted_at.unwrap_or(run.claimed_at),
            deadline: run.deadline,
        }),
        Phase::Deploying => Wait::Deploying {
            generation,
            revision: run.release.revision.clone(),
            since: run.admitted_at.unwrap_or(run.claimed_at),
            deadline: run.deadline,
        },
        Phase::Stopping { since, .. } => {
            draft.wake_at(later(*since, STOP_PATIENCE));
            Wait::Stopping {
                generation,
                since: *since,
            }
        }
        Phase::Verifying { since } => Wait::Verifying {
            generation,
            suites: suites::open(&run.suites),
            since: *since,
        },
    };
    if run.execution.is_some() && run.ended.is_none() {
        draft.wake_at(later(draft.now, OBSERVE_EVERY));
    }
    draft.waits.push(wait);
}
