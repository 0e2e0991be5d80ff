//! One attempt to put one release on the stage.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Cause, Override, Skipped, Terms};
use crate::execution::Observation;
use crate::name::{ConfigHash, ExecutionId, Nonce, RefName, SuiteName};
use crate::release::{Outputs, Release};
use crate::stage_file::Route;
use crate::verdict::SuiteReport;

/// A claimed run, and later the record of how it ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Run {
    pub generation: u64,
    pub release: Release,
    pub reference: Option<RefName>,
    pub cause: Cause,
    /// What an execution must know to be admitted.
    pub nonce: Nonce,
    pub claimed_at: Timestamp,
    /// After this it is stopped.
    pub deadline: Timestamp,
    /// The stage file that governs this run to its end, whatever is in force later.
    pub config: ConfigHash,
    pub terms: Terms,
    pub phase: Phase,
    pub execution: Option<ExecutionId>,
    /// When the fence let the execution through.
    pub admitted_at: Option<Timestamp>,
    /// What the execution said when it ended; consumed by the next plan.
    pub ended: Option<Observation>,
    /// Whether its execution was asked to stop.
    #[serde(default)]
    pub stop_sent: bool,
    #[serde(default)]
    pub suites: BTreeMap<SuiteName, SuiteProgress>,
    /// Channels to tell, as the stage file had it when the run was claimed.
    #[serde(default)]
    pub alert: Vec<Route>,
    #[serde(default)]
    pub contains: Vec<Skipped>,
    #[serde(default)]
    pub outputs: Outputs,
    /// How many runs of this candidate ended without an answer before this one.
    #[serde(default)]
    pub attempt: u32,
    pub outcome: Option<Outcome>,
    pub ended_at: Option<Timestamp>,
    /// One sentence: why it ended as it did.
    pub why: Option<String>,
    /// It was let through closed windows.
    #[serde(default)]
    pub overridden: Option<Override>,
    /// Resources that other stages use as well and that its variables let it write to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub writes: Vec<String>,
}

/// Where a run is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "phase")]
pub enum Phase {
    /// Claimed; the start is on its way or its execution is not yet admitted.
    Starting,
    /// Admitted; its steps run.
    Deploying,
    /// Deployed; its suites run.
    Verifying {
        since: Timestamp,
    },
    /// Asked to stop; waits until the execution has really ended.
    Stopping {
        reason: StopReason,
        since: Timestamp,
    },
    Ended,
}

/// Why a run is being stopped.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "reason")]
pub enum StopReason {
    Aborted { by: String, why: String },
    TimedOut,
}

/// How a run ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Succeeded,
    /// The change is bad.
    Failed,
    /// Nobody can tell.
    Errored,
    /// A person stopped it.
    Aborted,
    TimedOut,
    /// The fence said no.
    Refused,
}

impl Outcome {
    /// The word machines read.
    pub fn code(self) -> &'static str {
        match self {
            Self::TimedOut => "timed_out",
            other => other.word(),
        }
    }

    /// The word people read.
    pub fn word(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Errored => "errored",
            Self::Aborted => "aborted",
            Self::TimedOut => "timed out",
            Self::Refused => "refused",
        }
    }
}

/// How far a suite is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SuiteProgress {
    /// The attempt under way or last answered; starts at 1.
    pub attempt: u32,
    /// Errored attempts after which the stage is told unverified.
    pub retries: u32,
    /// Set while an errored attempt waits for its next one.
    pub retry_at: Option<Timestamp>,
    /// The answer of `attempt`.
    pub report: Option<SuiteReport>,
}

/// An admitted execution that was asked to stop and had not ended when its run was given up: it
/// may still be changing the stage.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Unstopped {
    /// Of the run that was given up.
    pub generation: u64,
    pub execution: ExecutionId,
    /// When its run was given up.
    pub since: Timestamp,
}

impl Unstopped {
    /// Whether it is this execution of this run.
    pub fn is(&self, generation: u64, execution: &ExecutionId) -> bool {
        self.generation == generation && self.execution == *execution
    }
}

impl Run {
    /// True while an execution of ours may be changing the stage.
    pub fn is_admitted(&self) -> bool {
        self.admitted_at.is_some()
    }
}
