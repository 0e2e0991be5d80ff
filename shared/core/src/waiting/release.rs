//! Waits that are about the release itself: what people say of it, and where it has to pass first.

use crate::name::{Revision, StageName};

use super::Explained;

/// What keeps one release from every stage, or from this one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ReleaseWait {
    /// Somebody said that it is bad.
    Bad {
        revision: Revision,
        by: String,
        reason: String,
    },
    /// The stage demands a mark that nobody has given; `by`: the roles that may, empty for anybody.
    Unmarked {
        revision: Revision,
        mark: String,
        by: Vec<String>,
    },
}

impl ReleaseWait {
    /// The wait's code, one of [`super::Wait::CODES`].
    pub fn code(&self) -> &'static str {
        match self {
            Self::Bad { .. } => "marked_bad",
            Self::Unmarked { .. } => "mark_missing",
        }
    }

    /// The wait in words, for `stage`.
    pub(super) fn explain(&self, _stage: &StageName) -> Explained {
        let (sentence, who, command) = match self {
            Self::Bad {
                revision,
                by,
                reason,
            } => (
                format!("{by} marked {} bad: {reason}", revision.short()),
                format!("{by}, or a developer with a new commit"),
                format!("greenroom unmark bad --release {}", revision.short()),
            ),
            Self::Unmarked { revision, mark, by } => (
                format!("{} is not marked {mark}", revision.short()),
                if by.is_empty() {
                    "anybody who may act here".to_owned()
                } else {
                    by.join(", ")
                },
                format!("greenroom mark {mark} --release {}", revision.short()),
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
