//! Moves the claimed run along: its execution has ended, its suites have answered, its time is up.

use jiff::{SignedDuration, Timestamp};

use super::{Draft, OBSERVE_EVERY, finish, later};
use crate::effect::Effect;
use crate::execution::Observation;
use crate::policy::Policy;
use crate::stage::{Failing, Outcome, Phase, Run, StopReason, SuiteProgress};
use crate::verdict::{FAILURES_MAX, Verdict};
use crate::waiting::Wait;

/// How long a stopped execution may take to end before it is given up.
const STOP_PATIENCE: SignedDuration = SignedDuration::from_mins(2);
/// Wait before an errored suite's next attempt, times the number of attempts.
const SUITE_BACKOFF: SignedDuration = SignedDuration::from_secs(5);

pub(super) fn advance(draft: &mut Draft, policy: Option<&Policy<'_>>) {
    let Some(mut run) = draft.next.run.take() else {
        return;
    };
    let end = step(draft, &mut run);
    match end {
        Some(end) => finish::finish(draft, run, end, policy),
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
}

impl End {
    fn of(outcome: Outcome, why: impl Into<String>) -> Self {
        Self {
            outcome,
            why: why.into(),
            failing: None,
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
    if draft.now >= run.deadline {
        return stop(draft, run, StopReason::TimedOut);
    }
    None
}

/// The execution has ended: on to the suites, or to the end.
fn ended_deployment(draft: &mut Draft, run: &mut Run, ended: &Observation) -> Option<End> {
    match ended {
        Observation::Succeeded { outputs, at, .. } => {
            if !run.is_admitted() {
                return Some(End::of(
                    Outcome::Errored,
                    "the pipeline succeeded without asking to be admitted",
                ));
            }
            run.outputs.extend(outputs.clone());
            if let Some(deployed) = &mut draft.next.deployed {
                deployed.complete = true;
                deployed.at = *at;
                deployed.outputs.clone_from(&run.outputs);
            }
            start_suites(draft, run);
            run.suites
                .is_empty()
                .then(|| End::of(Outcome::Succeeded, "deployed; it has no suites"))
        }
        Observation::Failed { step, why, .. } => Some(End {
            outcome: Outcome::Failed,
            why: format!("step {step} failed: {why}"),
            failing: Some(Failing::Step {
                build: false,
                step: step.clone(),
                why: why.clone(),
            }),
        }),
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

fn start_suites(draft: &mut Draft, run: &mut Run) {
    run.phase = Phase::Verifying { since: draft.now };
    let names: Vec<_> = run.suites.keys().cloned().collect();
    for suite in names {
        if let Some(progress) = run.suites.get_mut(&suite) {
            progress.attempt = 1;
        }
        let effect = run_suite(draft, run, &suite, 1);
        draft.effects.push(effect);
    }
}

fn run_suite(draft: &Draft, run: &Run, suite: &crate::name::SuiteName, attempt: u32) -> Effect {
    Effect::RunSuite {
        stage: draft.next.id.stage.clone(),
        generation: run.generation,
        suite: suite.clone(),
        attempt,
        revision: run.release.revision.clone(),
        config: run.config.clone(),
        outputs: run.outputs.clone(),
    }
}

fn verifying(draft: &mut Draft, run: &mut Run, since: Timestamp) -> Option<End> {
    if draft.now >= run.deadline {
        return Some(End::of(
            Outcome::TimedOut,
            format!("its tests, begun at {since}, took too long"),
        ));
    }
    retry_errored(draft, run);
    let waits = |progress: &SuiteProgress| progress.report.is_none() || progress.retry_at.is_some();
    if run.suites.values().any(waits) {
        return None;
    }
    Some(judge(run))
}

/// An errored attempt is not an answer until its retries are spent.
fn retry_errored(draft: &mut Draft, run: &mut Run) {
    let now = draft.now;
    let mut again = Vec::new();
    for (suite, progress) in &mut run.suites {
        let errored = progress
            .report
            .as_ref()
            .is_some_and(|report| report.verdict == Verdict::Errored);
        if !errored || progress.attempt > progress.retries {
            continue;
        }
        let wait =
            SUITE_BACKOFF.saturating_mul(i32::try_from(progress.attempt).unwrap_or(i32::MAX));
        let at = *progress.retry_at.get_or_insert_with(|| later(now, wait));
        if at <= now {
            progress.attempt += 1;
            progress.retry_at = None;
            progress.report = None;
            again.push((suite.clone(), progress.attempt));
        } else {
            draft.wake = Some(draft.wake.map_or(at, |wake| wake.min(at)));
        }
    }
    for (suite, attempt) in again {
        let effect = run_suite(draft, run, &suite, attempt);
        draft.effects.push(effect);
    }
}

/// A wrong answer outweighs a missing one: it is certain.
fn judge(run: &Run) -> End {
    let reports = || {
        run.suites
            .iter()
            .filter_map(|(suite, progress)| Some((suite, progress.report.as_ref()?)))
    };
    let failed: u32 = reports().map(|(_, report)| report.failed).sum();
    let total: u32 = reports().map(|(_, report)| report.total).sum();
    if reports().any(|(_, report)| report.verdict == Verdict::Failed) {
        let tests: Vec<_> = reports()
            .flat_map(|(suite, report)| {
                report.failures.iter().map(move |failure| {
                    let mut failure = failure.clone();
                    failure.test = format!("{suite}: {}", failure.test);
                    failure
                })
            })
            .take(FAILURES_MAX)
            .collect();
        let why = format!("{failed} of {total} tests failed");
        return End {
            outcome: Outcome::Failed,
            why,
            failing: Some(Failing::Tests {
                tests,
                failed,
                total,
            }),
        };
    }
    let errored = reports().find(|(_, report)| report.verdict == Verdict::Errored);
    match errored {
        Some((suite, report)) => {
            let why = report
                .error
                .clone()
                .unwrap_or_else(|| "it ended without an answer".to_owned());
            End::of(Outcome::Errored, format!("suite {suite}: {why}"))
        }
        None => End::of(Outcome::Succeeded, format!("{total} tests passed")),
    }
}

/// Nothing of ours is on the stage before admission, and nothing runs any more while tests do:
/// then a stop is immediate. Otherwise the execution must have ended first.
fn stopping(
    draft: &mut Draft,
    run: &mut Run,
    reason: &StopReason,
    since: Timestamp,
) -> Option<End> {
    if let Some(Observation::Succeeded { outputs, at, .. }) = &run.ended
        && let Some(deployed) = &mut draft.next.deployed
        && deployed.generation == run.generation
        && !deployed.complete
    {
        deployed.complete = true;
        deployed.at = *at;
        deployed.outputs.clone_from(outputs);
    }
    let gone = run.ended.is_some() || !run.is_admitted();
    if !gone && draft.now < later(since, STOP_PATIENCE) {
        return stop(draft, run, reason.clone());
    }
    Some(match reason {
        StopReason::Aborted { by, why } => End::of(Outcome::Aborted, format!("{by}: {why}")),
        StopReason::TimedOut => End::of(
            Outcome::TimedOut,
            format!("it did not end before {}", run.deadline),
        ),
    })
}

/// Asks the execution to stop, once.
fn stop(draft: &mut Draft, run: &mut Run, reason: StopReason) -> Option<End> {
    let first = !run.stop_sent;
    if !matches!(run.phase, Phase::Stopping { .. }) {
        run.phase = Phase::Stopping {
            reason: reason.clone(),
            since: draft.now,
        };
        if !run.is_admitted() {
            return stopping(draft, run, &reason, draft.now);
        }
    }
    if first && let Some(execution) = &run.execution {
        run.stop_sent = true;
        draft.effects.push(Effect::StopExecution {
            stage: draft.next.id.stage.clone(),
            generation: run.generation,
            execution: execution.clone(),
            reason: match &reason {
                StopReason::Aborted { by, why } => format!("{by}: {why}"),
                StopReason::TimedOut => "it took too long".to_owned(),
            },
        });
    }
    None
}

fn wait_for(draft: &mut Draft, run: &Run) {
    draft.wake_at(run.deadline.max(draft.now));
    let generation = run.generation;
    let wait = match &run.phase {
        Phase::Starting | Phase::Ended => Wait::Starting {
            generation,
            since: run.claimed_at,
        },
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
        Phase::Verifying { since } => {
            let open = run
                .suites
                .iter()
                .filter(|(_, progress)| progress.report.is_none() || progress.retry_at.is_some());
            Wait::Verifying {
                generation,
                suites: open.map(|(suite, _)| suite.to_string()).collect(),
                since: *since,
            }
        }
    };
    if run.execution.is_some() && run.ended.is_none() {
        draft.wake_at(later(draft.now, OBSERVE_EVERY));
    }
    draft.waits.push(wait);
}
