//! Two environments that take turns in being the one people use: which of them that is, and until when
//! the other is kept as it stands. This record is the truth; nothing else says which side is live.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::name::StageName;
use crate::stage_file::{Rule, Sides};

/// What is known of the two sides of a rule. Absent is blank: nobody has been led anywhere yet.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Toggle {
    /// The side that people use; none before the first flip.
    pub live: Option<StageName>,
    /// Since when, and whose flip it was.
    pub since: Option<Timestamp>,
    pub by: Option<String>,
    /// The side that was live before, to go back to.
    pub kept: Option<Kept>,
    /// Counts flips that succeeded; only grows.
    pub flips: u64,
    /// The flip under way.
    pub flip: Option<Flip>,
    /// The last flip did not succeed: nobody can say where people are led.
    pub doubt: Option<Doubt>,
}

/// A side that is kept as it stands after people were led elsewhere.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Kept {
    pub side: StageName,
    pub until: Timestamp,
}

/// A run that leads people to a side.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Flip {
    pub to: StageName,
    /// Of the run, on that side.
    pub generation: u64,
}

/// A flip whose steps may have run, and that did not succeed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Doubt {
    pub to: StageName,
    pub generation: u64,
    pub since: Timestamp,
    pub why: String,
}

impl Toggle {
    /// Whether people use `side`, as far as anybody knows.
    pub fn is_live(&self, side: &StageName) -> bool {
        self.live.as_ref() == Some(side)
    }

    /// Until when nothing is deployed to `side` because people may be led back there, by a clock that
    /// may be wrong by `clock_error` either way, as the one was that set it.
    pub fn kept_until(&self, side: &StageName, clock_error: SignedDuration) -> Option<Timestamp> {
        let kept = self.kept.as_ref().filter(|kept| kept.side == *side)?;
        let both = clock_error.saturating_mul(2);
        Some(kept.until.saturating_add(both).unwrap_or(Timestamp::MAX))
    }

    /// Whether people can be led back to `side` without further ado: it is exactly what they left.
    pub fn is_kept(&self, side: &StageName, now: Timestamp, clock_error: SignedDuration) -> bool {
        let until = self.kept_until(side, clock_error);
        until.is_some_and(|until| now < until)
    }

    /// The side that what leads to `rule` goes to: the one that is not live, the first one named
    /// before any flip. None if the rule has one stage only.
    pub fn idle_side(&self, rule: &Rule) -> Option<StageName> {
        let [first, second] = rule.sides()?;
        Some(if self.is_live(&first) { second } else { first })
    }
}

impl Rule {
    /// The names of its two stages, the first one first; none if it has no two.
    pub fn sides(&self) -> Option<[StageName; 2]> {
        let Sides { with, .. } = self.toggle.as_ref()?;
        let first = StageName::from(self.stage.as_literal()?);
        Some([first, with.clone()])
    }

    /// The side that `side` takes turns with.
    pub fn other_side(&self, side: &StageName) -> Option<StageName> {
        let [first, second] = self.sides()?;
        Some(if *side == first { second } else { first })
    }

    /// The names of its stages, where the stage file has them.
    pub fn fixed_stages(&self) -> Vec<StageName> {
        let first = self.stage.as_literal().map(StageName::from);
        let second = self.toggle.as_ref().map(|sides| sides.with.clone());
        first.into_iter().chain(second).collect()
    }

    /// Whether the stage file names `stage` as one of its.
    pub fn is_of(&self, stage: &StageName) -> bool {
        self.fixed_stages().contains(stage)
    }
}
