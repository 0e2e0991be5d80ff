//! Whether a stage that was made to go again has come to its end: it is warned of once, a while
//! before, and nothing that anybody still wants is torn down by itself.

use jiff::{SignedDuration, Timestamp};

use super::{Draft, finish, gates, later};
use crate::effect::News;
use crate::policy::Policy;
use crate::stage::{BuildNeed, Candidate, Stage, Warned, Why, Wish};
use crate::stage_file::{Expires, format_duration};

/// Ends a park that is over, warns of an end that is near, and wishes the end that has come.
pub(super) fn advance(draft: &mut Draft, policy: &Policy<'_>) {
    unpark(draft, policy);
    let Some(expires) = policy.rule.expires.as_ref().filter(|_| goes(policy)) else {
        draft.next.life.spare();
        draft.next.life.warned = None;
        return;
    };
    if draft.next.life.wish.is_some() || draft.next.run.is_some() {
        return;
    }
    let Some(end) = end(&draft.next, expires) else {
        draft.next.life.warned = None;
        return;
    };
    if let Some(left) = &draft.next.life.left
        && expires.with_branch
    {
        let reference = left.reference.clone();
        wish(draft, Why::Left { reference });
        return;
    }
    let ends = match expires.warn {
        None => end.at,
        Some(warn) => match warned(draft, &end, warn, expires, policy) {
            Some(ends) => ends,
            None => return,
        },
    };
    // Two readings of clocks that may differ: never early.
    let due = later(ends, gates::twice(policy.clock_error));
    if draft.now < due {
        draft.wake_at(due);
        return;
    }
    let idle = format_duration(rounded(draft.now.duration_since(end.since)));
    wish(
        draft,
        Why::Idle {
            since: end.since,
            idle,
        },
    );
}

/// Whether the stage file says how the stage is torn down.
pub(super) fn goes(policy: &Policy<'_>) -> bool {
    policy.rule.expires.is_some() && policy.pipeline.teardown.is_some()
}

/// When an idle stage comes to its end.
struct End {
    since: Timestamp,
    at: Timestamp,
}

/// `None` while it does not: nothing stands there, a person keeps it, somebody waits for something
/// to be deployed, or its end has left something that a person has to look at.
fn end(stage: &Stage, expires: &Expires) -> Option<End> {
    let life = &stage.life;
    let waits = |candidate: &Candidate| candidate.build != BuildNeed::Failed;
    let kept = life.pinned.is_some() || life.parked.is_some() || life.orphan.is_some();
    if kept || stage.candidate.as_ref().is_some_and(waits) {
        return None;
    }
    let since = stage.idle_since()?;
    let extended = life.extended.as_ref().map(|extended| extended.until);
    let at = later(since, expires.idle);
    Some(End {
        since,
        at: extended.map_or(at, |until| until.max(at)),
    })
}

/// The end that people have been told; tells them when it is time. Nobody is told of an end that is
/// nearer than the stage file says, however late it is noticed.
fn warned(
    draft: &mut Draft,
    end: &End,
    warn: SignedDuration,
    expires: &Expires,
    policy: &Policy<'_>,
) -> Option<Timestamp> {
    if let Some(known) = draft.next.life.warned.as_ref().filter(|it| it.of == end.at) {
        return Some(known.ends);
    }
    let due = end.at.saturating_sub(warn).unwrap_or(Timestamp::MIN);
    if draft.now < due {
        draft.next.life.warned = None;
        draft.wake_at(due);
        return None;
    }
    let ends = end.at.max(later(draft.now, warn));
    draft.next.life.warned = Some(Warned {
        of: end.at,
        at: draft.now,
        ends,
    });
    let news = News::Expiring {
        owner: draft.next.spec.actor.clone(),
        since: end.since,
        ends,
        at: draft.now,
    };
    tell(draft, news, expires, policy);
    Some(ends)
}

/// Whole hours, if it is hours at all: nobody reads the seconds of a week.
fn rounded(length: SignedDuration) -> SignedDuration {
    match length.as_hours() {
        0 => length,
        hours => SignedDuration::from_hours(hours),
    }
}

fn wish(draft: &mut Draft, why: Why) {
    let life = &mut draft.next.life;
    life.wishes += 1;
    life.wish = Some(Wish {
        number: life.wishes,
        why,
        asked_at: draft.now,
        attempt: 0,
        not_before: None,
        reading: None,
        source: None,
    });
}

pub(super) fn tell(draft: &mut Draft, news: News, expires: &Expires, policy: &Policy<'_>) {
    for channel in &expires.tell {
        finish::announce(draft, channel.clone(), &policy.file.hash, news.clone());
    }
}

/// A park that is over; the stage has been used up to then.
fn unpark(draft: &mut Draft, policy: &Policy<'_>) {
    let Some(parked) = &draft.next.life.parked else {
        return;
    };
    if parked.holds(draft.now, policy.clock_error) {
        let over = parked.over_at(policy.clock_error);
        draft.wake_at(over);
        return;
    }
    draft.next.life.active_at = draft.next.life.active_at.max(Some(parked.until));
    draft.next.life.parked = None;
}
