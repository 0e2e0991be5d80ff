//! Pipelines: something builds, something deploys, and what is built can be found.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path};

use jiff::SignedDuration;

use super::names::check_name;
use super::{collect, reports, teardown, toggle};
use crate::name::PipelineName;
use crate::stage_file::diagnostic::{Diagnostic, Log, shown};
use crate::stage_file::raw::{RawFile, RawPipeline, RawStep};
use crate::stage_file::record::{Entry, Spanned};
use crate::stage_file::scalar::Length;
use crate::stage_file::template::is_variable_name;
use crate::stage_file::{Pipeline, Step};

pub(super) const STEP_TIMEOUT: SignedDuration = SignedDuration::from_mins(15);
/// What CodeBuild gives a build.
pub(super) const STEP_TIMEOUT_MAX: SignedDuration = SignedDuration::from_hours(36);
/// A pipeline on AWS has at most 500 actions; nobody reads more than this.
pub(super) const STEPS_MAX: usize = 50;

pub(super) fn check(raw: &RawFile, log: &mut Log) -> BTreeMap<PipelineName, Pipeline> {
    let Some(pipelines) = raw.pipelines.value() else {
        return BTreeMap::new();
    };
    collect(pipelines.entries.iter().map(|entry| pipeline(entry, log)))
}

fn pipeline(entry: &Entry<RawPipeline>, log: &mut Log) -> Option<(PipelineName, Pipeline)> {
    check_name(&entry.name, "a pipeline", log);
    let raw = entry.value.as_ref()?;
    let existing = raw.existing.given();
    if let Some(existing) = existing {
        check_existing(existing, log);
    }
    let steps = raw.steps.value();
    let items = steps.map_or(&[][..], |steps| steps.items.as_slice());
    let all: Vec<&RawStep> = items.iter().map(|step| &step.value).collect();
    // Broken ones were reported and are not there.
    let whole = steps.map_or_else(|| raw.steps.is_absent(), |steps| !steps.broken);
    if whole && raw.existing.is_absent() {
        check_shape(entry, &all, log);
    } else if let (true, Some(existing)) = (whole, existing) {
        check_builds_only(existing, &all, log);
    }
    check_order(&all, log);
    check_names(&all, log);
    reports::check_one_of_each(&all, log);
    let name = PipelineName::new(entry.name.value.as_str());
    let pipeline = Pipeline {
        name: name.clone(),
        steps: all.iter().filter_map(|raw| step(raw, log)).collect(),
        existing: existing.map(|existing| existing.value.clone()),
        teardown: teardown::check(raw, log),
        switch: toggle::switch(raw, log),
    };
    Some((name, pipeline))
}

/// As CodePipeline names pipelines.
fn check_existing(existing: &Spanned<String>, log: &mut Log) {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b".@-_".contains(&byte);
    let name = &existing.value;
    if name.is_empty() || name.len() > 100 || !name.bytes().all(legal) {
        let message = format!("`{}` is no name of a pipeline on AWS", shown(name));
        log.report(
            Diagnostic::error("name", &existing.span, message)
                .help("Letters, digits, `.`, `@`, `-` and `_`, at most 100."),
        );
    }
}

/// Beside a pipeline that exists, steps only build.
fn check_builds_only(existing: &Spanned<String>, steps: &[&RawStep], log: &mut Log) {
    let builds = |step: &&&RawStep| step.once.value() == Some(&true);
    if steps.iter().filter(builds).count() < steps.len() {
        let message = "both steps and an existing pipeline would deploy";
        log.report(
            Diagnostic::error("deploys-twice", &existing.span, message)
                .label("deploys by itself")
                .help("Remove the steps without `once`, or `existing`."),
        );
    }
}

fn check_shape(entry: &Entry<RawPipeline>, steps: &[&RawStep], log: &mut Log) {
    let at = &entry.name.span;
    let name = shown(&entry.name.value);
    let once = |step: &RawStep| step.once.value() == Some(&true);
    if steps.is_empty() {
        let message = format!("the pipeline `{name}` has no steps");
        log.report(
            Diagnostic::error("no-steps", at, message)
                .label("does nothing")
                .help("Add at least a step that deploys: `- { name: deploy, run: \"...\" }`."),
        );
    } else if steps.iter().all(|step| once(step)) {
        let message = format!("the pipeline `{name}` never deploys: all of its steps are `once`");
        log.report(
            Diagnostic::error("nothing-deploys", at, message)
                .label("no step for a stage")
                .help("Steps with `once` build for all stages; add one without that deploys to a stage."),
        );
    }
    if steps.len() > STEPS_MAX {
        let message = format!("the pipeline `{name}` has more than {STEPS_MAX} steps");
        log.report(
            Diagnostic::error("too-many", at, message)
                .help("Put some of them into a script of the repository."),
        );
    }
}

/// What is built comes before what deploys it, and is one thing.
fn check_order(steps: &[&RawStep], log: &mut Log) {
    let once = |step: &RawStep| step.once.value() == Some(&true);
    let mut deploys = false;
    for step in steps {
        if once(step) && deploys {
            log.report(
                Diagnostic::error(
                    "once-after",
                    &step.span,
                    "a `once` step comes after one that is not",
                )
                .label("would run first")
                .help("Steps with `once` build what the others deploy; move them to the front."),
            );
        }
        deploys |= !once(step);
    }
    let artifacts = steps.iter().filter_map(|step| step.artifact.given());
    for artifact in artifacts.skip(1) {
        log.report(
            Diagnostic::error(
                "two-artifacts",
                &artifact.span,
                "a pipeline has one artifact, this is a second",
            )
            .label("second artifact")
            .help("A release is identified by one artifact; build into one folder and name that."),
        );
    }
}

