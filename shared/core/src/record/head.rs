//! A reference was read: whether what it points at is wanted on the stage.

use jiff::Timestamp;

use super::queue;
use crate::name::{Actor, RefName, Revision};
use crate::release::Release;
use crate::stage::{BuildNeed, Candidate, Cause, Head, Phase, RefreshSkip, Stage};

/// What was read.
pub(super) struct Read<'a> {
    pub reference: &'a RefName,
    pub revision: &'a Revision,
    pub actor: Option<&'a Actor>,
    pub cause: &'a Cause,
    pub at: Timestamp,
}

/// The newest head read takes the stage; what waited is contained in it. A revision that waits,
/// runs or stands here already is not wanted a second time, and one that did not succeed here
/// only if somebody moved the reference to it again, or a person asks.
pub(super) fn observe(stage: &mut Stage, read: &Read<'_>) {
    if is_told_late(stage, read) {
        return;
    }
    let is_new = see(stage, read);
    let fifo = stage.queue.fifo;
    let place = if fifo {
        queue::place(stage, read)
    } else {
        place(stage, read)
    };
    let unwanted = match place {
        Place::Here(why) => {
            if !fifo {
                leave_it_there(stage, read.revision);
            }
            Some(why)
        }
        Place::Reserved => Some("gives way to the rollback that waits"),
        Place::Elsewhere => unwanted(stage, read, is_new),
    };
    refreshed(stage, read, unwanted);
    if unwanted.is_none() {
        want(stage, read);
    }
}

/// A head that changes nothing here: it is known, and what waits, runs or stands stays as it is.
pub(super) fn pass_by(stage: &mut Stage, read: &Read<'_>, since: &Revision) {
    if is_told_late(stage, read) {
        return;
    }
    see(stage, read);
    if let Some(head) = &mut stage.head {
        head.untouched = Some(since.clone());
    }
    refreshed(stage, read, Some("changes nothing here"));
}

/// Whether another reference has taken the stage since, and this one has not moved: who pushed last
/// has it, whoever is told of once more.
fn is_told_late(stage: &Stage, read: &Read<'_>) -> bool {
    let head = stage.head.as_ref();
    head.is_some_and(|head| head.reference != *read.reference)
        && !matches!(read.cause, Cause::Refresh { .. })
        && stage.life.stood.get(read.reference) == Some(read.revision)
}

/// What leads here stands at what was read; whether it did not before.
fn see(stage: &mut Stage, read: &Read<'_>) -> bool {
    let known = stage
        .head
        .as_ref()
        .filter(|head| head.revision == *read.revision && head.reference == *read.reference);
    let is_new = known.is_none();
    let actor = read
        .actor
        .cloned()
        .or_else(|| known.and_then(|head| head.actor.clone()));
    let older = stage.head.replace(Head {
        reference: read.reference.clone(),
        revision: read.revision.clone(),
        actor,
        seen_at: read.at,
        untouched: None,
    });
    stage.life.follow(read.reference);
    if let Some(older) = older.filter(|older| stage.life.refs.contains(&older.reference)) {
        stage.life.stood.insert(older.reference, older.revision);
    }
    stage.life.stood.remove(read.reference);
    if is_new {
        stage.life.active_at = stage.life.active_at.max(Some(read.at));
        if !stage.is_torn_down_now() {
            stage.life.spare();
        }
    }
    is_new
}

/// A refresh that read it is over, with nothing to do if it is `unwanted`.
fn refreshed(stage: &mut Stage, read: &Read<'_>, unwanted: Option<&str>) {
    let Cause::Refresh { slot, by } = read.cause else {
        return;
    };
    let branch = read.reference.branch();
    let branch = branch.unwrap_or_else(|| read.reference.as_str());
    let why = unwanted.map(|why| format!("{branch} at {} {why}", read.revision.short()));
    end_refresh(stage, *slot, by.as_deref(), why);
}

