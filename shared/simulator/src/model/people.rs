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
    /// Those who wait for a moment.
    pub lurking: Vec<Lurking>,
}

/// An item of the script that waits for a moment.
#[derive(Clone, Debug)]
pub struct Lurking {
    pub item: usize,
    /// Moments that it lets pass yet.
    pub passes: u32,
    /// How often it strikes yet.
    pub times: u32,
}

/// The moment has come.
#[derive(Clone, Debug)]
pub struct Sprung {
    pub item: usize,
    /// Distinguishes the strikes of one item.
    pub nth: u32,
    /// Where it came.
    pub stage: String,
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
