//! Tearing a stage down: a run like any other, with the same start, fence, stop and deadline, so
//! that nothing is ever deployed beside it. Its steps are those of the default branch as it stands at
//! that moment, never those of what it takes away. Only a run that was admitted and has succeeded,
//! its last step being the proof, says that nothing is left.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::finish::{BACKOFF, RETRIES};
use super::run::End;
use super::{Draft, finish, gates, later, life, sharing};
use crate::bound;
use crate::effect::{Effect, News};
use crate::execution::Observation;
use crate::name::ChannelName;
use crate::policy::{Policy, View};
use crate::release::Release;
use crate::stage::{
    BuildNeed, Cause, Gone, Health, Orphan, Outcome, Phase, Run, Source, Stage, Wish,
};
use crate::stage_file::Route;
use crate::waiting::{LifeWait, Wait};

/// The default branch is read again when what was read is older.
const FRESH: SignedDuration = SignedDuration::from_mins(10);

/// Claims the stage for its teardown, or says what keeps it standing.
pub(super) fn pass(draft: &mut Draft, view: &View<'_>, policy: &Policy<'_>) {
    let Some(mut wish) = draft.next.life.wish.take() else {
        return;
    };
    let mut waits: Vec<Wait> = gates::paused(view, policy).into_iter().collect();
    waits.extend(gates::locked(&draft.next));
    waits.extend(outdated(policy));
    waits.extend(gates::unstopped(&draft.next));
    waits.extend(gates::taking_turns(draft, view, policy));
    if let Some(until) = wish.not_before.filter(|until| draft.now < *until) {
        draft.wake_at(until);
        waits.push(waiting(&wish, Some(until)));
    }
    if !life::goes(policy) {
        waits.push(Wait::Life(LifeWait::NoTeardown {
            pipeline: policy.pipeline.name.to_string(),
        }));
    }
    if waits.is_empty() {
        let now = draft.now;
        let fresh = |source: &Source| now <= later(source.at, FRESH);
        if let Some(source) = wish.source.take().filter(fresh) {
            claim(draft, &wish, &source, view, policy);
            draft.next.life.wish = Some(wish);
            return;
        }
        read(draft, &mut wish);
        waits.push(waiting(&wish, None));
    }
    if let Some(candidate) = &draft.next.candidate {
        waits.push(Wait::Life(LifeWait::Behind {
            revision: candidate.revision.clone(),
        }));
    }
    draft.waits.extend(waits);
    draft.next.life.wish = Some(wish);
}

/// Asks for the head of the default branch; what was asked for long ago is asked for again.
fn read(draft: &mut Draft, wish: &mut Wish) {
    if let Some(asked) = wish.reading
        && draft.now < later(asked, FRESH)
    {
        draft.wake_at(later(asked, FRESH));
        return;
    }
    wish.reading = Some(draft.now);
    draft.wake_at(later(draft.now, FRESH));
    draft.effects.push(Effect::ReadTeardownHead {
        stage: draft.next.id.stage.clone(),
        number: wish.number,
        asked_at: draft.now,
    });
}

fn waiting(wish: &Wish, until: Option<jiff::Timestamp>) -> Wait {
    Wait::Life(LifeWait::ToTearDown {
        why: wish.why.sentence(),
        since: wish.asked_at,
        until,
    })
}

fn outdated(policy: &Policy<'_>) -> Option<Wait> {
    let definition = policy.outdated.teardown.clone()?;
    Some(Wait::PipelineOutdated { definition })
}

fn claim(draft: &mut Draft, wish: &Wish, source: &Source, view: &View<'_>, policy: &Policy<'_>) {
    let stage = &mut draft.next;
    stage.generation += 1;
    let stands = stage.deployed.as_ref();
    let was = stands.map(|deployed| deployed.release.clone());
    stage.life.was = was.or_else(|| stage.life.was.take());
    // What named the stage's resources when they were made names them now.
    let reference = stands.and_then(|deployed| deployed.reference.clone());
    let head = stage.head.as_ref().map(|head| head.reference.clone());
    let deadline = later(draft.now, policy.rule.timeout);
    let run = Run {
        generation: stage.generation,
        release: Release {
            revision: source.revision.clone(),
            recipe: policy.build_recipe.clone(),
            artifact: None,
        },
        reference: reference.or(head),
        cause: Cause::Teardown {
            number: wish.number,
            why: wish.why.clone(),
        },
        nonce: view.nonce.clone(),
        claimed_at: draft.now,
        deadline,
        config: policy.file.hash.clone(),
        terms: policy.terms.clone(),
        phase: Phase::Starting,
        execution: None,
        admitted_at: None,
        ended: None,
        stop_sent: false,
        suites: BTreeMap::new(),
        alert: told(policy).into_iter().map(Route::from).collect(),
        contains: Vec::new(),
        outputs: BTreeMap::new(),
        attempt: wish.attempt,
        outcome: None,
        ended_at: None,
        why: None,
        overridden: None,
        writes: crate::sharing::written(policy.rule),
    };
    draft.effects.push(Effect::StartTeardown {
        stage: draft.next.id.stage.clone(),
        generation: run.generation,
        nonce: run.nonce.clone(),
        revision: source.revision.clone(),
        config: run.config.clone(),
    });
    draft.waits.push(Wait::Starting {
        generation: run.generation,
        since: run.claimed_at,
    });
    draft.next.run = Some(run);
    draft.wake_at(deadline);
}

