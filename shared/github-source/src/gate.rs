//! GitHub's limits, remembered: while one lasts, no request leaves.

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// What is waited at least when GitHub does not say how long.
const LEAST: SignedDuration = SignedDuration::from_mins(1);
/// One wrong number of theirs must not keep us silent for a day; the primary limit is an hour.
const MOST: SignedDuration = SignedDuration::from_mins(61);

/// Closed until a time, for a reason.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    closed: Option<(Timestamp, &'static str)>,
    /// Secondary limits in a row without a word on how long.
    strikes: i32,
}

impl Gate {
    /// Nothing, or why nothing may leave now.
    pub(crate) fn pass(&self, now: Timestamp) -> Result<(), String> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match state.closed {
            Some((until, why)) if now < until => Err(words(until, why)),
            Some(_) => {
                state.closed = None;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// The hour's requests are used up until `reset`.
    pub(crate) fn used_up(&self, now: Timestamp, reset: Option<Timestamp>) -> String {
        let until = reset.unwrap_or_else(|| later(now, LEAST));
        self.close(now, until, "GitHub's rate limit is used up")
    }

    /// We were too fast. GitHub wants us to wait longer each time it has to say so again.
    pub(crate) fn too_fast(&self, now: Timestamp, asked: Option<SignedDuration>) -> String {
        let wait = asked.unwrap_or_else(|| {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let wait = LEAST.saturating_mul(1 << state.strikes.clamp(0, 5));
            state.strikes += 1;
            wait
        });
        self.close(now, later(now, wait), "GitHub asks us to slow down")
    }

    /// An ordinary answer came.
    pub(crate) fn fine(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.strikes = 0;
    }

    fn close(&self, now: Timestamp, until: Timestamp, why: &'static str) -> String {
        let until = until.min(later(now, MOST));
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // Of two limits the longer one counts.
        let (until, why) = match state.closed {
            Some(closed) if closed.0 > until => closed,
            _ => (until, why),
        };
        state.closed = Some((until, why));
        words(until, why)
    }
}

fn words(until: Timestamp, why: &str) -> String {
    // Whole seconds, rounded up: at the time named it is over.
    let second = until.as_second() + i64::from(until.subsec_nanosecond() > 0);
    let until = Timestamp::from_second(second).unwrap_or(until);
    format!("{why}; nothing is asked before {until}")
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.saturating_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap_or_default()
    }

    #[test]
    fn it_opens_at_the_time_named_and_not_before() {
        let gate = Gate::default();
        gate.too_fast(at(100), Some(SignedDuration::from_secs(7)));
        assert!(gate.pass(at(106)).is_err());
        assert_eq!(gate.pass(at(107)), Ok(()));
    }

    #[test]
    fn without_a_word_on_how_long_each_wait_is_longer() {
        let gate = Gate::default();
        gate.too_fast(at(0), None);
        assert!(gate.pass(at(59)).is_err() && gate.pass(at(60)).is_ok());
        gate.too_fast(at(60), None);
        assert!(gate.pass(at(179)).is_err() && gate.pass(at(180)).is_ok());
        gate.fine();
        gate.too_fast(at(180), None);
        assert!(gate.pass(at(240)).is_ok());
    }

    #[test]
    fn an_absurd_time_is_bounded() {
        let gate = Gate::default();
        let why = gate.used_up(at(0), Some(at(1_000_000)));
        assert!(why.ends_with("before 1970-01-01T01:01:00Z"), "{why}");
        assert!(gate.pass(at(61 * 60)).is_ok());
    }
}
