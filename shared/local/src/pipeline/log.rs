//! The log of a step: bounded, masked, its beginning and its end kept.
//!
//! The beginning goes to the file as it comes. What does not fit is kept in memory, the newest
//! part of it, and written when the step ends, behind a line that says how much is missing.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Write;
use std::path::Path;

use super::folder::Folder;
use super::mask::{Mask, Masker};
use super::terminal::plain_text;

/// How much of a log's end is kept for the sentence about a failure.
const RECENT: usize = 8 * 1024;

/// Longest piece of a log in a sentence about a failure, in bytes.
const LAST_LINES_MAX: usize = 1024;

/// What one step has written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StepLog {
    /// The step's name; the first log is Greenroom's own, `greenroom`.
    pub step: String,
    pub text: String,
}

/// The name under which we ourselves write.
pub(super) const OURS: &str = "greenroom";

pub(super) struct LogWriter {
    /// `None` once it could not be written: a log is no reason to end a step.
    file: Option<File>,
    masker: Masker,
    room: usize,
    end: VecDeque<u8>,
    end_max: usize,
    missing: u64,
    recent: VecDeque<u8>,
}

impl LogWriter {
    /// A new log of at most about `limit` bytes, three quarters of them from the beginning.
    pub(super) fn create(path: &Path, limit: usize, mask: &Mask) -> std::io::Result<Self> {
        Ok(Self {
            file: Some(File::create(path)?),
            masker: Masker::new(mask.clone()),
            room: limit - limit / 4,
            end: VecDeque::new(),
            end_max: limit / 4,
            missing: 0,
            recent: VecDeque::new(),
        })
    }

    /// Takes what the step wrote.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        let shown = self.masker.push(bytes);
        self.put(&shown);
    }

    /// Says something ourselves, on a line of its own.
    pub(super) fn say(&mut self, sentence: &str) {
        let held = self.masker.finish();
        self.put(&held);
        if self.recent.back().is_some_and(|last| *last != b'\n') {
            self.put(b"\n");
        }
        self.put(format!("[greenroom] {sentence}\n").as_bytes());
    }

    fn put(&mut self, bytes: &[u8]) {
        keep_newest(&mut self.recent, bytes, RECENT);
        let (now, later) = bytes.split_at(bytes.len().min(self.room));
        self.room -= now.len();
        self.append(now);
        self.missing += keep_newest(&mut self.end, later, self.end_max);
    }

    fn append(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let Some(file) = &mut self.file else { return };
        if let Err(error) = file.write_all(bytes) {
            tracing::error!(%error, "a step's log cannot be written; the step goes on without");
            self.file = None;
        }
    }

    /// Writes what was held back. Nothing is written after this.
    pub(super) fn finish(&mut self) {
        let held = self.masker.finish();
        self.put(&held);
        if self.missing > 0 {
            let marker = format!("\n[greenroom] ... {} bytes left out ...\n", self.missing);
            self.append(marker.as_bytes());
        }
        let end = std::mem::take(&mut self.end);
        let (one, two) = end.as_slices();
        self.append(one);
        self.append(two);
    }

    /// The last lines of the step's own output, whole ones if they fit, fit to be shown.
    pub(super) fn last_lines(&self) -> String {
        let recent: Vec<u8> = self.recent.iter().copied().collect();
        let text = plain_text(&String::from_utf8_lossy(&recent));
        let text = text.trim_end();
        let mut start = text.len().saturating_sub(LAST_LINES_MAX);
        while !text.is_char_boundary(start) {
            start += 1;
        }
        let tail = &text[start..];
        let whole_lines = match tail.find('\n') {
            Some(newline) if start > 0 => &tail[newline + 1..],
            _ => tail,
        };
        whole_lines.trim_start_matches('\n').to_owned()
    }
}

/// Keeps the newest `limit` bytes and says how many were dropped.
fn keep_newest(kept: &mut VecDeque<u8>, bytes: &[u8], limit: usize) -> u64 {
    kept.extend(bytes);
    let excess = kept.len().saturating_sub(limit);
    kept.drain(..excess);
    excess as u64
}

/// All logs of an execution, in order.
pub(super) fn read(folder: &Folder) -> std::io::Result<Vec<StepLog>> {
    let request = folder.request()?;
    let names = std::iter::once(OURS).chain(request.steps.iter().map(|step| step.name.as_str()));
    let mut logs = Vec::new();
    for (number, name) in names.enumerate() {
        match std::fs::read(folder.log(number, name)) {
            Ok(bytes) => logs.push(StepLog {
                step: name.to_owned(),
                text: plain_text(&String::from_utf8_lossy(&bytes)),
            }),
            // It has not begun, and so have none of those after it.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(logs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_log_keeps_its_beginning_its_end_and_says_what_is_missing() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("log");
        let mut log = LogWriter::create(&path, 4000, &Mask::default()).expect("created");
        log.write(b"first line\n");
        for n in 0..2000 {
            log.write(format!("line {n} \u{1b}[31mred\u{1b}[0m\n").as_bytes());
        }
        log.finish();
        let text = std::fs::read_to_string(&path).expect("text");
        assert!(text.len() < 4100, "{}", text.len());
        assert!(text.starts_with("first line\nline 0 "));
        assert!(text.contains("bytes left out"));
        assert!(text.ends_with("line 1999 \u{1b}[31mred\u{1b}[0m\n"));
        let last = log.last_lines();
        assert!(
            last.len() <= LAST_LINES_MAX && last.ends_with("line 1999 red"),
            "{last}"
        );
        assert!(last.starts_with("line "), "{last}");
    }

    #[test]
    fn a_short_log_is_whole() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("log");
        let mut log = LogWriter::create(&path, 4000, &Mask::new(["pass"])).expect("created");
        log.write(b"a pas");
        log.write(b"s b");
        log.say("said");
        log.finish();
        let text = std::fs::read_to_string(&path).expect("text");
        assert_eq!(text, "a *** b\n[greenroom] said\n");
        assert_eq!(log.last_lines(), "a *** b\n[greenroom] said");
    }
}
