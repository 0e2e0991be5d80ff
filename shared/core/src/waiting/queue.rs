//! The wait of what is behind something else.

use std::fmt::Write as _;

use super::Explained;
use crate::name::{Revision, StageName};

/// How many of those that wait are named.
const NAMED_MAX: usize = 5;

/// Who waits behind what is in front, in words.
pub(super) fn explain(stage: &StageName, behind: &[Revision], most: usize) -> Explained {
    let named = behind.iter().take(NAMED_MAX).map(Revision::short);
    let mut named = named.collect::<Vec<_>>().join(", ");
    let more = behind.len().saturating_sub(NAMED_MAX);
    if more > 0 {
        let _ = write!(named, " and {more} more");
    }
    let wait = if behind.len() == 1 { "waits" } else { "wait" };
    let full = if behind.len() >= most {
        "; the line is full, and the next change is deployed together with the last"
    } else {
        ""
    };
    Explained {
        code: "queued",
        sentence: format!("{named} {wait} in line, each for its own turn{full}"),
        who: "what is in front".to_owned(),
        command: Some(format!("greenroom status {stage}")),
        until: None,
    }
}
