//! Breaks: from the first red after green to the next green, one episode.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Flapped, Override, Untold, Verified};
use crate::name::{ChannelName, SuiteName};
use crate::release::Release;
use crate::verdict::TestFailure;

/// What can be said of a stage in one word.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    /// Nothing was deployed yet, or the last run was stopped.
    Unknown,
    Green,
    Red,
    /// The last run ended without an answer.
    Unverified,
}

/// More names than this a break forgets, but for those that fail now.
const FINGERPRINT_MAX: usize = 100;

/// The names of everything that fails: `smoke: <test>`, `deploy: <step>`, `build: <step>`.
pub type Fingerprint = BTreeSet<String>;

/// What failed, as people are told.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "failing")]
pub enum Failing {
    /// Tests of the stage's suites; `tests` is bounded, `failed` counts all.
    Tests {
        tests: Vec<TestFailure>,
        failed: u32,
        total: u32,
        /// All suites in which tests fail; none in records of older versions.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        suites: Vec<SuiteName>,
    },
    /// A step of the pipeline, or of the build.
    Step {
        build: bool,
        step: String,
        why: String,
    },
}

impl Failing {
    /// What identifies this failure from one run to the next.
    pub fn fingerprint(&self) -> Fingerprint {
        match self {
            Self::Tests { tests, .. } => tests.iter().map(|test| test.test.clone()).collect(),
            Self::Step {
                build: true, step, ..
            } => BTreeSet::from([format!("build: {step}")]),
            Self::Step {
                build: false, step, ..
            } => BTreeSet::from([format!("deploy: {step}")]),
        }
    }
}

/// An open break.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Break {
    /// `episodes` of the stage when it opened.
    pub episode: u64,
    pub since: Timestamp,
    /// The release that broke it; its revision is where the suspects end.
    pub release: Release,
    /// What was green last; its revision is where the suspects begin.
    pub last_green: Option<Verified>,
    pub failing: Failing,
    pub fingerprint: Fingerprint,
    /// How many runs of this episode were red.
    pub reds: u32,
    /// Channels that were told it opened, and so must be told it ended.
    pub told: Vec<ChannelName>,
    pub acknowledged: Option<Acknowledged>,
    /// What broke it was let through closed windows.
    #[serde(default)]
    pub overridden: Option<Override>,
    /// Channels that are owed the news of it, because the stage is muted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub untold: Option<Untold>,
    /// The stage flapped until it stayed broken by this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flapped: Option<Flapped>,
}

impl Break {
    /// Whether all of this has failed in this episode before.
    pub fn knows(&self, failing: &Failing) -> bool {
        failing.fingerprint().is_subset(&self.fingerprint)
    }

    /// One more red. True when something fails that had not failed in this episode before.
    pub fn still(&mut self, failing: Failing) -> bool {
        self.reds = self.reds.saturating_add(1);
        if self.knows(&failing) {
            return false;
        }
        let fingerprint = failing.fingerprint();
        if self.fingerprint.len() + fingerprint.len() > FINGERPRINT_MAX {
            self.fingerprint.clear();
        }
        self.fingerprint.extend(fingerprint);
        self.failing = failing;
        true
    }
}

/// Somebody looks after a break.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Acknowledged {
    pub by: String,
    pub at: Timestamp,
    pub note: Option<String>,
}
