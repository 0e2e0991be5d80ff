//! Reports: left by what is built once, found in the checkout, one of a kind.

use std::collections::{BTreeMap, BTreeSet};

use super::pipelines::is_inside_checkout;
use super::suites::check_glob;
use crate::evidence::COVERAGE_OUTPUT;
use crate::name::{PipelineName, SuiteName};
use crate::stage_file::diagnostic::{Diagnostic, Log, shown};
use crate::stage_file::raw::{RawReports, RawStep};
use crate::stage_file::record::{Field, Spanned};
use crate::stage_file::{Pipeline, Reports, Rule, Suite};

/// The kinds of reports, as they are written.
pub(super) fn kinds(reports: &RawReports) -> [(&'static str, &Field<String>); 4] {
    [
        ("junit", &reports.junit),
        ("lcov", &reports.lcov),
        ("cobertura", &reports.cobertura),
        ("openapi", &reports.openapi),
    ]
}

/// Checks the reports of one step.
pub(super) fn check(raw: &RawStep, once: bool, log: &mut Log) -> Option<Reports> {
    let given = raw.reports.given()?;
    let reports = &given.value;
    // A broken `once` was reported and may well have been meant.
    if !once && (raw.once.is_absent() || raw.once.value().is_some()) {
        log.report(
            Diagnostic::error("reports-without-once", &given.span, "reports need `once: true`")
                .label("left for one stage only")
                .help("What a release has shown belongs to its build and moves with it; add `once: true`, or move the reports to a step that has it."),
        );
    }
    let all = kinds(reports);
    if all.iter().all(|(_, path)| path.is_absent()) {
        log.report(
            Diagnostic::error("no-reports", &given.span, "`reports` names no report")
                .label("nothing to look at")
                .help("Name one: `reports: { junit: \"reports/*.xml\" }`, or remove the key."),
        );
    }
    for (kind, path) in all {
        if let Some(path) = path.given() {
            check_path(kind, path, log);
        }
    }
    Some(Reports {
        junit: reports.junit.value().cloned(),
        lcov: reports.lcov.value().cloned(),
        cobertura: reports.cobertura.value().cloned(),
        openapi: reports.openapi.value().cloned(),
        suites: Vec::new(),
    })
}

fn check_path(kind: &str, path: &Spanned<String>, log: &mut Log) {
    if !is_inside_checkout(&path.value) {
        let message = format!("`{}` is not a path inside the checkout", shown(&path.value));
        log.report(
            Diagnostic::error("path", &path.span, message)
                .help("Write a relative path without `..`, such as `reports/unit.xml`."),
        );
    } else if kind != "openapi" {
        check_glob(path, "reports/*.xml", log);
    } else if path.value.contains(['*', '?', '[', '{']) {
        log.report(
            Diagnostic::error("path", &path.span, "`openapi` names one file")
                .label("could be several")
                .help("Write the document's path, such as `openapi.yaml`."),
        );
    }
}

/// Reports a second report of a kind, and coverage that comes from two places.
pub(super) fn check_one_of_each(steps: &[&RawStep], log: &mut Log) {
    let mut seen = BTreeSet::new();
    let mut coverage: Option<&str> = None;
    for step in steps {
        for (kind, path) in step.reports.value().into_iter().flat_map(kinds) {
            let Some(path) = path.given() else { continue };
            if !seen.insert(kind) {
                log.report(
                    Diagnostic::error(
                        "two-reports",
                        &path.span,
                        format!("a second step leaves `{kind}`"),
                    )
                    .label("again here")
                    .help("Name all files by one glob, at the last step that leaves one."),
                );
            } else if matches!(kind, "lcov" | "cobertura") {
                check_one_coverage(&mut coverage, kind, path, log);
            }
        }
        let told = step.outputs.items().iter();
        for output in told.filter(|output| output.value == COVERAGE_OUTPUT) {
            // A deployment that tells such an output means something of its own.
            if step.once.value() == Some(&true) {
                check_one_coverage(&mut coverage, "the output COVERAGE", output, log);
            }
        }
    }
}

fn check_one_coverage(
    known: &mut Option<&'static str>,
    kind: &'static str,
    at: &Spanned<String>,
    log: &mut Log,
) {
    match known {
        None => *known = Some(kind),
        Some(other) => log.report(
            Diagnostic::error(
                "two-coverages",
                &at.span,
                format!("the coverage comes from {other} and from {kind}"),
            )
            .label("which of them counts?")
            .help("Keep one of them."),
        ),
    }
}

/// Whoever reads the API's document also reads the tests of all stages of the pipeline.
pub(super) fn add_suites(
    pipelines: &mut BTreeMap<PipelineName, Pipeline>,
    suites: &BTreeMap<SuiteName, Suite>,
    rules: &[Rule],
) {
    for pipeline in pipelines.values_mut() {
        let globs: BTreeSet<&String> = rules
            .iter()
            .filter(|rule| rule.pipeline.as_ref() == Some(&pipeline.name))
            .flat_map(|rule| &rule.verify)
            .filter_map(|name| suites.get(name))
            .map(|suite| &suite.files)
            .collect();
        for reports in pipeline
            .steps
            .iter_mut()
            .filter_map(|it| it.reports.as_mut())
        {
            if reports.openapi.is_some() {
                reports.suites = globs.iter().copied().cloned().collect();
            }
        }
    }
}
