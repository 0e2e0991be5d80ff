//! The kinds of gates that evidence opens.

use crate::name::Revision;

/// What the build of a release can be asked to show.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Gate {
    Tests,
    Coverage,
    Endpoints,
    Docs,
}

impl Gate {
    /// Its key under `gates:`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Tests => "tests",
            Self::Coverage => "coverage",
            Self::Endpoints => "endpoints",
            Self::Docs => "docs",
        }
    }

    /// The code of the wait for it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Tests => "gate_tests",
            Self::Coverage => "gate_coverage",
            Self::Endpoints => "gate_endpoints",
            Self::Docs => "gate_docs",
        }
    }

    /// Why it is closed to `revision`.
    pub fn sentence(self, revision: &Revision, required: &str, found: &str) -> String {
        let (gate, revision) = (self.word(), revision.short());
        format!("the gate {gate} is closed to {revision}: {found}; required: {required}")
    }
}
