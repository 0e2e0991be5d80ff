//! Rules that nothing can reach, because an earlier one takes everything.

use super::sources::{Source, source};
use crate::stage_file::Pattern;
use crate::stage_file::diagnostic::{Diagnostic, Log, shown};
use crate::stage_file::raw::{RawFile, RawStage};
use crate::stage_file::record::Entry;

pub(super) fn check(raw: &RawFile, log: &mut Log) {
    let Some(stages) = raw.stages.value() else {
        return;
    };
    for (index, later) in stages.entries.iter().enumerate() {
        let shadow = stages.entries[..index]
            .iter()
            .find(|earlier| hides(earlier, later));
        if let Some(earlier) = shadow {
            let (name, other) = (shown(&later.name.value), shown(&earlier.name.value));
            log.report(
                Diagnostic::warning(
                    "unreachable",
                    &later.name.span,
                    format!("`{name}` is never reached"),
                )
                .label(format!("`{other}` takes all of it"))
                .help(format!(
                    "The first rule that matches wins; put `{name}` before `{other}`."
                )),
            );
        }
    }
}

fn hides(earlier: &Entry<RawStage>, later: &Entry<RawStage>) -> bool {
    let (Some(one), Some(two)) = (&earlier.value, &later.value) else {
        return false;
    };
    match (taken(one), taken(two)) {
        (Some((source, ours)), Some((other, theirs))) => {
            source == other
                && ours.covers(theirs)
                && labels(one).iter().all(|l| labels(two).contains(l))
        }
        _ => false,
    }
}

/// What a rule takes from events; nothing for schedules and promotions.
fn taken(stage: &RawStage) -> Option<(Source, &Pattern)> {
    let from = stage.from.value()?;
    // Both take the pushes to a branch.
    let source = match source(&stage.kind, &stage.from)? {
        Source::Select => Source::Branch { refreshed: false },
        other => other,
    };
    let pattern = match source {
        Source::Branch { refreshed: false } => {
            let select = || from.select.value();
            from.branch.value().or_else(select)?
        }
        Source::Tag => from.tag.value()?,
        Source::PullRequest => from.pull_request.value()?.base.value()?,
        Source::Branch { refreshed: true } | Source::Local | Source::Promote | Source::Select => {
            return None;
        }
    };
    Some((source, pattern))
}

fn labels(stage: &RawStage) -> Vec<&str> {
    let pull_request = stage
        .from
        .value()
        .and_then(|from| from.pull_request.value());
    let labels = pull_request.and_then(|it| it.labels.value());
    labels
        .iter()
        .flat_map(|list| &list.items)
        .map(|label| label.value.as_str())
        .collect()
}
