//! Two stages that people use in turn: both have names of their own, something leads people from one
//! to the other, and nothing has to know which of them it means.

use super::pipelines::{STEP_TIMEOUT, STEP_TIMEOUT_MAX, STEPS_MAX, check_names, check_run, limit};
use super::sources::Source;
use crate::name::StageName;
use crate::stage_file::diagnostic::{Diagnostic, Log, shown};
use crate::stage_file::raw::{RawFile, RawPipeline, RawStage, RawStep, RawSwitch};
use crate::stage_file::record::{Entry, Spanned};
use crate::stage_file::{QueuePolicy, Sides, Step, Switch, is_stage_name};

/// The stage that takes turns with the entry's own, if there is one.
pub(super) fn check(
    entry: &Entry<RawStage>,
    stage: &RawStage,
    source: Option<Source>,
    log: &mut Log,
) -> Option<Sides> {
    let toggle = stage.toggle.given()?;
    let own = shown(&entry.name.value);
    if !matches!(
        source,
        None | Some(Source::Tag | Source::Promote | Source::Local)
    ) {
        let message = format!("`{own}` cannot take turns with another stage");
        log.report(
            Diagnostic::error("toggle-source", &toggle.span, message)
                .label("only with tags or promotions")
                .help("Use `from: { tag: ... }` or `from: { promote: ... }`, or remove `toggle`."),
        );
    }
    let one_by_one = stage.queue.value() == Some(&QueuePolicy::Fifo);
    let elsewhere = [
        ("queue: fifo", one_by_one),
        ("expires", !stage.expires.is_absent()),
        ("through", !stage.through.is_absent()),
    ];
    for (key, _) in elsewhere.iter().filter(|(_, is)| *is) {
        let message = format!("`{key}` and `toggle` do not go together");
        log.report(
            Diagnostic::error("toggle-with", &toggle.span, message)
                .label("on which of the two stages?")
                .help(format!("Remove `{key}` or `toggle`.")),
        );
    }
    let with = toggle.value.with.given()?;
    check_with(entry, stage, with, log);
    Some(Sides {
        with: StageName::new(with.value.as_str()),
        keep: toggle.value.keep.value().map(|keep| keep.0),
    })
}

fn check_with(entry: &Entry<RawStage>, stage: &RawStage, with: &Spanned<String>, log: &mut Log) {
    if !is_stage_name(&with.value) {
        let message = format!("`{}` cannot be the name of a stage", shown(&with.value));
        log.report(
            Diagnostic::error("name", &with.span, message)
                .label("not a stage's name")
                .help("Small letters, digits and `-`, at most 24, none of them `-` at an end."),
        );
    }
    let named = stage.name.value().and_then(|name| name.as_literal());
    if with.value == named.unwrap_or(&entry.name.value) {
        let message = "a stage cannot take turns with itself";
        log.report(
            Diagnostic::error("toggle-itself", &with.span, message)
                .label("this very stage")
                .help("Name the other one, such as `prod-backup`."),
        );
    }
}

/// The switch of a pipeline, if it has one.
pub(super) fn switch(raw: &RawPipeline, log: &mut Log) -> Option<Switch> {
    let given = raw.switch.given()?;
    let all = steps_of(&given.value);
    check_names(&all, log);
    let steps = given.value.steps.value();
    if steps.is_some_and(|it| it.items.is_empty()) {
        log.report(
            Diagnostic::error("no-steps", &given.span, "the switch has no steps")
                .label("leads nobody anywhere")
                .help("Add at least one: `steps: [{ name: lead, run: \"...\" }]`."),
        );
    }
    if all.len() > STEPS_MAX {
        let message = format!("the switch has more than {STEPS_MAX} steps");
        log.report(
            Diagnostic::error("too-many", &given.span, message)
                .help("Put some of them into a script of the repository."),
        );
    }
    for step in &all {
        only_leads(step, log);
    }
    let steps = all.iter().filter_map(|raw| step(raw, log)).collect();
    Some(Switch { steps })
}

fn steps_of(raw: &RawSwitch) -> Vec<&RawStep> {
    raw.steps.items().iter().map(|it| &it.value).collect()
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

/// Nothing is built and nothing is passed on when people are led elsewhere.
fn only_leads(step: &RawStep, log: &mut Log) {
    let meaningless = [
        ("once", step.once.span()),
        ("artifact", step.artifact.span()),
        ("outputs", step.outputs.span()),
        ("reports", step.reports.span()),
    ];
    for (key, span) in meaningless {
        let Some(span) = span else { continue };
        let message = format!("`{key}` means nothing in a switch");
        log.report(
            Diagnostic::error("switch", span, message)
                .label("nothing is built here")
                .help("Remove it: a switch only leads people elsewhere."),
        );
    }
}

/// Nothing takes what one of two stages has verified: it would have to know which.
pub(super) fn check_others(raw: &RawFile, log: &mut Log) {
    let toggles = |name: &Spanned<String>| {
        let stages = raw.stages.value();
        let entry = stages.and_then(|stages| stages.get(&name.value));
        let stage = entry.and_then(|entry| entry.value.as_ref());
        stage.is_some_and(|stage| !stage.toggle.is_absent())
    };
    for entry in raw.stages.entries() {
        let Some(stage) = &entry.value else { continue };
        let promote = stage.from.value().and_then(|from| from.promote.given());
        let named = promote.into_iter().chain(stage.through.given());
        for name in named.filter(|name| toggles(name)) {
            let message = format!("`{}` is two stages that take turns", shown(&name.value));
            log.report(
                Diagnostic::error("toggle-upstream", &name.span, message)
                    .label("which of them?")
                    .help("Take the release from the stage before it."),
            );
        }
    }
}

/// A toggle needs something that leads people, and a switch should serve somebody.
pub(super) fn check_used(raw: &RawFile, log: &mut Log) {
    let stages = raw.stages.entries().iter();
    let toggles: Vec<_> = stages
        .filter_map(|entry| {
            let stage = entry.value.as_ref()?;
            Some((entry, stage.toggle.given()?, stage.pipeline.value()?))
        })
        .collect();
    for pipeline in raw.pipelines.entries() {
        let Some(value) = &pipeline.value else {
            continue;
        };
        let mut mine = toggles
            .iter()
            .filter(|(_, _, used)| **used == pipeline.name.value);
        let name = shown(&pipeline.name.value);
        match (value.switch.given(), mine.next()) {
            (None, Some((entry, toggle, _))) if value.switch.is_absent() => {
                let stage = shown(&entry.name.value);
                let message = format!("nothing says how people are led to `{stage}`");
                log.report(
                    Diagnostic::error("no-switch", &toggle.span, message)
                        .label("stays as it is")
                        .help(format!(
                            "Give the pipeline `{name}` a `switch: {{ steps: [...] }}`."
                        )),
                );
            }
            (Some(switch), None) => {
                let message = format!("no stage of the pipeline `{name}` takes turns with another");
                log.report(
                    Diagnostic::warning("unused", &switch.span, message)
                        .label("never run")
                        .help("Give a stage `toggle: { with: NAME }`: only then are people led from one to the other."),
                );
            }
            _ => {}
        }
    }
}
