//! What really stands on a stage: the bytes that were put there last, by whom.

use greenroom_core::name::{Digest, ExecutionId, Revision};
use jiff::Timestamp;

/// Bytes on a stage.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Standing {
    /// `None`: a pipeline that builds nothing, or bytes nobody knows because it stopped half-way.
    pub digest: Option<Digest>,
    pub revision: Revision,
    pub execution: ExecutionId,
    pub since: Timestamp,
    /// False while the steps run, and for ever if they did not end well.
    pub whole: bool,
}
