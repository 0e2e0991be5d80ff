//! What people did to a stage: locks, holds, answers, overrides.

use super::Log;
use crate::stage::Stage;

pub(super) fn people(log: &mut Log, before: &Stage, after: &Stage) {
    match (&before.lock, &after.lock) {
        (old, Some(lock)) if old.as_ref() != Some(lock) => log.add(
            "locked",
            None,
            format!("{} locked it: {}", lock.by, lock.reason),
        ),
        (Some(_), None) => log.add("unlocked", None, "the lock is off".to_owned()),
        _ => {}
    }
    match (&before.quiet.mute, &after.quiet.mute) {
        (old, Some(mute)) if old.as_ref() != Some(mute) => log.add(
            "muted",
            None,
            format!(
                "{} muted it until {:.0}: {}",
                mute.by, mute.until, mute.reason
            ),
        ),
        (Some(_), None) => log.add("unmuted", None, "it is muted no more".to_owned()),
        _ => {}
    }
    match (&before.hold, &after.hold) {
        (old, Some(hold)) if old.as_ref() != Some(hold) => log.add(
            "held",
            None,
            format!("{} holds automation: {}", hold.by, hold.reason),
        ),
        (Some(_), None) => log.add("released", None, "automation goes on".to_owned()),
        _ => {}
    }
    if after.rejected != before.rejected {
        match &after.rejected {
            Some(no) => log.add(
                "rejected",
                None,
                format!(
                    "{} rejected {}: {}",
                    no.by,
                    no.release.revision.short(),
                    no.reason
                ),
            ),
            None => log.add("unrejected", None, "the rejection is lifted".to_owned()),
        }
    }
    for approval in after
        .approvals
        .iter()
        .filter(|approval| !before.approvals.contains(approval))
    {
        log.add(
            "approved",
            None,
            format!(
                "{} approved {}",
                approval.by,
                approval.release.revision.short()
            ),
        );
    }
    let deployed = after.deployed.as_ref().map(|deployed| &deployed.release);
    for approval in before.approvals.iter().filter(|approval| {
        // What it was for has come; it is used up, and not void.
        !after.approvals.contains(approval) && deployed != Some(&approval.release)
    }) {
        if after
            .approvals
            .iter()
            .any(|kept| kept.by == approval.by && kept.release == approval.release)
        {
            continue;
        }
        let text = format!(
            "the approval of {} by {} is void",
            approval.release.revision.short(),
            approval.by
        );
        log.add("approval_void", None, text);
    }
}

/// An override, though the same commit may have claimed with it, and one that nothing was claimed
/// with.
pub(super) fn overridden(log: &mut Log, before: &Stage, after: &Stage) {
    let run = |stage: &Stage| stage.run.as_ref().and_then(|run| run.overridden.clone());
    let known = [before.overridden.clone(), run(before)];
    let given = after.overridden.clone().or_else(|| run(after));
    if let Some(new) = given.as_ref().filter(|_| !known.contains(&given)) {
        let short = new.release.revision.short();
        log.add("overridden", None, format!("{} ({short})", new.sentence()));
    }
    if let Some(old) = &before.overridden
        && after.overridden.is_none()
        && run(after).as_ref() != Some(old)
    {
        let short = old.release.revision.short();
        let text = format!("the override of {} for {short} is void", old.by);
        log.add("override_void", None, text);
    }
}
