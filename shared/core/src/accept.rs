//! Wishes. Each is granted by changing the stage, or refused with the reason.

mod approval;
mod fence;
mod rejection;

use jiff::Timestamp;

pub use rejection::{Rejection, RejectionKind};

use crate::authorize::authorize;
use crate::command::Command;
use crate::policy::{Policy, View};
use crate::principal::Principal;
use crate::stage::{
    Acknowledged, BuildNeed, Candidate, Cause, Health, Hold, Lock, Phase, RefreshWish, Stage,
    StopReason,
};

/// The stage after `command`, or why not. Whoever calls it plans next.
pub fn accept(
    view: &View<'_>,
    policy: Option<&Policy<'_>>,
    principal: &Principal,
    command: &Command,
) -> Result<Stage, Rejection> {
    let authorized =
        authorize(principal, command, &view.stage.id, policy).map_err(Rejection::from)?;
    let by = authorized.principal().name();
    let stage = view.stage.clone();
    match command {
        Command::Admit {
            generation,
            nonce,
            execution,
            revision,
        } => fence::admit(
            view,
            policy,
            &fence::Ask {
                generation: *generation,
                nonce,
                execution,
                revision,
            },
        ),
        Command::Promote => promote(stage, view, policy),
        Command::Approve { revision } => {
            approval::approve(stage, view, policy, by, revision.as_ref())
        }
        Command::Reject { revision, .. } => approval::reject(stage, by, revision.as_ref()),
        Command::Rollback { to, reason } => rollback(stage, by, to.as_ref(), reason, view.now),
        Command::Retry => retry(stage, by, policy, view.now),
        Command::Abort { reason } => abort(stage, by, reason, view.now),
        Command::Lock { reason, until } => lock(stage, view, by, reason, *until),
        Command::Unlock => unlock(stage),
        Command::Refresh => refresh(stage, by, policy, view.now),
        Command::Acknowledge { note } => acknowledge(stage, by, note.as_deref(), view.now),
    }
}

fn promote(
    mut stage: Stage,
    view: &View<'_>,
    policy: Option<&Policy<'_>>,
) -> Result<Stage, Rejection> {
    let Some(upstream) = policy.and_then(|policy| policy.upstream.as_ref()) else {
        return Err(Rejection::invalid(
            format!("{} takes nothing from another stage", stage.id.stage),
            "`greenroom refresh` redeploys it from its branch",
        ));
    };
    if view
        .upstream
        .and_then(|upstream| upstream.verified.as_ref())
        .is_none()
    {
        return Err(Rejection::closed(
            format!("{} has no verified release to promote", upstream.stage),
            &format!("greenroom why {}", upstream.stage),
        ));
    }
    stage.hold = None;
    stage.tried = None;
    Ok(stage)
}

fn rollback(
    mut stage: Stage,
    by: &str,
    to: Option<&crate::name::Revision>,
    reason: &str,
    now: Timestamp,
) -> Result<Stage, Rejection> {
    if stage.run.is_some() {
        return Err(Rejection::conflict(
            "a run is under way",
            &format!("greenroom abort {}", stage.id.stage),
        ));
    }
    let target = match to {
        Some(prefix) => stage
            .greens
            .iter()
            .find(|green| green.release.revision.as_str().starts_with(prefix.as_str())),
        None => stage.rollback_target(),
    };
    let Some(target) = target else {
        return Err(Rejection::not_found(
            match to {
                Some(prefix) => {
                    format!("no release of {prefix} was verified on {}", stage.id.stage)
                }
                None => format!("nothing else was ever verified on {}", stage.id.stage),
            },
            &format!("greenroom log {}", stage.id.stage),
        ));
    };
    let release = target.release.clone();
    stage.candidate = Some(Candidate {
        revision: release.revision.clone(),
        reference: None,
        release: Some(release),
        cause: Cause::Rollback {
            by: by.to_owned(),
            reason: reason.to_owned(),
        },
        since: now,
        contains: Vec::new(),
        build: BuildNeed::NotAsked,
        attempt: 0,
        not_before: None,
    });
    stage.hold = Some(Hold {
        by: by.to_owned(),
        reason: reason.to_owned(),
        since: now,
    });
    Ok(stage)
}

