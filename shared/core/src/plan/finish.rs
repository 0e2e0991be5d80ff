//! A run has ended: what that means for the stage, and who must be told.

use jiff::SignedDuration;

use super::run::End;
use super::{Draft, later};
use crate::effect::{Effect, News};
use crate::name::{ChannelName, ConfigHash};
use crate::policy::Policy;
use crate::release::Release;
use crate::stage::{
    Break, BuildNeed, Candidate, Failing, GREENS_MAX, Health, Outcome, Phase, Run, Verified,
};

/// A candidate whose runs end without an answer is run again this often.
pub const RETRIES: u32 = 2;
/// Wait before the next run of such a candidate, times the number of runs.
const BACKOFF: SignedDuration = SignedDuration::from_secs(5);

pub(super) fn finish(draft: &mut Draft, mut run: Run, end: End, policy: Option<&Policy<'_>>) {
    run.phase = Phase::Ended;
    run.outcome = Some(end.outcome);
    run.ended_at = Some(draft.now);
    run.why = Some(end.why.clone());
    match end.outcome {
        Outcome::Succeeded => green(draft, &run),
        Outcome::Failed => {
            draft.next.tried = Some(run.release.clone());
            if let Some(failing) = end.failing {
                red(draft, &run.release, failing, &run.alert, &run.config);
            }
        }
        Outcome::Errored | Outcome::TimedOut | Outcome::Refused => {
            unclear(draft, &run, end.outcome, &end.why)
        }
        Outcome::Aborted => {
            draft.next.tried = Some(run.release.clone());
            draft.next.health = if draft.next.brk.is_some() {
                Health::Red
            } else {
                Health::Unknown
            };
        }
    }
    ask_downstream(draft, policy, run.generation);
    draft.next.last = Some(run);
}

fn green(draft: &mut Draft, run: &Run) {
    let stage = &mut draft.next;
    let verified = Verified {
        release: run.release.clone(),
        terms: run.terms.clone(),
        generation: run.generation,
        since: draft.now,
    };
    stage.greens.retain(|green| green.release != run.release);
    stage.greens.insert(0, verified.clone());
    stage.greens.truncate(GREENS_MAX);
    stage.verified = Some(verified);
    stage.tried = None;
    stage.health = Health::Green;
    if let Some(brk) = stage.brk.take() {
        for channel in brk.told.clone() {
            let news = News::Recovered {
                brk: brk.clone(),
                release: run.release.clone(),
                at: draft.now,
            };
            announce(draft, channel, &run.config, news);
        }
    }
}

/// The stage's tip is bad. The first time opens a break; what fails anew changes it; the same
/// again is only counted.
pub(super) fn red(
    draft: &mut Draft,
    release: &Release,
    failing: Failing,
    channels: &[ChannelName],
    config: &ConfigHash,
) {
    let now = draft.now;
    draft.next.health = Health::Red;
    let fingerprint = failing.fingerprint();
    let Some(mut brk) = draft.next.brk.take() else {
        draft.next.episodes += 1;
        let brk = Break {
            episode: draft.next.episodes,
            since: now,
            release: release.clone(),
            last_green: draft.next.greens.first().cloned(),
            failing,
            fingerprint,
            reds: 1,
            told: channels.to_vec(),
            acknowledged: None,
        };
        for channel in channels {
            announce(
                draft,
                channel.clone(),
                config,
                News::Broke {
                    brk: brk.clone(),
                    at: now,
                },
            );
        }
        draft.next.brk = Some(brk);
        return;
    };
    brk.reds += 1;
    let new = !fingerprint.is_subset(&brk.fingerprint);
    if new {
        brk.fingerprint.extend(fingerprint);
        brk.failing = failing;
        for channel in brk.told.clone() {
            announce(
                draft,
                channel,
                config,
                News::Changed {
                    brk: brk.clone(),
                    at: now,
                },
            );
        }
    }
    draft.next.brk = Some(brk);
}

/// Neither green nor red. It is tried again, unless something newer waits, which contains it;
/// when the tries are spent, people are told that nobody knows.
fn unclear(draft: &mut Draft, run: &Run, outcome: Outcome, why: &str) {
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
    if let Some(newer) = draft.next.candidate.take() {
        draft.next.candidate = Some(newer.superseding(Some(again)));
        return;
    }
    if attempt <= RETRIES {
        draft.next.candidate = Some(again);
        return;
    }
    draft.next.tried = Some(run.release.clone());
    draft.next.health = if draft.next.brk.is_some() {
        Health::Red
    } else {
        Health::Unverified
    };
    for channel in run.alert.clone() {
        let (release, generation, why, at) = (
            run.release.clone(),
            run.generation,
            why.to_owned(),
            draft.now,
        );
        let news = match outcome {
            Outcome::Refused => News::Refused {
                release,
                generation,
                why,
                at,
            },
            _ => News::Unverified {
                release,
                generation,
                why,
                at,
            },
        };
        announce(draft, channel, &run.config, news);
    }
}

fn announce(draft: &mut Draft, channel: ChannelName, config: &ConfigHash, news: News) {
    draft.effects.push(Effect::Announce {
        stage: draft.next.id.stage.clone(),
        channel,
        config: config.clone(),
        news: Box::new(news),
    });
}

fn ask_downstream(draft: &mut Draft, policy: Option<&Policy<'_>>, generation: u64) {
    for downstream in policy.map_or(&[][..], |policy| &policy.downstream) {
        let because = format!("{}-{generation}", draft.next.id.stage);
        draft.effects.push(Effect::Ask {
            stage: downstream.stage.clone(),
            because,
        });
    }
}
