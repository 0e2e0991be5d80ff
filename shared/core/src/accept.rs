//! Wishes. Each is granted by changing the stage, or refused with the reason.

mod approval;
mod deploy;
mod fence;
mod life;
mod mark;
mod mute;
mod overriding;
mod rejection;
mod retry;
mod rollback;
mod toggle;

use jiff::Timestamp;

pub use mark::{Wanted, mark};
pub use mute::MUTE_MAX;
pub use rejection::{Rejection, RejectionKind};

use crate::authorize::{authorize, authorize_end};
use crate::bound;
use crate::command::Command;
use crate::mark::Mark;
use crate::name::Revision;
use crate::policy::{Policy, View};
use crate::principal::Principal;
use crate::stage::{Acknowledged, Candidate, Lock, Phase, RefreshWish, Stage, StopReason};

/// What people call themselves is kept only so long.
const BY_MAX: usize = 100;
/// A commit is named by at least so many digits.
const PREFIX_MIN: usize = 4;

/// The stage after `command`, or why not. Whoever calls it plans next.
pub fn accept(
    view: &View<'_>,
    policy: Option<&Policy<'_>>,
    principal: &Principal,
    command: &Command,
) -> Result<Stage, Rejection> {
    let closed = match (command, policy) {
        (Command::Override { .. }, Some(policy)) => overriding::closed(view, policy),
        _ => Vec::new(),
    };
    let authorized = match command {
        Command::Destroy { .. } => authorize_end(principal, command, view.stage, policy),
        _ => authorize(principal, command, &view.stage.id, policy, &closed),
    }
    .map_err(Rejection::from)?;
    let by = &bound::text(authorized.principal().name(), BY_MAX);
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
        Command::Reject { revision, reason } => {
            let no = approval::No {
                by,
                reason: &said(reason),
                revision: revision.as_ref(),
            };
            approval::reject(stage, view, policy, &no)
        }
        Command::Rollback { to, reason } => {
            toggle::not_in_use(&stage, view, policy)?;
            rollback::rollback(stage, view, by, to.as_ref(), said(reason))
        }
        Command::Retry => {
            toggle::not_in_use(&stage, view, policy)?;
            retry::retry(stage, by, policy, view.now)
        }
        Command::Abort { reason } => abort(stage, by, &said(reason), view.now),
        Command::Lock { reason, until } => lock(stage, view, by, &said(reason), *until),
        Command::Unlock => unlock(stage),
        Command::Refresh => refresh(stage, by, policy, view.now),
        Command::Acknowledge { note } => acknowledge(stage, by, note.as_deref(), view.now),
        Command::Override { reason, revision } => {
            let asked = overriding::Asked {
                authorized: &authorized,
                closed,
                by,
                reason: said(reason),
                revision: revision.as_ref(),
            };
            overriding::overriding(stage, view, policy, asked)
        }
        Command::Deploy {
            revision,
            reference,
        } => {
            let selection = deploy::Selection {
                by,
                revision,
                reference: reference.as_ref(),
            };
            deploy::deploy(stage, view, policy, &selection)
        }
        Command::Extend { until } => life::extend(stage, view, policy, by, *until),
        Command::Park { reason, until } => {
            life::park(stage, view, policy, by, &said(reason), *until)
        }
        Command::Unpark => life::unpark(stage, view.now),
        Command::Pin { reason } => life::pin(stage, view, policy, by, &said(reason)),
        Command::Unpin => life::unpin(stage, view.now),
        Command::Destroy { reason } => life::destroy(stage, view, policy, by, &said(reason)),
        Command::Mute { reason, until } => mute::mute(stage, view, by, &said(reason), *until),
        Command::Unmute => mute::unmute(stage),
        Command::Toggle => toggle::flip(stage, view, policy, by),
        Command::Settle => toggle::settle(stage, view, policy, by),
    }
}

/// What a person gave as a reason, as long as it is kept.
fn said(reason: &str) -> String {
    bound::text(reason, bound::WHY_MAX)
}

