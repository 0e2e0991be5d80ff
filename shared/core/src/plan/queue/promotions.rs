//! What a line takes from the upstream: each release that turns green there, in its turn, though the
//! upstream went on meanwhile. What failed there since, or what a person went back from, is taken out.

use super::super::line;
use crate::name::Revision;
use crate::policy::{Policy, Upstream, View};
use crate::release::Release;
use crate::stage::{
    BuildNeed, Candidate, Cause, Proof, QUEUE_MAX, Run, Stage, Taken, Terms, Verified,
};

/// Every green of the upstream that was not seen yet, in its order; what stands there green is
/// wanted however often it was seen, unless something speaks against it.
pub(super) fn take_over(
    stage: &mut Stage,
    upstream: &Upstream,
    view: &View<'_>,
    policy: &Policy<'_>,
) {
    let is_left = |it: &Candidate| match &it.cause {
        Cause::Rollback { .. } => false,
        Cause::Promotion { from } => *from != upstream.stage,
        _ => true,
    };
    stage.keep_in_line(|it| !is_left(it));
    let Some(there) = view.upstream else {
        stage.keep_in_line(|it| it.cause.is_rollback());
        return;
    };
    go_back(stage, upstream, there);
    withdraw(stage, there);
    let greens = fresh(stage, upstream, there);
    stage
        .queue
        .passed
        .retain(|it| !is_anew(&greens, &it.revision));
    let last = greens.last().map(|green| green.generation);
    if let Some(generation) = last.or_else(|| begin(stage, upstream, there)) {
        stage.queue.taken = Some(Taken {
            from: upstream.stage.clone(),
            generation,
        });
    }
    let contains = line::goes_on(view, policy);
    for green in greens.iter().chain(&there.verified) {
        prove(stage, green);
        if is_wanted(stage, there, &green.release, &greens) {
            let fresh = promotion(green.release.clone(), upstream, view.now);
            enqueue(stage, fresh, contains);
            prove(stage, green);
        }
    }
    // Left over from another policy, and never proven.
    let proven = stage.queue.proven.clone();
    stage.keep_in_line(|it| {
        let known = |proof: &Proof| it.release.as_ref() == Some(&proof.release);
        it.cause.is_rollback() || proven.iter().any(known)
    });
}

/// At the end of the line; with the one before it if too many wait.
fn enqueue(stage: &mut Stage, fresh: Candidate, contains: bool) {
    if stage.queue.waiting.len() < QUEUE_MAX {
        stage.enqueue(fresh);
        return;
    }
    let mut older = stage.queue.waiting.pop();
    if !contains && let Some(older) = older.take() {
        let why = format!("{QUEUE_MAX} others wait, and none is known to contain it");
        stage.queue.pass_over(older.revision, why, fresh.since);
    }
    stage.queue.waiting.push(fresh.superseding(older));
}

pub(super) fn promotion(release: Release, upstream: &Upstream, now: jiff::Timestamp) -> Candidate {
    Candidate {
        revision: release.revision.clone(),
        reference: None,
        release: Some(release),
        cause: Cause::Promotion {
            from: upstream.stage.clone(),
        },
        since: now,
        contains: Vec::new(),
        build: BuildNeed::NotAsked,
        attempt: 0,
        not_before: None,
    }
}

/// How far the upstream's greens are known.
fn taken(stage: &Stage, upstream: &Upstream) -> Option<u64> {
    let taken = stage.queue.taken.as_ref();
    taken
        .filter(|taken| taken.from == upstream.stage)
        .map(|taken| taken.generation)
}

/// Where a stage begins: what was green before it queued is nobody's wish.
fn begin(stage: &Stage, upstream: &Upstream, there: &Stage) -> Option<u64> {
    let newest = there.greens.iter().map(|green| green.generation).max();
    let begins = taken(stage, upstream).is_none();
    begins.then(|| newest.unwrap_or_default())
}

/// The upstream's greens after those that are known, oldest first; as many as it remembers.
pub(super) fn fresh(stage: &Stage, upstream: &Upstream, there: &Stage) -> Vec<Verified> {
    let Some(taken) = taken(stage, upstream) else {
        return Vec::new();
    };
    let mut fresh: Vec<Verified> = there
        .greens
        .iter()
        .filter(|green| green.generation > taken)
        .cloned()
        .collect();
    fresh.sort_by_key(|green| green.generation);
    fresh
}

