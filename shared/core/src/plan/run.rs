//! Moves the claimed run along: its execution has ended, its suites have answered, its time is up.

use jiff::{SignedDuration, Timestamp};

use super::{Draft, OBSERVE_EVERY, finish, foreign, later};
use crate::bound;
use crate::effect::Effect;
use crate::execution::Observation;
use crate::name::SuiteName;
use crate::policy::Policy;
use crate::release::Outputs;
use crate::stage::{Failing, Outcome, Phase, Run, StopReason, SuiteProgress, Unstopped};
use crate::verdict::{FAILURES_MAX, SuiteReport, TestFailure, Verdict};
use crate::waiting::{LifeWait, Wait};

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
    fn of(outcome: Outcome, why: impl Into<String>) -> Self {
        Self {
            outcome,
            why: why.into(),
            failing: None,
            again: true,
        }
    }

    fn failed(why: String, failing: Failing) -> Self {
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
            Some(not_admitted(draft, ended))
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
fn not_admitted(draft: &mut Draft, ended: &Observation) -> End {
    draft.next.verified = None;
    if let Some(deployed) = &mut draft.next.deployed {
        deployed.complete = false;
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
    let names: Vec<_> = run.suites.keys().cloned().collect();
    for suite in names {
        if let Some(progress) = run.suites.get_mut(&suite) {
            progress.attempt = 1;
        }
        let effect = run_suite(draft, run, &suite, 1);
        draft.effects.push(effect);
    }
}

fn run_suite(draft: &Draft, run: &Run, suite: &SuiteName, attempt: u32) -> Effect {
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
    retry_errored(draft, run);
    let waits = |progress: &SuiteProgress| progress.report.is_none() || progress.retry_at.is_some();
    if !run.suites.values().any(waits) {
        return Some(judge(run));
    }
    if draft.now < run.deadline {
        return None;
    }
    let late = End::of(
        Outcome::TimedOut,
        format!("its tests, begun at {since}, took too long"),
    );
    // What has failed has failed, whatever the others would have said.
    Some(judge_failed(run).unwrap_or(late))
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
        if now >= run.deadline {
            progress.retry_at = None;
        } else if at <= now {
            progress.attempt += 1;
            progress.retry_at = None;
            progress.report = None;
            again.push((suite.clone(), progress.attempt));
        } else {
            draft.wake_at(at);
        }
    }
    for (suite, attempt) in again {
        let effect = run_suite(draft, run, &suite, attempt);
        draft.effects.push(effect);
    }
}

/// A wrong answer outweighs a missing one: it is certain.
fn judge(run: &Run) -> End {
    if let Some(failed) = judge_failed(run) {
        return failed;
    }
    let errored = reports(run).find(|(_, report)| report.verdict == Verdict::Errored);
    match errored {
        Some((suite, report)) => {
            let why = report
                .error
                .as_deref()
                .unwrap_or("it ended without an answer");
            End::of(Outcome::Errored, format!("suite {suite}: {why}"))
        }
        None => {
            let total = sum(run, |report| report.total);
            let tests = if total == 1 { "test" } else { "tests" };
            End::of(Outcome::Succeeded, format!("{total} {tests} passed"))
        }
    }
}

fn judge_failed(run: &Run) -> Option<End> {
    if !reports(run).any(|(_, report)| report.verdict == Verdict::Failed) {
        return None;
    }
    let named = |(suite, report): (&SuiteName, &SuiteReport)| {
        let name = |failure: &TestFailure| TestFailure {
            test: format!("{suite}: {}", failure.test),
            ..failure.clone()
        };
        report.failures.iter().map(name).collect::<Vec<_>>()
    };
    let tests = reports(run).flat_map(named).take(FAILURES_MAX).collect();
    let failed = sum(run, |report| report.failed);
    let total = sum(run, |report| report.total);
    Some(End::failed(
        format!("{failed} of {total} tests failed"),
        Failing::Tests {
            tests,
            failed,
            total,
        },
    ))
}

fn reports(run: &Run) -> impl Iterator<Item = (&SuiteName, &SuiteReport)> {
    run.suites
        .iter()
        .filter_map(|(suite, progress)| Some((suite, progress.report.as_ref()?)))
}

fn sum(run: &Run, of: impl Fn(&SuiteReport) -> u32) -> u32 {
    reports(run)
        .map(|(_, report)| of(report))
        .fold(0, u32::saturating_add)
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
