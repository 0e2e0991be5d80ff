//! The slots of schedules: every zone there is, two years of it, and every transition it ever had.

use std::collections::BTreeMap;

use greenroom_core::schedule::Schedule;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::random::cases;
use crate::walker::{DAY, Minutes, Piece, pieces, timestamp};

/// At least so many zones are in the database.
const ZONES_MIN: usize = 590;
/// 2025 and 2026.
const YEARS: (i64, i64) = (1_735_689_600, 1_798_761_600);
/// The walk begins so much earlier, to have seen what the clock showed before.
const BEFORE: i64 = 60 * DAY;

const CRONS: [&str; 8] = [
    "0 0 * * *",
    "30 1 * * *",
    "0 2,3 * * *",
    "59 23 * * *",
    "15 2 * * 0",
    "0 0 1 * *",
    "30 23 L * *",
    "10 2 1-7 3,4,10,11 *",
];
const HALF_HOURS: &str = "*/30 * * * *";
const TWENTY_MINUTES: &str = "*/20 * * * *";
/// From before there was any zone to where the database ends.
const HISTORY: (i64, i64) = (-5_000_000_000, 2_145_916_800);

fn zones() -> BTreeMap<String, TimeZone> {
    let all: BTreeMap<String, TimeZone> = jiff::tz::db()
        .available()
        .map(|name| {
            let name = name.to_string();
            let zone = TimeZone::get(&name).expect("a zone that is listed");
            (name, zone)
        })
        .collect();
    assert!(all.len() >= ZONES_MIN, "{} zones", all.len());
    all
}

/// Two years: those of today, or where nothing changes then, those around the last change.
fn years(zone: &TimeZone) -> (i64, i64) {
    let (from, until) = YEARS;
    let last = zone.preceding(timestamp(until)).next();
    match last.map(|it| it.timestamp().as_second()) {
        Some(last) if last < from => (last - 365 * DAY, last + 365 * DAY),
        _ => YEARS,
    }
}

/// The zones by their clocks between two instants of each: zones that show the same all the time
/// are one clock.
fn clocks() -> BTreeMap<Vec<Piece>, String> {
    let mut clocks = BTreeMap::new();
    for (name, zone) in zones() {
        let (from, until) = years(&zone);
        clocks.insert(pieces(&zone, from - BEFORE, until), name);
    }
    clocks
}

fn schedule(cron: &str, zone: &str) -> Schedule {
    Schedule::parse(cron, zone).expect("a schedule")
}

/// The slots of a clock after `from` and before `until`.
fn expected(clock: &[Piece], cron: &str, from: i64, until: i64) -> Vec<i64> {
    let mut slots = Minutes::read(cron).slots(clock);
    slots.retain(|slot| from < *slot && *slot < until);
    slots
}

/// The first difference between `next`, which says what comes after an instant, and the slots
/// expected after `from`.
fn after(
    next: impl Fn(Timestamp) -> Option<Timestamp>,
    expected: &[i64],
    from: i64,
) -> Option<String> {
    let mut time = timestamp(from);
    for slot in expected.iter().map(|second| timestamp(*second)) {
        let got = next(time);
        if got != Some(slot) {
            return Some(format!("after {time} comes {slot}, not {got:?}"));
        }
        time = slot;
    }
    None
}

/// The same the other way round: at a slot it is the last one, and just before it the one before.
fn until(schedule: &Schedule, expected: &[i64]) -> Option<String> {
    let mut before = None;
    for slot in expected.iter().map(|second| timestamp(*second)) {
        let just_before = slot.checked_sub(SignedDuration::from_nanos(1)).ok()?;
        let last = schedule.last_until(just_before);
        if before.is_some() && last != before {
            return Some(format!("before {slot} came {before:?}, not {last:?}"));
        }
        let last = schedule.last_until(slot);
        if last != Some(slot) {
            return Some(format!("at {slot} is {slot}, not {last:?}"));
        }
        before = Some(slot);
    }
    None
}

fn agree(zone: &str, cron: &str, clock: &[Piece], from: i64, until: i64) {
    let schedule = schedule(cron, zone);
    let expected = expected(clock, cron, from, until);
    if let Some(difference) = after(|time| schedule.next_after(time), &expected, from) {
        panic!("{cron} in {zone}: {difference}");
    }
}

#[test]
fn two_years_of_a_daily_slot_in_every_zone_are_what_the_clock_shows() {
    for (name, zone) in zones() {
        let (from, until) = years(&zone);
        let clock = pieces(&zone, from - BEFORE, until);
        agree(&name, "30 2 * * *", &clock, from, until);
    }
}

#[test]
fn two_years_of_every_clock_are_the_same_for_other_days_and_hours() {
    for (clock, zone) in clocks() {
        let (from, until) = window(&clock);
        for cron in CRONS {
            agree(&zone, cron, &clock, from, until);
        }
    }
}

/// The two years a clock is about.
fn window(clock: &[Piece]) -> (i64, i64) {
    let first = clock.first().expect("a piece").from;
    (first + BEFORE, clock.last().expect("a piece").until)
}

