//! Who takes a place in line, and who gives way without having been deployed.

use super::Log;
use crate::stage::{Candidate, Passed, Stage};

/// What came to the line, or was passed over.
pub(super) fn line(log: &mut Log, before: &Stage, after: &Stage) {
    let runs = usize::from(after.run.is_some());
    for (place, new) in after.line().enumerate() {
        let is_it = |it: &Candidate| it.revision == new.revision && it.cause == new.cause;
        if before.line().any(is_it) {
            continue;
        }
        let (short, cause) = (new.revision.short(), new.cause.sentence());
        match place + runs {
            0 => {
                let text = format!("{short} wants to be deployed: {cause}");
                log.add("candidate", None, text);
            }
            ahead => {
                let text = format!("{short} waits in line, {ahead} in front of it: {cause}");
                log.add("queued", None, text);
            }
        }
    }
    for passed in news(before, after) {
        let text = format!(
            "{} gives way to the next: {}",
            passed.revision.short(),
            passed.why
        );
        log.add("passed_over", None, text);
    }
}

/// What gave way between the two.
pub(super) fn news<'a>(before: &'a Stage, after: &'a Stage) -> impl Iterator<Item = &'a Passed> {
    let passed = after.queue.passed.iter();
    passed.filter(|passed| !before.queue.passed.contains(passed))
}
