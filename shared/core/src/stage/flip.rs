//! What a person asked of the two sides of a toggle. It is done by the plan that follows, in the same
//! commit, or not at all: nobody is led elsewhere at an hour that nobody chose.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::name::{Revision, StageName};

/// A person's word about a toggle, on the side it is about.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Turn {
    pub by: String,
    pub at: Timestamp,
    pub what: TurnKind,
    /// The plan has seen it; it stays for the log.
    pub done: bool,
}

/// What is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TurnKind {
    /// Lead people here.
    Flip,
    /// Nobody needs to go back here: it need not be kept any longer.
    Settle,
}

/// What waited here and was wanted on the other side, which nobody used.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Handed {
    pub revision: Revision,
    pub to: StageName,
    pub at: Timestamp,
}
