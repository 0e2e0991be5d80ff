//! A release that has to prove itself on another stage first, and what that stage has heard of it.

use serde::{Deserialize, Serialize};

use crate::name::StageName;
use crate::release::Release;

/// A stage remembers the newest ask of at most so many others.
pub const HEARD_MAX: usize = 10;

/// The candidate's way through another stage. It begins with the candidate and ends with it, or
/// with its run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Passage {
    /// `passages` of the stage when it began.
    pub number: u64,
    pub release: Release,
    /// Generation of the other stage when it began: only a later run proves anything.
    pub after: u64,
    /// How often the other stage was asked to deploy it.
    pub asked: u32,
}

/// The newest ask of one stage.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Heard {
    /// Who asked.
    pub stage: StageName,
    pub number: u64,
    pub asked: u32,
}
