//! The gates that the build of a release must pass: what the stage demands, held against what the
//! build's reports say. What was not reported proves nothing, so its gate is closed.

use std::collections::BTreeSet;

use crate::build::Build;
use crate::evidence::{Api, COVERAGE_OUTPUT, Coverage, Finding, Gate, Percent, Tests};
use crate::policy::{Policy, View};
use crate::release::Release;
use crate::stage_file::Pipeline;
use crate::waiting::Wait;

/// How many tests or operations a sentence names.
const SHOWN_MAX: usize = 3;
const NO_BUILD: &str = "nothing is known of its build";

/// One gate and what was found behind it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Judged {
    pub gate: Gate,
    /// What the stage demands.
    pub required: String,
    /// What the build shows.
    pub found: String,
    pub open: bool,
}

/// The gates of the stage that are closed to `release`.
pub(super) fn closed(release: &Release, view: &View<'_>, policy: &Policy<'_>) -> Vec<Wait> {
    judge(release, view, policy)
        .into_iter()
        .filter(|judged| !judged.open)
        .map(|judged| Wait::Gate {
            gate: judged.gate,
            revision: release.revision.clone(),
            required: judged.required,
            found: judged.found,
        })
        .collect()
}

/// All gates of the stage, in the order of the stage file's documentation.
pub(crate) fn judge(release: &Release, view: &View<'_>, policy: &Policy<'_>) -> Vec<Judged> {
    let gates = &policy.rule.gates;
    let build = view
        .build
        .filter(|build| build.revision == release.revision && build.recipe == release.recipe);
    let mut all = Vec::new();
    let mut judged = |gate, required: String, found: Result<String, String>| {
        let open = found.is_ok();
        let (Ok(found) | Err(found)) = found;
        all.push(Judged {
            gate,
            required,
            found,
            open,
        });
    };
    if gates.tests {
        let found = read(build, "tests", |build| build.evidence()?.tests.as_ref());
        judged(
            Gate::Tests,
            "tests ran and none failed".to_owned(),
            found.and_then(tests),
        );
    }
    if let Some(least) = gates.coverage {
        judged(
            Gate::Coverage,
            format!("at least {least} % of the lines"),
            coverage(build, policy.pipeline).and_then(|found| covered(&found, least)),
        );
    }
    if gates.endpoints {
        let found = read(build, "API", |build| build.evidence()?.api.as_ref());
        judged(
            Gate::Endpoints,
            format!("each endpoint is called by {}", suites(policy)),
            found.and_then(|api| called(api, policy)),
        );
    }
    if gates.docs {
        let found = read(build, "API", |build| build.evidence()?.api.as_ref());
        judged(
            Gate::Docs,
            "each operation has its schemas".to_owned(),
            found.and_then(documented),
        );
    }
    all
}

/// What the report says, or why it says nothing.
fn read<'a, T>(
    build: Option<&'a Build>,
    what: &str,
    of: impl FnOnce(&'a Build) -> Option<&'a Finding<T>>,
) -> Result<&'a T, String> {
    let build = build.ok_or(NO_BUILD)?;
    match of(build) {
        Some(Finding::Read(read)) => Ok(read),
        Some(Finding::Missing { path }) => Err(format!("no report at {path}")),
        Some(Finding::Unreadable { path, why }) => {
            Err(format!("the report {path} cannot be read: {why}"))
        }
        None => Err(format!("its build left no report of its {what}")),
    }
}

fn tests(tests: &Tests) -> Result<String, String> {
    let ran = tests.total.saturating_sub(tests.skipped);
    let bad = tests.failed.saturating_add(tests.errored);
    if bad > 0 {
        let names = named(&tests.named, bad);
        return Err(format!("{bad} of {ran} tests failed: {names}"));
    }
    match (ran, tests.skipped) {
        (0, 0) => Err("the reports tell of no test".to_owned()),
        (0, skipped) => Err(format!("no test ran, {skipped} were skipped")),
        (ran, 0) => Ok(format!("{ran} passed")),
        (ran, skipped) => Ok(format!("{ran} passed, {skipped} skipped")),
    }
}

