//! What people and the calendar say about a stage.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Terms;
use crate::release::Release;

/// A person closed the stage.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Lock {
    pub by: String,
    pub reason: String,
    pub since: Timestamp,
    /// `None`: until somebody unlocks it.
    pub until: Option<Timestamp>,
}

impl Lock {
    /// Whether the lock still holds at `now`, read from a clock that may be wrong by
    /// `clock_error` either way: never released early.
    pub fn holds(&self, now: Timestamp, clock_error: SignedDuration) -> bool {
        self.until
            .is_none_or(|until| until.checked_add(clock_error).map_or(true, |end| now < end))
    }
}

/// Automation keeps its hands off after a person decided otherwise.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Hold {
    pub by: String,
    pub reason: String,
    pub since: Timestamp,
}

/// A person's yes for exactly this release and exactly these terms.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Approval {
    pub by: String,
    pub at: Timestamp,
    pub release: Release,
    pub terms: Terms,
}

impl Approval {
    /// Whether `person` gave it; logins that differ only in case are one person.
    pub fn is_by(&self, person: &str) -> bool {
        self.by.eq_ignore_ascii_case(person)
    }
}

/// A person's no to a release; automation does not try it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Rejected {
    pub by: String,
    pub reason: String,
    pub at: Timestamp,
    pub release: Release,
}

/// How far a stage's refresh schedule is decided.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RefreshState {
    /// The schedule that is followed; another one starts anew.
    #[serde(default)]
    pub schedule: Option<String>,
    /// Since when it is followed; slots before this are nobody's.
    pub enabled_at: Timestamp,
    /// The newest slot that was decided; only grows.
    pub decided: Option<Timestamp>,
    /// The branch head is being read for this.
    pub wish: Option<RefreshWish>,
    /// The slot that was decided against last, and why.
    pub skipped: Option<RefreshSkip>,
}

/// A refresh under way: its head is not read yet.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RefreshWish {
    /// The slot that is due; `None` when a person asked.
    pub slot: Option<Timestamp>,
    pub by: Option<String>,
    pub asked_at: Timestamp,
    /// Whether the effect that reads the head was emitted.
    pub sent: bool,
}

/// A slot that brought nothing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RefreshSkip {
    pub slot: Option<Timestamp>,
    pub why: String,
    /// Older slots that passed while nobody was there to decide them.
    pub missed: u32,
}

/// A person lets exactly one release through windows that are closed, for one claim.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Override {
    pub by: String,
    pub at: Timestamp,
    pub reason: String,
    pub release: Release,
    /// Names of the windows that were closed then; others still close.
    pub windows: Vec<String>,
    /// When the stage was to open by itself: it is void from then on. `None` if nobody knew, and
    /// in records of older versions.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

impl Override {
    /// Whether it lets anything through at `now`: only the closing that it was given for.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    /// For people: `olga overrides christmas: hotfix`.
    pub fn sentence(&self) -> String {
        let windows = self.windows.join(", ");
        format!("{} overrides {windows}: {}", self.by, self.reason)
    }
}
