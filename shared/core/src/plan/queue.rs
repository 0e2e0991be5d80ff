//! Each change by itself, in the order it was seen (`queue: fifo`). What can never be deployed
//! gives way to the next and is told of; what only waits keeps its place, and the others behind it.

mod promotions;

use jiff::SignedDuration;

pub(super) use promotions::proof;

use promotions::{fresh, is_wanted, promotion, take_over};

use super::{Draft, bytes, candidate, gates, idle, later, window};
use crate::bound;
use crate::effect::Effect;
use crate::policy::{Policy, View};
use crate::stage::{BuildNeed, Candidate, Cause, Proof, QUEUE_MAX, Stage};
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
    // As without a line: a rollback is all that waits. What is promoted next says for itself what it
    // contains.
    let rolls_back = |it: &Candidate| it.cause.is_rollback();
    if policy.upstream.is_none() && !stage.candidate.as_ref().is_some_and(rolls_back) {
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
    if let Some(first) = stage.line().next() {
        return Some(first.clone());
    }
    let (from, there) = (policy.upstream.as_ref()?, upstream?);
    let greens = fresh(stage, from, there);
    let mut wanted = greens.iter().chain(&there.verified);
    let first = wanted.find(|green| is_wanted(stage, there, &green.release, &greens))?;
    // Nobody reads since when.
    Some(promotion(
        first.release.clone(),
        from,
        there.refresh.enabled_at,
    ))
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
    let Some(never) = waits
        .iter()
        .find(|wait| is_for_good(wait, &candidate, view))
    else {
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
        Wait::Release(ReleaseWait::Through { passing, .. }) => match passing {
            Passing::TakenOver { .. } => true,
            Passing::Broken => {
                let release = candidate.release.as_ref();
                let is_unclear = |there: &Stage| release.is_some_and(|it| there.is_unclear(it));
                !view.through.is_some_and(is_unclear)
            }
            Passing::Asked | Passing::Busy { .. } => false,
        },
        // It stands there no more, so nobody will verify it there anew; what another stage has to
        // pass first, passes again.
        Wait::UpstreamOutdated { upstream } => view.upstream.is_some_and(|there| {
            let verified = there.verified.as_ref().map(|it| &it.release);
            there.id.stage == *upstream && verified != candidate.release.as_ref()
        }),
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
