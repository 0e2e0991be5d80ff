//! Lengths of time and instants, as people type them.

use std::time::Duration;

use greenroom_core::stage_file::parse_duration;
use jiff::Timestamp;

/// `30s`, `15m`, `1h30m` as in stage files, and `200ms`.
pub fn length(text: &str) -> Result<Duration, String> {
    let millis = text
        .strip_suffix("ms")
        .and_then(|digits| digits.parse::<u64>().ok())
        .filter(|millis| *millis > 0);
    if let Some(millis) = millis {
        return Ok(Duration::from_millis(millis));
    }
    let length = parse_duration(text)
        .map_err(|error| format!("{error}; write it like `30s`, `15m` or `1h30m`"))?;
    Duration::try_from(length).map_err(|error| error.to_string())
}

/// An instant: `2h` from now, or RFC 3339.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Until {
    In(Duration),
    At(Timestamp),
}

impl Until {
    /// The instant meant, seen from `now`; an end of time beyond the calendar is its end.
    pub fn instant(self, now: Timestamp) -> Timestamp {
        match self {
            Self::In(length) => now.checked_add(length).unwrap_or(Timestamp::MAX),
            Self::At(instant) => instant,
        }
    }
}

/// Reads `2h` or `2026-03-01T18:00:00Z`.
pub fn until(text: &str) -> Result<Until, String> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(Until::At(instant));
    }
    length(text).map(Until::In).map_err(|_| {
        "this is neither a length of time (`2h`) nor an instant (`2026-03-01T18:00:00Z`)".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Until, length, until};

    #[test]
    fn lengths_are_read_as_in_stage_files_and_in_milliseconds() {
        assert_eq!(length("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(length("1h30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(length("200ms"), Ok(Duration::from_millis(200)));
        for wrong in ["", "5", "0s", "0ms", "-1s", "ms", "1y"] {
            assert!(length(wrong).is_err(), "{wrong} was taken");
        }
    }

    #[test]
    fn an_end_is_a_length_or_an_instant() {
        let now = jiff::Timestamp::UNIX_EPOCH;
        let two = until("2h").map(|until| until.instant(now).to_string());
        assert_eq!(two, Ok("1970-01-01T02:00:00Z".to_owned()));
        assert!(matches!(until("2026-03-01T18:00:00Z"), Ok(Until::At(_))));
        assert!(until("tomorrow").is_err());
    }
}
