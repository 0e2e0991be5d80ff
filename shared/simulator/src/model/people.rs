//! What people have in mind: what they saw on the board, and what they wait to do.

use std::collections::BTreeMap;

use greenroom_core::name::Revision;

/// Candidates remembered of each stage.
const SEEN_MAX: usize = 8;

/// Everybody's memory.
#[derive(Clone, Debug, Default)]
pub struct People {
    /// Candidates that stood on the board, by stage, newest last.
    seen: BTreeMap<String, Vec<Revision>>,
    /// Items of the script that wait for the next approval.
    pub ambushes: Vec<usize>,
}

impl People {
    /// Somebody saw this candidate.
    pub fn see(&mut self, stage: &str, revision: &Revision) {
        let seen = self.seen.entry(stage.to_owned()).or_default();
        if seen.last() != Some(revision) {
            seen.push(revision.clone());
        }
        if seen.len() > SEEN_MAX {
            seen.remove(0);
        }
    }

    /// The candidate that was seen last but `back`.
    pub fn saw(&self, stage: &str, back: usize) -> Option<&Revision> {
        self.seen.get(stage)?.iter().rev().nth(back)
    }
}
