//! Schedules against examples and against an oracle that looks at every minute.

use super::*;
use jiff::tz::TimeZone;

fn at(text: &str) -> Timestamp {
    text.parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn schedule(cron: &str, zone: &str) -> Schedule {
    Schedule::parse(cron, zone).unwrap_or_else(|error| panic!("{cron} {zone}: {error}"))
}

#[test]
fn a_slot_is_local_time() {
    let rome = schedule("0 6 * * 1-5", "Europe/Rome");
    // Friday; the next is Monday, after the change to summer time.
    assert_eq!(
        rome.next_after(at("2026-03-27T05:00:00Z")),
        Some(at("2026-03-30T04:00:00Z"))
    );
    assert_eq!(
        rome.last_until(at("2026-03-27T05:00:00Z")),
        Some(at("2026-03-27T05:00:00Z"))
    );
}

#[test]
fn a_slot_that_the_clock_skips_runs_at_the_first_instant_after_the_gap() {
    let rome = schedule("30 2 * * *", "Europe/Rome");
    assert_eq!(
        rome.next_after(at("2026-03-28T12:00:00Z")),
        Some(at("2026-03-29T01:00:00Z"))
    );
    assert_eq!(
        rome.next_after(at("2026-03-29T01:00:00Z")),
        Some(at("2026-03-30T00:30:00Z"))
    );
}

#[test]
fn slots_that_fall_into_one_gap_are_one_slot() {
    let rome = schedule("*/10 2 * * *", "Europe/Rome");
    assert_eq!(
        rome.next_after(at("2026-03-28T12:00:00Z")),
        Some(at("2026-03-29T01:00:00Z"))
    );
    assert_eq!(
        rome.next_after(at("2026-03-29T01:00:00Z")),
        Some(at("2026-03-30T00:00:00Z"))
    );
}

#[test]
fn an_hour_that_comes_twice_runs_once_the_first_time() {
    let rome = schedule("30 2 * * *", "Europe/Rome");
    let first = at("2026-10-25T00:30:00Z");
    assert_eq!(rome.next_after(at("2026-10-24T12:00:00Z")), Some(first));
    assert_eq!(rome.next_after(first), Some(at("2026-10-26T01:30:00Z")));
    assert_eq!(rome.last_until(at("2026-10-25T01:30:00Z")), Some(first));
}

#[test]
fn a_day_that_a_zone_left_out_is_a_gap_like_any_other() {
    // Samoa went from 29 to 31 December 2011.
    let apia = schedule("0 12 30 12 *", "Pacific/Apia");
    assert_eq!(
        apia.next_after(at("2011-12-01T00:00:00Z")),
        Some(at("2011-12-30T10:00:00Z"))
    );
}

#[test]
fn where_a_zones_table_ends_slots_are_as_anywhere() {
    // Two hours at once: to Eastern time and to summer, the last change before the rule of today.
    let winamac = schedule("0 3 * * *", "America/Indiana/Winamac");
    assert_eq!(
        winamac.next_after(at("2007-03-11T07:40:00Z")),
        Some(at("2007-03-11T08:00:00Z"))
    );
    // Greenland's winter began without a change of the clock.
    let nuuk = schedule("0 23 * * *", "America/Nuuk");
    assert_eq!(
        nuuk.next_after(at("2023-10-29T00:40:00Z")),
        Some(at("2023-10-29T01:00:00Z"))
    );
}

#[test]
fn seconds_are_allowed_as_a_sixth_field_in_front() {
    let often = schedule("*/15 * * * * *", "UTC");
    assert_eq!(
        often.next_after(at("2026-01-01T00:00:00Z")),
        Some(at("2026-01-01T00:00:15Z"))
    );
    assert_eq!(
        often.next_after(at("2026-01-01T00:00:14.5Z")),
        Some(at("2026-01-01T00:00:15Z"))
    );
}

#[test]
fn only_the_newest_missed_slot_is_due_and_the_others_are_counted() {
    let daily = schedule("0 6 * * *", "UTC");
    let epoch = at("2026-01-01T00:00:00Z");
    let due = daily.due(
        Some(at("2026-01-10T06:00:00Z")),
        epoch,
        at("2026-01-13T07:00:00Z"),
    );
    assert_eq!(
        due,
        Some(Due {
            slot: at("2026-01-13T06:00:00Z"),
            missed: 2
        })
    );
    let due = daily.due(
        Some(at("2026-01-13T06:00:00Z")),
        epoch,
        at("2026-01-14T05:59:59Z"),
    );
    assert_eq!(due, None);
}

#[test]
fn nothing_is_due_for_the_time_before_a_schedule_came_into_force() {
    let daily = schedule("0 6 * * *", "UTC");
    let due = |not_before: &str, now: &str| daily.due(None, at(not_before), at(now));
    assert_eq!(due("2026-01-10T06:00:01Z", "2026-01-11T05:00:00Z"), None);
    let on_time = due("2026-01-10T06:00:00Z", "2026-01-10T06:00:00Z");
    assert_eq!(
        on_time,
        Some(Due {
            slot: at("2026-01-10T06:00:00Z"),
            missed: 0
        })
    );
}

#[test]
fn years_of_outage_of_the_busiest_schedule_are_a_bounded_count() {
    let busy = schedule("* * * * * *", "Europe/Rome");
    let due = busy.due(
        Some(at("2016-01-01T00:00:00Z")),
        Timestamp::MIN,
        at("2026-01-01T00:00:00Z"),
    );
    assert_eq!(
        due,
        Some(Due {
            slot: at("2026-01-01T00:00:00Z"),
            missed: MISSED_MAX
        })
    );
}

#[test]
fn what_never_fires_or_cannot_be_read_is_refused() {
    let refused = |cron: &str, zone: &str| Schedule::parse(cron, zone).expect_err(cron);
    assert!(matches!(refused("0 0 30 2 *", "UTC"), ScheduleError::Never));
    assert!(matches!(
        refused("0 0 31 4,6,9,11 *", "UTC"),
        ScheduleError::Never
    ));
    assert!(matches!(
        refused("0 0 * *", "UTC"),
        ScheduleError::Fields(4)
    ));
    assert!(matches!(
        refused("0 0 * * * * 2030", "UTC"),
        ScheduleError::Fields(7)
    ));
    assert!(matches!(refused("@daily", "UTC"), ScheduleError::Fields(1)));
    assert!(matches!(
        refused("60 0 * * *", "UTC"),
        ScheduleError::Cron(_)
    ));
    assert!(matches!(
        refused("0 0 * * 🙂", "UTC"),
        ScheduleError::Cron(_)
    ));
    assert!(matches!(
        refused("0 0 * * *", "Europe/Roma"),
        ScheduleError::TimeZone(_)
    ));
    assert!(Schedule::parse("0 0 29 2 *", "UTC").is_ok());
    // Whatever the name of the zone was, what is said of it is one harmless line.
    let said = refused("0 0 * * *", "a\n\u{1b}[31m").to_string();
    assert_eq!(said, "`a\\n\\u{1b}[31m` is not a time zone");
}

#[test]
fn a_schedule_at_the_edge_of_time_ends_instead_of_panicking() {
    let daily = schedule("0 6 * * *", "Pacific/Apia");
    for edge in [Timestamp::MIN, Timestamp::MAX] {
        let _ = (
            daily.next_after(edge),
            daily.last_until(edge),
            daily.due(None, edge, edge),
        );
    }
    assert_eq!(daily.next_after(Timestamp::MAX), None);
    assert_eq!(daily.last_until(Timestamp::MIN), None);
}

/// Minutes, hours, days, months and weekdays of a cron expression, as sets of bits.
type Fields = [u64; 5];

/// Reads `*`, `*/n` and lists of numbers, which is all the oracle knows.
fn fields(cron: &str) -> Fields {
    let one = |text: &str| -> u64 {
        let step: Option<u32> = text
            .strip_prefix("*/")
            .map(|n| n.parse().expect("a number"));
        let listed = |value: u32| text.split(',').any(|one| one.parse() == Ok(value));
        (0..60_u32)
            .filter(|v| text == "*" || step.is_some_and(|n| v.is_multiple_of(n)) || listed(*v))
            .map(|value| 1_u64 << value)
            .sum()
    };
    let all: Vec<u64> = cron.split_whitespace().map(one).collect();
    all.try_into().expect("five fields")
}

/// Slots by looking at every local minute from `start` on: when does this minute, read off a
/// clock on the wall, first come; and if never, what is the first instant after it.
fn slots_by_the_minute(crons: &[Fields], zone: &TimeZone, start: i64, end: i64) -> Vec<Vec<i64>> {
    let mut slots = vec![Vec::new(); crons.len()];
    let offset = |now: i64| {
        let now = Timestamp::from_second(now).expect("in range");
        i64::from(zone.to_offset(now).seconds())
    };
    // The newest local minute that has come; minutes up to it have had their slot.
    let mut reached = (start + offset(start)) / 60;
    let mut day = (i64::MIN, 0, 0, 0);
    for now in (start + 60..=end).step_by(60) {
        let local = (now + offset(now)) / 60;
        let mut due = vec![false; crons.len()];
        while reached < local {
            reached += 1;
            if day.0 != reached / 1440 {
                let date = jiff::civil::date(1970, 1, 1)
                    .checked_add(jiff::Span::new().days(reached / 1440))
                    .expect("in range");
                let weekday = date.weekday().to_sunday_zero_offset();
                day = (reached / 1440, date.day(), date.month(), weekday);
            }
            let values = [
                reached % 60,
                reached / 60 % 24,
                i64::from(day.1),
                i64::from(day.2),
                i64::from(day.3),
            ];
            for (cron, due) in crons.iter().zip(&mut due) {
                *due |= cron
                    .iter()
                    .zip(values)
                    .all(|(set, value)| set >> value & 1 == 1);
            }
        }
        for (index, _) in due.iter().enumerate().filter(|(_, due)| **due) {
            slots[index].push(now);
        }
    }
    slots
}

const CRONS: [&str; 6] = [
    "30 2 * * *",
    "0 0 * * *",
    "*/20 1,2 * * *",
    "15 */6 1,31 * *",
    "59 23 * * 0,6",
    "5 */3 * * *",
];

fn agrees(zone_name: &str, start: &str, end: &str) {
    let zone = TimeZone::get(zone_name).expect("a zone");
    let (start, end) = (at(start), at(end));
    let all = slots_by_the_minute(
        &CRONS.map(fields),
        &zone,
        start.as_second(),
        end.as_second(),
    );
    for (cron, expected) in CRONS.iter().zip(all) {
        assert!(expected.len() > 12, "{cron} {zone_name}");
        let schedule = schedule(cron, zone_name);
        let mut time = start;
        for slot in expected
            .into_iter()
            .map(|second| Timestamp::from_second(second).expect("in range"))
        {
            assert_eq!(
                schedule.next_after(time),
                Some(slot),
                "{cron} {zone_name} after {time}"
            );
            let just_before = slot
                .checked_sub(SignedDuration::from_nanos(1))
                .expect("in range");
            assert_eq!(
                schedule.next_after(just_before),
                Some(slot),
                "{cron} {zone_name}"
            );
            assert_eq!(schedule.last_until(slot), Some(slot), "{cron} {zone_name}");
            if time > start {
                assert_eq!(
                    schedule.last_until(just_before),
                    Some(time),
                    "{cron} {zone_name}"
                );
            }
            time = slot;
        }
    }
}

macro_rules! two_years_agree_with_looking_at_every_minute {
    ($($name:ident: $zone:literal,)+) => { $(
        #[test]
        fn $name() {
            agrees($zone, "2025-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
        }
    )+ };
}

two_years_agree_with_looking_at_every_minute! {
    two_years_of_rome_agree_with_looking_at_every_minute: "Europe/Rome",
    two_years_of_new_york_agree_with_looking_at_every_minute: "America/New_York",
    two_years_of_lord_howe_agree_with_looking_at_every_minute: "Australia/Lord_Howe",
    two_years_of_kolkata_agree_with_looking_at_every_minute: "Asia/Kolkata",
    two_years_of_cairo_agree_with_looking_at_every_minute: "Africa/Cairo",
    two_years_of_havana_agree_with_looking_at_every_minute: "America/Havana",
    two_years_of_utc_agree_with_looking_at_every_minute: "UTC",
    two_years_of_apia_agree_with_looking_at_every_minute: "Pacific/Apia",
}

#[test]
fn the_year_in_which_samoa_skipped_a_day_agrees_with_looking_at_every_minute() {
    agrees(
        "Pacific/Apia",
        "2011-06-01T00:00:00Z",
        "2012-06-01T00:00:00Z",
    );
}
