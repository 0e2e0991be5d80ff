//! What a credential may do, and where.

use std::collections::BTreeSet;

/// How far a permission goes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Access {
    None,
    Read,
    Write,
}

impl Access {
    pub(super) fn word(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Read => Some("read"),
            Self::Write => Some("write"),
        }
    }
}

/// Permissions and repositories of an installation or a token. Metadata may always be read.
#[derive(Clone, Debug)]
pub struct Reach {
    pub contents: Access,
    pub statuses: Access,
    /// Ids of repositories; `None` is all there are.
    pub repositories: Option<BTreeSet<u64>>,
}

impl Reach {
    /// What Greenroom asks for: contents to read, statuses to write, everywhere.
    #[must_use]
    pub fn as_asked() -> Self {
        Self {
            contents: Access::Read,
            statuses: Access::Write,
            repositories: None,
        }
    }

    pub(super) fn sees(&self, repository: u64) -> bool {
        let only = self.repositories.as_ref();
        only.is_none_or(|only| only.contains(&repository))
    }
}
