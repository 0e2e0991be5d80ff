//! Passing another stage first: it is one stage, it can take the release, and it proves something.

use super::names::check_known;
use super::sources::{Source, source};
use crate::stage_file::diagnostic::{Diagnostic, Log, shown};
use crate::stage_file::raw::{RawFile, RawStage};
use crate::stage_file::record::{Entry, Field, Named, Spanned};

pub(super) fn check(raw: &RawFile, log: &mut Log) {
    let Some(stages) = raw.stages.value() else {
        return;
    };
    for entry in &stages.entries {
        let Some(stage) = &entry.value else { continue };
        let Some(through) = stage.through.given() else {
            continue;
        };
        if !check_known(through, "stage", "stages", &raw.stages, log) {
            continue;
        }
        if let Some(problem) = problem(stages, entry, stage, through) {
            log.report(problem);
        }
    }
}

fn problem(
    stages: &Named<RawStage>,
    entry: &Entry<RawStage>,
    stage: &RawStage,
    through: &Spanned<String>,
) -> Option<Diagnostic> {
    let (own, name) = (shown(&entry.name.value), shown(&through.value));
    let error = |code, message: String| Diagnostic::error(code, &through.span, message);
    if through.value == entry.name.value {
        return Some(
            error(
                "through-itself",
                format!("`{own}` would have to pass itself first"),
            )
            .label("this very stage")
            .help("Name another stage, or remove `through`."),
        );
    }
    let there = stages.get(&through.value)?.value.as_ref()?;
    if comes_back(stages, &entry.name.value) {
        return Some(
            error(
                "through-cycle",
                format!("what passes `{name}` first comes back to `{own}`"),
            )
            .label("goes in a circle")
            .help("One of them must take its releases without passing another first."),
        );
    }
    if is_family(stage) || is_family(there) {
        let which = if is_family(stage) { own } else { name };
        return Some(
            error("through-templated", format!("`{which}` can be many stages"))
                .label("which of them?")
                .help("Both stages need a fixed name."),
        );
    }
    let from = source(&there.kind, &there.from);
    if matches!(from, Some(Source::Local | Source::Promote)) {
        return Some(
            error("through-source", format!("`{name}` cannot be asked for a release"))
                .label("takes nothing else")
                .help("A local stage is never deployed, and one from `promote` takes only what its own upstream has verified; name a stage from a branch, a tag or `select`."),
        );
    }
    if verifies_nothing(there) {
        return Some(
            error(
                "through-unverified",
                format!("`{name}` verifies nothing, so nothing proves itself there"),
            )
            .label("proves nothing")
            .help(format!("Add `verify: [...]` to `{name}`.")),
        );
    }
    let upstream = stage.from.value().and_then(|from| from.promote.value());
    if upstream == Some(&through.value) {
        return Some(
            error(
                "through-upstream",
                format!("`{own}` takes what `{name}` has verified already"),
            )
            .label("passed it before")
            .help("Remove `through`; a promotion has proven itself there."),
        );
    }
    let (ours, theirs) = (stage.pipeline.value()?, there.pipeline.value()?);
    (ours != theirs).then(|| {
        error("through-other-pipeline", format!("`{name}` deploys with `{}`", shown(theirs)))
            .label("another pipeline")
            .help("The very same build has to pass; use the same pipeline, and let variables tell the stages apart.")
    })
}

fn is_family(stage: &RawStage) -> bool {
    let name = stage.name.value();
    name.is_some_and(|name| name.as_literal().is_none())
}

pub(super) fn verifies_nothing(stage: &RawStage) -> bool {
    match &stage.verify {
        Field::Absent => true,
        Field::Given(list) => list.value.items.is_empty() && !list.value.broken,
        Field::Broken => false,
    }
}

/// Whether the way that begins at `start` leads back to it.
fn comes_back(stages: &Named<RawStage>, start: &str) -> bool {
    let mut at = start;
    for _ in 0..stages.entries.len() {
        let stage = stages.get(at).and_then(|entry| entry.value.as_ref());
        let Some(next) = stage.and_then(|stage| stage.through.value()) else {
            return false;
        };
        if next == start {
            return true;
        }
        at = next;
    }
    false
}
