//! What waits to be deployed, and why.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Why;
use crate::name::{Actor, RecipeHash, RefName, Revision, StageName};
use crate::release::Release;

/// A candidate remembers at most this many commits that it took the place of.
pub const CONTAINS_MAX: usize = 20;

/// What waits to be deployed on a stage.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Candidate {
    pub revision: Revision,
    pub reference: Option<RefName>,
    /// The exact bytes, when they exist already (promotion, rollback, retry); otherwise the
    /// build of the revision gives them.
    pub release: Option<Release>,
    pub cause: Cause,
    pub since: Timestamp,
    /// Older candidates this one took the place of before they were deployed, newest first,
    /// at most [`CONTAINS_MAX`].
    #[serde(default)]
    pub contains: Vec<Skipped>,
    pub build: BuildNeed,
    /// How many runs of it ended without an answer.
    #[serde(default)]
    pub attempt: u32,
    /// Not claimed before this instant (back-off after an errored run).
    pub not_before: Option<Timestamp>,
}

/// A candidate that never ran, and is contained in a newer one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Skipped {
    pub revision: Revision,
    pub since: Timestamp,
}

/// How far a candidate is with its build.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BuildNeed {
    /// Nobody has asked for it yet, or none is needed.
    NotAsked,
    /// It failed before and a person wants it tried again.
    Again,
    /// The build by `recipe` was asked for when it had had `after` attempts; only the end of a
    /// later one is an answer.
    Asked { recipe: RecipeHash, after: u32 },
    /// It ended without an artifact; the candidate stays until a newer one takes its place.
    Failed,
}

/// Why a run is wanted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "cause")]
pub enum Cause {
    Push {
        actor: Option<Actor>,
    },
    /// No webhook came; the poller found the head.
    Poll,
    Tag {
        actor: Option<Actor>,
    },
    PullRequest {
        number: u64,
        actor: Option<Actor>,
    },
    /// The schedule's slot, or a person (`by`), asked for the branch's head.
    Refresh {
        slot: Option<Timestamp>,
        by: Option<String>,
    },
    Promotion {
        from: StageName,
    },
    Rollback {
        by: String,
        reason: String,
    },
    Retry {
        by: String,
        of: u64,
    },
    /// A person selected it; `over` says what gave way to it.
    Selected {
        by: String,
        over: Option<String>,
    },
    /// It has to prove itself here before `to` takes it.
    Through {
        to: StageName,
    },
    /// Not a deployment at all: the stage's end, wish `number` of its life. It has the revision of
    /// the default branch whose steps tear it down.
    Teardown {
        number: u64,
        why: Why,
    },
    /// Not a deployment either: people are led to what stands here, `from` where they were.
    Flip {
        by: String,
        from: Option<StageName>,
        /// To where they came from, while it was kept for that.
        back: bool,
    },
}

impl Cause {
    /// True for a release that was good here before. It passes the lock and the fence like any
    /// other, but no gate that proves it: it was proven.
    pub fn is_rollback(&self) -> bool {
        matches!(self, Self::Rollback { .. })
    }

    /// True for a run that takes away what stands on the stage.
    pub fn is_teardown(&self) -> bool {
        matches!(self, Self::Teardown { .. })
    }

    /// True for a run that leads people to what stands on the stage.
    pub fn is_flip(&self) -> bool {
        matches!(self, Self::Flip { .. })
    }

    /// True for a run that puts its release on the stage.
    pub fn deploys(&self) -> bool {
        !self.is_teardown() && !self.is_flip()
    }

    /// What a run of it does to the stage, for people.
    pub fn does(&self) -> &'static str {
        match self {
            Self::Teardown { .. } => "tears the stage down",
            Self::Flip { .. } => "leads people here",
            _ => "deploys",
        }
    }

    /// True for what a person asked for by name; a hold does not stop it.
    pub fn is_personal(&self) -> bool {
        match self {
            Self::Rollback { .. }
            | Self::Retry { .. }
            | Self::Selected { .. }
            | Self::Flip { .. } => true,
            Self::Refresh { by, .. } => by.is_some(),
            Self::Teardown { why, .. } => why.is_personal(),
            Self::Push { .. }
            | Self::Poll
            | Self::Tag { .. }
            | Self::PullRequest { .. }
            | Self::Promotion { .. }
            | Self::Through { .. } => false,
        }
    }

    /// For people: `push by alice`, `refresh of 06:00`, ...
    pub fn sentence(&self) -> String {
        let by = |actor: &Option<Actor>| {
            actor
                .as_ref()
                .map_or(String::new(), |actor| format!(" by {actor}"))
        };
        match self {
            Self::Push { actor } => format!("push{}", by(actor)),
            Self::Poll => "found by the poller".to_owned(),
            Self::Tag { actor } => format!("tag{}", by(actor)),
            Self::PullRequest { number, actor } => format!("pull request #{number}{}", by(actor)),
            Self::Refresh { by: Some(by), .. } => format!("refresh by {by}"),
            Self::Refresh {
                slot: Some(slot), ..
            } => format!("refresh of {slot}"),
            Self::Refresh { .. } => "refresh".to_owned(),
            Self::Promotion { from } => format!("promotion from {from}"),
            Self::Rollback { by, reason } => format!("rollback by {by}: {reason}"),
            Self::Retry { by, of } => format!("retry of run {of} by {by}"),
            Self::Selected { by, over: None } => format!("selected by {by}"),
            Self::Selected {
                by,
                over: Some(over),
            } => format!("selected by {by}, takes over from {over}"),
            Self::Through { to } => format!("asked for by {to}"),
            Self::Teardown { why, .. } => format!("teardown, {}", why.sentence()),
            Self::Flip { by, from, back } => {
                let how = if *back { "led back" } else { "led here" };
                let from = from.as_ref();
                let from = from.map_or_else(String::new, |from| format!(" from {from}"));
                format!("people are {how}{from} by {by}")
            }
        }
    }
}

impl Candidate {
    /// Takes the place of `older`, which never ran: it is contained in this one from now on, if
    /// it came from the same branch. Of two branches that share a stage the newer has it, and
    /// nothing of the older is in it.
    #[must_use]
    pub fn superseding(mut self, older: Option<Candidate>) -> Self {
        // What a person selects, or passes through here, is of another branch.
        let is_apart =
            |cause: &Cause| matches!(cause, Cause::Selected { .. } | Cause::Through { .. });
        let older = older.filter(|older| {
            !is_apart(&self.cause)
                && !is_apart(&older.cause)
                && !self.takes_over(older.reference.as_ref())
        });
        let Some(older) = older else {
            return self;
        };
        let skipped = Skipped {
            revision: older.revision,
            since: older.since,
        };
        for skipped in std::iter::once(skipped).chain(older.contains) {
            let named = |known: &Skipped| known.revision == skipped.revision;
            if skipped.revision != self.revision && !self.contains.iter().any(named) {
                self.contains.push(skipped);
            }
        }
        self.contains.truncate(CONTAINS_MAX);
        self
    }

    /// Whether it comes from another branch or tag than `reference`.
    pub fn takes_over(&self, reference: Option<&RefName>) -> bool {
        let own = self.reference.as_ref();
        own.is_some() && reference.is_some() && own != reference
    }
}
