//! A run has ended: what that means for the stage, and who must be told.

use jiff::SignedDuration;

use super::run::End;
use super::{Draft, flap, later, mute, sharing, teardown, toggle};
use crate::effect::{Effect, News};
use crate::name::{ChannelName, ConfigHash};
use crate::policy::Policy;
use crate::release::Release;
use crate::stage::{
    Break, BuildNeed, Candidate, Cause, Failing, GREENS_MAX, Health, Outcome, Override, Phase, Run,
    Stage, Verified,
};
use crate::stage_file::{NewsKind, Route};

/// A candidate whose runs end without an answer is run again this often.
pub const RETRIES: u32 = 2;
/// Wait before the next run of such a candidate, times the number of runs.
pub(super) const BACKOFF: SignedDuration = SignedDuration::from_secs(5);

/// Who is told, and as which stage file has it.
pub(super) struct Told<'a> {
    pub routes: &'a [Route],
    pub config: &'a ConfigHash,
    /// What is told came through closed windows.
    pub overridden: Option<&'a Override>,
}

pub(super) fn finish(draft: &mut Draft, mut run: Run, end: End, policy: Option<&Policy<'_>>) {
    if run.cause.is_teardown() {
        return teardown::ended(draft, run, end, policy);
    }
    if run.cause.is_flip() {
        return toggle::ended(draft, run, end, policy);
    }
    run.phase = Phase::Ended;
    run.outcome = Some(end.outcome);
    run.ended_at = Some(draft.now);
    run.why = Some(end.why.clone());
    match end.outcome {
        Outcome::Succeeded => green(draft, &run),
        Outcome::Failed => {
            draft.next.tried = Some(run.release.clone());
            draft.next.unclear = None;
            if let Some(failing) = end.failing {
                let told = Told {
                    routes: &run.alert,
                    config: &run.config,
                    overridden: run.overridden.as_ref(),
                };
                red(draft, &run.release, failing, &told);
            }
        }
        Outcome::Errored | Outcome::TimedOut | Outcome::Refused => unclear(draft, &run, &end),
        Outcome::Aborted => {
            draft.next.tried = Some(run.release.clone());
            draft.next.unclear = None;
        }
    }
    draft.next.health = health(&draft.next, end.outcome);
    ask_downstream(draft, policy, run.generation);
    sharing::ask_others(draft, policy, run.generation);
    draft.next.last = Some(run);
}

/// A run that was never admitted leaves what stands on the stage as good as it was.
pub(super) fn health(stage: &Stage, outcome: Outcome) -> Health {
    if stage.brk.is_some() {
        Health::Red
    } else if stage.verified.is_some() {
        Health::Green
    } else if outcome == Outcome::Aborted {
        Health::Unknown
    } else {
        Health::Unverified
    }
}

fn green(draft: &mut Draft, run: &Run) {
    let verified = Verified {
        release: run.release.clone(),
        terms: run.terms.clone(),
        generation: run.generation,
        since: draft.now,
    };
    proven(draft, verified, run.cause.is_rollback());
    recovered(draft, &run.release, &run.config);
}

/// What stands is green since now. `is_back`: it came before others that were tried or green, and
/// says nothing about those.
pub(super) fn proven(draft: &mut Draft, verified: Verified, is_back: bool) {
    let stage = &mut draft.next;
    let known = stage
        .greens
        .iter_mut()
        .find(|green| green.release == verified.release);
    match known {
        Some(known) if is_back => *known = verified.clone(),
        _ => {
            stage
                .greens
                .retain(|green| green.release != verified.release);
            stage.greens.insert(0, verified.clone());
            stage.greens.truncate(GREENS_MAX);
        }
    }
    // What a rollback went back from is as bad as it was.
    if !is_back || stage.tried.as_ref() == Some(&verified.release) {
        stage.tried = None;
    }
    stage.verified = Some(verified);
    stage.quiet.kept = None;
}

/// The break is over, if one is open: whoever heard of it is told.
pub(super) fn recovered(draft: &mut Draft, release: &Release, config: &ConfigHash) {
    let Some(brk) = draft.next.brk.take() else {
        return;
    };
    flap::recovers(draft);
    for channel in brk.told.clone() {
        let news = News::Recovered {
            brk: brk.clone(),
            release: release.clone(),
            at: draft.now,
        };
        announce(draft, channel, config, news);
    }
}