/// Whether `prefix` names `revision`.
fn names(prefix: &Revision, revision: &Revision) -> bool {
    prefix.as_str().len() >= PREFIX_MIN && revision.as_str().starts_with(prefix.as_str())
}

/// A release that somebody marked bad goes nowhere.
fn is_bad(revision: &Revision, bad: &Mark) -> Rejection {
    let why = bad.note.as_deref().unwrap_or("no reason is kept");
    Rejection::closed(
        format!("{} marked {} bad: {why}", bad.by, revision.short()),
        &format!("greenroom unmark bad --release {}", revision.short()),
    )
}

/// Automation does the rest, gates and all; this takes away what a person had put in its way.
fn promote(
    mut stage: Stage,
    view: &View<'_>,
    policy: Option<&Policy<'_>>,
) -> Result<Stage, Rejection> {
    let name = stage.id.stage.clone();
    let Some(upstream) = policy.and_then(|policy| policy.upstream.as_ref()) else {
        return Err(Rejection::invalid(
            format!("{name} takes nothing from another stage"),
            &format!("greenroom refresh {name}"),
        ));
    };
    if stage.queue.fifo && stage.line().any(|it| !it.cause.is_rollback()) {
        return Ok(go_on(stage, view));
    }
    let Some(verified) = view
        .upstream
        .and_then(|upstream| upstream.verified.as_ref())
    else {
        return Err(Rejection::closed(
            format!("{} has no verified release to promote", upstream.stage),
            &format!("greenroom why {}", upstream.stage),
        ));
    };
    let release = &verified.release;
    if stage
        .run
        .as_ref()
        .is_some_and(|run| run.release == *release)
    {
        return Err(Rejection::conflict(
            format!("{} is being deployed already", release.revision.short()),
            &format!("greenroom why {name}"),
        ));
    }
    let rolls_back = |candidate: &Candidate| candidate.cause.is_rollback();
    let is_here = stage.verified.as_ref().map(|green| &green.release) == Some(release);
    if is_here && stage.hold.is_none() && !stage.candidate.as_ref().is_some_and(rolls_back) {
        return Err(Rejection::conflict(
            format!("{} is here and green already", release.revision.short()),
            &format!("greenroom why {name}"),
        ));
    }
    if stage.candidate.as_ref().is_some_and(rolls_back) {
        stage.candidate = None;
    }
    Ok(go_on(stage, view))
}

/// Nothing that a person or a red verdict has put in automation's way is there any more. What waits
/// in line keeps its order: an older release after a newer one would be a step back.
fn go_on(mut stage: Stage, view: &View<'_>) -> Stage {
    if stage.queue.fifo {
        stage.keep_in_line(|it| !it.cause.is_rollback());
        let there = view.upstream.and_then(|there| there.verified.as_ref());
        let is_it = |revision| there.is_some_and(|green| green.release.revision == revision);
        let passed = &mut stage.queue.passed;
        passed.retain(|it| !is_it(it.revision.clone()));
    }
    stage.hold = None;
    stage.unstopped = None;
    stage.tried = None;
    stage.rejected = None;
    stage.life.was = None;
    stage
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
    let name = stage.id.stage.clone();
    let Some(policy) = policy else {
        return Err(Rejection::invalid(
            format!("the stage file in force has no stage {name} any more"),
            "greenroom validate",
        ));
    };
    if policy.upstream.is_some() {
        return Err(Rejection::invalid(
            format!("{name} takes what another stage has verified, not a branch"),
            &format!("greenroom promote {name}"),
        ));
    }
    if policy.selects() {
        return Err(Rejection::invalid(
            format!("{name} takes what a person selects, not a branch"),
            &format!("greenroom deploy {name} --release BRANCH"),
        ));
    }
    if policy.branch().is_none() && stage.head.is_none() {
        return Err(Rejection::not_found(
            format!("no branch leads to {name} now"),
            "push something that leads here",
        ));
    }
    if stage
        .candidate
        .as_ref()
        .is_some_and(|candidate| candidate.cause.is_rollback())
    {
        stage.candidate = None;
    }
    stage.hold = None;
    stage.unstopped = None;
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
        note: note.map(said),
    });
    Ok(stage)
}
