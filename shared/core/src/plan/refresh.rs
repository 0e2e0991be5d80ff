//! Redeploying from a branch: each slot of the schedule is decided once, and the branch read.

use jiff::{SignedDuration, Timestamp};

use super::{Draft, gates, later, window};
use crate::effect::Effect;
use crate::policy::{Policy, View};
use crate::schedule::Due;
use crate::stage::{RefreshSkip, RefreshWish};
use crate::stage_file::{From, Refresh};
use crate::waiting::Wait;

/// A head that could not be read for so long does not keep the next slot from trying.
const PATIENCE: SignedDuration = SignedDuration::from_mins(15);

/// Decides the slot that is due, if one is, and asks for the head of the branch; the wait for it.
pub(super) fn refresh(draft: &mut Draft, view: &View<'_>, policy: &Policy<'_>) -> Option<Wait> {
    follow(draft, view, policy);
    let branch = policy
        .branch()
        .or_else(|| draft.next.head.as_ref().map(|head| head.reference.clone()));
    let stage = draft.next.id.stage.clone();
    if policy.upstream.is_some() || policy.selects() {
        draft.next.refresh.wish = None;
    }
    let wish = draft.next.refresh.wish.as_mut()?;
    let Some(reference) = branch else {
        draft.next.refresh.skipped = Some(RefreshSkip {
            slot: wish.slot,
            why: "no branch leads here now".to_owned(),
            missed: 0,
        });
        draft.next.refresh.wish = None;
        return None;
    };
    if !wish.sent {
        wish.sent = true;
        draft.effects.push(Effect::ReadHead {
            stage,
            reference,
            slot: wish.slot,
            by: wish.by.clone(),
            asked_at: wish.asked_at,
        });
    }
    Some(Wait::ReadingHead {
        since: wish.asked_at,
    })
}

fn follow(draft: &mut Draft, view: &View<'_>, policy: &Policy<'_>) {
    let (Some(schedule), Some(refresh)) = (policy.schedule, refresh_of(policy)) else {
        draft.next.refresh.schedule = None;
        return;
    };
    let now = draft.now;
    let state = &mut draft.next.refresh;
    let followed = format!("{} {}", refresh.cron, refresh.timezone);
    if state.schedule.as_ref() != Some(&followed) {
        state.enabled_at = state.enabled_at.max(now);
        state.schedule = Some(followed);
    }
    if let Some(due) = schedule.due(state.decided, state.enabled_at, now) {
        let why = against(draft, due.slot, view, policy);
        decide(draft, why, due);
    }
    let decided = draft.next.refresh.decided;
    let from = decided.unwrap_or(draft.next.refresh.enabled_at).max(now);
    if let Some(next) = schedule.next_after(from) {
        draft.wake_at(next);
    }
}

fn refresh_of<'a>(policy: &Policy<'a>) -> Option<&'a Refresh> {
    match &policy.rule.from {
        From::Branch { refresh, .. } => refresh.as_ref(),
        _ => None,
    }
}

/// A slot is spent whatever comes of it, so that no clock and no outage can use it twice.
fn decide(draft: &mut Draft, why: Option<String>, Due { slot, missed }: Due) {
    let now = draft.now;
    let state = &mut draft.next.refresh;
    state.decided = Some(slot);
    if why.is_none() {
        state.wish = Some(RefreshWish {
            slot: Some(slot),
            by: None,
            asked_at: now,
            sent: false,
        });
    }
    let late = (missed > 0).then(|| "older slots passed while nobody was there".to_owned());
    state.skipped = why.or(late).map(|why| RefreshSkip {
        slot: Some(slot),
        why,
        missed,
    });
}

/// Why a slot that is due now brings nothing.
fn against(draft: &Draft, slot: Timestamp, view: &View<'_>, policy: &Policy<'_>) -> Option<String> {
    let stage = &draft.next;
    if let Some(Wait::Paused { pause, .. }) = gates::paused(view, policy) {
        return Some(format!("{} paused everything: {}", pause.by, pause.reason));
    }
    if let Some(why) = window::against_slot(slot, draft.now, policy) {
        return Some(why);
    }
    let wish = stage.refresh.wish.as_ref();
    if wish.is_some_and(|wish| draft.now < later(wish.asked_at, PATIENCE)) {
        return Some("a refresh is under way already".to_owned());
    }
    let soak = policy.longest_downstream_soak();
    let verified = stage.verified.as_ref().filter(|_| soak.is_positive())?;
    let until = later(
        later(verified.since, soak),
        gates::twice(policy.clock_error),
    );
    (draft.now < until).then(|| format!("the verified release soaks until {until:.0}"))
}
