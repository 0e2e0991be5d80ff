//! The order of what waits: only where something leads to the stage by itself, and nothing has to
//! stay upstream for it.

use super::sources::Source;
use crate::stage_file::QueuePolicy;
use crate::stage_file::diagnostic::{Diagnostic, Log, shown};
use crate::stage_file::raw::RawStage;
use crate::stage_file::record::Entry;

pub(super) fn check(
    entry: &Entry<RawStage>,
    stage: &RawStage,
    source: Option<Source>,
    log: &mut Log,
) -> QueuePolicy {
    let Some(queue) = stage.queue.given() else {
        return QueuePolicy::default();
    };
    let name = shown(&entry.name.value);
    let is_fifo = queue.value == QueuePolicy::Fifo;
    if is_fifo && source == Some(Source::Select) {
        log.report(
            Diagnostic::error(
                "queue-of-selections",
                &queue.span,
                format!("what waits for `{name}` is what a person selected last"),
            )
            .label("nothing queues here")
            .help("Remove `queue`; people select in the order they like."),
        );
    }
    if is_fifo && !stage.soak.is_absent() {
        log.report(
            Diagnostic::error(
                "queue-with-soak",
                &queue.span,
                format!("`{name}` takes each green release, and each would have to stay upstream"),
            )
            .label("the next one takes its place there")
            .help("Remove `soak` or `queue: fifo`: only one release can stay green upstream for long enough."),
        );
    }
    queue.value
}
