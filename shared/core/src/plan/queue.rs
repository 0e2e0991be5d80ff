//! Each change by itself, in the order it was seen (`queue: fifo`). What can never be deployed
//! gives way to the next and is told of; what only waits keeps its place, and the others behind it.

use jiff::SignedDuration;

use super::{Draft, bytes, candidate, gates, idle, later, line, window};
use crate::bound;
use crate::effect::Effect;
use crate::policy::{Policy, Upstream, View};
use crate::release::Release;
use crate::stage::{
    BuildNeed, Candidate, Cause, Proof, QUEUE_MAX, Run, Stage, Taken, Terms, Verified,
};
use crate::waiting::{Passing, ReleaseWait, Wait};

/// So many of those that wait have their builds made before it is their turn.
const BUILT_AHEAD: usize = 3;
/// What has moved up is looked at after this, should nobody do it before.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(5);

/// The stage under the queue policy in force, before anything is recorded or planned: a line that
/// is kept no more becomes one candidate, which contains the others.
#[must_use]
pub fn follow_queue(mut stage: Stage, policy: Option<&Policy<'_>>) -> Stage {
    let Some(policy) = policy else {
        return stage;
    };
    let fifo = policy.queues();
    if fifo == stage.queue.fifo {
        return stage;
    }
    let queue = std::mem::take(&mut stage.queue);
    stage.queue.fifo = fifo;
    // As without a line: a rollback is all that waits.
    let rolls_back = |it: &Candidate| it.cause.is_rollback();
    if !stage.candidate.as_ref().is_some_and(rolls_back) {
        for newer in queue.waiting {
            stage.candidate = Some(newer.superseding(stage.candidate.take()));
        }
    }
    stage
}

/// Brings the line in order: what the stage takes from its upstream at the end, the first in front.
pub(super) fn settle(stage: &mut Stage, view: &View<'_>, policy: &Policy<'_>) {
    if !stage.queue.fifo {
        return;
    }
    match &policy.upstream {
        Some(upstream) => take_over(stage, upstream, view, policy),
        None => {
            stage.queue.taken = None;
            let is_left = |it: &Candidate| matches!(it.cause, Cause::Promotion { .. });
            stage.keep_in_line(|it| !is_left(it));
        }
    }
    stage.move_up();
    let meant = |proof: &Proof, stage: &Stage| {
        let waits = |it: &Candidate| it.release.as_ref() == Some(&proof.release);
        let run = stage.run.as_ref();
        stage.line().any(waits) || run.is_some_and(|run| run.release == proof.release)
    };
    let mut proven = std::mem::take(&mut stage.queue.proven);
    proven.retain(|proof| meant(proof, stage));
    stage.queue.proven = proven;
}

/// The stage as a plan would find its line.
pub(crate) fn settled(stage: &Stage, view: &View<'_>, policy: &Policy<'_>) -> Stage {
    let mut settled = stage.clone();
    settle(&mut settled, view, policy);
    settled
}

/// The candidate that a plan would find in front, for whoever has to load its build.
pub(super) fn front(
    stage: &Stage,
    upstream: Option<&Stage>,
    policy: &Policy<'_>,
) -> Option<Candidate> {
    if stage.candidate.is_some() {
        return stage.candidate.clone();
    }
    let mut settled = stage.clone();
    if let (Some(from), Some(there)) = (&policy.upstream, upstream) {
        let greens = fresh(&settled, from, there);
        let wanted = greens.into_iter().chain(there.verified.clone());
        let mut wanted = wanted.filter(|green| is_wanted(&settled, &green.release));
        settled.candidate = wanted
            .next()
            .map(|green| promotion(green.release, from, jiff::Timestamp::UNIX_EPOCH));
    }
    settled.move_up();
    settled.candidate
}

