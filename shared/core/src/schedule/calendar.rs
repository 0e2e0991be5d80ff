//! The nearest local time that a cron pattern names. Local times only: no zones, no instants.

use croner::CronPattern;
use croner::errors::CronError;
use jiff::ToSpan;
use jiff::civil::{Date, DateTime};

/// Nothing that a pattern can name is further away: a 29 February on a given weekday comes
/// at least every 40 years.
const YEARS_MAX: i16 = 50;

/// Which way to look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    Forward,
    Backward,
}

/// The nearest time at or beyond `from` (a whole second) that `pattern` names.
pub fn nearest(pattern: &CronPattern, from: DateTime, direction: Direction) -> Option<DateTime> {
    // An error would be a field outside its range, and civil times have none.
    search(pattern, from, direction).ok().flatten()
}

fn search(
    pattern: &CronPattern,
    from: DateTime,
    direction: Direction,
) -> Result<Option<DateTime>, CronError> {
    let mut date = from.date();
    if day_matches(pattern, date)?
        && let Some(found) = within_day(pattern, from, direction)?
    {
        return Ok(Some(found));
    }
    let (last_hour, last_sixtieth) = match direction {
        Direction::Forward => (0, 0),
        Direction::Backward => (23, 59),
    };
    loop {
        let Some(next) = step(pattern, date, direction)? else {
            return Ok(None);
        };
        date = next;
        if (date.year() - from.year()).abs() > YEARS_MAX {
            return Ok(None);
        }
        if day_matches(pattern, date)? {
            let edge = date.at(last_hour, last_sixtieth, last_sixtieth, 0);
            return within_day(pattern, edge, direction);
        }
    }
}

/// The next date to look at; months that the pattern leaves out are skipped whole.
fn step(
    pattern: &CronPattern,
    date: Date,
    direction: Direction,
) -> Result<Option<Date>, CronError> {
    let skip = !pattern.month_match(number(date.month()))?;
    Ok(match (direction, skip) {
        (Direction::Forward, true) => date.last_of_month().tomorrow().ok(),
        (Direction::Forward, false) => date.tomorrow().ok(),
        (Direction::Backward, true) => date.first_of_month().checked_sub(1.day()).ok(),
        (Direction::Backward, false) => date.yesterday().ok(),
    })
}

fn day_matches(pattern: &CronPattern, date: Date) -> Result<bool, CronError> {
    let (year, month, day) = (
        i32::from(date.year()),
        number(date.month()),
        number(date.day()),
    );
    Ok(pattern.month_match(month)?
        && pattern.year_match(year)?
        && pattern.day_match(year, month, day, weekday(date))?)
}

/// The nearest time on the day of `from`.
fn within_day(
    pattern: &CronPattern,
    from: DateTime,
    direction: Direction,
) -> Result<Option<DateTime>, CronError> {
    let hour = |value: i8| pattern.hour_match(number(value));
    let minute = |value: i8| pattern.minute_match(number(value));
    let second = |value: i8| pattern.second_match(number(value));
    let forward = direction == Direction::Forward;
    let start = |max: i8| if forward { 0 } else { max };

    let mut at_hour = Some(from.hour());
    // Whether the time is still bounded by the minute and second of `from`.
    let mut bound = true;
    while let Some(h) = at_hour {
        if hour(h)? {
            let mut at_minute = Some(if bound { from.minute() } else { start(59) });
            while let Some(m) = at_minute {
                let same = bound && m == from.minute();
                let from_second = if same { from.second() } else { start(59) };
                if minute(m)?
                    && let Some(s) = first(from_second, 59, forward, &second)?
                {
                    return Ok(Some(from.date().at(h, m, s, 0)));
                }
                at_minute = beside(m, 59, forward);
            }
        }
        bound = false;
        at_hour = beside(h, 23, forward);
    }
    Ok(None)
}

fn first(
    from: i8,
    max: i8,
    forward: bool,
    matches: &impl Fn(i8) -> Result<bool, CronError>,
) -> Result<Option<i8>, CronError> {
    let mut at = Some(from);
    while let Some(value) = at {
        if matches(value)? {
            return Ok(Some(value));
        }
        at = beside(value, max, forward);
    }
    Ok(None)
}

fn beside(value: i8, max: i8, forward: bool) -> Option<i8> {
    match forward {
        true => (value < max).then_some(value + 1),
        false => (value > 0).then_some(value - 1),
    }
}

/// jiff's fields are never negative.
fn number(field: i8) -> u32 {
    u32::from(field.unsigned_abs())
}

fn weekday(date: Date) -> croner::Weekday {
    use croner::Weekday as Day;
    match date.weekday() {
        jiff::civil::Weekday::Monday => Day::Monday,
        jiff::civil::Weekday::Tuesday => Day::Tuesday,
        jiff::civil::Weekday::Wednesday => Day::Wednesday,
        jiff::civil::Weekday::Thursday => Day::Thursday,
        jiff::civil::Weekday::Friday => Day::Friday,
        jiff::civil::Weekday::Saturday => Day::Saturday,
        jiff::civil::Weekday::Sunday => Day::Sunday,
    }
}
