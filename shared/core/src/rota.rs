//! Who is on duty: people take turns, and each turn begins at a time of the clock on the wall, so
//! that nine o'clock stays nine o'clock when summer time begins or ends.

use std::str::FromStr;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::name::Actor;
use crate::schedule::wall;

/// People who take turns.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rota {
    /// In the order of their turns, over and over; never empty. Who is listed twice has two turns.
    pub people: Vec<Actor>,
    /// When the first of them begins, by the clock on the wall.
    pub from: DateTime,
    /// How long a turn is, by the same clock; at least [`EVERY_MIN`].
    pub every: SignedDuration,
    pub zone: TimeZone,
}

/// No turn is shorter.
pub const EVERY_MIN: SignedDuration = SignedDuration::from_hours(1);

/// A turn.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Turn {
    pub person: Actor,
    pub since: Timestamp,
    pub until: Timestamp,
}

impl Rota {
    /// Whose turn it is at `time`; nobody's before the first one begins.
    pub fn at(&self, time: Timestamp) -> Option<Turn> {
        let shown = wall::reached(&self.zone, time)?;
        let passed = shown.duration_since(self.from);
        if passed.is_negative() {
            return None;
        }
        self.turn(passed.as_secs() / self.every.as_secs().max(1))
    }

    /// The turn after the one at `time`; the first one before it begins.
    pub fn next(&self, time: Timestamp) -> Option<Turn> {
        match self.at(time) {
            // A turn that falls into a gap of the clock is nobody's.
            Some(turn) => self.at(turn.until),
            None => self.turn(0).filter(|first| first.since > time),
        }
    }

    fn turn(&self, number: i64) -> Option<Turn> {
        let count = i64::try_from(self.people.len()).ok()?;
        let place = usize::try_from(number.checked_rem(count)?).ok()?;
        Some(Turn {
            person: self.people.get(place)?.clone(),
            since: self.begin(number)?,
            until: self.begin(number.checked_add(1)?)?,
        })
    }

    /// When turn `number` begins; the first instant after the gap if the clock skips it.
    fn begin(&self, number: i64) -> Option<Timestamp> {
        let after = self.every.as_secs().checked_mul(number)?;
        let slot = self.from.checked_add(SignedDuration::from_secs(after));
        wall::instant(&self.zone, slot.ok()?)
    }
}

