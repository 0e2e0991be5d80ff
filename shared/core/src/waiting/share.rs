//! Waits for what other stages use as well.

use super::Explained;
use crate::name::StageName;

/// What keeps a stage from a resource it writes to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ShareWait {
    /// Another stage's run may be writing to it.
    InUse {
        resource: String,
        stage: StageName,
        generation: u64,
    },
    /// The run was claimed when its stage could still write to it.
    Taken { resource: String, owner: String },
}

impl ShareWait {
    /// The wait's code, one of [`super::Wait::CODES`].
    pub fn code(&self) -> &'static str {
        match self {
            Self::InUse { .. } => "resource_in_use",
            Self::Taken { .. } => "resource_taken",
        }
    }

    /// The wait in words, for the stage `own`.
    pub(super) fn explain(&self, own: &StageName) -> Explained {
        let (sentence, who, command) = match self {
            Self::InUse {
                resource,
                stage,
                generation,
            } => (
                format!("run {generation} of {stage} writes to {resource}, and has not ended"),
                format!("{stage}, once its run has ended"),
                format!("greenroom log {stage}"),
            ),
            Self::Taken { resource, owner } => (
                format!("{own} would write to {resource}, which is {owner}'s"),
                "whoever edits greenroom.yaml".to_owned(),
                format!("greenroom retry {own}"),
            ),
        };
        Explained {
            code: self.code(),
            sentence,
            who,
            command: Some(command),
            until: None,
        }
    }
}
