//! What is wrong with a suite file, told so that its author can mend it without asking.

use std::fmt;

use serde::Serialize;

/// One thing in a Hurl file that keeps it from being run.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Problem {
    /// The file, as the caller named it.
    pub path: String,
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
    /// What is wrong; a clause without a full stop.
    pub what: String,
    /// What to do about it; a clause without a full stop.
    pub fix: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            line,
            column,
            what,
            fix,
        } = self;
        write!(f, "{path}:{line}:{column}: {what}; {fix}")
    }
}
