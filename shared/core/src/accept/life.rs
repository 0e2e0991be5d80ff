//! What people say of how long a stage lives.

use jiff::{SignedDuration, Timestamp};

use super::Rejection;
use crate::policy::{Policy, View};
use crate::stage::{Extended, Life, Parked, Phase, Pinned, Stage, StopReason, Why, Wish};
use crate::stage_file::{Expires, format_duration};

/// Nothing is kept for longer by whoever likes to; what is to stay is pinned, by right.
pub const KEPT_MAX: SignedDuration = SignedDuration::from_hours(90 * 24);
/// A park without an end.
pub const PARK: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Counts idle time from now, and keeps the stage until then.
pub(super) fn extend(
    mut stage: Stage,
    view: &View<'_>,
    policy: Option<&Policy<'_>>,
    by: &str,
    until: Option<Timestamp>,
) -> Result<Stage, Rejection> {
    let expires = expires(&stage, policy)?;
    lives(&stage)?;
    if let Some(pinned) = &stage.life.pinned {
        return Err(Rejection::conflict(
            format!("it does not expire: {} pinned it", pinned.by),
            &format!("greenroom unpin {}", stage.id.stage),
        ));
    }
    if let Some(until) = until {
        let end = view.now.saturating_add(expires.idle);
        let end = end.unwrap_or(Timestamp::MAX);
        is_near(until, view.now)?;
        if until <= end {
            let idle = format_duration(expires.idle);
            return Err(Rejection::invalid(
                format!("it stays for {idle} from now anyway"),
                &format!("greenroom extend {}", stage.id.stage),
            ));
        }
    }
    used(&mut stage, view.now);
    let end = view.now.saturating_add(expires.idle);
    let end = end.unwrap_or(Timestamp::MAX);
    stage.life.extended = Some(Extended {
        by: by.to_owned(),
        at: view.now,
        until: until.unwrap_or(end),
    });
    Ok(stage)
}

/// Keeps the stage as it stands.
pub(super) fn park(
    mut stage: Stage,
    view: &View<'_>,
    policy: Option<&Policy<'_>>,
    by: &str,
    reason: &str,
    until: Option<Timestamp>,
) -> Result<Stage, Rejection> {
    expires(&stage, policy)?;
    lives(&stage)?;
    has_reason(reason, "a park")?;
    let until = match until {
        Some(until) => {
            is_near(until, view.now)?;
            until
        }
        None => view.now.saturating_add(PARK).unwrap_or(Timestamp::MAX),
    };
    stage.life.spare();
    stage.life.warned = None;
    stage.life.parked = Some(Parked {
        by: by.to_owned(),
        reason: reason.to_owned(),
        since: view.now,
        until,
    });
    Ok(stage)
}

pub(super) fn unpark(mut stage: Stage, now: Timestamp) -> Result<Stage, Rejection> {
    if stage.life.parked.take().is_none() {
        return Err(Rejection::not_found(
            format!("{} is not parked", stage.id.stage),
            "greenroom status",
        ));
    }
    used(&mut stage, now);
    Ok(stage)
}

/// Keeps the stage for good; who may is decided elsewhere.
pub(super) fn pin(
    mut stage: Stage,
    view: &View<'_>,
    policy: Option<&Policy<'_>>,
    by: &str,
    reason: &str,
) -> Result<Stage, Rejection> {
    expires(&stage, policy)?;
    lives(&stage)?;
    has_reason(reason, "a pin")?;
    stage.life.spare();
    stage.life.warned = None;
    stage.life.pinned = Some(Pinned {
        by: by.to_owned(),
        reason: reason.to_owned(),
        since: view.now,
    });
    Ok(stage)
}

pub(super) fn unpin(mut stage: Stage, now: Timestamp) -> Result<Stage, Rejection> {
    if stage.life.pinned.take().is_none() {
        return Err(Rejection::not_found(
            format!("{} is not pinned", stage.id.stage),
            "greenroom status",
        ));
    }
    used(&mut stage, now);
    Ok(stage)
}