pub(super) enum Place {
    /// It waits, runs or stands here; nothing else needs to be done.
    Here(&'static str),
    /// A person's rollback waits; automation does not take its place.
    Reserved,
    Elsewhere,
}

fn place(stage: &Stage, read: &Read<'_>) -> Place {
    let candidate = stage.candidate.as_ref();
    if candidate.is_some_and(|candidate| candidate.cause.is_rollback()) {
        return Place::Reserved;
    }
    if candidate.is_some_and(|candidate| {
        candidate.revision == *read.revision && candidate.build != BuildNeed::Failed
    }) {
        return Place::Here("waits already");
    }
    // What is torn down is not there any more, whatever commit its steps are of.
    if let Some(run) = stage.run.as_ref().filter(|run| !run.cause.is_teardown()) {
        let goes_on = !matches!(run.phase, Phase::Stopping { .. });
        return if goes_on && run.release.revision == *read.revision {
            Place::Here("is being deployed already")
        } else {
            Place::Elsewhere
        };
    }
    let stands = stage
        .stands()
        .filter(|_| stage.life.wish.is_none())
        .is_some_and(|deployed| deployed.release.revision == *read.revision);
    if stands && stage.verified.is_some() && stage.brk.is_none() {
        return Place::Here("is unchanged");
    }
    Place::Elsewhere
}

/// The reference is back at what runs or stands here: a newer head that waited is wanted no more.
fn leave_it_there(stage: &mut Stage, revision: &Revision) {
    if stage
        .candidate
        .as_ref()
        .is_some_and(|candidate| candidate.revision != *revision && !candidate.cause.is_personal())
    {
        stage.candidate = None;
    }
}

/// Why automation leaves a revision that is not here alone.
fn unwanted(stage: &Stage, read: &Read<'_>, is_new: bool) -> Option<&'static str> {
    let failed = did_not_succeed(stage, read.revision) || is(rejected(stage), read.revision);
    match read.cause {
        Cause::Refresh { by: Some(_), .. } => None,
        Cause::Refresh { by: None, .. } => failed.then_some("did not succeed here before"),
        _ if is_new => None,
        _ if stage.life.keeps_away() => Some("is known, and its stage went"),
        _ => (failed || ran_last(stage, read.revision)).then_some("is known"),
    }
}

fn is(release: Option<&Release>, revision: &Revision) -> bool {
    release.is_some_and(|release| release.revision == *revision)
}

fn rejected(stage: &Stage) -> Option<&Release> {
    stage.rejected.as_ref().map(|no| &no.release)
}

/// True when a run or a build of `revision` ended badly here, and nothing newer was tried since; in a
/// line, whatever was tried since.
fn did_not_succeed(stage: &Stage, revision: &Revision) -> bool {
    is(stage.tried.as_ref(), revision)
        || stage.candidate.as_ref().is_some_and(|candidate| {
            candidate.revision == *revision && candidate.build == BuildNeed::Failed
        })
        || stage.queue.passed.iter().any(|it| it.revision == *revision)
}

fn ran_last(stage: &Stage, revision: &Revision) -> bool {
    let run = stage.run.as_ref().or(stage.last.as_ref());
    is(run.map(|run| &run.release), revision)
}

fn want(stage: &mut Stage, read: &Read<'_>) {
    let build = if did_not_succeed(stage, read.revision) {
        BuildNeed::Again
    } else {
        BuildNeed::NotAsked
    };
    let fresh = Candidate {
        revision: read.revision.clone(),
        reference: Some(read.reference.clone()),
        release: None,
        cause: read.cause.clone(),
        since: read.at,
        contains: Vec::new(),
        build,
        attempt: 0,
        not_before: None,
    };
    if is(stage.tried.as_ref(), read.revision) {
        stage.tried = None;
    }
    if is(rejected(stage), read.revision) {
        stage.rejected = None;
    }
    if stage.queue.fifo {
        queue::want(stage, fresh);
        return;
    }
    let older = stage.candidate.take();
    stage.candidate = Some(fresh.superseding(older));
}

/// The refresh asked for by (`slot`, `by`) is over; another one under way is not.
pub(super) fn end_refresh(
    stage: &mut Stage,
    slot: Option<Timestamp>,
    by: Option<&str>,
    why: Option<String>,
) {
    let refresh = &mut stage.refresh;
    if !refresh
        .wish
        .as_ref()
        .is_some_and(|wish| wish.slot == slot && wish.by.as_deref() == by)
    {
        return;
    }
    refresh.wish = None;
    if let Some(why) = why {
        let counted = refresh.skipped.as_ref().filter(|skip| skip.slot == slot);
        let missed = counted.map_or(0, |skip| skip.missed);
        refresh.skipped = Some(RefreshSkip { slot, why, missed });
    }
}

/// A reference that is gone is not wanted any more; what stands on the stage stays.
pub(super) fn forget(stage: &mut Stage, reference: &RefName, at: Timestamp) {
    stage.life.unfollow(reference, at);
    if stage
        .head
        .as_ref()
        .is_some_and(|head| head.reference == *reference)
    {
        stage.head = None;
    }
    stage.keep_in_line(|candidate| {
        candidate.reference.as_ref() != Some(reference) || candidate.cause.is_personal()
    });
}
