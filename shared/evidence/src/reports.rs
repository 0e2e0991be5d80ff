//! From what a step declares to what its files say, wherever those are: in a checkout on this machine,
//! or in what a build elsewhere left behind.
//!
//! A report that is missing or cannot be read never fails a build: it is evidence of nothing, with
//! the reason.

use greenroom_core::evidence::{Coverage, Evidence, Finding, Tests};
use greenroom_core::stage_file::Reports;

use crate::calls::{self, SuiteCalls};
use crate::cobertura::Cobertura;
use crate::lcov::Lcov;
use crate::openapi::OpenApi;
use crate::{ReadError, junit};

/// A kind of report.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    Junit,
    Lcov,
    Cobertura,
    OpenApi,
}

impl Kind {
    /// The key in the stage file.
    pub fn key(self) -> &'static str {
        match self {
            Self::Junit => "junit",
            Self::Lcov => "lcov",
            Self::Cobertura => "cobertura",
            Self::OpenApi => "openapi",
        }
    }

    /// Whether a step has to have made it; a document may well come with the commit.
    pub fn is_made(self) -> bool {
        self != Self::OpenApi
    }

    /// The kinds that `reports` declares, with their globs.
    pub fn declared(reports: &Reports) -> impl Iterator<Item = (Self, &String)> {
        let all = [
            (Self::Junit, &reports.junit),
            (Self::Lcov, &reports.lcov),
            (Self::Cobertura, &reports.cobertura),
            (Self::OpenApi, &reports.openapi),
        ];
        all.into_iter()
            .filter_map(|(kind, glob)| Some((kind, glob.as_ref()?)))
    }
}

/// Why a glob gives nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Bad {
    /// No file matches.
    Missing { path: String },
    /// `path` is the glob, or the file itself.
    Unreadable { path: String, why: String },
}

impl Bad {
    /// With a reason for people.
    pub fn unreadable(path: &str, why: &impl ToString) -> Self {
        Self::Unreadable {
            path: path.to_owned(),
            why: why.to_string(),
        }
    }

    fn finding<T>(self) -> Finding<T> {
        match self {
            Self::Missing { path } => Finding::Missing { path },
            Self::Unreadable { path, why } => Finding::Unreadable { path, why },
        }
    }
}

/// Reads one file.
pub type Take<'a> = &'a mut dyn FnMut(&[u8]) -> Result<(), ReadError>;

/// Where the files are.
pub trait Files {
    /// Gives `take` the bytes of each file that `glob` matches, in the order of their paths; of what
    /// a step has to have made, only what it made.
    ///
    /// # Errors
    /// There is none, or one of them cannot be read.
    fn each(&self, kind: Kind, glob: &str, take: Take<'_>) -> Result<(), Bad>;
}

/// Reads what `reports` names into `evidence`; the requests of `suites` are held against the API's
/// document. Blocks as far as `files` does.
pub fn read(reports: &Reports, files: &impl Files, suites: &[SuiteCalls], evidence: &mut Evidence) {
    for (kind, glob) in Kind::declared(reports) {
        match kind {
            Kind::Junit => evidence.tests = Some(tests(files, glob)),
            Kind::Lcov => {
                let mut lcov = Lcov::default();
                let read = files.each(kind, glob, &mut |bytes| lcov.read(bytes));
                evidence.coverage = Some(coverage(glob, read, || lcov.coverage()));
            }
            Kind::Cobertura => {
                let mut cobertura = Cobertura::default();
                let read = files.each(kind, glob, &mut |bytes| cobertura.read(bytes));
                evidence.coverage = Some(coverage(glob, read, || cobertura.coverage()));
            }
            Kind::OpenApi => {
                let mut api = None;
                let read = files.each(kind, glob, &mut |bytes| {
                    api = Some(calls::api(&OpenApi::read(bytes)?, suites));
                    Ok(())
                });
                evidence.api = Some(match (read, api) {
                    (Ok(()), Some(api)) => Finding::Read(api),
                    (Ok(()), None) => Finding::Missing { path: glob.clone() },
                    (Err(bad), _) => bad.finding(),
                });
            }
        }
    }
}

fn tests(files: &impl Files, glob: &str) -> Finding<Tests> {
    let mut all = Tests::default();
    let read = files.each(Kind::Junit, glob, &mut |bytes| {
        junit::add(&mut all, junit::read(bytes)?);
        Ok(())
    });
    match read {
        Ok(()) => Finding::Read(all),
        Err(bad) => bad.finding(),
    }
}

fn coverage(
    glob: &str,
    read: Result<(), Bad>,
    sum: impl FnOnce() -> Result<Coverage, ReadError>,
) -> Finding<Coverage> {
    let summed = read.and_then(|()| sum().map_err(|error| Bad::unreadable(glob, &error)));
    match summed {
        Ok(coverage) => Finding::Read(coverage),
        Err(bad) => bad.finding(),
    }
}

/// What was found, a line for each report, for the step's log.
pub fn lines(reports: &Reports, evidence: &Evidence) -> Vec<String> {
    let mut lines = Vec::new();
    if reports.junit.is_some() {
        lines.extend(line("tests", evidence.tests.as_ref(), |tests| {
            let bad = tests.failed.saturating_add(tests.errored);
            format!(
                "{} tests, {bad} failed, {} skipped",
                tests.total, tests.skipped
            )
        }));
    }
    if reports.lcov.is_some() || reports.cobertura.is_some() {
        lines.extend(line("coverage", evidence.coverage.as_ref(), |coverage| {
            format!("{} % of the lines", coverage.percent)
        }));
    }
    if reports.openapi.is_some() {
        lines.extend(line("API", evidence.api.as_ref(), |api| {
            let (all, lacking) = (api.operations, api.undocumented);
            format!("{all} operations, {lacking} without their schemas")
        }));
    }
    lines
}

fn line<T>(
    what: &str,
    finding: Option<&Finding<T>>,
    read: impl FnOnce(&T) -> String,
) -> Option<String> {
    Some(match finding? {
        Finding::Read(it) => format!("{what}: {}", read(it)),
        Finding::Missing { path } => format!("warning: {what}: no report at {path}"),
        Finding::Unreadable { path, why } => {
            format!("warning: {what}: the report {path} cannot be read: {why}")
        }
    })
}
