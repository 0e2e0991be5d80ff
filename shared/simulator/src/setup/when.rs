//! When a run begins: often shortly before the clocks of the stage file's zone jump.

use greenroom_core::schedule::zone;
use jiff::{SignedDuration, Timestamp};

use crate::random::Random;

/// 2026-01-05T00:00:31Z; a run never begins on a full minute.
const FIRST: i64 = 1_767_571_231;
/// The last day of December 2011 that Samoa did not have, less a day.
const APIA: i64 = 1_325_060_000;
const HOUR: i64 = 3600;
const YEAR: u64 = 365 * 24;

/// An instant to begin at.
pub fn drawn(name: Option<&str>, random: &mut Random) -> Timestamp {
    let hours = i64::try_from(random.below(2 * YEAR)).unwrap_or(0);
    let minutes = i64::try_from(random.below(60)).unwrap_or(0);
    let mut second = FIRST + hours * HOUR + minutes * 60;
    if name == Some("Pacific/Apia") && random.chance(300) {
        second = APIA + minutes * 60;
    } else if random.chance(600)
        && let Some(jump) = name.and_then(|name| next_jump(name, second))
    {
        let before = i64::try_from(random.between(1, 30)).unwrap_or(1);
        second = jump - before * HOUR - minutes * 60 - 29;
    }
    Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn next_jump(name: &str, after: i64) -> Option<i64> {
    let zone = zone(name).ok()?;
    let after = Timestamp::from_second(after).ok()?;
    let jump = zone.following(after).next()?;
    Some(jump.timestamp().as_second())
}

/// How long things go wrong: mostly hours, now and then a day. A day costs as much as five others.
pub fn length(random: &mut Random) -> SignedDuration {
    let hours = *random.pick(&[2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 8, 24]);
    let short = hours > 8 && random.chance(600);
    SignedDuration::from_hours(if short { 10 } else { hours })
}
