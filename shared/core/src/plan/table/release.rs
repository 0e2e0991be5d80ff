//! The lines about the release itself: what people say of it, and the stage it has to pass.

use super::Row;
use crate::plan::{forks, marks, through};
use crate::policy::{Policy, View};
use crate::release::Release;
use crate::stage::Cause;
use crate::waiting::{Passing, ReleaseWait, Wait};

/// The line of a mark that is demanded.
pub(super) fn mark(mark: &str) -> String {
    format!("mark {mark}")
}

/// What closes the stage to this release.
pub(super) fn closed(
    release: &Release,
    cause: &Cause,
    view: &View<'_>,
    policy: &Policy<'_>,
) -> Vec<Wait> {
    let revision = &release.revision;
    let bad = marks::bad(revision, view.marks);
    let missing = marks::missing(revision, cause, view.marks, policy);
    // What is green here has passed it.
    let green = view.stage.verified.as_ref().map(|green| &green.release);
    let through = through::look(release, cause, view, policy).filter(|_| green != Some(release));
    let unread = forks::unapproved(view.stage, revision, view.marks, policy);
    let all = bad.into_iter().chain(unread).chain(missing);
    all.chain(through).collect()
}

/// The line of what lets the commit of a fork in.
pub(super) const FORK: &str = "fork";

/// The lines as they are when nothing is closed.
pub(super) fn open(release: &Release, view: &View<'_>, policy: &Policy<'_>) -> Vec<Row> {
    let given = |word: &str, gate: &str| {
        let known = view.marks.of(&release.revision);
        let known = known.and_then(|marked| marked.marks.get(word));
        let found = known.map_or_else(String::new, |mark| format!("by {}", mark.by));
        let rule = policy.file.marks.get(word);
        let required = match rule.map_or(&[][..], |rule| rule.by.as_slice()) {
            [] => "by anybody".to_owned(),
            roles => format!("by {}", roles.join(", ")),
        };
        Row::open(gate, required, found)
    };
    let passed = policy.through.as_ref().map(|through| {
        let required = format!("verified on {} since it came", through.stage);
        Row::open("through", required, "verified there".to_owned())
    });
    let demanded = policy.rule.marks.iter();
    let demanded = demanded.map(|word| given(word, &mark(word)));
    let fork = view.stage.spec.fork.as_ref();
    let fork = fork.map(|_| given(forks::demanded(policy).unwrap_or_default(), FORK));
    fork.into_iter().chain(demanded).chain(passed).collect()
}

/// What is found instead of what is required.
pub(super) fn found(wait: &ReleaseWait) -> String {
    match wait {
        ReleaseWait::Bad { by, .. } => format!("marked bad by {by}"),
        ReleaseWait::Unmarked { .. } => "not given".to_owned(),
        ReleaseWait::Through { passing, .. } => match passing {
            Passing::Asked => "not verified there yet".to_owned(),
            Passing::Busy { with } => format!("{} waits there", with.short()),
            Passing::Broken => "did not pass".to_owned(),
            Passing::TakenOver { asked } => format!("taken over {asked} times"),
        },
        ReleaseWait::Fork {
            own: Some(author), ..
        } => format!("by {author}, whose it is"),
        ReleaseWait::Fork { .. } => "not given".to_owned(),
    }
}
