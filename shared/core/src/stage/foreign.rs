//! What somebody did to a stage past Greenroom.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::name::ExecutionId;

/// Steps ran on the stage that no claim of ours let in: somebody ran a part of an execution again by
/// hand, or had the pipeline roll back by itself. Nobody can tell what stands there, until the next
/// execution that the fence lets in has put something whole in its place.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Foreign {
    pub execution: ExecutionId,
    /// What was done, for people: `stage Deploy was run again by hand`.
    pub what: String,
    /// When the last of those steps was seen to change.
    pub at: Timestamp,
    /// People were told.
    pub told: bool,
}

impl Foreign {
    /// For people.
    pub fn sentence(&self) -> String {
        format!(
            "{}, past Greenroom (execution {})",
            self.what, self.execution
        )
    }
}
