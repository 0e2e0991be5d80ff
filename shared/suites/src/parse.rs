//! From text to a suite file that can be run as it stands, or every reason why not.
//!
//! The parser is `hurl_core`'s. It runs on a thread of its own: it may panic or take long on texts
//! the budgets did not foresee, and neither may reach the caller.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use hurl_core::ast::{Entry, HurlFile};
use hurl_core::error::Error as _;
use hurl_core::parser::parse_hurl_file;

use crate::problem::Problem;
use crate::{budget, hint, refuse};

/// More entries than this are refused.
pub const ENTRIES_MAX: usize = 200;
/// Far above what a text within the budgets takes, also on a busy machine.
const PARSE_MAX: Duration = Duration::from_secs(20);
/// Room for [`budget::NESTING_MAX`] levels of an unoptimised build, several times over.
const STACK_BYTES: usize = 16 * 1024 * 1024;

/// Told of a text on which the parser panicked or never came back.
const GAVE_UP: &str = "the parser gave up on this file";

/// A Hurl file, checked: everything in it can be executed. Cheap to clone.
#[derive(Clone, Debug)]
pub struct SuiteFile {
    path: Arc<str>,
    parsed: Arc<HurlFile>,
}

impl SuiteFile {
    /// Reads `text`; `path` is only a name for messages and reports. Takes milliseconds, and never
    /// longer than twenty seconds.
    ///
    /// # Errors
    /// Everything that keeps the file from being run, in file order: a syntax error, a construct we
    /// do not execute, a size above the caps. Nothing is ever skipped.
    pub fn parse(path: &str, text: &str) -> Result<Self, Vec<Problem>> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let problem = |line: usize, column: usize, what: String, fix: String| Problem {
            path: path.to_owned(),
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column).unwrap_or(u32::MAX),
            what,
            fix,
        };
        if let Some(excess) = budget::check(text) {
            return Err(vec![problem(excess.line, 1, excess.what, excess.fix)]);
        }
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let parsed = match parse_apart(text) {
            Outcome::Parsed(file) => file,
            Outcome::Syntax { line, column, what } => {
                let culprit = hint::culprit(&lines, line);
                let text = lines.get(culprit - 1).map_or("", String::as_str);
                let (what, fix) = hint::explain(text, &what);
                let column = if culprit == line { column } else { 1 };
                return Err(vec![problem(culprit, column, what, fix)]);
            }
            Outcome::Gone => {
                let what = GAVE_UP.to_owned();
                return Err(vec![problem(
                    1,
                    1,
                    what,
                    "halve the file to find the part it cannot read".to_owned(),
                )]);
            }
        };
        let refusals = refuse::all(&parsed, &lines);
        if !refusals.is_empty() {
            return Err(refusals
                .into_iter()
                .map(|r| problem(r.line, r.column, r.what, r.fix))
                .collect());
        }
        Ok(Self {
            path: path.into(),
            parsed: Arc::new(parsed),
        })
    }

    /// The name it was given.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// How many tests it holds.
    pub fn entry_count(&self) -> usize {
        self.parsed.entries.len()
    }

    /// The method and the address of each test, as written: `GET`, `{{base_url}}/orders/{{id}}`.
    pub fn requests(&self) -> impl Iterator<Item = (String, String)> {
        let entries = self.parsed.entries.iter();
        entries.map(|entry| {
            let request = &entry.request;
            (request.method.to_string(), request.url.to_string())
        })
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.parsed.entries
    }
}

enum Outcome {
    Parsed(HurlFile),
    Syntax {
        line: usize,
        column: usize,
        what: String,
    },
    Gone,
}

fn parse_apart(text: &str) -> Outcome {
    let (sender, receiver) = mpsc::channel();
    let text = text.to_owned();
    let work = move || {
        let outcome = match parse_hurl_file(&text) {
            Ok(file) => Outcome::Parsed(file),
            Err(error) => Outcome::Syntax {
                line: error.pos.line.max(1),
                column: error.pos.column.max(1),
                what: error.fixme(),
            },
        };
        // The receiver is gone only if we took too long; then nobody wants the outcome.
        let _ = sender.send(outcome);
    };
    match std::thread::Builder::new()
        .name("hurl-parser".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(work)
    {
        Ok(_) => receiver.recv_timeout(PARSE_MAX).unwrap_or(Outcome::Gone),
        Err(_) => Outcome::Gone,
    }
}

#[cfg(test)]
mod tests;
