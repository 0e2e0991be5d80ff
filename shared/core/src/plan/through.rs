//! A release that passes another stage first: it is asked to deploy exactly this one, with all its
//! checks, and only what it has verified since the candidate came opens the gate.

use jiff::SignedDuration;

use super::{Draft, later};
use crate::effect::Effect;
use crate::policy::{Policy, Upstream, View};
use crate::release::Release;
use crate::stage::{BuildNeed, Candidate, Cause, Passage, Run, Stage};
use crate::waiting::{Passing, ReleaseWait, Wait};

/// What other people do there may take the stage over; after so many asks a person has to look.
pub const ASKS_MAX: u32 = 5;
/// A stage whose release is on its way looks again after this, should nobody tell it.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_mins(5);

/// How it is with a passage.
enum State {
    Proven,
    /// Proven there, but under another stage file.
    Outdated,
    Waits(Passing),
    /// Nobody is at it there.
    ToAsk,
}

/// Whether the candidate has passed; begins its passage, and asks the other stage if `may_ask`.
pub(super) fn pass(
    draft: &mut Draft,
    candidate: &Candidate,
    release: &Release,
    may_ask: bool,
    view: &View<'_>,
    policy: &Policy<'_>,
) -> Option<Wait> {
    let through = policy.through.as_ref()?;
    if candidate.cause.is_rollback() {
        return None;
    }
    let mut passage = begun(&draft.next, release, view);
    let state = state(&draft.next, &passage, view.through, through);
    let to_ask = matches!(state, State::ToAsk) && passage.asked < ASKS_MAX;
    let wait = wait(state, &passage, through);
    if to_ask && may_ask && view.through.is_some() {
        passage.asked += 1;
        let effect = ask(draft, &passage, candidate, through);
        draft.effects.push(effect);
    }
    draft.next.passages = draft.next.passages.max(passage.number);
    draft.next.passage = Some(passage);
    if wait.is_some() {
        draft.wake_at(later(draft.now, LOOK_AGAIN));
    }
    wait
}

/// What the way of `release` through the other stage waits for, whether it has begun or would only
/// begin now.
pub(super) fn look(
    release: &Release,
    cause: &Cause,
    view: &View<'_>,
    policy: &Policy<'_>,
) -> Option<Wait> {
    let through = policy.through.as_ref()?;
    if cause.is_rollback() {
        return None;
    }
    let passage = begun(view.stage, release, view);
    let state = state(view.stage, &passage, view.through, through);
    wait(state, &passage, through)
}

/// The wait for a passage that is in this state.
fn wait(state: State, passage: &Passage, through: &Upstream) -> Option<Wait> {
    let passing = match state {
        State::Proven => return None,
        State::Outdated => {
            return Some(Wait::UpstreamOutdated {
                upstream: through.stage.clone(),
            });
        }
        State::Waits(passing) => passing,
        State::ToAsk if passage.asked >= ASKS_MAX => Passing::TakenOver {
            asked: passage.asked,
        },
        State::ToAsk => Passing::Asked,
    };
    Some(waits(through, &passage.release, passing))
}

/// What the fence asks: that it is still as it was when the gate opened.
pub(super) fn at_the_fence(view: &View<'_>, policy: &Policy<'_>, run: &Run) -> Option<Wait> {
    let through = policy.through.as_ref()?;
    if run.cause.is_rollback() {
        return None;
    }
    let passage = view.stage.passage.as_ref();
    let passage = passage.filter(|passage| passage.release == run.release);
    let proven = passage.is_some_and(|passage| {
        matches!(
            state(view.stage, passage, view.through, through),
            State::Proven
        )
    });
    (!proven).then(|| waits(through, &run.release, Passing::Asked))
}

/// A passage ends with what was to pass.
pub(super) fn forget(draft: &mut Draft, policy: &Policy<'_>) {
    let stage = &mut draft.next;
    let Some(passage) = &stage.passage else {
        return;
    };
    let candidate = stage.candidate.as_ref();
    let waits = candidate.is_some_and(|candidate| {
        let is_it = candidate.release.as_ref();
        !candidate.cause.is_rollback()
            && is_it.map_or(candidate.revision == passage.release.revision, |it| {
                *it == passage.release
            })
    });
    let runs = stage
        .run
        .as_ref()
        .is_some_and(|run| run.release == passage.release);
    if policy.through.is_none() || !(waits || runs) {
        stage.passage = None;
    }
}

fn begun(stage: &Stage, release: &Release, view: &View<'_>) -> Passage {
    let known = stage.passage.as_ref().filter(|it| it.release == *release);
    known.cloned().unwrap_or_else(|| Passage {
        number: stage.passages + 1,
        release: release.clone(),
        after: view.through.map_or(0, |there| there.generation),
        asked: 0,
    })
}

fn state(stage: &Stage, passage: &Passage, there: Option<&Stage>, through: &Upstream) -> State {
    let Some(there) = there else {
        return State::ToAsk;
    };
    let release = &passage.release;
    let verified = there.verified.as_ref();
    let proven = verified.filter(|it| it.release == *release && it.generation > passage.after);
    if let Some(verified) = proven {
        return if verified.terms == through.terms {
            State::Proven
        } else {
            State::Outdated
        };
    }
    let heard = there.heard.iter().any(|heard| {
        heard.stage == stage.id.stage
            && (heard.number, heard.asked) == (passage.number, passage.asked)
    });
    let runs = |run: &Run| run.release == *release && run.generation > passage.after;
    if passage.asked > 0 && !heard || there.run.as_ref().is_some_and(runs) {
        return State::Waits(Passing::Asked);
    }
    match &there.candidate {
        Some(candidate) if is_ours(candidate, stage, release) => State::Waits(Passing::Asked),
        Some(candidate) if candidate.build != BuildNeed::Failed => State::Waits(Passing::Busy {
            with: candidate.revision.clone(),
        }),
        _ if passage.asked > 0 && is_unwanted(there, release) => State::Waits(Passing::Broken),
        _ => State::ToAsk,
    }
}

fn is_ours(candidate: &Candidate, stage: &Stage, release: &Release) -> bool {
    candidate.release.as_ref() == Some(release)
        && matches!(&candidate.cause, Cause::Through { to } if *to == stage.id.stage)
}

/// It did not succeed there, or a person does not want it there.
fn is_unwanted(there: &Stage, release: &Release) -> bool {
    let rejected = there.rejected.as_ref().map(|no| &no.release);
    there.tried.as_ref() == Some(release) || rejected == Some(release)
}

fn ask(draft: &Draft, passage: &Passage, candidate: &Candidate, through: &Upstream) -> Effect {
    Effect::Redeploy {
        stage: through.stage.clone(),
        by: draft.next.id.stage.clone(),
        number: passage.number,
        asked: passage.asked,
        after: passage.after,
        release: passage.release.clone(),
        reference: candidate.reference.clone(),
    }
}

fn waits(through: &Upstream, release: &Release, passing: Passing) -> Wait {
    Wait::Release(ReleaseWait::Through {
        stage: through.stage.clone(),
        revision: release.revision.clone(),
        passing,
    })
}