/// The stage's tip is bad. The first time opens a break; what fails anew changes it; the same
/// again is only counted.
pub(super) fn red(draft: &mut Draft, release: &Release, failing: Failing, told: &Told<'_>) {
    draft.next.health = Health::Red;
    draft.next.quiet.kept = None;
    if let Some(mut brk) = draft.next.brk.take() {
        if brk.still(failing) {
            brk.overridden = told.overridden.cloned();
            if !flap::concerns(draft, &brk, told) {
                let follow = told.follow(&brk);
                mute::tell(draft, &mut brk, follow, told.config);
            }
        }
        draft.next.brk = Some(brk);
        return;
    }
    draft.next.episodes += 1;
    let mut brk = Break {
        episode: draft.next.episodes,
        since: draft.now,
        release: release.clone(),
        last_green: draft.next.greens.first().cloned(),
        fingerprint: failing.fingerprint(),
        failing,
        reds: 1,
        told: Vec::new(),
        acknowledged: None,
        overridden: told.overridden.cloned(),
        untold: None,
        flapped: None,
    };
    if !flap::opens(draft, &brk, told) {
        let concerned = told.concerned(&brk.failing);
        mute::tell(draft, &mut brk, concerned, told.config);
    }
    draft.next.brk = Some(brk);
}

/// Neither green nor red. It is tried again, unless something newer waits, which contains it, and is
/// not to be deployed after it;
/// when the tries are spent, people are told that nobody knows.
fn unclear(draft: &mut Draft, run: &Run, end: &End) {
    let attempt = run.attempt + 1;
    let wait = BACKOFF.saturating_mul(i32::try_from(attempt).unwrap_or(i32::MAX));
    let again = Candidate {
        revision: run.release.revision.clone(),
        reference: run.reference.clone(),
        release: Some(run.release.clone()),
        cause: run.cause.clone(),
        since: run.claimed_at,
        contains: run.contains.clone(),
        build: BuildNeed::NotAsked,
        attempt,
        not_before: Some(later(draft.now, wait)),
    };
    if !draft.next.queue.fifo
        && let Some(newer) = draft.next.candidate.take()
    {
        draft.next.candidate = Some(newer.superseding(Some(again)));
        return;
    }
    if !is_followed(&draft.next, run) {
        return;
    }
    if end.again && attempt <= RETRIES {
        draft.next.go_first(again);
        return;
    }
    draft.next.tried = Some(run.release.clone());
    draft.next.unclear = draft.next.tried.clone();
    let told = Told {
        routes: &run.alert,
        config: &run.config,
        overridden: run.overridden.as_ref(),
    };
    let why = match &run.overridden {
        Some(overridden) => format!("{}; {}", end.why, overridden.sentence()),
        None => end.why.clone(),
    };
    if end.outcome != Outcome::Refused {
        unverified(draft, &run.release, run.generation, &why, &told);
        return;
    }
    let news = News::Refused {
        release: run.release.clone(),
        generation: run.generation,
        why,
        at: draft.now,
    };
    mute::doubt(draft, news, told.hear(NewsKind::Refused), told.config);
}

/// Whether what the run follows still leads here: a branch that went meanwhile takes along what it
/// wanted, and nobody waits for news of it.
fn is_followed(stage: &Stage, run: &Run) -> bool {
    // What another stage asked for follows nothing that leads here.
    let is_asked = run.cause.is_personal() || matches!(run.cause, Cause::Through { .. });
    let Some(reference) = run.reference.as_ref().filter(|_| !is_asked) else {
        return true;
    };
    let head = stage.head.as_ref();
    let follows = || stage.life.refs.contains(reference) || stage.life.refs_more;
    head.is_some_and(|head| head.reference == *reference) || (stage.queue.fifo && follows())
}

/// Tells that nobody could tell.
pub(super) fn unverified(
    draft: &mut Draft,
    release: &Release,
    generation: u64,
    why: &str,
    told: &Told<'_>,
) {
    let news = News::Unverified {
        release: release.clone(),
        generation,
        why: why.to_owned(),
        at: draft.now,
    };
    let heard = told.hear(NewsKind::Unverified);
    mute::doubt(draft, news, heard, told.config);
}

pub(super) fn announce(draft: &mut Draft, channel: ChannelName, config: &ConfigHash, news: News) {
    draft.effects.push(Effect::Announce {
        stage: draft.next.id.stage.clone(),
        channel,
        config: config.clone(),
        news: Box::new(news),
    });
}

pub(super) fn ask_downstream(
    draft: &mut Draft,
    policy: Option<&Policy<'_>>,
    what: impl std::fmt::Display,
) {
    for downstream in policy.map_or(&[][..], |policy| &policy.downstream) {
        let because = format!("{}-{what}", draft.next.id.stage);
        draft.effects.push(Effect::Ask {
            stage: downstream.stage.clone(),
            because,
        });
    }
}