/// A person went back upstream: what was green there after that release is wanted here no more.
fn go_back(stage: &mut Stage, upstream: &Upstream, there: &Stage) {
    let is_back = |run: &&Run| run.cause.is_rollback();
    let (Some(run), Some(green)) = (there.last.as_ref().filter(is_back), &there.verified) else {
        return;
    };
    let is_news = taken(stage, upstream).is_some_and(|taken| taken < run.generation);
    if !is_news || green.generation != run.generation {
        return;
    }
    let is_it = |it: &Candidate| it.release.as_ref() == Some(&green.release);
    let place = stage.line().position(is_it).map_or(0, |place| place + 1);
    let mut n = 0;
    let mut stays = |it: &Candidate| {
        n += 1;
        n <= place || it.cause.is_rollback()
    };
    stage.candidate = stage.candidate.take().filter(&mut stays);
    stage.queue.waiting.retain(stays);
    stage.move_up();
}

/// What stands or runs here, is not to be tried again, or failed upstream when it was run again.
fn withdraw(stage: &mut Stage, there: &Stage) {
    let known = stage.clone();
    stage.keep_in_line(|it| {
        let speaks = |release: &Release| against(&known, release) || failed(there, release);
        it.cause.is_rollback() || !it.release.as_ref().is_some_and(speaks)
    });
}

/// Whether a release was red upstream when it was tried there last.
fn failed(there: &Stage, release: &Release) -> bool {
    let verified = there.verified.as_ref().map(|green| &green.release);
    there.tried.as_ref() == Some(release) && verified != Some(release) && !there.is_unclear(release)
}

/// Whether automation leaves a release alone.
fn against(stage: &Stage, release: &Release) -> bool {
    stage.verified.as_ref().map(|green| &green.release) == Some(release)
        || stage.tried.as_ref() == Some(release)
        || stage.life.was.as_ref() == Some(release)
        || stage.rejected.as_ref().map(|no| &no.release) == Some(release)
        || stage.run.as_ref().map(|run| &run.release) == Some(release)
}

/// Whether a release takes a place in the line. What was passed over does once it is among `greens`,
/// those that nobody has seen.
pub(super) fn is_wanted(
    stage: &Stage,
    there: &Stage,
    release: &Release,
    greens: &[Verified],
) -> bool {
    let waits = |it: &Candidate| !it.cause.is_rollback() && it.release.as_ref() == Some(release);
    let mut passed = stage.queue.passed.iter();
    !against(stage, release)
        && !failed(there, release)
        && !stage.line().any(waits)
        && (is_anew(greens, &release.revision) || !passed.any(|it| it.revision == release.revision))
}

fn is_anew(greens: &[Verified], revision: &Revision) -> bool {
    let mut greens = greens.iter();
    greens.any(|it| it.release.revision == *revision)
}

/// Keeps that the upstream has verified what waits or runs here.
fn prove(stage: &mut Stage, green: &Verified) {
    let known = |proof: &Proof| proof.release == green.release;
    let waits = |it: &Candidate| it.release.as_ref() == Some(&green.release);
    let run = stage.run.as_ref();
    let is_meant = stage.line().any(waits) || run.is_some_and(|run| run.release == green.release);
    if let Some(proof) = stage.queue.proven.iter_mut().find(|proof| known(proof)) {
        proof.terms.clone_from(&green.terms);
    } else if is_meant {
        stage.queue.proven.push(Proof {
            release: green.release.clone(),
            terms: green.terms.clone(),
        });
    }
}

/// The terms under which the upstream had verified what waits here, though it stands there no more.
/// While somebody goes back there it proves nothing.
pub(in crate::plan) fn proof<'a>(
    stage: &'a Stage,
    release: &Release,
    there: &Stage,
) -> Option<&'a Terms> {
    let runs_back = there
        .run
        .as_ref()
        .is_some_and(|run| run.cause.is_rollback());
    let waits_back = there
        .candidate
        .as_ref()
        .is_some_and(|it| it.cause.is_rollback());
    let back = |run: &Run| run.cause.is_rollback();
    let came_back = there.verified.is_none() && there.last.as_ref().is_some_and(back);
    // What stands there and is not verified any more was red since, in a run or in a round.
    let stands = there.deployed.as_ref().map(|it| &it.release) == Some(release);
    let speaks = failed(there, release) || stands && there.verified.is_none();
    if !stage.queue.fifo || runs_back || waits_back || came_back || speaks {
        return None;
    }
    let proofs = stage.queue.proven.iter();
    let mut of = proofs.filter(|proof| proof.release == *release);
    of.next().map(|proof| &proof.terms)
}
