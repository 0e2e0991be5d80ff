//! A person's yes or no to the candidate.

use crate::name::Revision;
use crate::plan::{bytes, queue};
use crate::policy::{Policy, View};
use crate::release::Release;
use crate::stage::{Approval, Candidate, Cause, Rejected, Stage};

use super::{Rejection, names};

/// More people than this need not say yes.
const APPROVALS_MAX: usize = 20;

/// Records that `by` says yes to exactly the candidate's release under the terms in force.
pub(super) fn approve(
    mut stage: Stage,
    view: &View<'_>,
    policy: Option<&Policy<'_>>,
    by: &str,
    wanted: Option<&Revision>,
) -> Result<Stage, Rejection> {
    let policy = asks_for_approval(&stage, policy)?;
    let release = candidate(&stage, view, policy, wanted)?;
    let counts =
        |approval: &Approval| approval.release == release && approval.terms == policy.terms;
    stage.approvals.retain(counts);
    if stage.approvals.iter().any(|approval| approval.is_by(by)) {
        return Ok(stage);
    }
    if stage.approvals.len() >= APPROVALS_MAX {
        return Err(Rejection::conflict(
            format!("{} people have approved it already", stage.approvals.len()),
            &format!("greenroom why {}", stage.id.stage),
        ));
    }
    stage.approvals.push(Approval {
        by: by.to_owned(),
        at: view.now,
        release,
        terms: policy.terms.clone(),
    });
    Ok(stage)
}

/// A no, and whose.
pub(super) struct No<'a> {
    pub by: &'a str,
    pub reason: &'a str,
    pub revision: Option<&'a Revision>,
}

/// Takes back every yes to the candidate; automation does not try it until somebody promotes it.
pub(super) fn reject(
    mut stage: Stage,
    view: &View<'_>,
    policy: Option<&Policy<'_>>,
    no: &No<'_>,
) -> Result<Stage, Rejection> {
    let policy = asks_for_approval(&stage, policy)?;
    if let Some(place) = no.revision.and_then(|wanted| behind(&stage, wanted)) {
        let dropped = stage.queue.waiting.remove(place);
        let why = format!("{} rejected it: {}", no.by, no.reason);
        stage.queue.pass_over(dropped.revision, why, view.now);
        return Ok(stage);
    }
    let release = candidate(&stage, view, policy, no.revision)?;
    stage.approvals.clear();
    stage.candidate = None;
    stage.rejected = Some(Rejected {
        by: no.by.to_owned(),
        reason: no.reason.to_owned(),
        at: view.now,
        release,
    });
    Ok(stage)
}

/// The place behind the candidate of what somebody typed.
fn behind(stage: &Stage, wanted: &Revision) -> Option<usize> {
    let mut waiting = stage.queue.waiting.iter();
    waiting.position(|it| names(wanted, &it.revision))
}

fn asks_for_approval<'a>(
    stage: &Stage,
    policy: Option<&'a Policy<'a>>,
) -> Result<&'a Policy<'a>, Rejection> {
    policy
        .filter(|policy| policy.rule.approvals.is_some())
        .ok_or_else(|| {
            let name = &stage.id.stage;
            Rejection::invalid(
                format!("{name} asks for no approval"),
                &format!("greenroom why {name}"),
            )
        })
}

/// The release a yes or no is about. What a plan would make the candidate now counts, not what
/// waited when somebody looked; without `wanted` the two must be the same.
fn candidate(
    stage: &Stage,
    view: &View<'_>,
    policy: &Policy<'_>,
    wanted: Option<&Revision>,
) -> Result<Release, Rejection> {
    let why = format!("greenroom why {}", stage.id.stage);
    let waits = stage.candidate.as_ref();
    if waits.is_some_and(|candidate| candidate.cause.is_rollback()) {
        return Err(Rejection::invalid("a rollback asks for no approval", &why));
    }
    wanted_now(stage, view, policy, wanted)
}

/// The release that a plan would make the candidate now, if no rollback waits and nobody rejected
/// it. `wanted` is its revision, as far as somebody typed it.
pub(super) fn wanted_now(
    stage: &Stage,
    view: &View<'_>,
    policy: &Policy<'_>,
    wanted: Option<&Revision>,
) -> Result<Release, Rejection> {
    let name = &stage.id.stage;
    let why = format!("greenroom why {name}");
    let seen = stage.candidate.as_ref();
    let settled;
    let stage = if stage.queue.fifo {
        settled = queue::settled(stage, view, policy);
        &settled
    } else {
        stage
    };
    let waits = stage.candidate.as_ref();
    let nothing = || Rejection::not_found(format!("{name} has no candidate"), &why);
    let release = if policy.upstream.is_some() && !stage.queue.fifo {
        let verified = view
            .upstream
            .and_then(|upstream| upstream.verified.as_ref())
            .filter(|verified| {
                let release = Some(&verified.release);
                release != stage.verified.as_ref().map(|green| &green.release)
                    && release != stage.run.as_ref().map(|run| &run.release)
            })
            .ok_or_else(nothing)?;
        verified.release.clone()
    } else {
        // A promotion that waits here is left over from another stage file; a plan drops it.
        let is_left = |candidate: &Candidate| {
            matches!(candidate.cause, Cause::Promotion { .. }) && !stage.queue.fifo
        };
        let waits = waits
            .filter(|candidate| !is_left(candidate))
            .ok_or_else(nothing)?;
        bytes::of(waits, view, policy).ok_or_else(|| {
            Rejection::conflict(format!("{} is not built yet", waits.revision.short()), &why)
        })?
    };
    let revision = &release.revision;
    let meant = match wanted {
        Some(wanted) => names(wanted, revision),
        None => seen.is_none_or(|candidate| candidate.revision == *revision),
    };
    if !meant {
        return Err(Rejection::conflict(
            format!("the candidate is {} now", revision.short()),
            &why,
        ));
    }
    if let Some(no) = stage.rejected.as_ref().filter(|no| no.release == release) {
        return Err(Rejection::conflict(
            format!("{} rejected it: {}", no.by, no.reason),
            &format!("greenroom promote {name}"),
        ));
    }
    Ok(release)
}
