//! Teardowns: steps that take away, and a command that shows what is left.

use super::pipelines::{STEP_TIMEOUT, STEP_TIMEOUT_MAX, STEPS_MAX, check_names, check_run, limit};
use crate::stage_file::diagnostic::{Diagnostic, Log, shown};
use crate::stage_file::raw::{RawFile, RawPipeline, RawStep};
use crate::stage_file::teardown::PROOF;
use crate::stage_file::{Step, Teardown};

/// The teardown of a pipeline, if it has one.
pub(super) fn check(raw: &RawPipeline, log: &mut Log) -> Option<Teardown> {
    let given = raw.teardown.given()?;
    let all: Vec<&RawStep> = given
        .value
        .steps
        .items()
        .iter()
        .map(|it| &it.value)
        .collect();
    check_names(&all, log);
    if given
        .value
        .steps
        .value()
        .is_some_and(|it| it.items.is_empty())
    {
        log.report(
            Diagnostic::error("no-steps", &given.span, "the teardown has no steps")
                .label("takes nothing away")
                .help("Add at least one: `steps: [{ name: remove, run: \"...\" }]`."),
        );
    }
    if all.len() >= STEPS_MAX {
        let message = format!("the teardown has more than {} steps", STEPS_MAX - 1);
        log.report(
            Diagnostic::error("too-many", &given.span, message)
                .help("Put some of them into a script of the repository."),
        );
    }
    for step in &all {
        check_step(step, log);
    }
    let leftovers = given.value.leftovers.given();
    if let Some(leftovers) = leftovers
        && (leftovers.value.trim().is_empty() || leftovers.value.contains('\0'))
    {
        log.report(
            Diagnostic::error("empty-run", &leftovers.span, "nothing looks what is left")
                .help("Write a command for `sh -c` that lists what there is of the stage."),
        );
    }
    let steps = all.iter().filter_map(|raw| step(raw, log)).collect();
    Some(Teardown {
        steps,
        leftovers: leftovers?.value.clone(),
    })
}

fn step(raw: &RawStep, log: &mut Log) -> Option<Step> {
    let run = raw.run.given();
    if let Some(run) = run {
        check_run(run, false, log);
    }
    let timeout = raw.timeout.given();
    let timeout = limit(timeout, STEP_TIMEOUT, STEP_TIMEOUT_MAX, "a step", log);
    Some(Step {
        name: raw.name.value()?.clone(),
        run: run?.value.clone(),
        once: false,
        artifact: None,
        outputs: Vec::new(),
        timeout,
        reports: None,
    })
}

/// Nothing is built and nothing is passed on when a stage goes.
fn check_step(step: &RawStep, log: &mut Log) {
    let meaningless = [
        ("once", step.once.span()),
        ("artifact", step.artifact.span()),
        ("outputs", step.outputs.span()),
        ("reports", step.reports.span()),
    ];
    for (key, span) in meaningless {
        let Some(span) = span else { continue };
        let message = format!("`{key}` means nothing in a teardown");
        log.report(
            Diagnostic::error("teardown", span, message)
                .label("nothing is built here")
                .help("Remove it: a teardown only takes away."),
        );
    }
    if let Some(name) = step.name.given()
        && name.value == PROOF
    {
        log.report(
            Diagnostic::error("name", &name.span, format!("`{PROOF}` is the proof's name"))
                .help("It runs after the steps by itself; call this one differently."),
        );
    }
}

/// A stage that expires should be taken away by something, and a teardown should serve somebody.
pub(super) fn check_used(raw: &RawFile, log: &mut Log) {
    let stages = raw.stages.entries().iter();
    let expiring: Vec<_> = stages
        .filter_map(|entry| {
            let stage = entry.value.as_ref()?;
            Some((entry, stage.expires.given()?, stage.pipeline.value()?))
        })
        .collect();
    for pipeline in raw.pipelines.entries() {
        let Some(value) = &pipeline.value else {
            continue;
        };
        let mut mine = expiring
            .iter()
            .filter(|(_, _, used)| **used == pipeline.name.value);
        let name = shown(&pipeline.name.value);
        match (value.teardown.given(), mine.next()) {
            (None, Some((entry, expires, _))) if value.teardown.is_absent() => {
                let stage = shown(&entry.name.value);
                let message = format!("nothing says how `{stage}` is torn down");
                log.report(
                    Diagnostic::warning("no-teardown", &expires.span, message)
                        .label("stays for ever")
                        .help(format!(
                            "Give the pipeline `{name}` a `teardown:` with `steps` and `leftovers`."
                        )),
                );
            }
            (Some(teardown), None) => {
                let message = format!("no stage of the pipeline `{name}` expires");
                log.report(
                    Diagnostic::warning("unused", &teardown.span, message)
                        .label("never run")
                        .help("Give a stage `expires: { idle: 7d }`: only such a stage is ever torn down."),
                );
            }
            _ => {}
        }
    }
}
