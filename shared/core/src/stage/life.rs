//! How long a stage lives that was made to go again: until when it may stand idle, what people said
//! of that, and how far its end is. A stage that expires by no rule has nothing in here.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Stage;
use crate::name::{RefName, Revision};
use crate::release::Release;

/// Branches that lead to a stage are known by name up to so many.
pub const REFS_MAX: usize = 50;

/// What is known of a stage's life.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Life {
    /// When something new last led here, or a person last said that the stage is used.
    pub active_at: Option<Timestamp>,
    /// It does not end before.
    pub extended: Option<Extended>,
    pub pinned: Option<Pinned>,
    pub parked: Option<Parked>,
    /// The end that people were warned of.
    pub warned: Option<Warned>,
    /// The stage is to be torn down; here until it is, or until that is not meant any more.
    pub wish: Option<Wish>,
    /// Counts wishes; only grows.
    pub wishes: u64,
    /// What stood here when it was last torn down, or was to be: not brought back by itself.
    pub was: Option<Release>,
    /// It was torn down, and nothing is left; here until something is deployed again.
    pub gone: Option<Gone>,
    /// It was to be torn down, and nobody can say that nothing is left; here until it is gone, or
    /// in use again.
    pub orphan: Option<Orphan>,
    /// The branches and tags that lead here, at most [`REFS_MAX`].
    pub refs: Vec<RefName>,
    /// There are or were more of them: nobody can say that all are gone.
    pub refs_more: bool,
    /// Where those of `refs` stood when they were read last that are not the stage's head.
    pub stood: BTreeMap<RefName, Revision>,
    /// The last of them went, and nothing has led here since.
    pub left: Option<Left>,
}

/// A person wants the stage kept until then.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Extended {
    pub by: String,
    pub at: Timestamp,
    pub until: Timestamp,
}

/// The stage never expires.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Pinned {
    pub by: String,
    pub reason: String,
    pub since: Timestamp,
}

/// The stage is kept as it stands: nothing is deployed to it, and it does not expire.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Parked {
    pub by: String,
    pub reason: String,
    pub since: Timestamp,
    pub until: Timestamp,
}

impl Parked {
    /// Whether it still holds at `now`, read from a clock that may be wrong by `clock_error` either
    /// way: never over early.
    pub fn holds(&self, now: Timestamp, clock_error: SignedDuration) -> bool {
        now < self.over_at(clock_error)
    }

    /// The first reading of a clock at which it is over for certain.
    pub fn over_at(&self, clock_error: SignedDuration) -> Timestamp {
        self.until
            .saturating_add(clock_error)
            .unwrap_or(Timestamp::MAX)
    }
}

/// People were told that the stage ends.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Warned {
    /// The end it would have had without a warning; another one is another warning.
    pub of: Timestamp,
    pub at: Timestamp,
    /// The end they were told.
    pub ends: Timestamp,
}

/// The stage is to be torn down.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Wish {
    pub number: u64,
    pub why: Why,
    pub asked_at: Timestamp,
    /// How many runs of it ended without an answer.
    pub attempt: u32,
    /// Not claimed before this instant.
    pub not_before: Option<Timestamp>,
    /// When the head of the default branch was asked for last.
    pub reading: Option<Timestamp>,
    /// Whose steps tear it down.
    pub source: Option<Source>,
}

/// The head of the default branch, as it was read for a teardown.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Source {
    pub revision: Revision,
    pub at: Timestamp,
}

/// Why a stage is torn down.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "why")]
pub enum Why {
    /// Nothing happened to it since.
    Idle { since: Timestamp, idle: String },
    /// What led to it is gone.
    Left { reference: RefName },
    /// A person wants it gone.
    Destroyed { by: String, reason: String },
}

impl Why {
    /// True for what a person asked for: nothing but that person's own doing ends it.
    pub fn is_personal(&self) -> bool {
        matches!(self, Self::Destroyed { .. })
    }

    /// For people: `idle for 7d`, `feature/x is gone`, `destroyed by olga: not needed`.
    pub fn sentence(&self) -> String {
        match self {
            Self::Idle { idle, .. } => format!("idle for {idle}"),
            Self::Left { reference } => format!("{} is gone", reference.people()),
            Self::Destroyed { by, reason } => format!("destroyed by {by}: {reason}"),
        }
    }
}

/// Nothing is left of what stood on the stage: a second pass has looked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Gone {
    pub at: Timestamp,
    pub generation: u64,
    /// Why it was torn down.
    pub why: String,
}

/// What should be gone and is not known to be.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Orphan {
    pub since: Timestamp,
    /// Of the last run that was to tear it down.
    pub generation: u64,
    /// What that run ended with: what is left, or why nobody can tell.
    pub why: String,
}

/// Nothing leads to the stage any more.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Left {
    pub reference: RefName,
    pub at: Timestamp,
}

impl Life {
    /// True of a stage whose life nobody has said or seen anything about.
    pub fn is_blank(&self) -> bool {
        *self == Self::default()
    }

    /// Whether what was known before it went, or was to go, is not to come back by itself.
    pub fn keeps_away(&self) -> bool {
        self.wish.is_some() || self.gone.is_some() || self.orphan.is_some()
    }

    /// Takes back a teardown that no person asked for.
    pub fn spare(&mut self) {
        if self.wish.as_ref().is_some_and(|it| !it.why.is_personal()) {
            self.wish = None;
        }
    }

    /// Something is deployed here: the stage lives.
    pub fn begin(&mut self) {
        self.gone = None;
        self.orphan = None;
        self.was = None;
        self.wish = None;
    }

    /// `reference` leads here.
    pub fn follow(&mut self, reference: &RefName) {
        self.left = None;
        if self.refs.contains(reference) {
            return;
        }
        if self.refs.len() < REFS_MAX {
            self.refs.push(reference.clone());
        } else {
            self.refs_more = true;
        }
    }

    /// `reference` is gone, or leads elsewhere.
    pub fn unfollow(&mut self, reference: &RefName, at: Timestamp) {
        let before = self.refs.len();
        self.refs.retain(|known| known != reference);
        self.stood.remove(reference);
        // What an older version has not written down may lead here as well.
        if before > 0 && self.refs.is_empty() && !self.refs_more {
            let reference = reference.clone();
            self.left = Some(Left { reference, at });
        }
    }
}

impl Stage {
    /// Since when nothing has happened to what stands here; `None` when nothing stands here.
    pub fn idle_since(&self) -> Option<Timestamp> {
        let deployed = self.deployed.as_ref()?.at;
        let active = self.life.active_at;
        Some(active.map_or(deployed, |active| active.max(deployed)))
    }

    /// Whether an execution of ours may be tearing the stage down now.
    pub fn is_torn_down_now(&self) -> bool {
        let run = self.run.as_ref();
        run.is_some_and(|run| run.cause.is_teardown() && run.is_admitted())
    }
}
