//! A reference was read, and the stage deploys each change by itself: it takes its place behind what
//! waits already, and nothing gives way to it. Only what the reference left behind goes.

use super::head::{Place, Read};
use crate::stage::{BuildNeed, Candidate, Phase, Run, Stage};

/// Where the revision is. What came from the reference after it is wanted no more.
pub(super) fn place(stage: &mut Stage, read: &Read<'_>) -> Place {
    let waits = |it: &Candidate| it.revision == *read.revision;
    if stage.line().any(waits) {
        stage.back_to(read.revision, read.reference);
        let failed = |it: &Candidate| waits(it) && it.build == BuildNeed::Failed;
        return if stage.line().any(failed) {
            Place::Elsewhere
        } else {
            Place::Here("waits already")
        };
    }
    let here = known(stage, read);
    if here.is_some() {
        stage.back_to(read.revision, read.reference);
    }
    match here {
        Some(Some(why)) => Place::Here(why),
        _ => Place::Elsewhere,
    }
}

/// Whether it runs or stands here, or did last, and why nothing else needs to be done then. All that
/// waits came after it.
fn known(stage: &Stage, read: &Read<'_>) -> Option<Option<&'static str>> {
    let is_it = |run: &&Run| !run.cause.is_teardown() && run.release.revision == *read.revision;
    if let Some(run) = stage.run.as_ref().filter(is_it) {
        let goes_on = !matches!(run.phase, Phase::Stopping { .. });
        return Some(goes_on.then_some("is being deployed already"));
    }
    let stands = stage
        .stands()
        .filter(|deployed| deployed.release.revision == *read.revision);
    if stands.is_some() {
        let good = stage.verified.is_some() && stage.brk.is_none() && stage.life.wish.is_none();
        let deploys = stage
            .run
            .as_ref()
            .is_some_and(|run| !run.cause.is_teardown());
        return Some((good && !deploys).then_some("is unchanged"));
    }
    stage.last.as_ref().filter(is_it).map(|_| None)
}

/// At the end of the line, and nowhere else in it.
pub(super) fn want(stage: &mut Stage, fresh: Candidate) {
    let is_it = |it: &Candidate| it.revision == fresh.revision && !it.cause.is_rollback();
    stage.keep_in_line(|it| !is_it(it));
    let passed = &mut stage.queue.passed;
    passed.retain(|it| it.revision != fresh.revision);
    stage.enqueue(fresh);
}