/// Every half hour of the days around a change, and of one other day in eight; of all of them
/// with more cases.
#[test]
fn two_years_of_half_hours_of_every_clock_are_what_it_shows() {
    let share = usize::try_from(8 / cases(1).min(8)).expect("small");
    for (number, (clock, zone)) in clocks().into_iter().enumerate() {
        let (from, until) = window(&clock);
        let schedule = schedule(HALF_HOURS, &zone);
        let slots = expected(&clock, HALF_HOURS, from, until);
        let changes: Vec<i64> = clock.iter().map(|piece| piece.from).collect();
        for (day, slots) in slots
            .chunk_by(|one, other| one / DAY == other / DAY)
            .enumerate()
        {
            let first = slots[0];
            let is_near = changes.iter().any(|at| (first - at).abs() < 3 * DAY);
            if !is_near && (day + number) % share != 0 {
                continue;
            }
            let next = |time| schedule.next_after(time);
            if let Some(difference) = after(next, slots, first - 1) {
                panic!("{HALF_HOURS} in {zone}: {difference}");
            }
        }
    }
}

/// All that ever happened to a clock, until the end of 2037, seen every twenty minutes, both ways.
#[test]
fn every_change_of_every_clock_there_ever_was_is_seen() {
    let mut histories = BTreeMap::new();
    for (name, zone) in zones() {
        histories.insert(pieces(&zone, HISTORY.0, HISTORY.1), name);
    }
    let mut changes = 0;
    for (history, zone) in histories {
        let schedule = schedule(TWENTY_MINUTES, &zone);
        for pair in history.windows(2) {
            let at = pair[1].from;
            let jump = (pair[1].offset - pair[0].offset).abs();
            let (from, end) = (at - 3600, at + jump + 3600);
            let clock = clip(&history, from - 3 * DAY, end);
            let slots = expected(&clock, TWENTY_MINUTES, from, end);
            let next = |time| schedule.next_after(time);
            let difference = after(next, &slots, from).or_else(|| until(&schedule, &slots));
            if let Some(difference) = difference {
                panic!("{TWENTY_MINUTES} in {zone}: {difference}");
            }
            changes += 1;
        }
    }
    assert!(changes > 10_000, "{changes} changes");
}

fn clip(history: &[Piece], from: i64, until: i64) -> Vec<Piece> {
    let parts = history.iter().map(|piece| Piece {
        from: piece.from.max(from),
        until: piece.until.min(until),
        ..*piece
    });
    parts.filter(|piece| piece.from < piece.until).collect()
}

/// Clocks that do what others do not: half an hour of summer, a day that is left out, a winter
/// that is ahead of summer, two hours of summer, a summer that pauses.
#[test]
fn odd_clocks_are_what_they_show_whatever_the_schedule() {
    let odd = [
        ("Australia/Lord_Howe", YEARS),
        ("Pacific/Apia", (1_293_840_000, 1_356_998_400)),
        ("Pacific/Kwajalein", (725_846_400, 788_918_400)),
        ("Africa/Casablanca", YEARS),
        ("Antarctica/Troll", YEARS),
        ("Europe/Dublin", YEARS),
        ("Africa/Juba", (1_577_836_800, 1_640_995_200)),
        ("Asia/Pyongyang", (1_420_070_400, 1_546_300_800)),
        ("America/Caracas", (1_420_070_400, 1_483_228_800)),
        ("Africa/Monrovia", (31_536_000, 94_694_400)),
    ];
    for (name, (from, until)) in odd {
        let zone = TimeZone::get(name).expect("a zone");
        let clock = pieces(&zone, from - BEFORE, until);
        for cron in CRONS.iter().chain(&["7 * * * *"]) {
            agree(name, cron, &clock, from, until);
        }
    }
}

#[test]
fn a_slot_that_is_skipped_doubled_or_late_is_noticed() {
    let zone = TimeZone::get("Europe/Rome").expect("a zone");
    let clock = pieces(&zone, YEARS.0 - BEFORE, YEARS.1);
    let (from, end) = YEARS;
    let cron = "30 2 * * *";
    let rome = schedule(cron, "Europe/Rome");
    let slots = expected(&clock, cron, from, end);
    let next = |time| rome.next_after(time);
    assert_eq!(after(next, &slots, from), None);
    // In the gap of spring it is left out, as other schedulers do.
    let spring = timestamp(1_774_746_000);
    let skips = |time| {
        next(time).and_then(|slot| {
            if slot == spring {
                next(slot)
            } else {
                Some(slot)
            }
        })
    };
    assert!(after(skips, &slots, from).is_some(), "left out");
    // In the hour that autumn repeats it runs a second time.
    let autumn = timestamp(1_792_888_200);
    let hour = SignedDuration::from_hours(1);
    let twice = |time| {
        if time == autumn {
            autumn.checked_add(hour).ok()
        } else {
            next(time)
        }
    };
    assert!(after(twice, &slots, from).is_some(), "twice");
    // Standard time all year.
    let standard = schedule("30 2 * * *", "Etc/GMT-1");
    assert!(
        after(|time| standard.next_after(time), &slots, from).is_some(),
        "no summer"
    );
}
