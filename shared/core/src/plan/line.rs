//! Whether what a stage verifies next contains what it verified before. Only then what waits for
//! promotion and gives way is called contained.

use crate::policy::{Policy, View};
use crate::stage_file::{From, Rule, StageFile};

/// Whether the upstream goes on along one branch: only that branch leads there or to where its
/// promotions come from, nothing of others passes through, and it was not rolled back.
pub(super) fn goes_on(view: &View<'_>, policy: &Policy<'_>) -> bool {
    let last = view.upstream.and_then(|upstream| upstream.last.as_ref());
    let is_back = last.is_some_and(|last| last.cause.is_rollback());
    !is_back && is_line(policy.file, policy.rule)
}

fn is_line(file: &StageFile, rule: &Rule) -> bool {
    let mut at = rule;
    // A stage file's promotions come to an end; this ends whatever it says.
    for _ in &file.rules {
        let From::Promote { rule: from } = &at.from else {
            break;
        };
        let Some(from) = file.rule(from) else {
            return false;
        };
        at = from;
    }
    let passes = |other: &Rule| other.through.as_ref() == Some(&at.name);
    let is_one = matches!(&at.from, From::Branch { pattern, .. } if pattern.literal().is_some());
    is_one && !file.rules.iter().any(passes)
}
