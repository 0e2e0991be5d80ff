//! Waits that are about how long a stage lives.

use jiff::Timestamp;

use super::Explained;
use super::explain::one_line;
use crate::name::{Revision, StageName};
use crate::stage::{Gone, Orphan, Parked};

/// What a stage's life has to do with why nothing moves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LifeWait {
    /// A person keeps it as it stands.
    Parked(Parked),
    /// Nobody has used it since, and people were warned.
    Expires { since: Timestamp, at: Timestamp },
    /// It is torn down as soon as the head of the default branch is read, or not before `until`.
    ToTearDown {
        why: String,
        since: Timestamp,
        until: Option<Timestamp>,
    },
    TearingDown {
        generation: u64,
        since: Timestamp,
        deadline: Timestamp,
    },
    /// What waits comes after the teardown.
    Behind { revision: Revision },
    /// It is to go, and the stage file in force does not say how.
    NoTeardown { pipeline: String },
    /// Somebody uses the stage again, so it is not torn down.
    Spared,
    /// It was torn down, and nothing has led here since.
    Gone { gone: Gone, from: String },
    /// It should be gone, and nobody can say that nothing is left.
    Orphan(Orphan),
}

impl LifeWait {
    /// The wait's code, one of [`super::Wait::CODES`].
    pub fn code(&self) -> &'static str {
        match self {
            Self::Parked(_) => "parked",
            Self::Expires { .. } => "expires",
            Self::ToTearDown { .. }
            | Self::TearingDown { .. }
            | Self::Behind { .. }
            | Self::NoTeardown { .. }
            | Self::Spared => "tearing_down",
            Self::Gone { .. } => "torn_down",
            Self::Orphan(_) => "orphan",
        }
    }

    /// False only for what goes its way by itself, or has gone it.
    pub(super) fn blocks(&self) -> bool {
        !matches!(
            self,
            Self::Expires { .. }
                | Self::ToTearDown { .. }
                | Self::TearingDown { .. }
                | Self::Behind { .. }
                | Self::Spared
                | Self::Gone { .. }
        )
    }

    /// The wait in words, for `stage`.
    pub(super) fn explain(&self, stage: &StageName) -> Explained {
        let command = |text: &str| Some(format!("greenroom {text} {stage}"));
        let (sentence, who, command, until) = match self {
            Self::Parked(parked) => (
                format!("{} parked it: {}", parked.by, parked.reason),
                parked.by.clone(),
                command("unpark"),
                Some(parked.until),
            ),
            Self::Expires { since, at } => (
                format!("nobody has used it since {since:.0}; it is torn down at {at:.0}"),
                "whoever uses it, with a push or a word".to_owned(),
                command("extend"),
                Some(*at),
            ),
            Self::ToTearDown { why, since, until } => (
                format!("its teardown is wanted since {since:.0}: {why}"),
                "Greenroom, once it has read the default branch".to_owned(),
                command("log"),
                *until,
            ),
            Self::TearingDown {
                generation,
                since,
                deadline,
            } => (
                format!(
                    "run {generation} tears it down since {since:.0}; it is stopped at \
                     {deadline:.0}"
                ),
                "the pipeline".to_owned(),
                command("log"),
                None,
            ),
            Self::Behind { revision } => (
                format!("{} comes after the teardown", revision.short()),
                "the teardown".to_owned(),
                command("log"),
                None,
            ),
            Self::NoTeardown { pipeline } => (
                format!(
                    "it is to be torn down, and the stage file in force does not say how: \
                     pipeline {pipeline} has no teardown"
                ),
                "whoever edits greenroom.yaml".to_owned(),
                Some("greenroom validate".to_owned()),
                None,
            ),
            Self::Spared => (
                "the stage is used again, so it is not torn down".to_owned(),
                "whoever uses it".to_owned(),
                command("why"),
                None,
            ),
            Self::Gone { gone, from } => (
                format!(
                    "it was torn down at {:.0}, {}; it comes back with {from}",
                    gone.at, gone.why
                ),
                "a developer".to_owned(),
                None,
                None,
            ),
            Self::Orphan(orphan) => (
                format!(
                    "it should be gone since {:.0}, and run {} did not prove it: {}",
                    orphan.since,
                    orphan.generation,
                    one_line(&orphan.why)
                ),
                "an operator, or its owner, who has seen to what is left".to_owned(),
                Some(format!("greenroom destroy {stage} --reason WHY")),
                None,
            ),
        };
        Explained {
            code: self.code(),
            sentence,
            who,
            command,
            until,
        }
    }
}
