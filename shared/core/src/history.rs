//! What is written down for good: read off the difference between a stage before and after a
//! commit, so that nothing happens to a stage that its log does not tell.

mod flap;
mod life;
mod passage;
mod paths;
mod people;
mod queue;
mod toggle;
mod watch;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::stage::{BuildNeed, Candidate, Cause, Outcome, Phase, Run, Stage, StopReason};
use crate::verdict::Verdict;
use people::{overridden, people};

/// One line of a stage's log.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Entry {
    pub at: Timestamp,
    /// Stable and machine-readable: `claimed`, `succeeded`, `broke`, `locked`, ...
    pub code: String,
    /// One sentence; parts of it may come from outside.
    pub text: String,
    /// The run it is about.
    pub generation: Option<u64>,
}

/// What happened to a stage between two commits, oldest first.
pub fn between(before: Option<&Stage>, after: &Stage, now: Timestamp) -> Vec<Entry> {
    let mut log = Log {
        now,
        entries: Vec::new(),
    };
    let blank = Stage::new(after.id.clone(), after.spec.clone(), now);
    let before = before.unwrap_or(&blank);
    overridden(&mut log, before, after);
    // What somebody did, or a lock that ended, comes before what it led to.
    people(&mut log, before, after);
    life::said(&mut log, before, after);
    toggle::said(&mut log, before, after);
    runs(&mut log, before, after);
    candidates(&mut log, before, after);
    paths::passed_by(&mut log, before, after);
    passage::passages(&mut log, before, after);
    unstopped(&mut log, before, after);
    foreign(&mut log, before, after);
    watch::looked(&mut log, before, after);
    breaks(&mut log, before, after);
    flap::flaps(&mut log, before, after);
    life::ended(&mut log, before, after);
    log.entries
}

struct Log {
    now: Timestamp,
    entries: Vec<Entry>,
}

impl Log {
    fn add(&mut self, code: &str, generation: Option<u64>, text: String) {
        self.entries.push(Entry {
            at: self.now,
            code: code.to_owned(),
            text,
            generation,
        });
    }
}