/// Every green of the upstream that was not seen yet, in its order; what stands there green is
/// wanted however often it was seen, unless something speaks against it.
fn take_over(stage: &mut Stage, upstream: &Upstream, view: &View<'_>, policy: &Policy<'_>) {
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
    let anew = |revision| greens.iter().any(|it| it.release.revision == revision);
    stage.queue.passed.retain(|it| !anew(it.revision.clone()));
    let last = greens.last().map(|green| green.generation);
    if let Some(generation) = last.or_else(|| begin(stage, upstream, there)) {
        stage.queue.taken = Some(Taken {
            from: upstream.stage.clone(),
            generation,
        });
    }
    let contains = line::goes_on(view, policy);
    for green in greens.into_iter().chain(there.verified.clone()) {
        prove(stage, &green);
        if is_wanted(stage, &green.release) {
            let fresh = promotion(green.release.clone(), upstream, view.now);
            enqueue(stage, fresh, contains);
            prove(stage, &green);
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
    let older = stage.queue.waiting.pop().filter(|_| contains);
    stage.queue.waiting.push(fresh.superseding(older));
}

fn promotion(release: Release, upstream: &Upstream, now: jiff::Timestamp) -> Candidate {
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
fn fresh(stage: &Stage, upstream: &Upstream, there: &Stage) -> Vec<Verified> {
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
    let failed = |release: &Release| {
        let verified = there.verified.as_ref().map(|green| &green.release);
        there.tried.as_ref() == Some(release) && verified != Some(release)
    };
    stage.keep_in_line(|it| {
        let speaks = |release: &Release| against(&known, release) || failed(release);
        it.cause.is_rollback() || !it.release.as_ref().is_some_and(speaks)
    });
}

/// Whether automation leaves a release alone.
fn against(stage: &Stage, release: &Release) -> bool {
    stage.verified.as_ref().map(|green| &green.release) == Some(release)
        || stage.tried.as_ref() == Some(release)
        || stage.life.was.as_ref() == Some(release)
        || stage.rejected.as_ref().map(|no| &no.release) == Some(release)
        || stage.run.as_ref().map(|run| &run.release) == Some(release)
}

fn is_wanted(stage: &Stage, release: &Release) -> bool {
    let waits = |it: &Candidate| !it.cause.is_rollback() && it.release.as_ref() == Some(release);
    let passed = |revision| stage.queue.passed.iter().any(|it| it.revision == revision);
    !against(stage, release)
        && !stage.line().any(waits)
        && !passed(release.revision.clone())
}

/// Keeps that the upstream has verified what waits or runs here.
fn prove(stage: &mut Stage, green: &Verified) {
    let known = |proof: &Proof| proof.release == green.release;
    let waits = |it: &Candidate| it.release.as_ref() == Some(&green.release);
    let run = stage.run.as_ref();
    let is_meant =
        stage.line().any(waits) || run.is_some_and(|run| run.release == green.release);
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
pub(super) fn proof<'a>(stage: &'a Stage, release: &Release, there: &Stage) -> Option<&'a Terms> {
    let runs_back = there.run.as_ref().is_some_and(|run| run.cause.is_rollback());
    let waits_back = there
        .candidate
        .as_ref()
        .is_some_and(|it| it.cause.is_rollback());
    let back = |run: &Run| run.cause.is_rollback();
    let came_back = there.verified.is_none() && there.last.as_ref().is_some_and(back);
    let failed = there.tried.as_ref() == Some(release);
    if !stage.queue.fifo || runs_back || waits_back || came_back || failed {
        return None;
    }
    let proofs = stage.queue.proven.iter();
    let mut of = proofs.filter(|proof| proof.release == *release);
    of.next().map(|proof| &proof.terms)
}

/// Claims the stage for what is in front, or says what keeps it from being claimed. Whatever can never
/// be claimed keeps nobody waiting.
pub(super) fn pass(draft: &mut Draft, reading: bool, view: &View<'_>, policy: &Policy<'_>) {
    loop {
        let since = draft.waits.len();
        if is_unseen(&draft.next, view, policy) {
            draft.wake_at(later(draft.now, LOOK_AGAIN));
            return;
        }
        match draft.next.candidate.take() {
            Some(candidate) => gates::pass(draft, candidate, view, policy),
            None => return idle::explain(draft, reading, view, policy),
        }
        if draft.next.run.is_some() || !give_way(draft, since, view) {
            return;
        }
        candidate::promote(draft, view, policy);
        candidate::forget_approvals(draft, policy);
        window::forget_override(draft);
        if !may_go_on(draft, view, policy) {
            return;
        }
    }
}

/// Takes the candidate out of the line if it can never be deployed and another waits; whether it did.
/// `since`: the first of its waits.
fn give_way(draft: &mut Draft, since: usize, view: &View<'_>) -> bool {
    let stage = &mut draft.next;
    if !stage.queue.fifo || stage.queue.waiting.is_empty() {
        return false;
    }
    let Some(candidate) = stage.candidate.take_if(|it| !it.cause.is_rollback()) else {
        return false;
    };
    let waits = draft.waits.get(since..).unwrap_or_default();
    let Some(never) = waits.iter().find(|wait| is_for_good(wait, &candidate, view)) else {
        stage.candidate = Some(candidate);
        return false;
    };
    let why = bound::text(&never.explain(&stage.id.stage).sentence, bound::WHY_MAX);
    stage.queue.pass_over(candidate.revision, why, draft.now);
    draft.waits.truncate(since);
    stage.move_up();
    true
}

/// Whether it is in vain to wait for the end of `wait`, for this candidate.
fn is_for_good(wait: &Wait, candidate: &Candidate, view: &View<'_>) -> bool {
    match wait {
        Wait::BuildFailed { .. } | Wait::BuildUnclear { .. } => true,
        Wait::Gate { .. } => view
            .build
            .is_some_and(|build| build.revision == candidate.revision && build.has_ended()),
        Wait::Release(ReleaseWait::Bad { .. }) => true,
        Wait::Release(ReleaseWait::Through { passing, .. }) => {
            matches!(passing, Passing::Broken | Passing::TakenOver { .. })
        }
        // It stands there no more, so nobody will verify it there anew.
        Wait::UpstreamOutdated { .. } => view
            .upstream
            .is_none_or(|there| there.verified.as_ref().map(|it| &it.release) != candidate.release.as_ref()),
        _ => false,
    }
}

/// Whether what moved up can be judged by what was loaded. If not the stage is asked to look again.
fn may_go_on(draft: &mut Draft, view: &View<'_>, policy: &Policy<'_>) -> bool {
    let Some(next) = &draft.next.candidate else {
        return false;
    };
    let of_another = |build: &crate::build::Build| build.revision != next.revision;
    if !policy.builds() || !view.build.is_some_and(of_another) {
        return true;
    }
    let because = format!("line-{}-{}", draft.next.generation, next.revision.short());
    draft.effects.push(Effect::Ask {
        stage: draft.next.id.stage.clone(),
        because,
    });
    draft.wake_at(later(draft.now, LOOK_AGAIN));
    false
}

/// Whether the view was loaded for another candidate, which has given way since.
fn is_unseen(stage: &Stage, view: &View<'_>, policy: &Policy<'_>) -> bool {
    let (Some(next), Some(build)) = (&stage.candidate, view.build) else {
        return false;
    };
    stage.queue.fifo && policy.builds() && build.revision != next.revision
}

/// Has the builds made of those that are next, and says who waits behind whom.
pub(super) fn explain(draft: &mut Draft, view: &View<'_>, policy: &Policy<'_>) {
    if !draft.next.queue.fifo {
        return;
    }
    build_ahead(draft, policy);
    let stage = &draft.next;
    // Of a candidate behind a run, or not looked at yet, nothing else is told.
    let is_behind = stage.run.is_some() || is_unseen(stage, view, policy);
    let behind = stage.line().skip(usize::from(!is_behind));
    let behind: Vec<_> = behind.map(|it| it.revision.clone()).collect();
    if !behind.is_empty() {
        draft.waits.push(Wait::Queued {
            behind,
            most: QUEUE_MAX,
        });
    }
}

fn build_ahead(draft: &mut Draft, policy: &Policy<'_>) {
    if !policy.builds() || policy.upstream.is_some() || policy.outdated.build.is_some() {
        return;
    }
    let skip = usize::from(draft.next.run.is_none());
    let stage = draft.next.id.stage.clone();
    let behind = draft.next.candidate.iter_mut();
    let behind = behind.chain(&mut draft.next.queue.waiting).skip(skip);
    for candidate in behind.take(BUILT_AHEAD) {
        let asked = |need: &BuildNeed| match need {
            BuildNeed::NotAsked => false,
            BuildNeed::Asked { recipe, .. } => *recipe == policy.build_recipe,
            // Somebody has to look at how it ended first.
            BuildNeed::Again | BuildNeed::Failed => true,
        };
        if asked(&candidate.build) || bytes::named(candidate, policy).is_some() {
            continue;
        }
        candidate.build = BuildNeed::Asked {
            recipe: policy.build_recipe.clone(),
            after: 0,
        };
        draft.effects.push(Effect::RequestBuild {
            stage: stage.clone(),
            revision: candidate.revision.clone(),
            recipe: policy.build_recipe.clone(),
            pipeline: policy.pipeline.name.clone(),
            config: policy.file.hash.clone(),
            again: None,
        });
    }
}
