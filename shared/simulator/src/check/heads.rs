//! B: which change belongs where.

use greenroom_core::name::{RefName, Revision};
use greenroom_core::stage::Stage;
use jiff::Timestamp;

use super::{Found, Replaced};
use crate::truth::Truth;

/// Nothing is remembered but what the table says.
#[derive(Debug, Default)]
pub struct Heads;

impl Heads {
    pub fn replaced(&mut self, truth: &Truth, replaced: &Replaced<'_>, found: &mut Found) {
        let (before, after) = (replaced.before, replaced.after);
        let head = |stage: &Stage| {
            let head = stage.head.as_ref()?;
            Some((head.reference.clone(), head.revision.clone()))
        };
        let new = head(after);
        if let Some((reference, revision)) = &new
            && before.and_then(head) != new
            && !stood(truth, reference, revision, replaced.since)
        {
            let what = format!(
                "{} takes {} for the head of {reference}, where it was not since {}",
                after.id,
                revision.short(),
                replaced.since
            );
            found.broken(truth, "B2", what);
        }
        Self::governed(truth, replaced, found);
    }

    /// A run keeps what it was claimed with.
    fn governed(truth: &Truth, replaced: &Replaced<'_>, found: &mut Found) {
        let (Some(before), after) = (replaced.before, replaced.after) else {
            return;
        };
        let old = before.run.iter().chain(&before.last);
        for old in old {
            let new = after.run.iter().chain(&after.last);
            for new in new.filter(|new| new.generation == old.generation) {
                if (&old.config, &old.terms) != (&new.config, &new.terms) {
                    let what = format!("run {} of {} changes its rules", old.generation, after.id);
                    found.broken(truth, "B4", what);
                }
                let same = (&old.release, &old.nonce, &old.cause, old.claimed_at)
                    == (&new.release, &new.nonce, &new.cause, new.claimed_at);
                if !same {
                    let what = format!("run {} of {} changes what it is", old.generation, after.id);
                    found.broken(truth, "C2", what);
                }
            }
        }
    }
}

/// Whether a reference stood at a revision at some instant since.
fn stood(truth: &Truth, reference: &RefName, revision: &Revision, since: Timestamp) -> bool {
    let moves = truth.repository.moves(reference);
    moves.iter().enumerate().any(|(n, (_, to))| {
        let until = moves.get(n + 1).map(|(at, _)| *at);
        to.as_ref() == Some(revision) && until.is_none_or(|until| until >= since)
    })
}