fn runs(log: &mut Log, before: &Stage, after: &Stage) {
    let ended = after
        .last
        .as_ref()
        .filter(|run| before.last.as_ref().map(|last| last.generation) != Some(run.generation));
    if let Some(run) = ended {
        suites(log, before.run.as_ref(), run);
        log_end(log, run);
    }
    let Some(run) = &after.run else { return };
    suites(log, before.run.as_ref(), run);
    let old = before
        .run
        .as_ref()
        .filter(|old| old.generation == run.generation);
    let generation = Some(run.generation);
    if old.is_none() {
        let contains = match run.contains.as_slice() {
            [] => String::new(),
            skipped => format!(
                "; contains {}",
                skipped
                    .iter()
                    .map(|skipped| skipped.revision.short())
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        };
        let through = match &run.overridden {
            Some(overridden) => format!("; {}", overridden.sentence()),
            None => String::new(),
        };
        let text = format!(
            "run {} claimed for {}: {}{contains}{through}",
            run.generation,
            run.release.revision.short(),
            run.cause.sentence()
        );
        log.add("claimed", generation, text);
    }
    if run.is_admitted() && old.is_none_or(|old| !old.is_admitted()) {
        log.add(
            "admitted",
            generation,
            format!("run {} admitted; it {}", run.generation, run.cause.does()),
        );
        let stands = |stage: &Stage| stage.deployed.as_ref()?.reference.clone();
        if let (Some(old), Some(new)) = (stands(before), stands(after))
            && old != new
        {
            let (old, new) = (old.people(), new.people());
            log.add(
                "taken_over",
                generation,
                format!("{new} took the stage over from {old}"),
            );
        }
    }
    let phase = |run: &Run| std::mem::discriminant(&run.phase);
    if old.is_none_or(|old| phase(old) != phase(run)) {
        match &run.phase {
            Phase::Verifying { .. } => {
                let suites: Vec<_> = run.suites.keys().map(ToString::to_string).collect();
                log.add(
                    "deployed",
                    generation,
                    format!(
                        "run {} deployed; testing with {}",
                        run.generation,
                        suites.join(", ")
                    ),
                );
            }
            Phase::Stopping { reason, .. } => {
                let why = match reason {
                    StopReason::Aborted { by, why } => format!("{by}: {why}"),
                    StopReason::TimedOut => "it took too long".to_owned(),
                };
                log.add(
                    "stopping",
                    generation,
                    format!("run {} is being stopped: {why}", run.generation),
                );
            }
            Phase::Starting | Phase::Deploying | Phase::Ended => {}
        }
    }
}

fn log_end(log: &mut Log, run: &Run) {
    let outcome = run.outcome.unwrap_or(Outcome::Errored);
    let why = run.why.as_deref().unwrap_or("it ended");
    let text = format!("run {} {}: {why}", run.generation, outcome.word());
    log.add(outcome.code(), Some(run.generation), text);
}

/// What would not stop holds automation, until it has ended or a person goes on without it.
fn unstopped(log: &mut Log, before: &Stage, after: &Stage) {
    match (&before.unstopped, &after.unstopped) {
        (old, Some(new)) if old.as_ref() != Some(new) => {
            let text = format!(
                "execution {} of run {} would not stop; automation is on hold",
                new.execution, new.generation
            );
            log.add("held", Some(new.generation), text);
        }
        (Some(old), None) => {
            let last = after.last.as_ref();
            let is_over = |last: &Run| last.generation == old.generation && last.ended.is_some();
            let what = if last.is_some_and(is_over) {
                "has ended at last"
            } else {
                "is not waited for any more"
            };
            let text = format!(
                "execution {} of run {} {what}",
                old.execution, old.generation
            );
            log.add("released", Some(old.generation), text);
        }
        _ => {}
    }
}

/// Each time steps were seen to run past the fence.
fn foreign(log: &mut Log, before: &Stage, after: &Stage) {
    let Some(new) = &after.foreign else { return };
    let old = before.foreign.as_ref();
    if old.is_none_or(|old| (&old.execution, old.at) != (&new.execution, new.at)) {
        log.add("foreign", None, new.sentence());
    }
}

/// Each answer of a suite.
fn suites(log: &mut Log, before: Option<&Run>, run: &Run) {
    let old = before.filter(|old| old.generation == run.generation);
    for (suite, progress) in &run.suites {
        let known = old.and_then(|old| old.suites.get(suite));
        let Some(report) = progress.report.as_ref().filter(|report| {
            known.is_none_or(|known| {
                known.attempt != progress.attempt || known.report.as_ref() != Some(report)
            })
        }) else {
            continue;
        };
        let how = match report.verdict {
            Verdict::Passed if report.total == 1 => "passed, 1 test".to_owned(),
            Verdict::Passed => format!("passed, {} tests", report.total),
            Verdict::Failed => format!("failed, {} of {} tests", report.failed, report.total),
            Verdict::Errored => format!(
                "ended without an answer: {}",
                report.error.as_deref().unwrap_or("nobody knows why")
            ),
        };
        log.add(
            "tested",
            Some(run.generation),
            format!("suite {suite} {how} (attempt {})", progress.attempt),
        );
    }
}

fn candidates(log: &mut Log, before: &Stage, after: &Stage) {
    let old = before.candidate.as_ref();
    if after.queue.fifo {
        queue::line(log, before, after);
    }
    if let Some(new) = &after.candidate {
        let is_told = after.queue.fifo;
        if !is_told && old.is_none_or(|old| old.revision != new.revision || old.cause != new.cause)
        {
            let text = format!(
                "{} wants to be deployed: {}",
                new.revision.short(),
                new.cause.sentence()
            );
            log.add("candidate", None, text);
        }
        if new.build == BuildNeed::Failed
            && old.is_none_or(|old| old.build != BuildNeed::Failed || old.revision != new.revision)
        {
            let text = format!("{} could not be built", new.revision.short());
            log.add("build_failed", None, text);
        }
    }
    let handed = toggle::handed(log, before, after);
    for old in before.line().filter(|old| handed != Some(&old.revision)) {
        let passed = |it: &crate::stage::Passed| it.revision == old.revision;
        if !queue::news(before, after).any(passed) {
            gone(log, old, after);
        }
    }
    refresh(log, before, after);
}

/// What became of a candidate that waits no more without having been claimed.
fn gone(log: &mut Log, old: &Candidate, after: &Stage) {
    let new = after.candidate.as_ref();
    let run = after.run.as_ref().or(after.last.as_ref());
    let went_on = after.line().any(|new| new.revision == old.revision)
        || run.is_some_and(|run| run.release.revision == old.revision);
    if went_on {
        return;
    }
    let claimed = after.run.as_ref();
    let waits = after.line().map(|new| (&new.revision, &new.contains));
    let runs = claimed.map(|run| (&run.release.revision, &run.contains));
    let within = waits.chain(runs).find(|(_, contains)| {
        contains
            .iter()
            .any(|skipped| skipped.revision == old.revision)
    });
    let short = old.revision.short();
    match within {
        Some((revision, _)) => log.add(
            "superseded",
            None,
            format!("{short} skipped; it is contained in {}", revision.short()),
        ),
        // In a line nothing gives way to what comes after it.
        None if after.queue.fifo => given_way(log, old, None, None),
        None => given_way(log, old, new, claimed),
    }
}

/// What waited is contained in nothing: it was taken back, or something of another branch came.
fn given_way(log: &mut Log, old: &Candidate, new: Option<&Candidate>, claimed: Option<&Run>) {
    let short = old.revision.short();
    match new.map(|new| (&new.revision, &new.cause)) {
        Some((newer, Cause::Selected { by, .. })) => {
            let text = format!(
                "{short} gives way to {}, which {by} selected",
                newer.short()
            );
            log.add("taken_over", None, text);
            return;
        }
        Some((newer, Cause::Promotion { .. })) => {
            let text = format!("{short} gives way to {}", newer.short());
            log.add("taken_over", None, text);
            return;
        }
        Some((newer, _)) if matches!(old.cause, Cause::Through { .. }) => {
            let (was, newer) = (old.cause.sentence(), newer.short());
            let text = format!("{short}, {was}, gives way to {newer}");
            log.add("taken_over", None, text);
            return;
        }
        _ => {}
    }
    let came = new
        .map(|new| (&new.revision, new.reference.as_ref()))
        .or_else(|| claimed.map(|run| (&run.release.revision, run.reference.as_ref())));
    let text = match (came, &old.reference) {
        (Some((revision, Some(of))), Some(had)) if of != had => {
            let (newer, of) = (revision.short(), of.people());
            format!("{short} gave way to {newer} of {of}")
        }
        _ => format!("{short} is not wanted any more"),
    };
    log.add("dropped", None, text);
}

fn refresh(log: &mut Log, before: &Stage, after: &Stage) {
    if let Some(wish) = &after.refresh.wish
        && before
            .refresh
            .wish
            .as_ref()
            .is_none_or(|old| old.slot != wish.slot || old.asked_at != wish.asked_at)
    {
        let what = match (&wish.by, wish.slot) {
            (Some(by), _) => format!("refresh asked by {by}"),
            (None, Some(slot)) => format!("refresh of {slot} begun"),
            (None, None) => "refresh begun".to_owned(),
        };
        log.add("refresh", None, what);
    }
    if after.refresh.skipped != before.refresh.skipped
        && let Some(skip) = &after.refresh.skipped
    {
        let missed = if skip.missed > 0 {
            format!("; {} older slots were missed", skip.missed)
        } else {
            String::new()
        };
        log.add(
            "refresh_skipped",
            None,
            format!("refresh skipped: {}{missed}", skip.why),
        );
    }
}

fn breaks(log: &mut Log, before: &Stage, after: &Stage) {
    match (&before.brk, &after.brk) {
        (None, Some(brk)) => log.add("broke", None, format!("break #{} opened", brk.episode)),
        (Some(old), Some(new)) if old.episode != new.episode => {
            log.add("recovered", None, format!("break #{} is over", old.episode));
            log.add("broke", None, format!("break #{} opened", new.episode));
        }
        (Some(old), Some(new)) if old.reds != new.reds => {
            let known = if old.fingerprint == new.fingerprint {
                "fails as before"
            } else {
                "fails in new ways"
            };
            log.add("still_red", None, format!("break #{} {known}", new.episode));
        }
        (Some(old), Some(new)) if old.acknowledged != new.acknowledged => {
            let by = new
                .acknowledged
                .as_ref()
                .map_or("somebody", |ack| ack.by.as_str());
            log.add(
                "acknowledged",
                None,
                format!("{by} looks after break #{}", new.episode),
            );
        }
        (Some(brk), None) => log.add("recovered", None, format!("break #{} is over", brk.episode)),
        _ => {}
    }
}
