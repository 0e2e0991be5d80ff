//! When a refresh is due.
//!
//! A schedule is a list of local times. The cron expression is read by croner; the walk over
//! the calendar and the meaning of a clock that jumps are ours: a slot that the clock skips
//! runs at the first instant after the gap, and an hour that comes twice runs the first time
//! only. Slots that fall on one instant are one slot.

mod calendar;
#[cfg(test)]
mod tests;
pub(crate) mod wall;

use croner::Cron;
use croner::errors::CronError;
use croner::parser::{CronParser, Seconds, Year};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

use calendar::{Direction, nearest};
use wall::SECOND;

/// More skipped slots than this are not counted.
pub const MISSED_MAX: u32 = 1_000;

/// A cron expression in a time zone.
#[derive(Clone, Debug)]
pub struct Schedule {
    cron: Cron,
    zone: TimeZone,
}

/// A slot whose time has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Due {
    /// The newest slot up to now.
    pub slot: Timestamp,
    /// How many older ones were never decided; at most [`MISSED_MAX`].
    pub missed: u32,
}

/// Why there is no such schedule.
#[derive(Debug, Error)]
pub enum ScheduleError {
    /// Write five fields, or six with seconds first.
    #[error(
        "a schedule has five fields (minute hour day month weekday), or six with seconds first; this has {0}"
    )]
    Fields(usize),
    /// Correct the field that is named.
    #[error("this is not a schedule: {0}")]
    Cron(String),
    /// Name a zone of the IANA database.
    #[error("`{}` is not a time zone", .0.escape_debug())]
    TimeZone(String),
    /// Name a day that exists.
    #[error("this schedule never fires")]
    Never,
}

impl Schedule {
    /// Reads `cron` (five fields, or six with seconds first) and an IANA zone name.
    ///
    /// # Errors
    /// [`ScheduleError`]; a schedule that has no slot in fifty years is one.
    pub fn parse(cron: &str, timezone: &str) -> Result<Self, ScheduleError> {
        let zone = zone(timezone)?;
        let schedule = Self {
            cron: read(cron)?,
            zone,
        };
        let epoch = DateTime::constant(2020, 1, 1, 0, 0, 0, 0);
        match nearest(&schedule.cron.pattern, epoch, Direction::Forward) {
            Some(_) => Ok(schedule),
            None => Err(ScheduleError::Never),
        }
    }

    /// The first slot after `time`; `None` if there is none for fifty years.
    pub fn next_after(&self, time: Timestamp) -> Option<Timestamp> {
        let from = self.reached(time)?.checked_add(SECOND).ok()?;
        let slot = nearest(&self.cron.pattern, from, Direction::Forward)?;
        self.instant(slot)
    }

    /// The last slot at or before `time`; `None` if there was none for fifty years.
    pub fn last_until(&self, time: Timestamp) -> Option<Timestamp> {
        let slot = nearest(&self.cron.pattern, self.reached(time)?, Direction::Backward)?;
        self.instant(slot)
    }

    /// The newest slot that is due at `now` and was not decided: after `last_decided`, and
    /// not before `not_before` (when the schedule came into force). Older ones are skipped
    /// and counted. The work does not grow with the time since `last_decided`.
    pub fn due(
        &self,
        last_decided: Option<Timestamp>,
        not_before: Timestamp,
        now: Timestamp,
    ) -> Option<Due> {
        let open = |slot: Timestamp| {
            slot >= not_before && last_decided.is_none_or(|decided| slot > decided)
        };
        let slot = self.last_until(now).filter(|slot| open(*slot))?;
        let mut missed = 0;
        let mut older = slot;
        while missed < MISSED_MAX {
            // A slot is at least a second long.
            let before = older.checked_sub(SignedDuration::from_secs(1)).ok();
            match before.and_then(|time| self.last_until(time)) {
                Some(found) if open(found) => older = found,
                _ => break,
            }
            missed += 1;
        }
        Some(Due { slot, missed })
    }

    /// The latest second that the clock on the wall has shown up to `time`; slots up to it have
    /// run.
    fn reached(&self, time: Timestamp) -> Option<DateTime> {
        wall::reached(&self.zone, time)
    }

    /// The first instant at which the clock on the wall has reached `slot`.
    fn instant(&self, slot: DateTime) -> Option<Timestamp> {
        wall::instant(&self.zone, slot)
    }
}

/// Finds a zone of the IANA database.
///
/// # Errors
/// [`ScheduleError::TimeZone`] if there is none of this name.
pub fn zone(name: &str) -> Result<TimeZone, ScheduleError> {
    TimeZone::get(name).map_err(|_| ScheduleError::TimeZone(name.chars().take(60).collect()))
}

/// Every zone there is, for suggestions.
pub(crate) fn zone_names() -> Vec<String> {
    jiff::tz::db()
        .available()
        .map(|name| name.to_string())
        .collect()
}

fn read(text: &str) -> Result<Cron, ScheduleError> {
    let fields = text.split_whitespace().count();
    if !(5..=6).contains(&fields) {
        return Err(ScheduleError::Fields(fields));
    }
    if let Some(strange) = text
        .chars()
        .find(|c| !c.is_ascii_alphanumeric() && !" *,-/#?+".contains(*c))
    {
        return Err(ScheduleError::Cron(format!(
            "`{}` has no meaning",
            strange.escape_default()
        )));
    }
    if text.len() > 200 {
        return Err(ScheduleError::Cron(
            "it is longer than 200 characters".to_owned(),
        ));
    }
    CronParser::builder()
        .seconds(Seconds::Optional)
        .year(Year::Optional)
        .build()
        .parse(text)
        .map_err(|error| ScheduleError::Cron(plainly(error)))
}

/// croner's sentence without its own names for things.
fn plainly(error: CronError) -> String {
    match error {
        CronError::IllegalCharacters(_) => {
            "a field has a letter or sign without a meaning".to_owned()
        }
        CronError::ComponentError(text) | CronError::InvalidPattern(text) => {
            text.trim_end_matches('.').to_lowercase()
        }
        other => other.to_string().trim_end_matches('.').to_owned(),
    }
}
