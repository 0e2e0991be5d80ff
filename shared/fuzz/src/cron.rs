//! Schedules: whatever is accepted goes forward, and back the same way.
//!
//! An input is an expression, a time zone and an instant, a line each. A zone or instant that is
//! none is refused, and then one is made of its bytes so that the expression is tried anyhow.

use greenroom_core::schedule::{Schedule, ScheduleError, zone};
use jiff::{SignedDuration, Timestamp};

use crate::number_of;

/// Some that are odd: half hours, a day left out, a midnight that does not exist, an offset of
/// minutes and seconds in the past, a jump of half an hour.
const ZONES: &[&str] = &[
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "America/Sao_Paulo",
    "Africa/Monrovia",
    "Asia/Kathmandu",
    "Africa/Casablanca",
    "America/Scoresbysund",
];

/// # Panics
/// When a promise is broken.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let mut lines = text.splitn(3, '\n');
    let expression = lines.next().unwrap_or_default();
    let wanted = lines.next().unwrap_or_default();
    let instant = lines.next().unwrap_or_default().trim_end();
    let known = zone(wanted).is_ok();
    match Schedule::parse(expression, wanted) {
        Ok(_) => assert!(known, "a schedule in the zone {wanted:?}"),
        Err(error) => refused(&error),
    }
    let choice = usize::try_from(number_of(wanted.as_bytes())).unwrap_or(0) % ZONES.len();
    let zone = if known { wanted } else { ZONES[choice] };
    if let Ok(schedule) = Schedule::parse(expression, zone) {
        walk(&schedule, at(instant));
    }
}

/// Every refusal is one sentence that can be shown.
fn refused(error: &ScheduleError) {
    let said = error.to_string();
    assert!(!said.is_empty() && said.len() < 1_000, "{said:?}");
    assert!(!said.chars().any(char::is_control), "{said:?}");
}

/// The instant that is written, or one made of what is written there.
fn at(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|_| {
        let (least, most) = (Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
        let span = most.abs_diff(least);
        let offset = number_of(text.as_bytes()) % span;
        Timestamp::from_second(least.saturating_add_unsigned(offset)).unwrap_or(Timestamp::MIN)
    })
}

fn walk(schedule: &Schedule, from: Timestamp) {
    let slots: Vec<Timestamp> =
        std::iter::successors(schedule.next_after(from), |slot| schedule.next_after(*slot))
            .take(6)
            .collect();
    let mut before = from;
    for slot in &slots {
        assert!(*slot > before, "the slot after {before} is {slot}");
        assert_eq!(slot.subsec_nanosecond(), 0, "{slot}");
        let last = schedule.last_until(*slot);
        assert_eq!(last, Some(*slot), "the last slot until {slot}");
        if let Ok(just_before) = slot.checked_sub(SignedDuration::from_nanos(1)) {
            let last = schedule.last_until(just_before);
            assert!(
                last.is_none_or(|last| last <= before),
                "{last:?} lies between {before} and {slot}"
            );
            assert_eq!(schedule.next_after(just_before), Some(*slot));
        }
        before = *slot;
    }
    if let Some(last) = schedule.last_until(from) {
        assert!(last <= from, "the last slot until {from} is {last}");
        let next = schedule.next_after(last);
        assert!(
            next.is_none_or(|next| next > from),
            "{next:?} lies between {last} and {from}"
        );
    }
    // All but the newest of those that came due meanwhile were missed.
    if let (Some(now), Some(older)) = (slots.last(), slots.len().checked_sub(1)) {
        let due = schedule.due(None, slots[0], *now);
        let due = due.map(|due| (due.slot, due.missed));
        assert_eq!(due, Some((*now, u32::try_from(older).unwrap_or(u32::MAX))));
        assert_eq!(schedule.due(Some(*now), from, *now), None);
    }
}
