//! Why an entry did not pass.

use hurl_core::ast::SourceInfo;

/// Whose fault it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// The stage answered, and the answer is not what the test asks for.
    Wrong,
    /// There is no answer to judge, or the test itself cannot be carried out.
    Unknown,
}

/// One reason, with the line of the suite file it belongs to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Trouble {
    pub line: usize,
    pub kind: Kind,
    pub message: String,
}

impl Trouble {
    pub fn wrong(line: usize, message: impl Into<String>) -> Self {
        Self {
            line,
            kind: Kind::Wrong,
            message: message.into(),
        }
    }

    pub fn unknown(line: usize, message: impl Into<String>) -> Self {
        Self {
            line,
            kind: Kind::Unknown,
            message: message.into(),
        }
    }
}

/// The line a piece of source starts on.
pub(crate) fn line_of(source: &SourceInfo) -> usize {
    source.start.line
}
