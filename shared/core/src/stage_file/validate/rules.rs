//! The entries under `stages:`, one by one.

use jiff::SignedDuration;

use super::names::{check_list, check_name};
use super::pipelines::limit;
use super::sources::{Source, source};
use super::{
    alert, approvals, expires, forks, gates, marks, paths, queue, resources, sources, templates,
    toggle, watch, windows,
};
use crate::name::{PipelineName, RecipeHash, RuleName, SettingsHash, SuiteName};
use crate::stage_file::diagnostic::{Diagnostic, Log, shown};
use crate::stage_file::raw::{RawFile, RawStage};
use crate::stage_file::record::Entry;
use crate::stage_file::{From, Rule, Template};

const TIMEOUT: SignedDuration = SignedDuration::from_hours(1);
const TIMEOUT_MAX: SignedDuration = SignedDuration::from_hours(48);

/// Checks every stage. The rules that come back lack their hashes.
pub(super) fn check(raw: &RawFile, log: &mut Log) -> Vec<Rule> {
    let Some(stages) = raw.stages.given() else {
        return Vec::new();
    };
    if stages.value.entries.is_empty() {
        log.report(
            Diagnostic::error("no-stages", &stages.span, "the stage file has no stages")
                .label("nothing can happen")
                .help("Add one: `dev: { from: { branch: main }, pipeline: ... }`."),
        );
    }
    stages
        .value
        .entries
        .iter()
        .filter_map(|entry| rule(raw, entry, log))
        .collect()
}

fn rule(raw: &RawFile, entry: &Entry<RawStage>, log: &mut Log) -> Option<Rule> {
    let stage = entry.value.as_ref()?;
    if !stage.name.is_absent() {
        // Without `name` the key is the stage's name, which has stricter rules.
        check_name(&entry.name, "a stage", log);
    }
    let source = source(&stage.kind, &stage.from);
    let from = match source {
        Some(Source::Local) => {
            check_local(entry, stage, log);
            Some(From::Local)
        }
        _ => deployed(raw, entry, stage, log),
    };
    let name = templates::check_name(entry, stage, source, log);
    if let Some(source) = source {
        templates::check_uses(raw, entry, stage, source, log);
    }
    forks::check(raw, entry, stage, log);
    let approvals = stage
        .approvals
        .given()
        .and_then(|it| approvals::check(raw, it, log));
    let variables = check_list(
        &stage.variables,
        "variable set",
        "variables",
        &raw.variables,
        log,
    );
    let verify = check_list(&stage.verify, "suite", "suites", &raw.suites, log);
    let marks = marks::demanded(raw, &stage.marks, log);
    let alert = alert::check(raw, entry, log);
    let timeout = limit(stage.timeout.given(), TIMEOUT, TIMEOUT_MAX, "a run", log);
    let pipeline = stage.pipeline.value();
    Some(Rule {
        name: RuleName::new(entry.name.value.as_str()),
        stage: name.unwrap_or_else(|| Template::literal(&entry.name.value)),
        from: from?,
        pipeline: pipeline.map(|name| PipelineName::new(name.as_str())),
        variables: variables.iter().map(|name| name.value.clone()).collect(),
        verify: verify
            .iter()
            .map(|name| SuiteName::new(name.value.as_str()))
            .collect(),
        soak: check_soak(entry, stage, source, log),
        approvals,
        alert,
        expires: expires::check(raw, stage, log),
        timeout,
        recipe: RecipeHash::new(""),
        settings: SettingsHash::new(""),
        gates: gates::check(raw, stage, log),
        windows: windows::listed_by(raw, stage, log),
        marks,
        through: stage
            .through
            .value()
            .map(|name| RuleName::new(name.as_str())),
        watch: watch::check(stage, log),
        queue: queue::check(entry, stage, source, log),
        paths: paths::check(entry, stage, source, log),
        toggle: toggle::check(entry, stage, source, log),
        shares: resources::shares(raw, entry, stage, log),
    })
}

fn deployed(
    raw: &RawFile,
    entry: &Entry<RawStage>,
    stage: &RawStage,
    log: &mut Log,
) -> Option<From> {
    // A broken `kind` may have been meant to be `local`.
    let known = stage.kind.is_absent();
    let name = shown(&entry.name.value);
    if known && stage.from.is_absent() {
        log.report(
            Diagnostic::error(
                "no-source",
                &entry.name.span,
                format!("nothing leads to the stage `{name}`"),
            )
            .label("`from` is missing")
            .help("Add `from: { branch: ... }`, or `kind: local` for what is never deployed."),
        );
    }
    if known && stage.pipeline.is_absent() {
        log.report(
            Diagnostic::error(
                "no-pipeline",
                &entry.name.span,
                format!("nothing deploys the stage `{name}`"),
            )
            .label("`pipeline` is missing")
            .help("Add `pipeline: ...`, or `kind: local` for what is never deployed."),
        );
    }
    if let Some(pipeline) = stage.pipeline.given() {
        super::names::check_known(pipeline, "pipeline", "pipelines", &raw.pipelines, log);
    }
    stage
        .from
        .given()
        .and_then(|from| sources::check(raw, from, log))
}

fn check_local(entry: &Entry<RawStage>, stage: &RawStage, log: &mut Log) {
    let meaningless = [
        ("from", !stage.from.is_absent()),
        ("pipeline", !stage.pipeline.is_absent()),
        ("verify", !stage.verify.is_absent()),
        ("soak", !stage.soak.is_absent()),
        ("approvals", !stage.approvals.is_absent()),
        ("alert", !stage.alert.is_absent()),
        ("expires", !stage.expires.is_absent()),
        ("timeout", !stage.timeout.is_absent()),
        ("gates", !stage.gates.is_absent()),
        ("windows", !stage.windows.is_absent()),
        ("marks", !stage.marks.is_absent()),
        ("through", !stage.through.is_absent()),
        ("watch", !stage.watch.is_absent()),
        ("queue", !stage.queue.is_absent()),
        ("paths", !stage.paths.is_absent()),
        ("toggle", !stage.toggle.is_absent()),
    ];
    let found: Vec<&str> = meaningless
        .iter()
        .filter(|(_, is)| *is)
        .map(|(key, _)| *key)
        .collect();
    if found.is_empty() {
        return;
    }
    let name = shown(&entry.name.value);
    let keys = crate::stage_file::diagnostic::listed(found);
    log.report(
        Diagnostic::error(
            "local",
            &entry.name.span,
            format!("`{name}` is local, so {keys} cannot apply"),
        )
        .label("never deployed")
        .help("Remove them, or remove `kind: local`."),
    );
}

fn check_soak(
    entry: &Entry<RawStage>,
    stage: &RawStage,
    source: Option<Source>,
    log: &mut Log,
) -> Option<SignedDuration> {
    let soak = stage.soak.given()?;
    if !matches!(source, None | Some(Source::Promote | Source::Local)) {
        let name = shown(&entry.name.value);
        log.report(
            Diagnostic::error(
                "soak-without-upstream",
                &soak.span,
                format!("`{name}` has no stage upstream to soak in"),
            )
            .label("green where?")
            .help("Use `from: { promote: ... }`, or remove `soak`."),
        );
    }
    Some(soak.value.0)
}
