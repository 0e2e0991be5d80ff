//! A person's yes or no to the candidate.

use crate::name::Revision;
use crate::policy::{Policy, View};
use crate::stage::{Approval, Candidate, Stage};

use super::Rejection;

/// Records that `by` says yes to exactly the candidate's release under the terms in force.
pub(super) fn approve(
    mut stage: Stage,
    view: &View<'_>,
    policy: Option<&Policy<'_>>,
    by: &str,
    wanted: Option<&Revision>,
) -> Result<Stage, Rejection> {
    let Some(policy) = policy.filter(|policy| policy.rule.approvals.is_some()) else {
        return Err(Rejection::invalid(
            format!("{} asks for no approval", stage.id.stage),
            "greenroom status",
        ));
    };
    let release = promotable(&stage, view, wanted)?;
    if stage.approvals.iter().any(|approval| {
        approval.by == by && approval.release == release && approval.terms == policy.terms
    }) {
        return Ok(stage);
    }
    stage.approvals.retain(|approval| {
        approval.release == release && approval.terms == policy.terms && approval.by != by
    });
    stage.approvals.push(Approval {
        by: by.to_owned(),
        at: view.now,
        release,
        terms: policy.terms.clone(),
    });
    Ok(stage)
}

/// Takes back every yes to the candidate.
pub(super) fn reject(
    mut stage: Stage,
    by: &str,
    wanted: Option<&Revision>,
) -> Result<Stage, Rejection> {
    let _ = by;
    let candidate = stage.candidate.as_ref().ok_or_else(|| nothing(&stage))?;
    check(candidate, wanted, &stage)?;
    let release = candidate.release.clone();
    stage.approvals.clear();
    stage.tried = release;
    stage.candidate = None;
    Ok(stage)
}

/// The release a yes would be for: the candidate, or what the upstream has verified.
fn promotable(
    stage: &Stage,
    view: &View<'_>,
    wanted: Option<&Revision>,
) -> Result<crate::release::Release, Rejection> {
    if let Some(candidate) = &stage.candidate {
        check(candidate, wanted, stage)?;
        if let Some(release) = &candidate.release {
            return Ok(release.clone());
        }
    }
    let verified = view
        .upstream
        .and_then(|upstream| upstream.verified.as_ref());
    match verified {
        Some(verified)
            if Some(&verified.release) != stage.stands().map(|deployed| &deployed.release) =>
        {
            matches(&verified.release.revision, wanted, stage)?;
            Ok(verified.release.clone())
        }
        _ => Err(nothing(stage)),
    }
}

fn check(candidate: &Candidate, wanted: Option<&Revision>, stage: &Stage) -> Result<(), Rejection> {
    matches(&candidate.revision, wanted, stage)
}

fn matches(revision: &Revision, wanted: Option<&Revision>, stage: &Stage) -> Result<(), Rejection> {
    match wanted {
        Some(wanted) if !revision.as_str().starts_with(wanted.as_str()) => {
            Err(Rejection::conflict(
                format!("the candidate is {} now, not {wanted}", revision.short()),
                &format!("greenroom why {}", stage.id.stage),
            ))
        }
        _ => Ok(()),
    }
}

fn nothing(stage: &Stage) -> Rejection {
    Rejection::not_found(
        format!("{} has no candidate", stage.id.stage),
        &format!("greenroom why {}", stage.id.stage),
    )
}
