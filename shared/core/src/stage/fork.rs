//! Stages that pull requests from forks lead to. Nothing goes there that nobody has approved by its
//! commit, whatever asks for it.

use serde::{Deserialize, Serialize};

use super::Spec;
use crate::name::Actor;

/// The pull request that leads to a stage is a stranger's.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Fork {
    /// Who opened it, if that is known: their own word for it counts nothing.
    pub author: Option<Actor>,
}

impl Fork {
    /// Whether `name` opened the pull request; a login is the same whatever its case.
    pub fn is_of(&self, name: &str) -> bool {
        let author = self.author.as_ref();
        author.is_some_and(|author| author.as_str().eq_ignore_ascii_case(name))
    }
}

impl Spec {
    /// The same in the place of `older`: a stage that a fork has led to stays one.
    #[must_use]
    pub fn after(mut self, older: &Self) -> Self {
        self.fork = self.fork.or_else(|| older.fork.clone());
        self
    }
}
