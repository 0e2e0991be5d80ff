//! A wait as people and machines read it.

use jiff::Timestamp;
use serde::Serialize;

/// A wait, spelled out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Explained {
    /// Stable and machine-readable.
    pub code: &'static str,
    pub sentence: String,
    /// Who or what can end the wait.
    pub who: String,
    /// What to type, if typing helps.
    pub command: Option<String>,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
}
