//! What a pipeline's execution is doing, as read from the pipeline itself.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::evidence::Evidence;
use crate::release::{Artifact, Outputs};

/// What an execution is doing, read now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "phase")]
pub enum Observation {
    Running {
        step: Option<String>,
        since: Timestamp,
    },
    Succeeded {
        artifact: Option<Artifact>,
        outputs: Outputs,
        at: Timestamp,
        /// What a build's reports say; `None` of a deployment, or when no step declares any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        evidence: Option<Box<Evidence>>,
    },
    /// A step said no: the change is bad.
    Failed {
        step: String,
        why: String,
        at: Timestamp,
    },
    /// It ended and nobody can say how: process gone, disk full, artifact missing.
    Errored { why: String, at: Timestamp },
    /// A step took too long and was killed.
    TimedOut {
        step: String,
        after: Duration,
        at: Timestamp,
    },
    /// It was stopped because somebody asked.
    Stopped { at: Timestamp },
    /// The fence, or the comparison of digests, said no; no step ran.
    Refused { why: String, at: Timestamp },
    /// There is no such execution.
    Unknown,
}

impl Observation {
    /// True when the execution has ended and will say the same for ever.
    pub fn is_terminal(&self) -> bool {
        !matches!(self, Self::Running { .. } | Self::Unknown)
    }
}
