//! Promotions: they end somewhere, start from something verified, and move the same bytes.

use std::collections::BTreeSet;

use super::sources::{Source, source};
use crate::stage_file::diagnostic::{Diagnostic, Log, shown};
use crate::stage_file::raw::{RawFile, RawStage};
use crate::stage_file::record::{Entry, Field, Named, Spanned};

pub(super) fn check(raw: &RawFile, log: &mut Log) {
    let Some(stages) = raw.stages.value() else {
        return;
    };
    let mut in_reported_cycle: BTreeSet<&str> = BTreeSet::new();
    for entry in &stages.entries {
        let Some(upstream) = upstream(entry) else {
            continue;
        };
        let cycle = cycle(stages, &entry.name.value);
        if let Some(cycle) = cycle {
            if !in_reported_cycle.contains(entry.name.value.as_str()) {
                in_reported_cycle.extend(cycle.iter().copied());
                log.report(cyclic(upstream, &cycle));
            }
            continue;
        }
        let Some(source) = stages.get(&upstream.value) else {
            continue;
        };
        if let Some(from) = &source.value {
            check_upstream(upstream, from, log);
            if let Some(to) = &entry.value {
                check_same_build(raw, upstream, from, to, log);
            }
        }
    }
}

fn upstream(entry: &Entry<RawStage>) -> Option<&Spanned<String>> {
    entry.value.as_ref()?.from.value()?.promote.given()
}

/// The way from `start` back to itself, `start` first; `None` if there is no way.
fn cycle<'a>(stages: &'a Named<RawStage>, start: &'a str) -> Option<Vec<&'a str>> {
    let mut way = vec![start];
    let mut at = start;
    loop {
        at = upstream(stages.get(at)?)?.value.as_str();
        if at == start {
            return Some(way);
        }
        // A cycle that `start` only leads into is reported by its members.
        if way.contains(&at) {
            return None;
        }
        way.push(at);
    }
}

fn cyclic(upstream: &Spanned<String>, cycle: &[&str]) -> Diagnostic {
    let mut way: Vec<String> = cycle.iter().map(|name| shown(name)).collect();
    way.reverse();
    if let Some(last) = way.last().cloned() {
        way.insert(0, last);
    }
    let message = format!("promotions go in a circle: {}", way.join(" -> "));
    Diagnostic::error("promotion-cycle", &upstream.span, message)
        .label("nothing ever enters")
        .help("One of them must get its releases from a branch or a tag.")
}

fn check_upstream(upstream: &Spanned<String>, from: &RawStage, log: &mut Log) {
    let name = shown(&upstream.value);
    if source(&from.kind, &from.from) == Some(Source::Local) {
        log.report(
            Diagnostic::error(
                "promote-local",
                &upstream.span,
                format!("`{name}` is local, nothing is ever deployed there"),
            )
            .label("never has a release")
            .help("Promote from a stage that is deployed and verified."),
        );
        return;
    }
    let templated = from
        .name
        .value()
        .is_some_and(|name| name.as_literal().is_none());
    if templated {
        log.report(
            Diagnostic::error(
                "promote-templated",
                &upstream.span,
                format!("`{name}` can be many stages"),
            )
            .label("which of them?")
            .help("Promote from a stage with a fixed name."),
        );
    }
    let verifies_nothing = match &from.verify {
        Field::Absent => true,
        Field::Given(list) => list.value.items.is_empty() && !list.value.broken,
        Field::Broken => false,
    };
    if verifies_nothing {
        log.report(
            Diagnostic::error(
                "promote-unverified",
                &upstream.span,
                format!("`{name}` verifies nothing, so it never has a verified release"),
            )
            .label("nothing to promote")
            .help(format!("Add `verify: [...]` to `{name}`.")),
        );
    }
}

/// The release keeps the artifact of the upstream's build.
fn check_same_build(
    raw: &RawFile,
    upstream: &Spanned<String>,
    from: &RawStage,
    to: &RawStage,
    log: &mut Log,
) {
    let (Some(theirs), Some(ours)) = (from.pipeline.given(), to.pipeline.given()) else {
        return;
    };
    let known = |name: &str| {
        raw.pipelines
            .value()
            .is_some_and(|all| all.get(name).is_some())
    };
    if theirs.value == ours.value || !known(&theirs.value) || !known(&ours.value) {
        return;
    }
    log.report(
        Diagnostic::error(
            "promote-other-pipeline",
            &ours.span,
            format!("a release of `{}` was built by `{}`", shown(&upstream.value), shown(&theirs.value)),
        )
        .label("another pipeline")
        .help("A promotion moves the same build; use the same pipeline, and let variables tell the stages apart."),
    );
}
