//! The clock on the wall of a zone: what it has shown, and when it shows something first. A time that
//! the clock skips is reached at the first instant after the gap; one that it shows twice, the first
//! time.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// No clock is further from UTC than this; Manila's was by almost 16 hours.
const OFFSET_MAX: SignedDuration = SignedDuration::from_hours(17);
const TWO_OFFSETS: SignedDuration = SignedDuration::from_hours(34);
pub(super) const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// The latest second that the clock on the wall has shown up to `time`; slots up to it have
/// run. When the clock was put back this is later than what it shows now.
pub(crate) fn reached(zone: &TimeZone, time: Timestamp) -> Option<DateTime> {
    // What was shown longer ago is behind what any offset shows now.
    let mut at = time.checked_sub(TWO_OFFSETS).unwrap_or(Timestamp::MIN);
    let mut shown = DateTime::MIN;
    loop {
        let offset = zone.to_offset(at);
        match jump_after(zone, at).filter(|jump| *jump <= time) {
            Some(jump) => {
                let end = whole_second(offset.to_datetime(jump));
                shown = shown.max(end.checked_sub(SECOND).ok()?);
                at = jump;
            }
            None => return Some(shown.max(whole_second(offset.to_datetime(time)))),
        }
    }
}

/// The first instant at which the clock on the wall has reached `slot`.
pub(crate) fn instant(zone: &TimeZone, slot: DateTime) -> Option<Timestamp> {
    let mut at = Offset::UTC.to_timestamp(slot).ok()?;
    at = at.checked_sub(OFFSET_MAX).unwrap_or(Timestamp::MIN);
    loop {
        let offset = zone.to_offset(at);
        if offset.to_datetime(at) >= slot {
            return Some(at);
        }
        let by_this_offset = offset.to_timestamp(slot).ok()?;
        match jump_after(zone, at).filter(|jump| *jump <= by_this_offset) {
            Some(jump) => at = jump,
            None => return Some(by_this_offset),
        }
    }
}

/// The instant at which the offset changes next. Offsets at instants and this are all that is
/// asked of a zone: where its table of changes ends and a rule goes on for ever, jiff 0.2.43
/// misjudges the last entry when it is asked what came before, or whether a local time is
/// ambiguous.
fn jump_after(zone: &TimeZone, time: Timestamp) -> Option<Timestamp> {
    Some(zone.following(time).next()?.timestamp())
}

fn whole_second(time: DateTime) -> DateTime {
    time.date().at(time.hour(), time.minute(), time.second(), 0)
}
