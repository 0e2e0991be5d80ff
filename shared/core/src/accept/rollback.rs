//! Going back to what was good here, and keeping automation from undoing it.

use super::{Rejection, names};
use crate::name::Revision;
use crate::policy::View;
use crate::stage::{BuildNeed, Candidate, Cause, Hold, Stage};

/// Wants what was green here before; the hold outlives the run, until a person lifts it.
pub(super) fn rollback(
    mut stage: Stage,
    view: &View<'_>,
    by: &str,
    to: Option<&Revision>,
    reason: String,
) -> Result<Stage, Rejection> {
    let name = stage.id.stage.clone();
    if stage.run.is_some() {
        return Err(Rejection::conflict(
            "a run is under way",
            &format!("greenroom abort {name}"),
        ));
    }
    let target = match to {
        Some(prefix) => stage
            .greens
            .iter()
            .find(|green| names(prefix, &green.release.revision)),
        None => stage
            .rollback_targets()
            .find(|green| view.marks.bad(&green.release.revision).is_none()),
    };
    let Some(target) = target else {
        let why = match to {
            Some(prefix) => format!("no release of {prefix} is remembered as green on {name}"),
            None => format!("nothing older is remembered as green on {name}"),
        };
        return Err(Rejection::not_found(why, &format!("greenroom log {name}")));
    };
    let release = target.release.clone();
    if let Some(bad) = view.marks.bad(&release.revision) {
        return Err(super::is_bad(&release.revision, bad));
    }
    if stage.verified.as_ref().map(|green| &green.release) == Some(&release) {
        return Err(Rejection::conflict(
            format!("{} is here and green already", release.revision.short()),
            &format!("greenroom log {name}"),
        ));
    }
    // In a line what waited keeps its turn, behind the rollback and the hold.
    let waited = stage.candidate.take().filter(|it| !it.cause.is_rollback());
    stage.candidate = waited.filter(|_| stage.queue.fifo);
    stage.go_first(Candidate {
        revision: release.revision.clone(),
        reference: None,
        release: Some(release),
        cause: Cause::Rollback {
            by: by.to_owned(),
            reason: reason.clone(),
        },
        since: view.now,
        contains: Vec::new(),
        build: BuildNeed::NotAsked,
        attempt: 0,
        not_before: None,
    });
    stage.unstopped = None;
    stage.hold = Some(Hold {
        by: by.to_owned(),
        reason,
        since: view.now,
    });
    Ok(stage)
}