/// What keeps a claimed teardown from being admitted now.
pub(crate) fn at_the_fence(view: &View<'_>, policy: &Policy<'_>, run: &Run) -> Option<Wait> {
    let lock = view.stage.lock.as_ref();
    let locked = lock.filter(|lock| lock.holds(view.now, policy.clock_error));
    gates::paused(view, policy)
        .or_else(|| locked.cloned().map(Wait::Locked))
        .or_else(|| outdated(policy))
        .or_else(|| sharing::at_the_fence(view, policy, run))
        .or_else(|| (!is_meant(view.stage, run)).then_some(Wait::Life(LifeWait::Spared)))
}

/// Whether the wish of the run is still the stage's: it goes when somebody uses the stage again.
fn is_meant(stage: &Stage, run: &Run) -> bool {
    let Cause::Teardown { number, .. } = &run.cause else {
        return false;
    };
    let wish = stage.life.wish.as_ref();
    wish.is_some_and(|wish| wish.number == *number)
}

/// A teardown has ended. Nothing but its own success says that the stage is gone.
pub(super) fn ended(draft: &mut Draft, mut run: Run, end: End, policy: Option<&Policy<'_>>) {
    let proven = run.is_admitted() && matches!(run.ended, Some(Observation::Succeeded { .. }));
    let (outcome, why) = if proven {
        let why = "torn down, and nothing is left".to_owned();
        (Outcome::Succeeded, why)
    } else {
        (end.outcome, end.why)
    };
    run.phase = Phase::Ended;
    run.outcome = Some(outcome);
    run.ended_at = Some(draft.now);
    run.why = Some(why.clone());
    if proven {
        gone(draft, &run, policy);
    } else if run.is_admitted() || is_meant(&draft.next, &run) {
        let unclear = matches!(
            outcome,
            Outcome::Errored | Outcome::TimedOut | Outcome::Refused
        );
        left_over(draft, &run, end.again && unclear, &why, policy);
    }
    sharing::ask_others(draft, policy, run.generation);
    draft.next.last = Some(run);
}

/// Nothing stands here any more; what came meanwhile is deployed anew.
fn gone(draft: &mut Draft, run: &Run, policy: Option<&Policy<'_>>) {
    let Cause::Teardown { why, .. } = &run.cause else {
        return;
    };
    let why = why.sentence();
    let stage = &mut draft.next;
    stage.deployed = None;
    stage.verified = None;
    stage.greens.clear();
    stage.tried = None;
    stage.rejected = None;
    stage.quiet.kept = None;
    stage.health = Health::Unknown;
    // Whoever heard that it broke hears of its end.
    let mut heard = stage.brk.take().map(|brk| brk.told).unwrap_or_default();
    let flap = std::mem::take(&mut stage.flap);
    heard.extend(flap.flapping.into_iter().flat_map(|it| it.told));
    stage.hold = None;
    stage.approvals.clear();
    let failed = |build: &BuildNeed| *build == BuildNeed::Failed;
    if stage.candidate.as_ref().is_some_and(|it| failed(&it.build)) {
        stage.candidate = None;
    }
    let life = &mut stage.life;
    life.wish = None;
    life.orphan = None;
    life.warned = None;
    life.extended = None;
    life.pinned = None;
    life.left = None;
    life.gone = Some(Gone {
        at: draft.now,
        generation: run.generation,
        why: why.clone(),
    });
    let owner = stage.spec.actor.clone();
    let (generation, at) = (run.generation, draft.now);
    let news = News::TornDown {
        owner,
        generation,
        why,
        at,
    };
    let alert: Vec<&ChannelName> = run.alert.iter().map(|it| &it.channel).collect();
    let more = heard.iter().filter(|one| !alert.contains(one));
    for channel in alert.iter().copied().chain(more) {
        finish::announce(draft, channel.clone(), &run.config, news.clone());
    }
    finish::ask_downstream(draft, policy, run.generation);
}

/// It did not go, or nobody can tell. Where nobody can tell it is tried again; in the end it is an
/// orphan, told once, and there until somebody has seen to it.
fn left_over(draft: &mut Draft, run: &Run, again: bool, why: &str, policy: Option<&Policy<'_>>) {
    let attempt = run.attempt + 1;
    let now = draft.now;
    if is_meant(&draft.next, run)
        && again
        && attempt <= RETRIES
        && let Some(wish) = &mut draft.next.life.wish
    {
        let wait = BACKOFF.saturating_mul(i32::try_from(attempt).unwrap_or(i32::MAX));
        wish.attempt = attempt;
        wish.not_before = Some(later(now, wait));
        wish.reading = None;
        wish.source = None;
        return;
    }
    draft.next.life.wish = None;
    if run.is_admitted() {
        draft.next.health = finish::health(&draft.next, Outcome::Errored);
        finish::ask_downstream(draft, policy, run.generation);
    }
    let known = draft.next.life.orphan.as_ref();
    let told = known.is_some();
    draft.next.life.orphan = Some(Orphan {
        since: known.map_or(now, |orphan| orphan.since),
        generation: run.generation,
        why: bound::text(why, bound::WHY_MAX),
    });
    if !told {
        let news = News::Orphaned {
            owner: draft.next.spec.actor.clone(),
            generation: run.generation,
            why: why.to_owned(),
            at: now,
        };
        for route in &run.alert {
            finish::announce(draft, route.channel.clone(), &run.config, news.clone());
        }
    }
}

/// Whom the claim's stage file names for it.
fn told(policy: &Policy<'_>) -> Vec<ChannelName> {
    let expires = policy.rule.expires.as_ref();
    expires.map_or_else(Vec::new, |expires| expires.tell.clone())
}
