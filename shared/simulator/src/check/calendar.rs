//! F: each slot once. What a schedule means is worked out anew here, minute by minute.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_core::name::ConfigHash;
use greenroom_core::policy::Policy;
use greenroom_core::stage_file::StageFile;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{Found, Replaced};
use crate::truth::Truth;

/// Further than this no newer slot is looked for.
const DAYS: SignedDuration = SignedDuration::from_hours(48);
const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const SECOND: SignedDuration = SignedDuration::from_secs(1);
/// By so much clocks are put back.
const FOLDS: [SignedDuration; 3] = [
    SignedDuration::from_mins(30),
    SignedDuration::from_mins(60),
    SignedDuration::from_mins(120),
];

/// A cron expression of numbers, stars and steps in a zone.
struct Plain {
    /// Minute, hour, day, month, weekday.
    fields: Vec<String>,
    zone: TimeZone,
}

impl Plain {
    fn read(schedule: &str) -> Option<Self> {
        let (cron, zone) = schedule.rsplit_once(' ')?;
        let mut fields: Vec<String> = cron.split_whitespace().map(str::to_owned).collect();
        if fields.len() == 6 {
            // Seconds stand first.
            fields.remove(0);
        }
        let zone = TimeZone::get(zone).ok()?;
        (fields.len() == 5).then_some(Self { fields, zone })
    }

    fn shows(&self, at: Timestamp) -> DateTime {
        self.zone.to_datetime(at)
    }

    /// Whether a local minute is a slot.
    fn names(&self, local: DateTime) -> bool {
        let values = [
            i64::from(local.minute()),
            i64::from(local.hour()),
            i64::from(local.day()),
            i64::from(local.month()),
            i64::from(local.date().weekday().to_sunday_zero_offset()),
        ];
        self.fields
            .iter()
            .zip(values)
            .all(|(field, value)| fits(field, value))
    }

    /// Whether the clock has shown this before: it was put back since.
    fn shown_before(&self, at: Timestamp) -> bool {
        FOLDS.iter().any(|back| {
            at.checked_sub(*back)
                .is_ok_and(|earlier| self.shows(earlier) >= self.shows(at))
        })
    }

    /// Whether `at` is a slot: a minute that is named, or the first instant after some that were
    /// passed over.
    fn has(&self, at: Timestamp) -> bool {
        if self.names(self.shows(at)) {
            return true;
        }
        let Some(mut local) = at.checked_sub(SECOND).ok().map(|before| self.shows(before)) else {
            return false;
        };
        let end = self.shows(at);
        while local < end {
            if self.names(local) {
                return true;
            }
            match local.checked_add(MINUTE) {
                Ok(next) => local = next,
                Err(_) => return false,
            }
        }
        false
    }

    /// A minute of its between two instants that the clock shows for the first time.
    fn between(&self, after: Timestamp, until: Timestamp) -> Option<Timestamp> {
        let mut at = after.checked_add(MINUTE).ok()?;
        let end = after.checked_add(DAYS).ok()?.min(until);
        while at <= end {
            if self.names(self.shows(at)) && !self.shown_before(at) {
                return Some(at);
            }
            at = at.checked_add(MINUTE).ok()?;
        }
        None
    }
}

/// `*`, `7`, `*/15`, `1-5`
fn fits(field: &str, value: i64) -> bool {
    if let Some(step) = field.strip_prefix("*/") {
        return step
            .parse()
            .is_ok_and(|step: i64| step > 0 && value % step == 0);
    }
    if let Some((from, to)) = field.split_once('-') {
        let (from, to): (Option<i64>, Option<i64>) = (from.parse().ok(), to.parse().ok());
        return from.is_some_and(|from| from <= value) && to.is_some_and(|to| value <= to);
    }
    field == "*" || field.parse() == Ok(value)
}

pub fn replaced(
    truth: &Truth,
    replaced: &Replaced<'_>,
    files: &BTreeMap<ConfigHash, Arc<StageFile>>,
    in_force: &[ConfigHash],
    green: Option<Timestamp>,
    found: &mut Found,
) {
    let after = replaced.after;
    let state = &after.refresh;
    // A stage may follow its schedule from the commit on that makes it.
    let old = replaced.before.map(|before| &before.refresh);
    let decided = old.and_then(|old| old.decided);
    let Some(slot) = state.decided.filter(|_| state.decided != decided) else {
        let early = state.skipped.as_ref().and_then(|skip| skip.slot);
        let known = old.and_then(|old| old.skipped.as_ref());
        if state.skipped.as_ref() != known && early > state.decided {
            let what = format!(
                "{} passes over {early:?} and does not say that it is spent",
                after.id
            );
            found.broken(truth, "F1", what);
        }
        return;
    };
    if slot < state.enabled_at {
        let what = format!(
            "{} decides {slot}, which is older than its schedule",
            after.id
        );
        found.broken(truth, "F1", what);
    }
    if let Some(plain) = state.schedule.as_deref().and_then(Plain::read) {
        if !plain.has(slot) || plain.shown_before(slot) {
            let what = format!(
                "{} decides {slot}, which {:?} does not name",
                after.id, state.schedule
            );
            found.broken(truth, "F1", what);
        }
        let clocks = truth.setup.clock_error.saturating_mul(2);
        // Who was frozen with the decision in hand could not know better.
        let decided = replaced.commit.glance.map_or(truth.now, |glance| glance.at);
        let sure = decided.checked_sub(clocks).unwrap_or(slot);
        if let Some(newer) = plain.between(slot, sure) {
            let what = format!("{} decides {slot} although {newer} is past", after.id);
            found.broken(truth, "F2", what);
        }
    }
    let wished = state
        .wish
        .as_ref()
        .is_some_and(|wish| wish.slot == Some(slot));
    let soaks = |hash: &ConfigHash| {
        let file = files.get(hash)?;
        let policy = Policy::of(file, &after.spec.rule, truth.setup.clock_error)?;
        Some(policy.longest_downstream_soak())
    };
    // Which stage file was read is not known when another has just come into force.
    let soak = in_force
        .iter()
        .rev()
        .take(2)
        .filter_map(soaks)
        .min()
        .unwrap_or_default();
    if let Some(since) = green.filter(|_| wished)
        && truth.now.duration_since(since) < soak
    {
        let what = format!(
            "{} is refreshed at {slot} in the middle of a soak",
            after.id
        );
        found.broken(truth, "F3", what);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    #[test]
    fn a_slot_in_a_gap_is_the_first_instant_after_it_and_a_repeated_one_is_the_first() {
        let plain = Plain::read("30 2 * * * Europe/Rome").expect("a schedule");
        assert!(
            plain.has(at("2026-03-29T01:00:00Z")),
            "02:00 to 03:00 was passed over"
        );
        assert!(!plain.has(at("2026-03-29T01:30:00Z")));
        let (first, second) = (at("2026-10-25T00:30:00Z"), at("2026-10-25T01:30:00Z"));
        assert!(plain.has(first) && !plain.shown_before(first));
        assert!(plain.shown_before(second));
    }

    #[test]
    fn the_newest_slot_is_found_and_none_where_none_is() {
        let plain = Plain::read("0 */2 * * * UTC").expect("a schedule");
        let newer = plain.between(at("2026-03-02T06:00:00Z"), at("2026-03-02T09:00:00Z"));
        assert_eq!(newer, Some(at("2026-03-02T08:00:00Z")));
        assert_eq!(
            plain.between(at("2026-03-02T06:00:00Z"), at("2026-03-02T07:59:00Z")),
            None
        );
    }
}
