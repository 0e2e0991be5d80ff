//! Gates: each needs a step that leaves something to judge by.

use std::ops::Range;

use super::reports::kinds;
use crate::evidence::COVERAGE_OUTPUT;
use crate::stage_file::Gates;
use crate::stage_file::diagnostic::{Diagnostic, Log, shown};
use crate::stage_file::raw::{RawFile, RawPipeline, RawStage, RawStep};
use crate::stage_file::record::Field;

/// Checks what a stage demands of a release's build.
pub(super) fn check(raw: &RawFile, stage: &RawStage, log: &mut Log) -> Gates {
    let Some(gates) = stage.gates.given() else {
        return Gates::default();
    };
    let it = &gates.value;
    let checked = Gates {
        tests: it.tests.value().is_some(),
        coverage: it.coverage.value().map(|share| share.0),
        endpoints: it.endpoints.value().is_some(),
        docs: it.docs.value().is_some(),
    };
    let keys = [
        it.tests.is_absent(),
        it.coverage.is_absent(),
        it.endpoints.is_absent(),
        it.docs.is_absent(),
    ];
    if keys.iter().all(|absent| *absent) {
        log.report(
            Diagnostic::error("no-gates", &gates.span, "`gates` demands nothing")
                .label("always open")
                .help("Name a gate: `gates: { tests: passed }`, or remove the key."),
        );
    }
    let demanded = [
        ("tests", it.tests.span(), &["junit"][..]),
        ("coverage", it.coverage.span(), &["lcov", "cobertura"][..]),
        ("endpoints", it.endpoints.span(), &["openapi"][..]),
        ("docs", it.docs.span(), &["openapi"][..]),
    ];
    if let Some((name, pipeline)) = pipeline_of(raw, stage) {
        for (gate, span, kinds) in demanded {
            if let Some(span) = span {
                check_source(gate, span, kinds, (name, pipeline), log);
            }
        }
    }
    let verifies = match &stage.verify {
        Field::Given(list) => list.value.broken || !list.value.items.is_empty(),
        Field::Broken => true,
        Field::Absent => false,
    };
    if let (Some(span), false) = (it.endpoints.span(), verifies) {
        log.report(
            Diagnostic::error(
                "gate-without-suite",
                span,
                "no suite of this stage could test an endpoint",
            )
            .label("always closed")
            .help("Add `verify: [...]` with the suites whose requests count, or remove this gate."),
        );
    }
    checked
}

/// The stage's pipeline, if it is known and whole.
fn pipeline_of<'a>(raw: &'a RawFile, stage: &'a RawStage) -> Option<(&'a str, &'a RawPipeline)> {
    let name = stage.pipeline.value()?;
    let pipeline = raw.pipelines.value()?.get(name)?.value.as_ref()?;
    let steps = pipeline.steps.value()?;
    (!steps.broken).then_some((name, pipeline))
}

fn check_source(
    gate: &str,
    span: &Range<usize>,
    wanted: &[&str],
    (name, pipeline): (&str, &RawPipeline),
    log: &mut Log,
) {
    let leaves = |step: &RawStep| match &step.reports {
        Field::Absent => false,
        Field::Broken => true,
        Field::Given(reports) => kinds(&reports.value)
            .iter()
            .any(|(kind, path)| wanted.contains(kind) && !path.is_absent()),
    };
    let tells = |step: &RawStep| {
        gate == "coverage"
            && step.once.value() == Some(&true)
            && step
                .outputs
                .items()
                .iter()
                .any(|it| it.value == COVERAGE_OUTPUT)
    };
    let steps = pipeline.steps.items().iter().map(|step| &step.value);
    if steps.into_iter().any(|step| leaves(step) || tells(step)) {
        return;
    }
    let message = format!(
        "no step of `{}` leaves what `{gate}` is judged by",
        shown(name)
    );
    let help = match gate {
        "coverage" => "Add `reports: { lcov: \"coverage.info\" }`, `reports: { cobertura: \"coverage.xml\" }` or `outputs: [COVERAGE]` to a `once` step.".to_owned(),
        _ => {
            let (kind, path) = match wanted {
                ["junit"] => ("junit", "\"reports/*.xml\""),
                _ => ("openapi", "openapi.yaml"),
            };
            format!("Add `reports: {{ {kind}: {path} }}` to a `once` step, or remove this gate.")
        }
    };
    log.report(
        Diagnostic::error("gate-without-report", span, message)
            .label("always closed")
            .help(help),
    );
}
