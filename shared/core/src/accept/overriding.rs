//! Letting one release through windows that are closed.

use super::{Rejection, RejectionKind, approval, names};
use crate::authorize::may_override;
use crate::freeze::Freeze;
use crate::name::Revision;
use crate::policy::{Policy, View};
use crate::principal::Principal;
use crate::release::Release;
use crate::stage::{Override, Stage};
use crate::stage_file::WindowKind;

/// What is asked, and by whom.
pub(super) struct Asked<'a> {
    pub principal: &'a Principal,
    pub by: &'a str,
    pub reason: String,
    pub revision: Option<&'a Revision>,
}

/// Records that the candidate, and nothing else, passes the windows that are closed now. Windows
/// that close later close to it as well.
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
    let windows = closed(view, policy, asked.principal)?;
    if windows.is_empty() {
        return Err(Rejection::conflict(
            format!("no window closes {name} now"),
            &format!("greenroom why {name}"),
        ));
    }
    stage.overridden = Some(Override {
        by: asked.by.to_owned(),
        at: view.now,
        reason: asked.reason,
        release,
        windows,
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
        return approval::wanted_now(stage, view, policy, wanted);
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

/// The names of the windows that close the stage now, if `principal` may let something through all
/// of them: each of those that deny, and one of those that would allow.
fn closed(
    view: &View<'_>,
    policy: &Policy<'_>,
    principal: &Principal,
) -> Result<Vec<String>, Rejection> {
    let freeze = Freeze::of(policy.windows.iter().copied());
    let closed = freeze.closed_by(view.now, policy.clock_error);
    let (mine, others): (Vec<_>, Vec<_>) = closed
        .iter()
        .partition(|window| may_override(principal, window, policy));
    let allows = |window: &&&crate::stage_file::Window| window.kind == WindowKind::Allow;
    let opened = mine.iter().any(|window| allows(&window));
    let left = others.iter().find(|window| !(opened && allows(window)));
    if let Some(window) = left {
        let who = match window.overriders.as_slice() {
            [] => "an operator".to_owned(),
            roles => format!("a holder of {}", roles.join(", ")),
        };
        return Err(Rejection::new(
            RejectionKind::Forbidden,
            format!("{} may not override {}", principal.name(), window.name),
            &format!("ask {who}"),
        ));
    }
    Ok(mine.iter().map(|window| window.name.clone()).collect())
}