/// From a report where the pipeline leaves one, else from the output.
fn coverage(build: Option<&Build>, pipeline: &Pipeline) -> Result<Coverage, String> {
    let mut reports = pipeline
        .steps
        .iter()
        .filter_map(|step| step.reports.as_ref());
    if reports.any(|reports| reports.lcov.is_some() || reports.cobertura.is_some()) {
        return read(build, "coverage", |build| {
            build.evidence()?.coverage.as_ref()
        })
        .cloned();
    }
    let build = build.ok_or(NO_BUILD)?;
    let told = build
        .outputs()
        .and_then(|outputs| outputs.get(COVERAGE_OUTPUT))
        .ok_or_else(|| format!("its build did not write the output {COVERAGE_OUTPUT}"))?;
    match Percent::measured(told) {
        Ok(percent) => Ok(Coverage {
            percent,
            lines: None,
        }),
        Err(error) => Err(format!(
            "the output {COVERAGE_OUTPUT} is no percentage: {error}"
        )),
    }
}

fn covered(found: &Coverage, least: Percent) -> Result<String, String> {
    let share = format!("{} %", found.percent);
    let sentence = match found.lines {
        Some((ran, all)) => format!("{share} ({ran} of {all} lines)"),
        None => share,
    };
    if found.percent >= least {
        Ok(sentence)
    } else {
        Err(sentence)
    }
}

/// The names of the stage's suites, for people.
fn suites(policy: &Policy<'_>) -> String {
    let names: Vec<&str> = policy
        .rule
        .verify
        .iter()
        .map(crate::name::SuiteName::as_str)
        .collect();
    names.join(" or ")
}

fn called(api: &Api, policy: &Policy<'_>) -> Result<String, String> {
    let globs = policy.rule.verify.iter().filter_map(|name| {
        let suite = policy.file.suites.get(name)?;
        Some(suite.files.as_str())
    });
    let mut ours = BTreeSet::new();
    let mut unread = Vec::new();
    for files in globs {
        match api.suites.iter().position(|suite| suite.files == files) {
            Some(place) => {
                ours.insert(place);
                let problem = api.suites[place].problem.as_ref();
                unread.extend(problem.map(|why| format!("{files} cannot be read: {why}")));
            }
            None => unread.push(format!("its build did not look at {files}")),
        }
    }
    let uncalled = api
        .groups
        .iter()
        .filter(|group| !group.suites.iter().any(|suite| ours.contains(suite)));
    let (mut count, mut names) = (0_u32, Vec::new());
    for group in uncalled {
        count = count.saturating_add(group.count);
        names.extend(group.named.iter().cloned());
    }
    if count == 0 {
        return Ok(format!("all {} are called", api.operations));
    }
    let mut sentence = format!(
        "{count} of {} are not called: {}",
        api.operations,
        named(&names, count)
    );
    for why in unread {
        sentence.push_str("; ");
        sentence.push_str(&why);
    }
    Err(sentence)
}

fn documented(api: &Api) -> Result<String, String> {
    match api.undocumented {
        0 => Ok(format!("all {} have them", api.operations)),
        some => {
            let names = named(&api.named, some);
            Err(format!("{some} of {} do not: {names}", api.operations))
        }
    }
}

/// The first of `count` names, and how many more there are.
fn named(names: &[String], count: u32) -> String {
    let shown: Vec<&str> = names.iter().take(SHOWN_MAX).map(String::as_str).collect();
    let more = count.saturating_sub(u32::try_from(shown.len()).unwrap_or(u32::MAX));
    match (shown.as_slice(), more) {
        ([], _) => "nobody says which".to_owned(),
        (shown, 0) => shown.join(", "),
        (shown, more) => format!("{} and {more} more", shown.join(", ")),
    }
}
