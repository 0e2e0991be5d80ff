//! What has happened. A fact is recorded, never refused.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::execution::Observation;
use crate::name::{Actor, ExecutionId, RefName, Revision, StageName, SuiteName};
use crate::release::Release;
use crate::stage::Cause;
use crate::verdict::SuiteReport;

/// Something that happened, as far as one stage is concerned.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "fact")]
pub enum Fact {
    /// A reference was read, after the stage was: it stands here now.
    HeadObserved {
        reference: RefName,
        revision: Revision,
        actor: Option<Actor>,
        cause: Cause,
        at: Timestamp,
    },
    /// A reference was read, and differs from `since`, which is newest here, in none of the paths
    /// that the stage is about.
    HeadUntouched {
        reference: RefName,
        revision: Revision,
        actor: Option<Actor>,
        cause: Cause,
        since: Revision,
        at: Timestamp,
    },
    /// A reference was read and is gone, or leads here no more.
    HeadGone { reference: RefName, at: Timestamp },
    /// The refresh's branch could not be found.
    RefreshHeadMissing { reference: RefName, at: Timestamp },
    /// The pipeline answered a start with this execution.
    ExecutionStarted {
        generation: u64,
        execution: ExecutionId,
    },
    /// The pipeline will never take this start.
    StartRefused {
        generation: u64,
        why: String,
        at: Timestamp,
    },
    /// An execution was read.
    ExecutionObserved {
        generation: u64,
        execution: ExecutionId,
        observation: Observation,
    },
    /// An attempt at a suite has its answer.
    VerdictReported {
        generation: u64,
        suite: SuiteName,
        attempt: u32,
        report: SuiteReport,
    },
    /// Another stage asks for a release to prove itself here; its ask number `asked` of passage
    /// `number`, which began when this stage was at generation `after`.
    RedeployAsked {
        by: StageName,
        number: u64,
        asked: u32,
        after: u64,
        release: Release,
        reference: Option<RefName>,
        at: Timestamp,
    },
    /// An execution was read in which steps ran on the stage that the fence let nobody run.
    ForeignSeen {
        execution: ExecutionId,
        what: String,
        /// When they were seen to change last.
        at: Timestamp,
    },
    /// The default branch was read for the teardown that is wish `number` of the stage's life.
    TeardownHeadRead {
        number: u64,
        revision: Revision,
        at: Timestamp,
    },
    /// An attempt at a suite for a round of the watch has its answer.
    WatchReported {
        round: u64,
        suite: SuiteName,
        attempt: u32,
        report: SuiteReport,
    },
}
