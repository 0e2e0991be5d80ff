//! What has been told already, so that each thing is told once.

use std::collections::BTreeMap;

/// What the transcript has told so far.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Lines of each stage's log.
    pub lines: BTreeMap<String, usize>,
    /// How each stage was summed up last.
    pub stages: BTreeMap<String, String>,
    /// Things that need a person.
    pub attention: Vec<String>,
    pub messages: usize,
    pub mails: usize,
}
