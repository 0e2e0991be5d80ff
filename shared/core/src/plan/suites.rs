//! Suites at work on what stands: each is asked for, asked again while nobody could tell, and what
//! they say together is one end.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::run::End;
use super::{Draft, later};
use crate::effect::Effect;
use crate::name::{ConfigHash, Revision, SuiteName};
use crate::release::Outputs;
use crate::stage::{Failing, Outcome, SuiteProgress};
use crate::verdict::{FAILURES_MAX, SuiteReport, TestFailure, Verdict};

/// Wait before an errored suite's next attempt, times the number of attempts.
const BACKOFF: SignedDuration = SignedDuration::from_secs(5);

/// How far each of them is.
type Suites = BTreeMap<SuiteName, SuiteProgress>;

/// What they look at, and until when.
pub(super) struct Subject {
    /// Of the run that put it there.
    pub generation: u64,
    /// The round of the watch; none of a run's own suites.
    pub round: Option<u64>,
    pub revision: Revision,
    /// The stage file that says what the suites are.
    pub config: ConfigHash,
    pub outputs: Outputs,
    pub deadline: Timestamp,
}

/// Asks for the first attempt of each.
pub(super) fn start(draft: &mut Draft, suites: &mut Suites, subject: &Subject) {
    for (suite, progress) in suites {
        progress.attempt = 1;
        let effect = ask(draft, subject, suite, 1);
        draft.effects.push(effect);
    }
}

fn ask(draft: &Draft, subject: &Subject, suite: &SuiteName, attempt: u32) -> Effect {
    Effect::RunSuite {
        stage: draft.next.id.stage.clone(),
        generation: subject.generation,
        suite: suite.clone(),
        attempt,
        revision: subject.revision.clone(),
        config: subject.config.clone(),
        outputs: subject.outputs.clone(),
        round: subject.round,
    }
}

/// Goes on with those begun at `since`; what they say together, once all have answered or their
/// time is up.
pub(super) fn follow(
    draft: &mut Draft,
    suites: &mut Suites,
    subject: &Subject,
    since: Timestamp,
) -> Option<End> {
    retry_errored(draft, suites, subject);
    if !suites.values().any(is_open) {
        return Some(judge(suites));
    }
    if draft.now < subject.deadline {
        return None;
    }
    let late = End::of(
        Outcome::TimedOut,
        format!("its tests, begun at {since}, took too long"),
    );
    // What has failed has failed, whatever the others would have said.
    Some(judge_failed(suites).unwrap_or(late))
}

/// The names of those that have not answered yet.
pub(super) fn open(suites: &Suites) -> Vec<String> {
    let open = suites.iter().filter(|(_, progress)| is_open(progress));
    open.map(|(suite, _)| suite.to_string()).collect()
}

fn is_open(progress: &SuiteProgress) -> bool {
    progress.report.is_none() || progress.retry_at.is_some()
}

/// An errored attempt is not an answer until its retries are spent.
fn retry_errored(draft: &mut Draft, suites: &mut Suites, subject: &Subject) {
    let now = draft.now;
    for (suite, progress) in suites {
        let errored = progress
            .report
            .as_ref()
            .is_some_and(|report| report.verdict == Verdict::Errored);
        if !errored || progress.attempt > progress.retries {
            continue;
        }
        let wait = BACKOFF.saturating_mul(i32::try_from(progress.attempt).unwrap_or(i32::MAX));
        let at = *progress.retry_at.get_or_insert_with(|| later(now, wait));
        if now >= subject.deadline {
            progress.retry_at = None;
        } else if at <= now {
            progress.attempt += 1;
            progress.retry_at = None;
            progress.report = None;
            let effect = ask(draft, subject, suite, progress.attempt);
            draft.effects.push(effect);
        } else {
            draft.wake_at(at);
        }
    }
}

/// A wrong answer outweighs a missing one: it is certain.
fn judge(suites: &Suites) -> End {
    if let Some(failed) = judge_failed(suites) {
        return failed;
    }
    let errored = reports(suites).find(|(_, report)| report.verdict == Verdict::Errored);
    match errored {
        Some((suite, report)) => {
            let why = report
                .error
                .as_deref()
                .unwrap_or("it ended without an answer");
            End::of(Outcome::Errored, format!("suite {suite}: {why}"))
        }
        None => {
            let total = sum(suites, |report| report.total);
            let tests = if total == 1 { "test" } else { "tests" };
            End::of(Outcome::Succeeded, format!("{total} {tests} passed"))
        }
    }
}

fn judge_failed(suites: &Suites) -> Option<End> {
    if !reports(suites).any(|(_, report)| report.verdict == Verdict::Failed) {
        return None;
    }
    let named = |(suite, report): (&SuiteName, &SuiteReport)| {
        let name = |failure: &TestFailure| TestFailure {
            test: format!("{suite}: {}", failure.test),
            ..failure.clone()
        };
        report.failures.iter().map(name).collect::<Vec<_>>()
    };
    let tests = listed(reports(suites).map(named).collect());
    let failing = reports(suites).filter(|(_, report)| report.verdict == Verdict::Failed);
    let failed = sum(suites, |report| report.failed);
    let total = sum(suites, |report| report.total);
    Some(End::failed(
        format!("{failed} of {total} tests failed"),
        Failing::Tests {
            tests,
            failed,
            total,
            suites: failing.map(|(suite, _)| suite.clone()).collect(),
        },
    ))
}

/// As many as are kept, in the order of their suites; of each suite at least the first, so that
/// what fails anew in any is noticed.
fn listed(suites: Vec<Vec<TestFailure>>) -> Vec<TestFailure> {
    let mut left = suites.iter().filter(|tests| !tests.is_empty()).count();
    let mut all: Vec<TestFailure> = Vec::new();
    for tests in suites.into_iter().filter(|tests| !tests.is_empty()) {
        left -= 1;
        let room = FAILURES_MAX.saturating_sub(all.len() + left).max(1);
        all.extend(tests.into_iter().take(room));
    }
    all
}

fn reports(suites: &Suites) -> impl Iterator<Item = (&SuiteName, &SuiteReport)> {
    suites
        .iter()
        .filter_map(|(suite, progress)| Some((suite, progress.report.as_ref()?)))
}

fn sum(suites: &Suites, of: impl Fn(&SuiteReport) -> u32) -> u32 {
    reports(suites)
        .map(|(_, report)| of(report))
        .fold(0, u32::saturating_add)
}
