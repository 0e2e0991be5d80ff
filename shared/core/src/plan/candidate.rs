//! What should be deployed next, if nobody objects: the schedule's slot, the upstream's release.

use jiff::Timestamp;

use super::{Draft, later};
use crate::effect::Effect;
use crate::policy::{Policy, View};
use crate::stage::{BuildNeed, Candidate, Cause, RefreshSkip, RefreshWish};
use crate::waiting::Wait;

/// Decides every slot of the schedule once, and asks for the head of the branch.
pub(super) fn refresh(draft: &mut Draft, policy: &Policy<'_>) {
    if let Some(schedule) = &policy.schedule {
        let state = &draft.next.refresh;
        if let Some(due) = schedule.due(state.decided, state.enabled_at, draft.now) {
            decide_slot(draft, policy, due.slot, due.missed);
        }
        let from = draft
            .next
            .refresh
            .decided
            .unwrap_or(draft.next.refresh.enabled_at)
            .max(draft.now);
        if let Some(next) = schedule.next_after(from) {
            draft.wake_at(next);
        }
    }
    let branch = policy
        .branch()
        .or_else(|| draft.next.head.as_ref().map(|head| head.reference.clone()));
    let stage = draft.next.id.stage.clone();
    let (Some(wish), Some(reference)) = (draft.next.refresh.wish.as_mut(), branch) else {
        return;
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
    draft.waits.push(Wait::ReadingHead {
        since: wish.asked_at,
    });
}

/// A slot is spent whatever comes of it, so that no clock and no outage can use it twice.
fn decide_slot(draft: &mut Draft, policy: &Policy<'_>, slot: Timestamp, missed: u32) {
    let soak = policy.longest_downstream_soak();
    let soaks_until = draft
        .next
        .verified
        .as_ref()
        .map(|verified| later(verified.since, soak));
    let now = draft.now;
    let state = &mut draft.next.refresh;
    state.decided = Some(slot);
    let why = match (soaks_until, &state.wish) {
        (_, Some(_)) => Some("a refresh is under way already".to_owned()),
        (Some(until), None) if until > now => {
            Some(format!("the verified release soaks until {until}"))
        }
        _ => None,
    };
    state.skipped = match &why {
        Some(why) => Some(RefreshSkip {
            slot: Some(slot),
            why: why.clone(),
            missed,
        }),
        None if missed > 0 => Some(RefreshSkip {
            slot: Some(slot),
            why: "older slots passed while nobody was there".to_owned(),
            missed,
        }),
        None => None,
    };
    if why.is_none() {
        state.wish = Some(RefreshWish {
            slot: Some(slot),
            by: None,
            asked_at: now,
            sent: false,
        });
    }
}

/// The one candidate of a stage that takes promotions: what the upstream has verified, unless it
/// stands here, runs here or failed here. A person's candidate is left alone.
pub(super) fn promote(draft: &mut Draft, view: &View<'_>, policy: &Policy<'_>) {
    let Some(upstream) = &policy.upstream else {
        return;
    };
    let stage = &mut draft.next;
    if stage
        .candidate
        .as_ref()
        .is_some_and(|candidate| candidate.cause.is_personal())
    {
        return;
    }
    let verified = view
        .upstream
        .and_then(|upstream| upstream.verified.as_ref());
    let wanted = verified.filter(|verified| {
        let release = Some(&verified.release);
        release != stage.stands().map(|deployed| &deployed.release)
            && release != stage.tried.as_ref()
            && release != stage.run.as_ref().map(|run| &run.release)
    });
    let Some(verified) = wanted else {
        stage.candidate = None;
        return;
    };
    if stage
        .candidate
        .as_ref()
        .is_some_and(|candidate| candidate.release.as_ref() == Some(&verified.release))
    {
        return;
    }
    let fresh = Candidate {
        revision: verified.release.revision.clone(),
        reference: None,
        release: Some(verified.release.clone()),
        cause: Cause::Promotion {
            from: upstream.stage.clone(),
        },
        since: draft.now,
        contains: Vec::new(),
        build: BuildNeed::NotAsked,
        attempt: 0,
        not_before: None,
    };
    let older = stage.candidate.take();
    stage.candidate = Some(fresh.superseding(older));
    stage
        .approvals
        .retain(|approval| approval.release == verified.release);
}
