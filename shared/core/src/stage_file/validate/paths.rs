//! Paths that a change must touch: only of a branch, where what is deployed tells what is new.

use super::sources::Source;
use crate::stage_file::Pattern;
use crate::stage_file::diagnostic::{Diagnostic, Log, shown};
use crate::stage_file::raw::RawStage;
use crate::stage_file::record::Entry;

/// More paths than this are a list of files.
const PATHS_MAX: usize = 50;

pub(super) fn check(
    entry: &Entry<RawStage>,
    stage: &RawStage,
    source: Option<Source>,
    log: &mut Log,
) -> Vec<Pattern> {
    let Some(list) = stage.paths.given() else {
        return Vec::new();
    };
    let name = shown(&entry.name.value);
    if source.is_some_and(|it| !matches!(it, Source::Branch { .. } | Source::Local)) {
        log.report(
            Diagnostic::error(
                "paths-without-branch",
                &list.span,
                format!("no push to a branch leads to `{name}`"),
            )
            .label("the changes of what?")
            .help("Remove `paths`; it says which pushes to a branch are deployed."),
        );
    }
    let items = stage.paths.items();
    let problem = match items.len() {
        0 => Some("no push would ever be deployed"),
        n if n > PATHS_MAX => Some("more than 50 paths are a list of files"),
        _ => None,
    };
    if let Some(problem) = problem {
        log.report(
            Diagnostic::error("paths", &list.span, problem.to_owned())
                .label(format!("{} paths", items.len()))
                .help(
                    "Write the folders that belong to this stage: `paths: [services/orders/**]`.",
                ),
        );
    }
    items.iter().map(|path| path.value.clone()).collect()
}
