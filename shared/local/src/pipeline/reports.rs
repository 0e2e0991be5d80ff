//! Reading the reports that the steps of a build left in its checkout.
//!
//! A report that cannot be read never fails a build: it is evidence of nothing, with the reason.
//! Steps may leave anything there, so no symbolic link is followed, nothing but files is opened,
//! and how much is looked at is bounded. A file that came with the commit and was not touched is
//! no report: nobody made it.

mod find;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use greenroom_core::evidence::{Coverage, Evidence, Finding, Tests};
use greenroom_core::stage_file::Reports;
use greenroom_evidence::calls::{self, SuiteCalls};
use greenroom_evidence::cobertura::Cobertura;
use greenroom_evidence::lcov::Lcov;
use greenroom_evidence::openapi::OpenApi;
use greenroom_evidence::{ReadError, junit};

use find::Stamp;

/// Files of the repository that a glob of reports matches, as they were before the first step, or
/// why that is not known; by glob.
pub(super) type Before = BTreeMap<String, Result<BTreeMap<PathBuf, Stamp>, String>>;

/// Looks at what is there already. An OpenAPI document may well come with the commit.
pub(super) fn before(checkout: &Path, steps: &[Reports]) -> Before {
    let look = |glob: &String| (glob.clone(), find::matching(checkout, glob));
    steps.iter().flat_map(made).map(look).collect()
}

/// The globs of what a step has to make.
fn made(reports: &Reports) -> impl Iterator<Item = &String> {
    let kinds = [&reports.junit, &reports.lcov, &reports.cobertura];
    kinds.into_iter().flatten()
}

/// Reads what `reports` names into `evidence`. Blocks.
pub(super) fn read(
    checkout: &Path,
    reports: &Reports,
    before: &Before,
    suites: &[SuiteCalls],
    evidence: &mut Evidence,
) {
    if let Some(glob) = &reports.junit {
        evidence.tests = Some(tests(checkout, glob, before));
    }
    if let Some(glob) = &reports.lcov {
        let mut lcov = Lcov::default();
        let read = each(checkout, glob, before, |bytes| lcov.read(bytes));
        evidence.coverage = Some(coverage(glob, read, || lcov.coverage()));
    }
    if let Some(glob) = &reports.cobertura {
        let mut cobertura = Cobertura::default();
        let read = each(checkout, glob, before, |bytes| cobertura.read(bytes));
        evidence.coverage = Some(coverage(glob, read, || cobertura.coverage()));
    }
    if let Some(path) = &reports.openapi {
        let mut api = None;
        let read = each(checkout, path, &Before::new(), |bytes| {
            api = Some(calls::api(&OpenApi::read(bytes)?, suites));
            Ok(())
        });
        evidence.api = Some(match (read, api) {
            (Ok(()), Some(api)) => Finding::Read(api),
            (Ok(()), None) => Finding::Missing { path: path.clone() },
            (Err(bad), _) => bad.finding(),
        });
    }
}

fn tests(checkout: &Path, glob: &str, before: &Before) -> Finding<Tests> {
    let mut all = Tests::default();
    let read = each(checkout, glob, before, |bytes| {
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

/// Why a glob gives nothing.
enum Bad {
    Missing { path: String },
    Unreadable { path: String, why: String },
}

impl Bad {
    fn unreadable(path: &str, why: &impl ToString) -> Self {
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

/// Gives `take` the bytes of each file that matches, in the order of their paths.
fn each(
    checkout: &Path,
    glob: &str,
    before: &Before,
    mut take: impl FnMut(&[u8]) -> Result<(), ReadError>,
) -> Result<(), Bad> {
    let found = find::matching(checkout, glob).map_err(|why| Bad::unreadable(glob, &why))?;
    if found.is_empty() {
        return Err(Bad::Missing {
            path: glob.to_owned(),
        });
    }
    let known = match before.get(glob) {
        Some(Ok(known)) => Some(known),
        Some(Err(why)) => {
            let why = format!("nobody knows which files came with the commit: {why}");
            return Err(Bad::unreadable(glob, &why));
        }
        None => None,
    };
    let fresh: Vec<&PathBuf> = found
        .iter()
        .filter(|(path, stamp)| known.and_then(|known| known.get(*path)) != Some(stamp))
        .map(|(path, _)| path)
        .collect();
    if fresh.is_empty() {
        let why = "it came with the commit, no step wrote it";
        return Err(Bad::unreadable(glob, &why));
    }
    for path in fresh {
        let name = path.to_string_lossy();
        let bytes =
            find::bytes(&checkout.join(path)).map_err(|why| Bad::unreadable(&name, &why))?;
        take(&bytes).map_err(|error| Bad::unreadable(&name, &error))?;
    }
    Ok(())
}

/// What was found, a line for each report, for the step's log.
pub(super) fn lines(reports: &Reports, evidence: &Evidence) -> Vec<String> {
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
