//! What stands for a blank of a pattern.

use jiff::civil::{Date, Time, Weekday};
use jiff::{SignedDuration, Timestamp};

use crate::sample_repo::{Author, PEOPLE};

/// Names of the people, for errors.
pub fn people() -> String {
    let names: Vec<_> = PEOPLE.iter().map(|one| one.login).collect();
    names.join(", ")
}

/// Somebody by login.
pub fn person(name: &str) -> Option<Author> {
    PEOPLE.into_iter().find(|one| one.login == name)
}

const NUMBERS: [&str; 13] = [
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve",
];

/// `three days`, `an hour`, `90 minutes`.
pub fn length(count: &str, unit: &str) -> Option<SignedDuration> {
    let count = match count {
        "a" | "an" => 1,
        word => match NUMBERS.iter().position(|one| *one == word) {
            Some(n) => i64::try_from(n).ok()?,
            None => word.parse().ok()?,
        },
    };
    let minutes = match unit.strip_suffix('s').unwrap_or(unit) {
        "minute" => 1,
        "hour" => 60,
        "day" => 24 * 60,
        "week" => 7 * 24 * 60,
        _ => return None,
    };
    let minutes = count.checked_mul(minutes).filter(|all| *all > 0)?;
    Some(SignedDuration::from_mins(minutes))
}

/// The days a scenario may begin on: the week of Monday, 23 November 2026.
pub const DAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// `Monday` and `09:00`, in UTC.
pub fn beginning(day: &str, time: &str) -> Option<Timestamp> {
    let days = DAYS.iter().position(|one| *one == day)?;
    let monday = Date::constant(2026, 11, 23);
    debug_assert_eq!(monday.weekday(), Weekday::Monday, "the week begins with it");
    let date = monday
        .checked_add(jiff::Span::new().days(i64::try_from(days).ok()?))
        .ok()?;
    let (hours, minutes) = time.split_once(':')?;
    let time = Time::new(hours.parse().ok()?, minutes.parse().ok()?, 0, 0).ok()?;
    let zoned = date.to_datetime(time).to_zoned(jiff::tz::TimeZone::UTC);
    zoned.ok().map(|zoned| zoned.timestamp())
}

/// Whether git takes it as the name of a branch or tag, as far as scenarios go.
pub fn is_reference(word: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    !word.is_empty() && word.bytes().all(legal) && !word.starts_with(['-', '/', '.'])
}

/// Whether it can be a stage's name.
pub fn is_stage(word: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !word.is_empty() && word.bytes().all(legal)
}