/// A failed promotion is tried again through all its gates; anything else is run again as it was.
fn retry(
    mut stage: Stage,
    by: &str,
    policy: Option<&Policy<'_>>,
    now: Timestamp,
) -> Result<Stage, Rejection> {
    if stage.run.is_some() {
        return Err(Rejection::conflict(
            "a run is under way",
            &format!("greenroom abort {}", stage.id.stage),
        ));
    }
    if let Some(candidate) = &mut stage.candidate {
        if candidate.build == BuildNeed::Failed {
            candidate.build = BuildNeed::Again;
        }
        candidate.not_before = None;
        stage.hold = None;
        return Ok(stage);
    }
    let Some(last) = &stage.last else {
        return Err(Rejection::not_found(
            format!("nothing was ever deployed on {}", stage.id.stage),
            "push something that leads here",
        ));
    };
    let promoted = policy.is_some_and(|policy| policy.upstream.is_some());
    if promoted && stage.health != Health::Green {
        stage.tried = None;
    } else if promoted {
        return Err(Rejection::invalid(
            format!("{} is green; there is nothing to try again", stage.id.stage),
            "greenroom status",
        ));
    } else {
        stage.candidate = Some(Candidate {
            revision: last.release.revision.clone(),
            reference: last.reference.clone(),
            release: Some(last.release.clone()),
            cause: Cause::Retry {
                by: by.to_owned(),
                of: last.generation,
            },
            since: now,
            contains: Vec::new(),
            build: BuildNeed::NotAsked,
            attempt: 0,
            not_before: None,
        });
    }
    stage.hold = None;
    Ok(stage)
}

fn abort(mut stage: Stage, by: &str, reason: &str, now: Timestamp) -> Result<Stage, Rejection> {
    let name = stage.id.stage.clone();
    let Some(run) = &mut stage.run else {
        return Err(Rejection::not_found(
            format!("nothing runs on {name}"),
            &format!("greenroom log {name}"),
        ));
    };
    if let Phase::Stopping { .. } = run.phase {
        return Err(Rejection::conflict(
            "it is being stopped already",
            &format!("greenroom why {name}"),
        ));
    }
    run.phase = Phase::Stopping {
        reason: StopReason::Aborted {
            by: by.to_owned(),
            why: reason.to_owned(),
        },
        since: now,
    };
    Ok(stage)
}

fn lock(
    mut stage: Stage,
    view: &View<'_>,
    by: &str,
    reason: &str,
    until: Option<Timestamp>,
) -> Result<Stage, Rejection> {
    if let Some(lock) = &stage.lock
        && lock.holds(view.now, jiff::SignedDuration::ZERO)
        && lock.by != by
    {
        return Err(Rejection::conflict(
            format!("{} locked it already: {}", lock.by, lock.reason),
            &format!("greenroom unlock {}", stage.id.stage),
        ));
    }
    if until.is_some_and(|until| until <= view.now) {
        return Err(Rejection::invalid(
            "the lock would end before it begins",
            "give `--until` an instant in the future",
        ));
    }
    stage.lock = Some(Lock {
        by: by.to_owned(),
        reason: reason.to_owned(),
        since: view.now,
        until,
    });
    Ok(stage)
}

fn unlock(mut stage: Stage) -> Result<Stage, Rejection> {
    if stage.lock.take().is_none() {
        return Err(Rejection::not_found(
            format!("{} is not locked", stage.id.stage),
            "greenroom status",
        ));
    }
    Ok(stage)
}

fn refresh(
    mut stage: Stage,
    by: &str,
    policy: Option<&Policy<'_>>,
    now: Timestamp,
) -> Result<Stage, Rejection> {
    if policy.and_then(Policy::branch).is_none() && stage.head.is_none() {
        return Err(Rejection::invalid(
            format!("{} has no branch to refresh from", stage.id.stage),
            &format!("greenroom promote {}", stage.id.stage),
        ));
    }
    stage.hold = None;
    stage.refresh.wish = Some(RefreshWish {
        slot: None,
        by: Some(by.to_owned()),
        asked_at: now,
        sent: false,
    });
    Ok(stage)
}

fn acknowledge(
    mut stage: Stage,
    by: &str,
    note: Option<&str>,
    now: Timestamp,
) -> Result<Stage, Rejection> {
    let name = stage.id.stage.clone();
    let Some(brk) = &mut stage.brk else {
        return Err(Rejection::not_found(
            format!("{name} has no open break"),
            "greenroom status",
        ));
    };
    brk.acknowledged = Some(Acknowledged {
        by: by.to_owned(),
        at: now,
        note: note.map(str::to_owned),
    });
    Ok(stage)
}
