//! What happened in a run, in order: always as a hash, as lines only if somebody wants to read it.

use jiff::Timestamp;

use crate::random::mix;

/// The story of one run.
#[derive(Debug)]
pub struct Trace {
    hash: u64,
    steps: u64,
    lines: Option<Vec<String>>,
}

impl Trace {
    /// `recording` keeps the lines too.
    pub fn new(recording: bool) -> Self {
        Self {
            hash: 0,
            steps: 0,
            lines: recording.then(Vec::new),
        }
    }

    /// Something happened: `what` names it for the hash, `text` for people.
    pub fn note(&mut self, at: Timestamp, what: u64, text: impl FnOnce() -> String) {
        self.steps += 1;
        let nanos = i64::try_from(at.as_nanosecond()).unwrap_or(i64::MAX);
        self.hash = mix(self.hash ^ mix(nanos.cast_unsigned()) ^ mix(what).rotate_left(17));
        if let Some(lines) = &mut self.lines {
            lines.push(format!("{at:.3} {}", text()));
        }
    }

    /// The same for two runs only if the same happened at the same instants in the same order.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The lines, if they were kept.
    pub fn lines(&self) -> &[String] {
        self.lines.as_deref().unwrap_or_default()
    }

    pub fn is_recording(&self) -> bool {
        self.lines.is_some()
    }
}
