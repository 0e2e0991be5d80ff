//! Lengths of time as people write them: `30s`, `15m`, `24h`, `7d`, `1h30m`.

use jiff::SignedDuration;
use thiserror::Error;

/// Nothing in a stage file takes longer than a year.
pub const DURATION_MAX: SignedDuration = SignedDuration::from_hours(366 * 24);

const UNITS: [(char, i64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// Why a text is no length of time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum DurationError {
    #[error("a number without a unit is not a length of time")]
    NoUnit,
    #[error("this is not a length of time")]
    Malformed,
    #[error("the units must go from large to small, each once")]
    Order,
    #[error("a length of time must be more than nothing")]
    Zero,
    #[error("this is longer than a year")]
    TooLong,
}

/// Reads `1h30m`. A day is 24 hours.
///
/// # Errors
/// [`DurationError`] for anything else than whole numbers with the units `d`, `h`, `m`, `s`
/// from large to small, for zero, and for more than a year.
pub fn parse_duration(text: &str) -> Result<SignedDuration, DurationError> {
    let mut rest = text;
    let mut seconds: i64 = 0;
    let mut next_unit = 0;
    if rest.is_empty() {
        return Err(DurationError::Malformed);
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return Err(DurationError::Malformed);
        }
        let unit = rest[digits..].chars().next().ok_or(DurationError::NoUnit)?;
        let known = UNITS.iter().position(|(name, _)| *name == unit);
        let index = known.ok_or(DurationError::Malformed)?;
        if index < next_unit {
            return Err(DurationError::Order);
        }
        next_unit = index + 1;
        // Only digits, so what cannot be parsed is too large.
        let number: i64 = rest[..digits].parse().map_err(|_| DurationError::TooLong)?;
        seconds = number
            .checked_mul(UNITS[index].1)
            .and_then(|part| seconds.checked_add(part))
            .ok_or(DurationError::TooLong)?;
        rest = &rest[digits + unit.len_utf8()..];
    }
    let duration = SignedDuration::from_secs(seconds);
    if duration.is_zero() {
        Err(DurationError::Zero)
    } else if duration > DURATION_MAX {
        Err(DurationError::TooLong)
    } else {
        Ok(duration)
    }
}

/// The text [`parse_duration`] reads, in the largest units: 5400 s -> `1h30m`. Parts of a
/// second are dropped; nothing at all is `0s`.
pub fn format_duration(duration: SignedDuration) -> String {
    let mut rest = duration.as_secs().max(0);
    let mut out = String::new();
    for (unit, seconds) in UNITS {
        let count = rest / seconds;
        if count > 0 {
            out.push_str(&count.to_string());
            out.push(unit);
        }
        rest %= seconds;
    }
    if out.is_empty() { "0s".to_owned() } else { out }
}
