//! A refusal, as the person who asked reads it.

use serde::Serialize;

use crate::authorize::Forbidden;

/// What kind of no it is; decides the exit code and the HTTP status.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectionKind {
    /// The wish makes no sense for this stage.
    Invalid,
    /// They may not.
    Forbidden,
    /// What it is about does not exist.
    NotFound,
    /// Somebody or something else is in the way right now.
    Conflict,
    /// A gate is closed.
    Closed,
}

/// Why a wish was not granted, and what would help.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Rejection {
    pub kind: RejectionKind,
    /// One sentence without a full stop.
    pub why: String,
    /// A command or a sentence.
    pub help: String,
}

impl Rejection {
    pub(crate) fn new(kind: RejectionKind, why: impl Into<String>, help: &str) -> Self {
        Self {
            kind,
            why: why.into(),
            help: help.to_owned(),
        }
    }
    pub(crate) fn invalid(why: impl Into<String>, help: &str) -> Self {
        Self::new(RejectionKind::Invalid, why, help)
    }
    pub(crate) fn not_found(why: impl Into<String>, help: &str) -> Self {
        Self::new(RejectionKind::NotFound, why, help)
    }
    pub(crate) fn conflict(why: impl Into<String>, help: &str) -> Self {
        Self::new(RejectionKind::Conflict, why, help)
    }
    pub(crate) fn closed(why: impl Into<String>, help: &str) -> Self {
        Self::new(RejectionKind::Closed, why, help)
    }
}

impl From<Forbidden> for Rejection {
    fn from(forbidden: Forbidden) -> Self {
        Self::new(
            RejectionKind::Forbidden,
            forbidden.why,
            &format!("ask {}", forbidden.who),
        )
    }
}
