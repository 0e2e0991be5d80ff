//! Watching: the suites run again on what stands, each time `every` has passed since they ended
//! last. A round changes nothing on the stage, so it waits for no lock and no window, and what is
//! claimed does not wait for it. What it finds is as good as what a run finds: red opens a break,
//! and what was verified is not any more until it is green again, from then on.

use jiff::Timestamp;

use super::finish::{self, Told};
use super::run::End;
use super::suites::{self, Subject};
use super::{Draft, claim, gates, later};
use crate::bound;
use crate::policy::{Policy, View};
use crate::stage::{BuildNeed, Deployed, Failing, Judged, Looked, Outcome, Round, Stage, Verified};
use crate::waiting::{Wait, WatchWait};

/// Goes on with the round under way, and draws the conclusion when it is over. A round whose
/// subject does not stand any more has nothing to say.
pub(super) fn judge(draft: &mut Draft, policy: Option<&Policy<'_>>) {
    let Some(mut round) = draft.next.watch.round.take() else {
        return;
    };
    let Some(policy) = policy.filter(|policy| policy.rule.watch.is_some()) else {
        return;
    };
    let Some(stands) = stands(&draft.next).filter(|it| it.generation == round.generation) else {
        return;
    };
    let stands = stands.clone();
    let subject = subject(&round, &stands);
    match suites::follow(draft, &mut round.suites, &subject, round.since) {
        Some(end) => ended(draft, &round, &stands, end, policy),
        None => {
            draft.wake_at(round.deadline);
            draft.next.watch.round = Some(round);
        }
    }
}

/// Begins the next round when it is time, and says what is known of the watch. What was claimed by
/// this plan has taken the stage from the round under way.
pub(super) fn advance(draft: &mut Draft, view: &View<'_>, policy: &Policy<'_>) -> Option<Wait> {
    let Some(every) = policy.rule.watch else {
        let watch = &mut draft.next.watch;
        (watch.of, watch.round, watch.last) = (None, None, None);
        return None;
    };
    let Some((stands, judged)) = remember(draft) else {
        draft.next.watch.round = None;
        return None;
    };
    if draft.next.watch.round.is_none() {
        if gates::paused(view, policy).is_some() {
            return Some(Wait::Watch(WatchWait::Paused));
        }
        let due = later(judged.at, every);
        if draft.now < due {
            draft.wake_at(due);
            return Some(next(&draft.next, due, &judged, policy));
        }
        begin(draft, &stands, policy);
    }
    let round = draft.next.watch.round.as_ref()?;
    Some(Wait::Watch(WatchWait::UnderWay {
        round: round.number,
        suites: suites::open(&round.suites),
        since: round.since,
    }))
}

/// Keeps how what stands was judged, before something else is claimed that may never get there.
pub(super) fn note(draft: &mut Draft, policy: Option<&Policy<'_>>) {
    if policy.is_some_and(|policy| policy.rule.watch.is_some()) {
        remember(draft);
    }
}

fn remember(draft: &mut Draft) -> Option<(Deployed, Judged)> {
    let stands = stands(&draft.next)?.clone();
    let judged = judged(&draft.next, &stands)?;
    let watch = &mut draft.next.watch;
    if watch.of.as_ref() != Some(&judged) {
        watch.of = Some(judged.clone());
        watch.last = None;
    }
    Some((stands, judged))
}

/// What stands whole while nothing is or may be at it, and nothing is to become of it.
fn stands(stage: &Stage) -> Option<&Deployed> {
    let life = &stage.life;
    let busy = stage.run.is_some() || stage.unstopped.is_some();
    let ends = life.wish.is_some() || life.parked.is_some() || life.orphan.is_some();
    stage.stands().filter(|_| !busy && !ends)
}

/// How `stands` was judged last. What a person stopped was not: there may be a reason for it.
fn judged(stage: &Stage, stands: &Deployed) -> Option<Judged> {
    let generation = stands.generation;
    let known = stage.watch.of.as_ref();
    if let Some(known) = known.filter(|known| known.generation == generation) {
        return Some(known.clone());
    }
    let last = stage.last.as_ref();
    if let Some(run) = last.filter(|run| run.generation == generation) {
        return Some(Judged {
            generation,
            terms: run.terms.clone(),
            at: run
                .ended_at
                .filter(|_| run.outcome != Some(Outcome::Aborted))?,
        });
    }
    let green = stage.verified.iter().chain(&stage.greens);
    let mut green = green.filter(|green| green.generation == generation);
    let green = green.next().map(|green| Judged {
        generation,
        terms: green.terms.clone(),
        at: green.since,
    });
    // Runs that never got there have ended since, before anybody watched: it is red, and was when it
    // broke at the latest.
    let broke = || {
        Some(Judged {
            generation,
            terms: stands.terms.clone()?,
            at: stage.brk.as_ref()?.since,
        })
    };
    green.or_else(broke)
}

