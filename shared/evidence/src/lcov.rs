//! lcov's tracefiles. Several are merged line by line: a line counts as covered if any of them
//! saw it run.

use std::collections::BTreeMap;

use greenroom_core::evidence::{Coverage, Percent};

use crate::{REPORT_BYTES_MAX, ReadError, within};

/// Lines of all files together.
const LINES_MAX: usize = 4_000_000;

/// What some tracefiles say.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Lcov {
    files: BTreeMap<Vec<u8>, File>,
    lines: usize,
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct File {
    /// Whether a line ran, by its number.
    lines: BTreeMap<u32, bool>,
    /// From a file that tells only sums: lines that ran, and lines there are.
    sums: (u64, u64),
}

impl Lcov {
    /// Takes in one more tracefile.
    ///
    /// # Errors
    /// It is no tracefile, or one that was cut off.
    pub fn read(&mut self, bytes: &[u8]) -> Result<(), ReadError> {
        within(bytes, REPORT_BYTES_MAX)?;
        let mut records = 0;
        let mut open: Option<(Vec<u8>, File)> = None;
        for (at, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
            let line = line.trim_ascii();
            let wrong = |what: &str| ReadError::malformed(format!("line {}: {what}", at + 1));
            if let Some(path) = line.strip_prefix(b"SF:") {
                if open.is_some() {
                    return Err(wrong("a record begins inside another"));
                }
                open = Some((path.to_vec(), File::default()));
            } else if line == b"end_of_record" {
                let (path, file) = open
                    .take()
                    .ok_or_else(|| wrong("a record ends that never began"))?;
                self.merge(path, file)?;
                records += 1;
            } else if let Some((_, file)) = &mut open {
                entry(file, line).ok_or_else(|| wrong("its numbers cannot be read"))?;
                if file.lines.len() > LINES_MAX {
                    return Err(too_many());
                }
            }
        }
        if open.is_some() {
            return Err(ReadError::malformed("it ends in the middle of a record"));
        }
        if records == 0 {
            return Err(ReadError::malformed("it is no tracefile: it has no record"));
        }
        Ok(())
    }

    /// The share of all lines that ran.
    ///
    /// # Errors
    /// There is no line at all, or more ran than there are.
    pub fn coverage(&self) -> Result<Coverage, ReadError> {
        let (mut ran, mut all) = (0_u64, 0_u64);
        for file in self.files.values() {
            let (some, of) = if file.lines.is_empty() {
                file.sums
            } else {
                let some = file.lines.values().filter(|ran| **ran).count();
                (some as u64, file.lines.len() as u64)
            };
            ran = ran.saturating_add(some);
            all = all.saturating_add(of);
        }
        share(ran, all)
    }

    fn merge(&mut self, path: Vec<u8>, file: File) -> Result<(), ReadError> {
        let known = self.files.entry(path).or_default();
        let before = known.lines.len();
        for (line, ran) in file.lines {
            *known.lines.entry(line).or_default() |= ran;
        }
        known.sums.0 = known.sums.0.max(file.sums.0);
        known.sums.1 = known.sums.1.max(file.sums.1);
        self.lines += known.lines.len() - before;
        if self.lines > LINES_MAX {
            return Err(too_many());
        }
        Ok(())
    }
}

fn too_many() -> ReadError {
    ReadError::malformed(format!("it tells of more than {LINES_MAX} lines"))
}

/// A line of a record; `None` when its numbers are none. Functions and branches are passed over.
fn entry(file: &mut File, line: &[u8]) -> Option<()> {
    // Names of functions may be in any encoding; numbers are not.
    let text = String::from_utf8_lossy(line);
    let Some((key, rest)) = text.split_once(':') else {
        return Some(());
    };
    match key {
        "DA" => {
            let mut parts = rest.split(',');
            let number: u32 = parts.next()?.trim().parse().ok()?;
            let hits: i64 = parts.next()?.trim().parse().ok()?;
            *file.lines.entry(number).or_default() |= hits > 0;
        }
        "LH" => file.sums.0 = rest.trim().parse().ok()?,
        "LF" => file.sums.1 = rest.trim().parse().ok()?,
        _ => {}
    }
    Some(())
}

/// `ran` of `all` lines.
pub(crate) fn share(ran: u64, all: u64) -> Result<Coverage, ReadError> {
    let percent = Percent::of(ran, all).ok_or_else(|| {
        ReadError::malformed(if all == 0 {
            "it measures no lines at all".to_owned()
        } else {
            format!("{ran} of {all} lines would have run")
        })
    })?;
    Ok(Coverage {
        percent,
        lines: Some((ran, all)),
    })
}

#[cfg(test)]
mod tests;
