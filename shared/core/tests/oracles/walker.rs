//! The calendar the simple way: a clock on the wall that is read from one change of its offset to
//! the next, and a schedule that is a set of minutes.
//!
//! A slot runs at the first instant at which the clock on the wall has reached it. So what the
//! clock jumps over runs at the jump, and what it shows twice runs the first time.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::TimeZone;

pub const DAY: i64 = 86_400;

/// From when until when, in seconds of UTC, the clock is so many seconds ahead of UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Piece {
    pub from: i64,
    pub until: i64,
    pub offset: i64,
}

pub fn timestamp(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("in range")
}

/// The pieces of a zone, without gaps.
///
/// # Panics
/// When the zone has an offset between two of its transitions that neither of them tells.
pub fn pieces(zone: &TimeZone, from: i64, until: i64) -> Vec<Piece> {
    let offset = |second: i64| i64::from(zone.to_offset(timestamp(second)).seconds());
    let mut cuts = vec![from];
    for transition in zone.following(timestamp(from)) {
        let at = transition.timestamp().as_second();
        if at >= until {
            break;
        }
        cuts.push(at);
    }
    cuts.push(until);
    let piece = |cut: &[i64]| Piece {
        from: cut[0],
        until: cut[1],
        offset: offset(cut[0]),
    };
    let pieces: Vec<Piece> = cuts.windows(2).map(piece).collect();
    for piece in &pieces {
        let step = ((piece.until - piece.from) / 64).max(DAY / 2);
        let probes = (piece.from..piece.until).step_by(usize::try_from(step).expect("forwards"));
        for second in probes.chain([piece.until - 1]) {
            assert_eq!(offset(second), piece.offset, "{zone:?} at {second}");
        }
    }
    pieces
}

/// Minutes, hours, days of the month, months and days of the week, Sunday being 0.
#[derive(Clone, Debug)]
pub struct Minutes {
    /// Of a day.
    minutes: Vec<i64>,
    days: BTreeSet<i8>,
    last_day: bool,
    months: BTreeSet<i8>,
    weekdays: BTreeSet<i8>,
}

impl Minutes {
    /// Reads `*`, `*/n`, `a-b`, lists, and `L` for the last day of a month.
    pub fn read(cron: &str) -> Self {
        let fields: Vec<&str> = cron.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields[..] else {
            panic!("{cron} has five fields");
        };
        let hours = set(hour, 0, 23);
        let of_hour = set(minute, 0, 59);
        let minutes = hours.iter().flat_map(|hour| {
            of_hour
                .iter()
                .map(move |minute| i64::from(*hour) * 60 + i64::from(*minute))
        });
        Self {
            minutes: minutes.collect(),
            days: if day == "L" {
                BTreeSet::new()
            } else {
                set(day, 1, 31)
            },
            last_day: day == "L",
            months: set(month, 1, 12),
            weekdays: set(weekday, 0, 6),
        }
    }

    fn has_day(&self, day: i64) -> bool {
        let date = date(1970, 1, 1)
            .checked_add(jiff::Span::new().days(day))
            .expect("in range");
        let is_last = date == date.last_of_month();
        let weekday = date.weekday().to_sunday_zero_offset();
        self.months.contains(&date.month())
            && self.weekdays.contains(&weekday)
            && (self.days.contains(&date.day()) || self.last_day && is_last)
    }

    /// Every local second at which a slot begins, from `from` until just before `until`.
    fn between(&self, from: i64, until: i64) -> Vec<i64> {
        let mut all = Vec::new();
        for day in from.div_euclid(DAY)..=until.div_euclid(DAY) {
            if self.has_day(day) {
                let slots = self.minutes.iter().map(|minute| day * DAY + minute * 60);
                all.extend(slots.filter(|slot| (from..until).contains(slot)));
            }
        }
        all
    }

    /// The slots of a clock, in seconds of UTC.
    pub fn slots(&self, pieces: &[Piece]) -> Vec<i64> {
        let mut slots = Vec::new();
        let mut reached = pieces[0].from + pieces[0].offset;
        for piece in pieces {
            let (start, end) = (piece.from + piece.offset, piece.until + piece.offset);
            // Jumped over; however many there are, they run at once, once.
            if !self.between(reached, start).is_empty() && slots.last() != Some(&piece.from) {
                slots.push(piece.from);
            }
            for slot in self.between(start.max(reached), end) {
                let at = slot - piece.offset;
                if slots.last() != Some(&at) {
                    slots.push(at);
                }
            }
            reached = reached.max(end);
        }
        slots
    }
}

fn set(field: &str, low: i8, high: i8) -> BTreeSet<i8> {
    let number = |text: &str| text.parse::<i8>().unwrap_or_else(|_| panic!("{text}"));
    let mut set = BTreeSet::new();
    for part in field.split(',') {
        let (range, step) = part.split_once('/').unwrap_or((part, "1"));
        let (first, last) = match range.split_once('-') {
            Some((first, last)) => (number(first), number(last)),
            None if range == "*" => (low, high),
            None => (number(range), number(range)),
        };
        let step = usize::try_from(number(step)).expect("more than nothing");
        set.extend((first..=last).step_by(step));
    }
    set
}