fn begin(draft: &mut Draft, stands: &Deployed, policy: &Policy<'_>) {
    draft.next.watch.rounds += 1;
    let mut round = Round {
        number: draft.next.watch.rounds,
        generation: stands.generation,
        since: draft.now,
        deadline: later(draft.now, policy.rule.timeout),
        config: policy.file.hash.clone(),
        terms: policy.terms.clone(),
        suites: claim::suites(policy),
    };
    let subject = subject(&round, stands);
    suites::start(draft, &mut round.suites, &subject);
    draft.wake_at(round.deadline);
    draft.next.watch.round = Some(round);
}

fn subject(round: &Round, stands: &Deployed) -> Subject {
    Subject {
        generation: round.generation,
        round: Some(round.number),
        revision: stands.release.revision.clone(),
        config: round.config.clone(),
        outputs: stands.outputs.clone(),
        deadline: round.deadline,
    }
}

fn next(stage: &Stage, at: Timestamp, judged: &Judged, policy: &Policy<'_>) -> Wait {
    let last = stage.watch.last.as_ref();
    Wait::Watch(WatchWait::Next {
        at,
        last: last.map(|last| (last.at, format!("{}: {}", last.outcome.word(), last.why))),
        outdated: judged.terms != policy.terms,
    })
}

fn ended(draft: &mut Draft, round: &Round, stands: &Deployed, end: End, policy: &Policy<'_>) {
    let was_green = draft.next.verified.is_some();
    let outcome = end.outcome;
    let why = bound::text(&end.why, bound::WHY_MAX);
    let told = Told {
        routes: &policy.rule.alert,
        config: &policy.file.hash,
        overridden: None,
    };
    match (outcome, end.failing) {
        (Outcome::Succeeded, _) => green(draft, round, stands),
        (Outcome::Failed, Some(failing)) => {
            doubt(&mut draft.next, stands);
            draft.next.unclear = None;
            // What fails as before is no news, and no run that could be counted.
            let brk = draft.next.brk.as_ref();
            if !brk.is_some_and(|brk| brk.knows(&failing)) {
                finish::red(draft, &stands.release, failing, &told);
            }
        }
        // Nobody can tell, which is told once; a break that is open is neither over nor anew.
        _ => {
            let stage = &mut draft.next;
            let was_tried = stage.tried.as_ref() == Some(&stands.release);
            doubt(stage, stands);
            // What was red is red; a break of something else, a build, says nothing of what stands.
            if !was_tried {
                stage.unclear = Some(stands.release.clone());
            }
            if was_green && draft.next.brk.is_none() {
                finish::unverified(draft, &stands.release, stands.generation, &why, &told);
            }
        }
    }
    draft.next.health = finish::health(&draft.next, outcome);
    if was_green != draft.next.verified.is_some() {
        let what = format!("watch-{}", round.number);
        finish::ask_downstream(draft, Some(policy), what);
    }
    let at = draft.now;
    let watch = &mut draft.next.watch;
    watch.last = Some(Looked {
        number: round.number,
        generation: round.generation,
        outcome,
        why,
        at,
    });
    if let Some(of) = &mut watch.of {
        of.at = at;
    }
}

/// What stands is green. It is verified from now on, unless it was all along; a break is over,
/// unless it is one of a build, which only a build ends. Under other terms than those it was deployed
/// under, green proves nothing: it has to be deployed again.
fn green(draft: &mut Draft, round: &Round, stands: &Deployed) {
    let stage = &draft.next;
    let is_same = |of: &Judged| of.generation == round.generation && of.terms == round.terms;
    if !stage.watch.of.as_ref().is_some_and(is_same) {
        return;
    }
    if stage.verified.is_none() {
        let verified = Verified {
            release: stands.release.clone(),
            terms: round.terms.clone(),
            generation: stands.generation,
            since: draft.now,
        };
        // What else was tried here is as good or bad as it was.
        let tried = draft.next.tried.take();
        finish::proven(draft, verified, stands.is_back);
        draft.next.tried = tried.filter(|it| *it != stands.release);
    }
    let candidate = draft.next.candidate.as_ref();
    let waits = candidate.is_some_and(|candidate| candidate.build == BuildNeed::Failed);
    let failing = draft.next.brk.as_ref().map(|brk| &brk.failing);
    if !waits && !matches!(failing, Some(Failing::Step { build: true, .. })) {
        finish::recovered(draft, &stands.release, &round.config);
    }
}

/// What stands is not verified any more, and automation does not put the same there once more:
/// that would hide what happened to it.
fn doubt(stage: &mut Stage, stands: &Deployed) {
    stage.verified = None;
    stage.tried.get_or_insert_with(|| stands.release.clone());
}
