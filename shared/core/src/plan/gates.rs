//! The checks between a candidate and its claim. All are evaluated, so that a person sees every
//! closed one at once; a claim needs them all open. The fence asks the same ones again.

use jiff::SignedDuration;

use super::{
    Draft, bytes, claim, evidence, forks, later, marks, queue, sharing, through, toggle, window,
};
use crate::policy::{Policy, View};
use crate::release::Release;
use crate::stage::{Approval, Candidate, Cause, Health, Run, Stage};
use crate::waiting::{LifeWait, Wait};

/// How often a stage with a line looks whether its upstream stands behind what is in front.
const LOOK_UPSTREAM_EVERY: SignedDuration = SignedDuration::from_mins(5);

/// Claims the stage for the candidate, or says all that keeps it from being claimed.
pub(super) fn pass(
    draft: &mut Draft,
    mut candidate: Candidate,
    view: &View<'_>,
    policy: &Policy<'_>,
) {
    let mut waits: Vec<Wait> = paused(view, policy).into_iter().collect();
    waits.extend(locked(&draft.next));
    waits.extend(parked(&draft.next));
    waits.extend(outdated(policy));
    let side = &draft.next.id.stage;
    waits.extend(toggle::closed(&draft.toggle, side, draft.now, policy));
    waits.extend(taking_turns(draft, view, policy));
    let bad = marks::bad(&candidate.revision, view.marks);
    let unread = || forks::unapproved(&draft.next, &candidate.revision, view.marks, policy);
    let got = match bad.or_else(unread) {
        // Nothing is built that goes nowhere, or that a stranger wrote and nobody has read.
        Some(kept_out) => Err(Box::new(kept_out)),
        None => bytes::get(draft, &mut candidate, view, policy),
    };
    let release = bytes::of(&candidate, view, policy);
    let overridden = release.and_then(|release| window::let_through(&draft.next, &release));
    waits.extend(window::closed(
        &candidate.revision,
        &candidate.cause,
        overridden,
        draft.now,
        policy,
    ));
    waits.extend(unstopped(&draft.next));
    waits.extend(held(&draft.next, policy).filter(|_| !candidate.cause.is_personal()));
    waits.extend(back_off(draft, &candidate));
    waits.extend(marks::missing(
        &candidate.revision,
        &candidate.cause,
        view.marks,
        policy,
    ));
    match got {
        Ok(release) => {
            waits.extend(proven(
                &draft.next,
                &candidate.cause,
                &release,
                view,
                policy,
            ));
            // A yes may come after it has proven itself there; nothing else may be missing.
            let may_ask = waits
                .iter()
                .all(|wait| matches!(wait, Wait::Approval { .. }));
            let passes = through::pass(draft, &candidate, &release, may_ask, view, policy);
            waits.extend(passes);
            if waits.is_empty() {
                claim::claim(draft, candidate, release, view, policy);
                return;
            }
        }
        Err(wait) => waits.push(*wait),
    }
    for wait in &waits {
        match wait {
            Wait::Soaking { until, .. } => draft.wake_at(*until),
            Wait::Frozen { opens, .. } => {
                if let Some(at) = opens.look_at() {
                    draft.wake_at(at);
                }
            }
            // Of a line: a rollback that waits upstream may be withdrawn there, which nobody tells.
            Wait::UpstreamUnverified { .. } => {
                draft.wake_at(later(draft.now, LOOK_UPSTREAM_EVERY));
            }
            _ => {}
        }
    }
    draft.waits.extend(waits);
    draft.next.candidate = Some(candidate);
}

/// What keeps a claimed run from being admitted now.
pub(crate) fn at_the_fence(view: &View<'_>, policy: &Policy<'_>, run: &Run) -> Option<Wait> {
    let paused = paused(view, policy);
    if paused.is_some() {
        return paused;
    }
    let lock = view.stage.lock.as_ref();
    if lock.is_some_and(|lock| lock.holds(view.now, policy.clock_error)) {
        return locked(view.stage);
    }
    let parked = view.stage.life.parked.as_ref();
    if let Some(parked) = parked.filter(|it| it.holds(view.now, policy.clock_error)) {
        return Some(Wait::Life(LifeWait::Parked(parked.clone())));
    }
    let outdated = outdated(policy);
    if outdated.is_some() {
        return outdated;
    }
    let in_use = toggle::still_closed(view, policy);
    if in_use.is_some() {
        return in_use;
    }
    let shared = sharing::at_the_fence(view, policy, run);
    if shared.is_some() {
        return shared;
    }
    let proven = proven(view.stage, &run.cause, &run.release, view, policy);
    let revision = &run.release.revision;
    if let Some(bad) = marks::bad(revision, view.marks) {
        return Some(bad);
    }
    let unread = forks::unapproved(view.stage, revision, view.marks, policy);
    if unread.is_some() {
        return unread;
    }
    let overridden = run.overridden.as_ref();
    window::closed(revision, &run.cause, overridden, view.now, policy)
        .into_iter()
        .chain(marks::missing(revision, &run.cause, view.marks, policy))
        .chain(proven)
        .chain(through::at_the_fence(view, policy, run))
        .next()
}

/// What keeps everything from the stage, or all that no person asked for.
pub(super) fn standing(stage: &Stage, policy: &Policy<'_>) -> Vec<Wait> {
    let all = [
        locked(stage),
        parked(stage),
        unstopped(stage),
        held(stage, policy),
    ];
    all.into_iter().flatten().collect()
}

