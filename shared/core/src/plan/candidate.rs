//! What the upstream has verified becomes the candidate; approvals go with what they were for.

use super::{Draft, bytes, line, queue};
use crate::policy::{Policy, View};
use crate::stage::{Approval, BuildNeed, Candidate, Cause, Stage};

/// The one candidate of a stage that takes promotions: what the upstream has verified, unless it
/// is green here, runs here, or is not to be tried again. Only a rollback takes its place; any
/// other candidate is left over from another stage file, as is a promotion elsewhere.
pub(super) fn promote(draft: &mut Draft, view: &View<'_>, policy: &Policy<'_>) {
    if draft.next.queue.fifo {
        queue::settle(&mut draft.next, view, policy);
        return unname(&mut draft.next, policy);
    }
    let stage = &mut draft.next;
    let cause = stage.candidate.as_ref().map(|candidate| &candidate.cause);
    if cause.is_some_and(Cause::is_rollback) {
        return;
    }
    let promoted = matches!(cause, Some(Cause::Promotion { .. }));
    let Some(upstream) = &policy.upstream else {
        // Where people select, what came from a branch is left over as well.
        let may_be = |cause: &Cause| cause.is_personal() || matches!(cause, Cause::Through { .. });
        let is_left = policy.selects() && !cause.is_none_or(may_be);
        if promoted || is_left {
            stage.candidate = None;
        }
        return unname(stage, policy);
    };
    let wanted = view
        .upstream
        .and_then(|upstream| upstream.verified.as_ref())
        .map(|verified| &verified.release)
        .filter(|release| {
            stage.verified.as_ref().map(|green| &green.release) != Some(*release)
                && stage.tried.as_ref() != Some(*release)
                && stage.life.was.as_ref() != Some(*release)
                && stage.rejected.as_ref().map(|no| &no.release) != Some(*release)
                && stage.run.as_ref().map(|run| &run.release) != Some(*release)
        });
    let Some(release) = wanted else {
        stage.candidate = None;
        return;
    };
    let older = stage.candidate.take().filter(|_| promoted);
    if let Some(same) = older
        .as_ref()
        .filter(|older| older.release.as_ref() == Some(release))
    {
        stage.candidate = Some(same.clone());
        return;
    }
    let fresh = Candidate {
        revision: release.revision.clone(),
        reference: None,
        release: Some(release.clone()),
        cause: Cause::Promotion {
            from: upstream.stage.clone(),
        },
        since: draft.now,
        contains: Vec::new(),
        build: BuildNeed::NotAsked,
        attempt: 0,
        not_before: None,
    };
    let older = older.filter(|_| line::goes_on(view, policy));
    stage.candidate = Some(fresh.superseding(older));
}

/// What a stage builds for itself is built anew once it is built otherwise.
fn unname(stage: &mut Stage, policy: &Policy<'_>) {
    if policy.upstream.is_none()
        && let Some(candidate) = &mut stage.candidate
        && bytes::named(candidate, policy).is_none()
    {
        candidate.release = None;
    }
}

/// An approval is void once another release is wanted or other terms are in force. It outlives a
/// candidate that is gone only for a while: the same bytes may be verified once more.
pub(super) fn forget_approvals(draft: &mut Draft, policy: &Policy<'_>) {
    let stage = &mut draft.next;
    let run = stage.run.as_ref();
    let candidate = stage
        .candidate
        .as_ref()
        .filter(|candidate| !candidate.cause.is_rollback());
    let is_meant = |approval: &Approval| match candidate {
        Some(candidate) => match &candidate.release {
            Some(release) => *release == approval.release,
            None => candidate.revision == approval.release.revision,
        },
        None => true,
    };
    let runs = |approval: &Approval| run.is_some_and(|run| run.release == approval.release);
    stage.approvals.retain(|approval| {
        approval.terms == policy.terms && (is_meant(approval) || runs(approval))
    });
}
