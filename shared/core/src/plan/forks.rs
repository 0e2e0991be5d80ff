//! Commits of forks: strangers wrote them, and building or testing one runs what they wrote. So each
//! waits, by itself, for the word of somebody who may give it, and has it neither built nor deployed
//! before; a rollback as well.

use crate::mark::Marks;
use crate::name::Revision;
use crate::policy::Policy;
use crate::stage::Stage;
use crate::stage_file::From;
use crate::waiting::{ReleaseWait, Wait};

/// What keeps the commit of a fork from its stage. What is decided here is the stage, not where the
/// commit came from this time: whatever goes to a stage that a fork has led to needs the mark.
pub(super) fn unapproved(
    stage: &Stage,
    revision: &Revision,
    marks: &Marks,
    policy: &Policy<'_>,
) -> Option<Wait> {
    let fork = stage.spec.fork.as_ref()?;
    let mark = demanded(policy);
    let given = marks.of(revision).zip(mark);
    let given = given.and_then(|(marked, mark)| marked.marks.get(mark));
    let own = given.filter(|given| fork.is_of(&given.by));
    if given.is_some() && own.is_none() {
        return None;
    }
    let rule = mark.and_then(|mark| policy.file.marks.get(mark));
    Some(Wait::Release(ReleaseWait::Fork {
        revision: revision.clone(),
        mark: mark.map(str::to_owned),
        by: rule.map_or_else(Vec::new, |rule| rule.by.clone()),
        own: own.map(|own| own.by.clone()),
    }))
}

/// The mark that lets the commit of a fork in.
pub(super) fn demanded<'a>(policy: &Policy<'a>) -> Option<&'a str> {
    match &policy.rule.from {
        From::PullRequest { forks, .. } => forks.as_deref(),
        _ => None,
    }
}
