//! What stands is looked at again from time to time, though nothing was deployed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Outcome, Stage, SuiteProgress, Terms};
use crate::name::{ConfigHash, SuiteName};

/// How far the watch over a stage is. A stage that nobody watches has nothing in here.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Watch {
    /// Counts rounds; only grows.
    pub rounds: u64,
    /// What is looked at; another deployment is another one.
    pub of: Option<Judged>,
    /// The round under way.
    pub round: Option<Round>,
    /// The round of `of` that ended last.
    pub last: Option<Looked>,
}

/// What stands, and when its suites ended last.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Judged {
    /// Of the run that put it there.
    pub generation: u64,
    /// Those it was deployed under: a round proves it again under the same ones only.
    pub terms: Terms,
    /// When its run, or the last round, ended.
    pub at: Timestamp,
}

/// The suites, once more.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Round {
    /// `rounds` of the stage when it began.
    pub number: u64,
    /// Of the run that deployed what is looked at.
    pub generation: u64,
    pub since: Timestamp,
    /// After this nobody waits for an answer any more.
    pub deadline: Timestamp,
    /// The stage file that says what the suites are, to the end of the round.
    pub config: ConfigHash,
    /// What that stage file demands.
    pub terms: Terms,
    pub suites: BTreeMap<SuiteName, SuiteProgress>,
}

/// What a round found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Looked {
    pub number: u64,
    pub generation: u64,
    pub outcome: Outcome,
    /// One sentence: why it ended as it did.
    pub why: String,
    pub at: Timestamp,
}

impl Watch {
    /// Whether there never was anything to say.
    pub fn is_blank(&self) -> bool {
        *self == Self::default()
    }
}

impl Stage {
    /// What the last round found of what stands; none where it was green and that proves nothing.
    pub fn looked(&self) -> Option<&Looked> {
        let stands = self.stands()?;
        let looked = self.watch.last.as_ref();
        let looked = looked.filter(|looked| looked.generation == stands.generation)?;
        let proves = looked.outcome != Outcome::Succeeded || self.verified.is_some();
        proves.then_some(looked)
    }
}
