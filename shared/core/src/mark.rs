//! Words that people give to revisions: `dev-complete`, `accepted`, `bad`.
//!
//! A mark says something about code, not about a stage: it is kept once for each revision and
//! counts wherever that revision goes. What it means is for the stage file to say; only `bad` means
//! the same everywhere: no stage takes such a revision, until the mark is taken back.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::name::Revision;

/// The mark that keeps a revision from every stage.
pub const BAD: &str = "bad";
/// A revision has at most this many marks.
pub const MARKS_MAX: usize = 20;

/// Who gave a mark, when, and what they said.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Mark {
    pub by: String,
    pub at: Timestamp,
    /// The reason, for [`BAD`].
    #[serde(default)]
    pub note: Option<String>,
}

/// Every mark of one revision, at most [`MARKS_MAX`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Marked {
    pub revision: Revision,
    pub marks: BTreeMap<String, Mark>,
}

impl Marked {
    /// Who said that it is bad, if anybody did.
    pub fn bad(&self) -> Option<&Mark> {
        self.marks.get(BAD)
    }
}

/// The marks of the revisions that one decision is about. Those that are not in it have none.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Marks(BTreeMap<Revision, Marked>);

impl Marks {
    /// Nobody has said anything.
    pub const NONE: &'static Self = &Self(BTreeMap::new());

    /// The same with the marks of one more revision.
    pub fn insert(&mut self, marked: Marked) {
        self.0.insert(marked.revision.clone(), marked);
    }

    /// The marks of `revision`, if it has any.
    pub fn of(&self, revision: &Revision) -> Option<&Marked> {
        self.0.get(revision)
    }

    /// Whether `revision` has this mark.
    pub fn has(&self, revision: &Revision, mark: &str) -> bool {
        self.of(revision)
            .is_some_and(|marked| marked.marks.contains_key(mark))
    }

    /// Who said that `revision` is bad, if anybody did.
    pub fn bad(&self, revision: &Revision) -> Option<&Mark> {
        self.of(revision).and_then(Marked::bad)
    }
}

/// What a person wants said of a revision, or said no more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Saying {
    Mark { mark: String, note: Option<String> },
    Unmark { mark: String },
}

impl Saying {
    /// The word it is about.
    pub fn mark(&self) -> &str {
        match self {
            Self::Mark { mark, .. } | Self::Unmark { mark } => mark,
        }
    }
}
