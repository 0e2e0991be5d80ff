//! Watching: it needs something to look with, and time to do it in.

use jiff::SignedDuration;

use super::through::verifies_nothing;
use crate::stage_file::diagnostic::{Diagnostic, Log};
use crate::stage_file::format_duration;
use crate::stage_file::raw::RawStage;

/// Suites that never rest are a load, not a watch.
const EVERY_MIN: SignedDuration = SignedDuration::from_mins(1);
/// What is looked at less often than once a week is not watched.
const EVERY_MAX: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How long after the suites have ended they run again; `None` if nobody watches.
pub(super) fn check(stage: &RawStage, log: &mut Log) -> Option<SignedDuration> {
    let watch = stage.watch.given()?;
    // A local stage has been told that it cannot be watched.
    if stage.kind.is_absent() && verifies_nothing(stage) {
        log.report(
            Diagnostic::error("watch", &watch.span, "no suite could look at this stage")
                .label("nothing to watch with")
                .help("Name suites: `verify: [smoke]`, or remove `watch`."),
        );
    }
    let every = watch.value.every.given()?;
    let length = every.value.0;
    if !(EVERY_MIN..=EVERY_MAX).contains(&length) {
        let (is, help) = if length < EVERY_MIN {
            (
                "too often",
                "The suites would hardly rest; write a minute or more: `watch: { every: 15m }`.",
            )
        } else {
            (
                "too seldom",
                "Nobody would call that watched; write a week or less: `watch: { every: 15m }`.",
            )
        };
        let message = format!("testing again every {} is {is}", format_duration(length));
        log.report(
            Diagnostic::error("watch", &every.span, message)
                .label(is)
                .help(help),
        );
    }
    Some(length)
}
