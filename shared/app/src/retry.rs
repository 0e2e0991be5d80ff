//! How long to wait before telling a channel again.
//!
//! The ladder is data. Its first rungs outlast a dropped connection and a restart of the other
//! side (seconds), the middle ones an incident or a deploy of theirs (minutes), the last ones a
//! night's outage (hours). An alert about a break that is older than that is news no longer:
//! after the last rung its exhaustion is told on another channel.

use std::time::Duration;

/// The longest wait before each try, the first included: at most 7 h 42 min in all, on average
/// half of it.
pub const LADDER: &[Duration] = &[
    Duration::ZERO,
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(2),
    Duration::from_mins(10),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(5),
];

/// A side that asks to wait longer is asked again after this all the same: one wrong number of
/// theirs must not silence an alert for a day.
pub const ASKED_MAX: Duration = Duration::from_hours(1);

/// How long to wait after `tries` failed tries, or `None` when there is no rung left.
///
/// Full jitter: `random`, any 64 bits, picks evenly between nothing and the rung, so that alerts
/// that failed together do not come back together. When the other side `asked` for a wait the
/// result is that wait, up to [`ASKED_MAX`], and then the jitter of at most a tenth of it or a
/// second, whichever is more: never less than was asked.
pub fn wait(tries: usize, asked: Option<Duration>, random: u64) -> Option<Duration> {
    let rung = *LADDER.get(tries)?;
    let jittered = share(rung, random);
    let Some(asked) = asked else {
        return Some(jittered);
    };
    let least = asked.min(ASKED_MAX);
    let spread = (least / 10).max(Duration::from_secs(1));
    Some(jittered.max(least.saturating_add(share(spread, random))))
}

/// The part of `whole` that `random` is of all 64-bit numbers.
fn share(whole: Duration, random: u64) -> Duration {
    let nanos = (whole.as_nanos() * u128::from(random)) >> 64;
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_first_try_waits_for_nothing_and_the_last_rung_is_the_end() {
        assert_eq!(wait(0, None, u64::MAX), Some(Duration::ZERO));
        assert!(wait(LADDER.len() - 1, None, u64::MAX).is_some());
        assert_eq!(wait(LADDER.len(), None, 1), None);
        assert_eq!(
            wait(LADDER.len(), Some(Duration::from_secs(1)), 1),
            None,
            "a throttled alert is exhausted as well"
        );
    }

    #[test]
    fn the_ladder_climbs_and_ends_within_a_working_day() {
        assert!(LADDER.is_sorted());
        let all: Duration = LADDER.iter().sum();
        assert_eq!(
            all,
            Duration::from_secs(5 + 30 + 120 + 600 + 1800 + 7200 + 18000)
        );
        assert!(all < Duration::from_hours(8));
    }

    #[test]
    fn an_absurd_wait_is_bounded() {
        let day = Some(Duration::from_hours(24));
        assert_eq!(wait(1, day, 0), Some(ASKED_MAX));
        assert!(wait(1, Some(Duration::MAX), u64::MAX).is_some_and(|w| w <= ASKED_MAX * 11 / 10));
    }

    #[test]
    fn jitter_spreads_evenly_over_the_rung() {
        let half = wait(3, None, u64::MAX / 2).unwrap_or_default();
        assert_eq!(half.as_secs(), 59);
        assert_eq!(wait(3, None, 0), Some(Duration::ZERO));
    }

    proptest! {
        #[test]
        fn a_wait_is_never_longer_than_its_rung(tries in 0usize..8, random: u64) {
            prop_assert!(wait(tries, None, random).is_some_and(|w| w <= LADDER[tries]));
        }

        #[test]
        fn a_wait_is_never_shorter_than_asked(tries in 0usize..8, asked in 0u64..3600, random: u64) {
            let asked = Duration::from_secs(asked);
            prop_assert!(wait(tries, Some(asked), random).is_some_and(|w| w >= asked));
        }
    }
}