/// Wants the stage gone, whatever waits or runs there; what comes after this is deployed after it.
pub(super) fn destroy(
    mut stage: Stage,
    view: &View<'_>,
    policy: Option<&Policy<'_>>,
    by: &str,
    reason: &str,
) -> Result<Stage, Rejection> {
    let name = stage.id.stage.clone();
    expires(&stage, policy)?;
    if policy.is_none_or(|policy| policy.pipeline.teardown.is_none()) {
        return Err(Rejection::invalid(
            format!("the stage file does not say how {name} is torn down"),
            "give its pipeline a `teardown` with `steps` and `leftovers`",
        ));
    }
    has_reason(reason, "a teardown")?;
    if let Some(lock) = &stage.lock
        && lock.holds(view.now, SignedDuration::ZERO)
    {
        return Err(Rejection::closed(
            format!("{} locked it: {}", lock.by, lock.reason),
            &format!("greenroom unlock {name}"),
        ));
    }
    let nothing = stage.deployed.is_none() && stage.life.orphan.is_none();
    if nothing && stage.run.is_none() {
        return Err(Rejection::not_found(
            format!("nothing stands on {name}"),
            &format!("greenroom why {name}"),
        ));
    }
    if is_going(&stage) {
        return Err(Rejection::conflict(
            format!("{name} is being torn down already"),
            &format!("greenroom why {name}"),
        ));
    }
    stop(&mut stage, by, view.now);
    stage.candidate = None;
    stage.queue.waiting.clear();
    stage.refresh.wish = None;
    let life = &mut stage.life;
    life.parked = None;
    life.pinned = None;
    life.wishes += 1;
    life.wish = Some(Wish {
        number: life.wishes,
        why: Why::Destroyed {
            by: by.to_owned(),
            reason: reason.to_owned(),
        },
        asked_at: view.now,
        attempt: 0,
        not_before: None,
        reading: None,
        source: None,
    });
    Ok(stage)
}

/// A run under way is stopped first; one that tears down for another reason is refused at the fence.
fn stop(stage: &mut Stage, by: &str, now: Timestamp) {
    let Some(run) = stage.run.as_mut().filter(|it| !it.cause.is_teardown()) else {
        return;
    };
    if !matches!(run.phase, Phase::Stopping { .. }) {
        run.phase = Phase::Stopping {
            reason: StopReason::Aborted {
                by: by.to_owned(),
                why: "the stage is to be torn down".to_owned(),
            },
            since: now,
        };
    }
}

/// Whether a person has asked for the end already, or it is under way.
fn is_going(stage: &Stage) -> bool {
    let wish = stage.life.wish.as_ref();
    stage.is_torn_down_now() || wish.is_some_and(|wish| wish.why.is_personal())
}

fn expires<'a>(stage: &Stage, policy: Option<&Policy<'a>>) -> Result<&'a Expires, Rejection> {
    let name = &stage.id.stage;
    let Some(policy) = policy else {
        return Err(Rejection::invalid(
            format!("the stage file in force has no stage {name} any more"),
            "greenroom validate",
        ));
    };
    policy.rule.expires.as_ref().ok_or_else(|| {
        Rejection::invalid(
            format!("{name} does not expire: it stays for good"),
            "only a stage with `expires` in the stage file is ever torn down",
        )
    })
}

/// There is something to keep, and it is not on its way out by a person's word or past saving.
fn lives(stage: &Stage) -> Result<(), Rejection> {
    let name = &stage.id.stage;
    let Life { orphan, .. } = &stage.life;
    if is_going(stage) {
        return Err(Rejection::conflict(
            format!("{name} is being torn down"),
            "push once more to have it deployed again",
        ));
    }
    if orphan.is_some() {
        return Err(Rejection::conflict(
            format!("{name} was to be torn down, and something may be left of it"),
            &format!("greenroom destroy {name} --reason WHY"),
        ));
    }
    if stage.deployed.is_none() {
        return Err(Rejection::not_found(
            format!("nothing stands on {name}"),
            &format!("greenroom why {name}"),
        ));
    }
    Ok(())
}

/// Somebody uses the stage: what it was warned of is void.
fn used(stage: &mut Stage, now: Timestamp) {
    stage.life.spare();
    stage.life.warned = None;
    stage.life.active_at = stage.life.active_at.max(Some(now));
}

fn is_near(until: Timestamp, now: Timestamp) -> Result<(), Rejection> {
    if until <= now {
        return Err(Rejection::invalid(
            "it would be over before it begins",
            "give `--until` an instant in the future",
        ));
    }
    if until.duration_since(now) > KEPT_MAX {
        let max = format_duration(KEPT_MAX);
        return Err(Rejection::invalid(
            format!("nobody keeps a stage for more than {max} at once"),
            "`greenroom pin` keeps one for good, by right",
        ));
    }
    Ok(())
}

pub(super) fn has_reason(reason: &str, what: &str) -> Result<(), Rejection> {
    if reason.trim().is_empty() {
        return Err(Rejection::invalid(
            format!("{what} needs a reason"),
            "say why with `--reason`",
        ));
    }
    Ok(())
}
