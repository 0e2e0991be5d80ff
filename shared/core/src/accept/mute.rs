//! Keeping a stage from telling anything for a while. Whoever works on it may, as with a lock: it
//! stops nothing, it has an end, and what was not told is told then.

use jiff::{SignedDuration, Timestamp};

use super::{Rejection, life};
use crate::policy::View;
use crate::stage::{Mute, Stage};
use crate::stage_file::format_duration;

/// Nobody knows what is not told for longer; who wants more says so again.
pub const MUTE_MAX: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Tells nothing of the stage until then.
pub(super) fn mute(
    mut stage: Stage,
    view: &View<'_>,
    by: &str,
    reason: &str,
    until: Timestamp,
) -> Result<Stage, Rejection> {
    if let Some(mute) = &stage.quiet.mute
        && mute.holds(view.now)
        && mute.by != by
    {
        return Err(Rejection::conflict(
            format!("{} muted it already: {}", mute.by, mute.reason),
            &format!("greenroom unmute {}", stage.id.stage),
        ));
    }
    life::has_reason(reason, "a mute")?;
    if until <= view.now {
        return Err(Rejection::invalid(
            "the mute would end before it begins",
            "give `--until` an instant in the future",
        ));
    }
    if until.duration_since(view.now) > MUTE_MAX {
        let max = format_duration(MUTE_MAX);
        return Err(Rejection::invalid(
            format!("nobody mutes a stage for more than {max} at once"),
            "give `--until` an end that is nearer; to hear less for good, change `alert` in the stage file",
        ));
    }
    stage.quiet.mute = Some(Mute {
        by: by.to_owned(),
        reason: reason.to_owned(),
        since: view.now,
        until,
    });
    Ok(stage)
}

pub(super) fn unmute(mut stage: Stage) -> Result<Stage, Rejection> {
    if stage.quiet.mute.take().is_none() {
        return Err(Rejection::not_found(
            format!("{} is not muted", stage.id.stage),
            "greenroom status",
        ));
    }
    Ok(stage)
}
