//! What people say of two stages that take turns, and what goes from one to the other.

use super::Log;
use crate::name::Revision;
use crate::stage::{Stage, TurnKind};

/// A flip is told of by its run.
pub(super) fn said(log: &mut Log, before: &Stage, after: &Stage) {
    let Some(turn) = &after.turn else { return };
    if before.turn.as_ref() != Some(turn) && turn.what == TurnKind::Settle {
        let text = format!(
            "{} settled it: people are where they should be, and nobody goes back here",
            turn.by
        );
        log.add("settled", None, text);
    }
}

/// What was wanted here and goes to the other side, if something does.
pub(super) fn handed<'a>(log: &mut Log, before: &Stage, after: &'a Stage) -> Option<&'a Revision> {
    let handed = after.handed.as_ref();
    let handed = handed.filter(|_| after.handed != before.handed)?;
    let text = format!("{} goes to {}", handed.revision.short(), handed.to);
    log.add("handed_over", None, text);
    Some(&handed.revision)
}