pub(super) fn check_names(steps: &[&RawStep], log: &mut Log) {
    let mut names = BTreeSet::new();
    let mut outputs = BTreeSet::new();
    for step in steps {
        if let Some(name) = step.name.given() {
            check_name(name, "a step", log);
            if !names.insert(name.value.as_str()) {
                let message = format!("two steps are called `{}`", shown(&name.value));
                log.report(
                    Diagnostic::error("duplicate-step", &name.span, message)
                        .label("again here")
                        .help("Logs and statuses name the step; give each its own name."),
                );
            }
        }
        for output in step.outputs.items() {
            check_output(output, &mut outputs, log);
        }
    }
}

fn check_output<'a>(output: &'a Spanned<String>, seen: &mut BTreeSet<&'a str>, log: &mut Log) {
    if !is_variable_name(&output.value) {
        let message = format!("`{}` cannot be the name of an output", shown(&output.value));
        log.report(
            Diagnostic::error("name", &output.span, message)
                .help("Letters, digits and `_`, no digit first, at most 64."),
        );
    } else if !seen.insert(&output.value) {
        let message = format!("the output `{}` is declared twice", shown(&output.value));
        log.report(
            Diagnostic::error("duplicate-output", &output.span, message)
                .label("again here")
                .help("Which of the two would count? Rename one."),
        );
    }
}

fn step(raw: &RawStep, log: &mut Log) -> Option<Step> {
    let once = raw.once.value().copied().unwrap_or(false);
    let artifact = raw.artifact.given();
    if let Some(artifact) = artifact {
        check_artifact(artifact, once, raw, log);
    }
    let run = raw.run.given();
    if let Some(run) = run {
        check_run(run, once, log);
    }
    let timeout = limit(
        raw.timeout.given(),
        STEP_TIMEOUT,
        STEP_TIMEOUT_MAX,
        "a step",
        log,
    );
    let outputs = raw.outputs.items();
    Some(Step {
        name: raw.name.value()?.clone(),
        run: run?.value.clone(),
        once,
        artifact: artifact.map(|path| path.value.clone()),
        outputs: outputs.iter().map(|name| name.value.clone()).collect(),
        timeout,
        reports: reports::check(raw, once, log),
    })
}

fn check_artifact(artifact: &Spanned<String>, once: bool, raw: &RawStep, log: &mut Log) {
    // A broken `once` was reported and may well have been meant.
    if !once && (raw.once.is_absent() || raw.once.value().is_some()) {
        log.report(
            Diagnostic::error("artifact-without-once", &artifact.span, "an artifact needs `once: true`")
                .label("built again for every stage")
                .help("Every stage must get the same bytes, so what builds them runs once; add `once: true`."),
        );
    }
    if !is_inside_checkout(&artifact.value) {
        let message = format!(
            "`{}` is not a path inside the checkout",
            shown(&artifact.value)
        );
        log.report(
            Diagnostic::error("path", &artifact.span, message)
                .help("Write a relative path without `..`, such as `dist/`."),
        );
    }
}

/// Whether a path stays in the folder it is relative to.
pub(super) fn is_inside_checkout(path: &str) -> bool {
    let normal = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    !path.trim().is_empty()
        && !path.contains(['\\', '\0', '\n'])
        && Path::new(path).components().all(normal)
        && Path::new(path)
            .components()
            .any(|part| matches!(part, Component::Normal(_)))
}

pub(super) fn check_run(run: &Spanned<String>, once: bool, log: &mut Log) {
    if run.value.trim().is_empty() || run.value.contains('\0') {
        log.report(
            Diagnostic::error("empty-run", &run.span, "the step runs nothing")
                .help("Write a command for `sh -c`."),
        );
    }
    if once && run.value.contains("GREENROOM_STAGE") {
        log.report(
            Diagnostic::warning("once-uses-stage", &run.span, "a `once` step has no stage")
                .label("empty here")
                .help("It builds for all stages, so `GREENROOM_STAGE` is not set; move this to a later step."),
        );
    }
    let references = [
        "${secret:",
        "${stage}",
        "${actor}",
        "${branch.slug}",
        "${pr}",
        "${outputs.",
    ];
    if let Some(found) = references
        .iter()
        .find(|reference| run.value.contains(**reference))
    {
        let message = format!("`{found}` means nothing to a command");
        log.report(
            Diagnostic::warning("reference-in-run", &run.span, message)
                .label("the shell reads this")
                .help("Put the reference into a variable set and use the variable, or `$GREENROOM_STAGE`."),
        );
    }
}

/// A given or a default limit; more than `max` is reported.
pub(super) fn limit(
    given: Option<&Spanned<Length>>,
    default: SignedDuration,
    max: SignedDuration,
    what: &str,
    log: &mut Log,
) -> SignedDuration {
    let Some(given) = given else {
        return default;
    };
    if given.value.0 > max {
        let max = crate::stage_file::format_duration(max);
        let message = format!("{what} cannot take longer than {max}");
        log.report(
            Diagnostic::error("too-long", &given.span, message)
                .label("too long")
                .help(format!("Write {max} or less.")),
        );
    }
    given.value.0
}
