//! Letting one release through windows that are closed.

use super::{Rejection, approval, names};
use crate::authorize::{Authorized, may_override};
use crate::freeze::Freeze;
use crate::name::Revision;
use crate::policy::{Policy, View};
use crate::release::Release;
use crate::stage::{Override, Stage};
use crate::stage_file::Window;

/// What is asked, and by whom.
pub(super) struct Asked<'a> {
    pub authorized: &'a Authorized<'a>,
    /// The windows that close the stage now.
    pub closed: Vec<&'a Window>,
    pub by: &'a str,
    pub reason: String,
    pub revision: Option<&'a Revision>,
}

/// Records that the candidate, and nothing else, passes the windows that are closed now, until they
/// open by themselves. Windows that close later close to it as well, these ones too.
pub(super) fn overriding(
    mut stage: Stage,
    view: &View<'_>,
    policy: Option<&Policy<'_>>,
    asked: Asked<'_>,
) -> Result<Stage, Rejection> {
    let name = stage.id.stage.clone();
    let Some(policy) = policy else {
        return Err(Rejection::invalid(
            format!("the stage file in force has no stage {name} any more"),
            "greenroom validate",
        ));
    };
    if asked.reason.trim().is_empty() {
        return Err(Rejection::invalid(
            "an override needs a reason",
            "say why with `--reason`",
        ));
    }
    let release = candidate(&stage, view, policy, asked.revision)?;
    if let Some(bad) = view.marks.bad(&release.revision) {
        return Err(super::is_bad(&release.revision, bad));
    }
    let mut windows = asked.closed;
    windows.retain(|window| may_override(asked.authorized.principal(), window, policy));
    if windows.is_empty() {
        return Err(Rejection::conflict(
            format!("no window closes {name} now"),
            &format!("greenroom why {name}"),
        ));
    }
    let freeze = Freeze::of(policy.windows.iter().copied());
    stage.overridden = Some(Override {
        by: asked.by.to_owned(),
        at: view.now,
        reason: asked.reason,
        release,
        windows: windows.iter().map(|it| it.name.clone()).collect(),
        until: freeze.opens(view.now, policy.clock_error).at(),
    });
    Ok(stage)
}

/// The release it is about.
fn candidate(
    stage: &Stage,
    view: &View<'_>,
    policy: &Policy<'_>,
    wanted: Option<&Revision>,
) -> Result<Release, Rejection> {
    let waits = stage.candidate.as_ref();
    let rollback = waits
        .filter(|candidate| candidate.cause.is_rollback())
        .and_then(|candidate| candidate.release.as_ref());
    let Some(release) = rollback else {
        let release = approval::wanted_now(stage, view, policy, wanted)?;
        return is_tried(stage, &release, policy).map(|()| release);
    };
    if wanted.is_some_and(|wanted| !names(wanted, &release.revision)) {
        return Err(Rejection::conflict(
            format!(
                "the candidate is a rollback to {} now",
                release.revision.short()
            ),
            &format!("greenroom why {}", stage.id.stage),
        ));
    }
    Ok(release.clone())
}

/// Refuses what a promotion does not try again: a plan would void the override at once.
fn is_tried(stage: &Stage, release: &Release, policy: &Policy<'_>) -> Result<(), Rejection> {
    if policy.upstream.is_none() || stage.tried.as_ref() != Some(release) {
        return Ok(());
    }
    let name = &stage.id.stage;
    Err(Rejection::conflict(
        format!("{} did not succeed on {name}", release.revision.short()),
        &format!("greenroom retry {name}"),
    ))
}

/// The windows that close the stage now.
pub(super) fn closed<'a>(view: &View<'_>, policy: &Policy<'a>) -> Vec<&'a Window> {
    let freeze = Freeze::of(policy.windows.iter().copied());
    freeze.closed_by(view.now, policy.clock_error)
}
