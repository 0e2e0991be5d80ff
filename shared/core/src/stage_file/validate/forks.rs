//! Pull requests from forks: whose word lets a commit in, and a stage that is nobody else's.

use super::marks::built_in;
use super::names::check_known;
use crate::mark::BAD;
use crate::stage_file::diagnostic::{Diagnostic, Log, shown};
use crate::stage_file::raw::{RawFile, RawStage};
use crate::stage_file::record::{Entry, Field, Spanned};
use crate::stage_file::{QueuePolicy, Reference};

/// Whether the stage takes pull requests from forks.
pub(super) fn takes(stage: &RawStage) -> bool {
    given(stage).is_some()
}

fn given(stage: &RawStage) -> Option<&Spanned<String>> {
    let pull_request = stage.from.value()?.pull_request.value()?;
    pull_request.forks.given()
}

pub(super) fn check(raw: &RawFile, entry: &Entry<RawStage>, stage: &RawStage, log: &mut Log) {
    let Some(forks) = given(stage) else { return };
    check_mark(raw, forks, log);
    let name = shown(&entry.name.value);
    if !is_one_each(stage) {
        let message = format!("two forks could share a stage of `{name}`, or take somebody else's");
        log.report(
            Diagnostic::error("forks-shared", &forks.span, message)
                .label("whose stage?")
                .help("Name the stage by the number of the pull request and nothing else: `name: \"pr-${pr}\"`."),
        );
    }
    if stage.queue.value() == Some(&QueuePolicy::Fifo) {
        let message = format!("a commit that nobody marks would keep all others from `{name}`");
        log.report(
            Diagnostic::error("forks-in-line", &forks.span, message)
                .label("waits for a person")
                .help("Remove `queue: fifo`: the newest commit of a fork takes the place of those that wait."),
        );
    }
}

/// The mark exists, and not everybody may give it.
fn check_mark(raw: &RawFile, forks: &Spanned<String>, log: &mut Log) {
    if forks.value == BAD {
        log.report(
            built_in(forks).help("Name a mark of `marks:` with `by`; what is bad goes nowhere."),
        );
        return;
    }
    if !check_known(forks, "mark", "marks", &raw.marks, log) {
        return;
    }
    let mark = raw.marks.value().and_then(|marks| marks.get(&forks.value));
    let Some(mark) = mark.and_then(|mark| mark.value.as_ref()) else {
        return;
    };
    let anybody = match &mark.by {
        Field::Absent => true,
        Field::Given(by) => by.value.items.is_empty() && !by.value.broken,
        Field::Broken => false,
    };
    if anybody {
        let message = format!("anybody may give the mark `{}`", shown(&forks.value));
        log.report(
            Diagnostic::error("forks-by-anybody", &forks.span, message)
                .label("lets strangers' code in")
                .help("Say under `marks:` whose holders may give it: `by: [ROLE]`."),
        );
    }
}

/// Whether each pull request has a stage of its own. Only its number is not the stranger's to choose.
fn is_one_each(stage: &RawStage) -> bool {
    match &stage.name {
        Field::Absent => false,
        Field::Given(name) => {
            let mut references = name.value.references().peekable();
            references.peek().is_some() && references.all(|one| *one == Reference::PullRequest)
        }
        Field::Broken => true,
    }
}
