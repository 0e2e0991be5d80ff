//! What a run of a suite says, down to each assert.

use std::time::Duration;

use greenroom_core::verdict::{FAILURES_MAX, SuiteReport, TestFailure, Verdict};
use jiff::SignedDuration;

/// Longest name of a test, in characters.
pub(crate) const TEST_CHARS_MAX: usize = 200;
/// Longest message, in characters.
pub(crate) const MESSAGE_CHARS_MAX: usize = 400;

/// Everything a run of a suite left.
#[derive(Clone, Debug)]
pub struct SuiteOutcome {
    /// For the core and for people.
    pub report: SuiteReport,
    /// In the order given, whatever order they ended in.
    pub files: Vec<FileReport>,
    /// The same as JUnit XML.
    pub junit: String,
}

/// One file's run. A file ends at its first entry that does not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileReport {
    /// As given to [`SuiteFile::parse`](crate::SuiteFile::parse).
    pub path: String,
    /// Of the last entry that ran.
    pub verdict: Verdict,
    /// Those that ran, in file order.
    pub entries: Vec<EntryReport>,
    /// Why it errored, if no entry says so.
    pub error: Option<String>,
    /// How many entries the file holds.
    pub entry_count: usize,
    /// Wall time.
    pub duration: Duration,
}

/// One entry's run: a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryReport {
    /// As [`TestFailure::test`].
    pub test: String,
    /// Of the request.
    pub line: u32,
    /// Failed if any of `troubles` is the stage's fault, errored if there are only others.
    pub verdict: Verdict,
    /// Why it did not pass, in file order; of the last attempt.
    pub troubles: Vec<Unmet>,
    /// How often the request was sent; more than one with `retry`.
    pub attempts: u32,
    /// Wall time, waiting between attempts included.
    pub duration: Duration,
}

/// One expectation that was not met, or could not be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmet {
    /// In the suite file, from 1.
    pub line: u32,
    /// Without secrets, on one line.
    pub message: String,
    /// Whether the stage answered wrongly; otherwise it could not be told.
    pub wrong: bool,
}

impl EntryReport {
    /// The entry as a failing test; `None` unless it failed.
    fn failure(&self, path: &str) -> Option<TestFailure> {
        let first = self.troubles.iter().find(|trouble| trouble.wrong)?;
        let more = self.troubles.len() - 1;
        let suffix = if more > 0 {
            format!(" (and {more} more)")
        } else {
            String::new()
        };
        let room = MESSAGE_CHARS_MAX - suffix.len();
        let message: String = first
            .message
            .chars()
            .take(room)
            .chain(suffix.chars())
            .collect();
        Some(TestFailure {
            test: self.test.clone(),
            message,
            file: path.to_owned(),
            line: first.line,
        })
    }
}

/// The verdict of several: a failure is proof that the stage is wrong, which no trouble elsewhere
/// takes back; without one, anything untold leaves the whole untold.
pub(crate) fn combine(verdicts: impl IntoIterator<Item = Verdict>) -> Verdict {
    verdicts
        .into_iter()
        .fold(Verdict::Passed, |all, one| match (all, one) {
            (Verdict::Failed, _) | (_, Verdict::Failed) => Verdict::Failed,
            (Verdict::Errored, _) | (_, Verdict::Errored) => Verdict::Errored,
            (Verdict::Passed, Verdict::Passed) => Verdict::Passed,
        })
}

/// The report over all files.
pub(crate) fn summarise(files: &[FileReport], duration: Duration) -> SuiteReport {
    let verdict = combine(files.iter().map(|file| file.verdict));
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let mut failures: Vec<TestFailure> = files
        .iter()
        .flat_map(|file| {
            file.entries
                .iter()
                .filter_map(|entry| entry.failure(&file.path))
        })
        .collect();
    let failed = count(failures.len());
    failures.truncate(FAILURES_MAX);
    SuiteReport {
        verdict,
        total: count(files.iter().map(|file| file.entries.len()).sum()),
        failures,
        failed,
        duration: SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX),
        error: (verdict == Verdict::Errored).then(|| error_of(files)),
    }
}

fn error_of(files: &[FileReport]) -> String {
    let errored: Vec<&FileReport> = files
        .iter()
        .filter(|file| file.verdict == Verdict::Errored)
        .collect();
    let whole = errored.iter().find_map(|file| file.error.clone());
    let first = errored
        .iter()
        .flat_map(|file| file.entries.iter().map(move |entry| (&file.path, entry)))
        .find_map(|(path, entry)| {
            let trouble = entry.troubles.first()?;
            Some(format!("{} ({path}:{})", trouble.message, trouble.line))
        });
    let first = whole.or(first).unwrap_or_default();
    match errored.len() {
        0 | 1 => first,
        many => format!("{first}; {many} files in all could not be judged"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_beats_an_error_and_an_error_beats_a_pass() {
        use Verdict::{Errored, Failed, Passed};
        assert_eq!(combine([Passed, Errored, Failed, Passed]), Failed);
        assert_eq!(combine([Failed, Errored]), Failed);
        assert_eq!(combine([Passed, Errored]), Errored);
        assert_eq!(combine([Passed]), Passed);
        assert_eq!(combine([]), Passed);
    }
}
