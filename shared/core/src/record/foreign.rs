//! Steps that ran past the fence.

use jiff::Timestamp;

use crate::bound;
use crate::name::ExecutionId;
use crate::stage::{Foreign, Stage};

/// What ended before the last execution was let in is covered by that one. The same once more is
/// nothing new.
pub(super) fn seen(stage: &mut Stage, execution: &ExecutionId, what: &str, at: Timestamp) {
    let run = stage.run.as_ref().filter(|run| run.is_admitted());
    let admitted = match run.or(stage.last.as_ref()) {
        // A flip leaves what stands there as it is.
        Some(flip) if flip.cause.is_flip() => stage.deployed.as_ref().map(|it| it.at),
        run => run.and_then(|run| run.admitted_at),
    };
    if admitted.is_some_and(|admitted| at < admitted) {
        return;
    }
    let known = |known: &Foreign| known.execution == *execution && known.at >= at;
    if stage.foreign.as_ref().is_some_and(known) {
        return;
    }
    stage.foreign = Some(Foreign {
        execution: execution.clone(),
        what: bound::text(what, bound::WHY_MAX),
        at,
        told: false,
    });
}
