//! An attempt at a suite has its answer, of a run or of a round of the watch.

use std::collections::BTreeMap;

use crate::bound;
use crate::name::SuiteName;
use crate::stage::{Phase, Stage, SuiteProgress};
use crate::verdict::{FAILURES_MAX, SuiteReport, TestFailure};

/// Failing tests of one run that are kept, divided among its suites.
const KEPT_MAX: usize = 2 * FAILURES_MAX;
/// What a failing test expected and what came.
const MESSAGE_MAX: usize = 480;

/// Which attempt, and what it says.
pub(super) struct Answer<'a> {
    pub suite: &'a SuiteName,
    pub attempt: u32,
    pub report: &'a SuiteReport,
}

/// Of run `generation`.
pub(super) fn of_run(stage: &mut Stage, generation: u64, answer: &Answer<'_>) {
    let Some(run) = stage.run_of(generation) else {
        return;
    };
    if matches!(run.phase, Phase::Verifying { .. }) {
        take(&mut run.suites, answer);
    }
}

/// Of round `number` of the watch.
pub(super) fn of_round(stage: &mut Stage, number: u64, answer: &Answer<'_>) {
    let round = stage.watch.round.as_mut();
    if let Some(round) = round.filter(|round| round.number == number) {
        take(&mut round.suites, answer);
    }
}

/// An answer counts once, and only of the attempt that is under way.
fn take(suites: &mut BTreeMap<SuiteName, SuiteProgress>, answer: &Answer<'_>) {
    // A fixed share: what is kept must not depend on which suite answers first.
    let share = (KEPT_MAX / suites.len().max(1)).clamp(1, FAILURES_MAX);
    let Some(progress) = suites.get_mut(answer.suite) else {
        return;
    };
    if progress.attempt != answer.attempt || progress.report.is_some() {
        return;
    }
    let report = answer.report;
    progress.report = Some(SuiteReport {
        failures: report.failures.iter().take(share).map(failure).collect(),
        error: report
            .error
            .as_ref()
            .map(|error| bound::text(error, MESSAGE_MAX)),
        ..*report
    });
}

fn failure(failure: &TestFailure) -> TestFailure {
    TestFailure {
        test: bound::text(&failure.test, bound::NAME_MAX),
        message: bound::text(&failure.message, MESSAGE_MAX),
        file: bound::text(&failure.file, bound::NAME_MAX),
        line: failure.line,
    }
}
