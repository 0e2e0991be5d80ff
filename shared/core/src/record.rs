//! Writes down what happened. Total: a fact about something this stage no longer cares for
//! changes nothing.

use jiff::Timestamp;

use crate::execution::Observation;
use crate::fact::Fact;
use crate::name::{Actor, ExecutionId, RefName, Revision, SuiteName};
use crate::stage::{BuildNeed, Candidate, Cause, Head, Phase, RefreshSkip, Stage};
use crate::verdict::{FAILURES_MAX, SuiteReport};

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
            observe_head(&mut stage, reference, revision, actor.as_ref(), cause, *at);
        }
        Fact::HeadGone { reference, .. } => forget_head(&mut stage, reference),
        Fact::RefreshHeadMissing { reference, .. } => {
            end_refresh(&mut stage, Some(format!("{reference} does not exist")));
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
                    why: why.clone(),
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
        }
        Fact::VerdictReported {
            generation,
            suite,
            attempt,
            report,
        } => {
            report_verdict(&mut stage, *generation, suite, *attempt, report);
        }
    }
    stage
}

/// The newest head read takes the stage; what waited is contained in it. A revision that is
/// already waiting, running or standing here is not wanted a second time.
fn observe_head(
    stage: &mut Stage,
    reference: &RefName,
    revision: &Revision,
    actor: Option<&Actor>,
    cause: &Cause,
    at: Timestamp,
) {
    let known = stage
        .head
        .as_ref()
        .is_some_and(|head| head.revision == *revision && head.reference == *reference);
    let is_refresh = matches!(cause, Cause::Refresh { .. });
    let actor = actor.cloned().or_else(|| {
        stage
            .head
            .as_ref()
            .filter(|_| known)
            .and_then(|head| head.actor.clone())
    });
    stage.head = Some(Head {
        reference: reference.clone(),
        revision: revision.clone(),
        actor,
        seen_at: at,
    });
    let failed = failed_before(stage, revision);
    let wanted = !already_here(stage, revision)
        && match cause {
            Cause::Refresh { by, .. } => by.is_some() || !failed,
            _ => !known || never_tried(stage, revision),
        };
    if is_refresh {
        let branch = reference.branch().unwrap_or(reference.as_str());
        let state = if failed {
            "did not succeed here before"
        } else {
            "is unchanged"
        };
        end_refresh(
            stage,
            (!wanted).then(|| format!("{branch} at {} {state}", revision.short())),
        );
    }
    if !wanted {
        return;
    }
    let fresh = Candidate {
        revision: revision.clone(),
        reference: Some(reference.clone()),
        release: None,
        cause: cause.clone(),
        since: at,
        contains: Vec::new(),
        build: if failed {
            BuildNeed::Again
        } else {
            BuildNeed::NotAsked
        },
        attempt: 0,
        not_before: None,
    };
    let older = stage.candidate.take();
    stage.candidate = Some(fresh.superseding(older));
}

/// Whether `revision` waits, runs or stands on the stage.
fn already_here(stage: &Stage, revision: &Revision) -> bool {
    if let Some(candidate) = &stage.candidate {
        return candidate.revision == *revision && candidate.build != BuildNeed::Failed;
    }
    if let Some(run) = &stage.run {
        return run.release.revision == *revision;
    }
    stage
        .stands()
        .is_some_and(|deployed| deployed.release.revision == *revision)
}

/// True when a run or a build of `revision` ended badly here, and nothing newer was tried since.
fn failed_before(stage: &Stage, revision: &Revision) -> bool {
    stage
        .tried
        .as_ref()
        .is_some_and(|release| release.revision == *revision)
        || stage.candidate.as_ref().is_some_and(|candidate| {
            candidate.revision == *revision && candidate.build == BuildNeed::Failed
        })
}

/// True when the head was seen but no run or candidate ever came of it.
fn never_tried(stage: &Stage, revision: &Revision) -> bool {
    let is = |release: &crate::release::Release| release.revision == *revision;
    !stage.tried.as_ref().is_some_and(is)
        && !stage.last.as_ref().is_some_and(|run| is(&run.release))
}

fn end_refresh(stage: &mut Stage, why: Option<String>) {
    let Some(wish) = stage.refresh.wish.take() else {
        return;
    };
    if let Some(why) = why {
        let missed = stage
            .refresh
            .skipped
            .as_ref()
            .filter(|skip| skip.slot == wish.slot)
            .map_or(0, |skip| skip.missed);
        stage.refresh.skipped = Some(RefreshSkip {
            slot: wish.slot,
            why,
            missed,
        });
    }
}

/// A branch that is gone is not wanted any more; what stands on the stage stays.
fn forget_head(stage: &mut Stage, reference: &RefName) {
    if stage
        .head
        .as_ref()
        .is_some_and(|head| head.reference == *reference)
    {
        stage.head = None;
    }
    let waits = stage.candidate.as_ref().is_some_and(|candidate| {
        candidate.reference.as_ref() == Some(reference) && !candidate.cause.is_personal()
    });
    if waits {
        stage.candidate = None;
    }
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
        run.ended = Some(observation.clone());
    }
}

/// An answer counts once, and only of the attempt that is under way.
fn report_verdict(
    stage: &mut Stage,
    generation: u64,
    suite: &SuiteName,
    attempt: u32,
    report: &SuiteReport,
) {
    let Some(run) = stage.run_of(generation) else {
        return;
    };
    if !matches!(run.phase, Phase::Verifying { .. }) {
        return;
    }
    let listed: usize = run
        .suites
        .values()
        .filter_map(|progress| progress.report.as_ref())
        .map(|report| report.failures.len())
        .sum();
    let Some(progress) = run.suites.get_mut(suite) else {
        return;
    };
    if progress.attempt != attempt || progress.report.is_some() {
        return;
    }
    let mut report = report.clone();
    report
        .failures
        .truncate(FAILURES_MAX.saturating_sub(listed));
    progress.report = Some(report);
}