/// Reads a day and a time of the clock on the wall, `2026-01-05T09:00`; `None` for anything else, an
/// instant with an offset among it.
pub fn wall_time(text: &str) -> Option<DateTime> {
    let shape = "0000-00-00T00:00";
    let is_like = |(c, of): (char, char)| match of {
        '0' => c.is_ascii_digit(),
        other => c == other,
    };
    let is_shaped = text.len() == shape.len() && text.chars().zip(shape.chars()).all(is_like);
    is_shaped.then(|| DateTime::from_str(text).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::schedule::zone;

    fn rota(from: &str, hours: i64, name: &str, people: usize) -> Rota {
        let names = ["alice", "bob", "carol"];
        Rota {
            people: names[..people].iter().map(|one| Actor::new(*one)).collect(),
            from: wall_time(from).unwrap(),
            every: SignedDuration::from_hours(hours),
            zone: zone(name).unwrap(),
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn turns_change_at_the_same_time_of_day_in_summer_and_winter() {
        let rota = rota("2026-01-05T09:00", 7 * 24, "Europe/Rome", 2);
        // Summer time begins on 29 March, during a turn.
        let turn = rota.at(at("2026-03-24T00:00:00Z")).unwrap();
        assert_eq!(turn.person, Actor::new("bob"));
        assert_eq!(turn.since, at("2026-03-23T08:00:00Z"));
        assert_eq!(turn.until, at("2026-03-30T07:00:00Z"));
        let before = rota.at(at("2026-03-30T06:59:59Z")).unwrap();
        assert_eq!(before, turn);
        let next = rota.next(at("2026-03-24T00:00:00Z")).unwrap();
        assert_eq!(next.person, Actor::new("alice"));
        assert_eq!(rota.at(at("2026-03-30T07:00:00Z")), Some(next));
        // It ends on 25 October.
        let turn = rota.at(at("2026-10-26T07:59:59Z")).unwrap();
        assert_eq!(turn.until, at("2026-10-26T08:00:00Z"));
    }

    #[test]
    fn nobody_is_on_duty_before_the_first_turn() {
        let rota = rota("2026-01-05T09:00", 24, "Europe/Rome", 3);
        let early = at("2026-01-05T07:59:59Z");
        assert_eq!(rota.at(early), None);
        let first = rota.next(early).unwrap();
        assert_eq!(
            (first.person.as_str(), first.since),
            ("alice", at("2026-01-05T08:00:00Z"))
        );
    }

    #[test]
    fn a_turn_that_the_clock_skips_is_nobodys() {
        // Samoa had no 30 December 2011.
        let rota = rota("2011-12-28T00:00", 24, "Pacific/Apia", 3);
        let before = rota.at(at("2011-12-30T09:00:00Z")).unwrap();
        assert_eq!(before.person, Actor::new("bob"));
        let after = rota.next(at("2011-12-30T09:00:00Z")).unwrap();
        assert_eq!(after.person, Actor::new("alice"));
        assert_eq!(after.since, before.until);
    }

    #[test]
    fn a_time_of_the_clock_is_a_day_and_minutes_and_nothing_else() {
        assert!(wall_time("2026-01-05T09:00").is_some());
        for wrong in [
            "2026-01-05",
            "2026-01-05T09:00Z",
            "2026-01-05T09:00+01:00",
            "2026-02-30T09:00",
            "2026-01-05 09:00",
            "2026-01-05T25:00",
            "",
        ] {
            assert_eq!(wall_time(wrong), None, "{wrong}");
        }
    }

    /// The oracle: turn by turn from the first, each beginning when a watch on the wall that is
    /// looked at every ten minutes has first shown its time.
    fn by_the_clock(rota: &Rota, time: Timestamp) -> Option<(usize, Timestamp)> {
        let look = SignedDuration::from_mins(10);
        let mut seen = rota.zone.to_timestamp(rota.from).unwrap();
        seen = seen.checked_sub(SignedDuration::from_hours(3)).unwrap();
        let (mut number, mut found) = (0, None);
        while seen <= time {
            let shown = rota.zone.to_datetime(seen);
            while shown >= slot(rota, number) {
                found = Some((number, seen));
                number += 1;
            }
            seen = seen.checked_add(look).unwrap();
        }
        found
    }

    fn slot(rota: &Rota, number: usize) -> DateTime {
        let hours = rota.every.as_hours() * i64::try_from(number).unwrap();
        rota.from
            .checked_add(SignedDuration::from_hours(hours))
            .unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn a_rota_is_what_somebody_with_a_calendar_and_a_clock_would_say(
            zone in prop::sample::select(vec![
                "UTC", "Europe/Rome", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu",
            ]),
            month in 1_u32..=12, day in 1_u32..=28, hour in 0_u32..24,
            hours in prop::sample::select(vec![1_i64, 8, 12, 24, 7 * 24]),
            people in 1_usize..=3,
            minutes in 0_i64..40 * 24 * 60,
        ) {
            let from = format!("2026-{month:02}-{day:02}T{hour:02}:00");
            let rota = rota(&from, hours, zone, people);
            // Ten minutes are the steps of the oracle.
            let first = rota.begin(0).unwrap();
            let time = first
                .checked_add(SignedDuration::from_mins(minutes / 10 * 10))
                .unwrap();
            let turn = rota.at(time).unwrap();
            let (number, since) = by_the_clock(&rota, time).unwrap();
            prop_assert_eq!(&turn.person, &rota.people[number % people]);
            prop_assert_eq!(turn.since, since);
            prop_assert!(turn.since <= time && time < turn.until);
            let next = rota.next(time).unwrap();
            prop_assert_eq!(next.since, turn.until);
            prop_assert_eq!(rota.at(turn.until), Some(next));
        }
    }
}