/// Another stage that writes to the same runs; looked at again, should nobody tell that it has ended.
pub(super) fn taking_turns(
    draft: &mut Draft,
    view: &View<'_>,
    policy: &Policy<'_>,
) -> Option<Wait> {
    let wait = sharing::in_use(view, policy)?;
    sharing::look_again(draft);
    Some(wait)
}

/// A pause closes all stages to everything.
pub(super) fn paused(view: &View<'_>, policy: &Policy<'_>) -> Option<Wait> {
    let pause = view.pause?;
    pause
        .holds(view.now, policy.clock_error)
        .then(|| Wait::Paused {
            pause: pause.clone(),
            app: policy.file.app.clone(),
        })
}

/// A pipeline that was made from something else would deploy what nobody wrote, to a rollback too.
pub(super) fn outdated(policy: &Policy<'_>) -> Option<Wait> {
    let definition = policy.outdated.stage.clone()?;
    Some(Wait::PipelineOutdated { definition })
}

/// A lock closes the stage to everything.
pub(super) fn locked(stage: &Stage) -> Option<Wait> {
    stage.lock.clone().map(Wait::Locked)
}

/// So does a park, which keeps the stage as it stands.
pub(super) fn parked(stage: &Stage) -> Option<Wait> {
    let parked = stage.life.parked.clone()?;
    Some(Wait::Life(LifeWait::Parked(parked)))
}

/// What would not stop closes it to all that was wanted before, whoever wanted it: a person who
/// goes on without it says so after.
pub(super) fn unstopped(stage: &Stage) -> Option<Wait> {
    let unstopped = stage.unstopped.clone()?;
    Some(Wait::Unstopped(unstopped))
}

/// A hold closes it to automation.
pub(super) fn held(stage: &Stage, policy: &Policy<'_>) -> Option<Wait> {
    // Where people select, automation has nothing to do that could be held.
    if policy.selects() {
        return None;
    }
    let hold = stage.hold.clone()?;
    Some(Wait::Held {
        hold,
        promotes: policy.upstream.is_some(),
    })
}

fn back_off(draft: &mut Draft, candidate: &Candidate) -> Option<Wait> {
    let until = candidate.not_before.filter(|until| draft.now < *until)?;
    draft.wake_at(until);
    Some(Wait::Backoff {
        revision: candidate.revision.clone(),
        until,
    })
}

/// What the release has yet to prove. A rollback has nothing to prove.
pub(super) fn proven(
    stage: &Stage,
    cause: &Cause,
    release: &Release,
    view: &View<'_>,
    policy: &Policy<'_>,
) -> Vec<Wait> {
    if cause.is_rollback() {
        return Vec::new();
    }
    let upstream = upstream(stage, release, view, policy);
    let approval = approval(stage, release, policy);
    let evidence = evidence::closed(release, view, policy);
    upstream
        .into_iter()
        .chain(evidence)
        .chain(approval)
        .collect()
}

/// Verified there, right now, under the terms in force, and for long enough.
fn upstream(
    stage: &Stage,
    release: &Release,
    view: &View<'_>,
    policy: &Policy<'_>,
) -> Option<Wait> {
    let upstream = policy.upstream.as_ref()?;
    let name = upstream.stage.clone();
    let verified = view
        .upstream
        .and_then(|upstream| upstream.verified.as_ref())
        .filter(|verified| verified.release == *release);
    let Some(verified) = verified else {
        // In a line each release is taken that was green there, in its turn.
        let proof = view
            .upstream
            .and_then(|there| queue::proof(stage, release, there));
        return match proof {
            Some(terms) if *terms == upstream.terms => None,
            Some(_) => Some(Wait::UpstreamOutdated { upstream: name }),
            None => unverified(view, policy),
        };
    };
    if verified.terms != upstream.terms {
        return Some(Wait::UpstreamOutdated { upstream: name });
    }
    // Its beginning may have been read from a clock that is slow, and now from one that is fast.
    let soak = policy.rule.soak?;
    let until = later(later(verified.since, soak), twice(policy.clock_error));
    (view.now < until).then(|| Wait::Soaking {
        upstream: name,
        revision: release.revision.clone(),
        until,
    })
}

/// The upstream has not verified what is wanted.
pub(super) fn unverified(view: &View<'_>, policy: &Policy<'_>) -> Option<Wait> {
    let upstream = policy.upstream.as_ref()?.stage.clone();
    let red = view
        .upstream
        .is_some_and(|upstream| upstream.health == Health::Red);
    Some(Wait::UpstreamUnverified { upstream, red })
}

/// How wrong the difference of two clocks may be.
pub(super) fn twice(clock_error: SignedDuration) -> SignedDuration {
    clock_error.saturating_mul(2)
}

fn approval(stage: &Stage, release: &Release, policy: &Policy<'_>) -> Option<Wait> {
    let approvals = policy.rule.approvals.as_ref()?;
    // Two yeses of one person are one, however they came to be there.
    let mut people: Vec<&Approval> = Vec::new();
    for approval in &stage.approvals {
        let counts = approval.release == *release && approval.terms == policy.terms;
        if counts && !people.iter().any(|known| known.is_by(&approval.by)) {
            people.push(approval);
        }
    }
    let have = u32::try_from(people.len()).unwrap_or(u32::MAX);
    (have < approvals.count).then(|| Wait::Approval {
        revision: release.revision.clone(),
        have,
        need: approvals.count,
        by: approvals.by.clone(),
    })
}
