//! What people say of a release: whether it is bad, and whether it has the marks a stage demands.

use crate::mark::{BAD, Marks};
use crate::name::Revision;
use crate::policy::Policy;
use crate::stage::Cause;
use crate::waiting::{ReleaseWait, Wait};

/// A bad release goes nowhere, whoever wants it.
pub(super) fn bad(revision: &Revision, marks: &Marks) -> Option<Wait> {
    let bad = marks.bad(revision)?;
    Some(Wait::Release(ReleaseWait::Bad {
        revision: revision.clone(),
        by: bad.by.clone(),
        reason: bad.note.clone().unwrap_or_default(),
    }))
}

/// The marks that the stage demands and nobody has given. What was good here before needs none.
pub(super) fn missing(
    revision: &Revision,
    cause: &Cause,
    marks: &Marks,
    policy: &Policy<'_>,
) -> Vec<Wait> {
    if cause.is_rollback() {
        return Vec::new();
    }
    let demanded = policy.rule.marks.iter();
    let missing = demanded.filter(|mark| *mark != BAD && !marks.has(revision, mark));
    missing
        .map(|mark| {
            let rule = policy.file.marks.get(mark);
            Wait::Release(ReleaseWait::Unmarked {
                revision: revision.clone(),
                mark: mark.clone(),
                by: rule.map_or_else(Vec::new, |rule| rule.by.clone()),
            })
        })
        .collect()
}
