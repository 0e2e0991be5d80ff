//! In which files two commits differ.

use std::collections::BTreeSet;

use greenroom_app::ports::source::{Changed, Repository, SourceError};
use greenroom_core::name::Revision;

use super::{Kept, State, missing};

impl State {
    pub(super) fn changed(
        &self,
        repository: &Repository,
        base: &Revision,
        head: &Revision,
    ) -> Result<Changed, SourceError> {
        let kept = |revision: &Revision| -> Result<&Kept, SourceError> {
            let kept = self.commits.get(revision);
            kept.ok_or_else(|| missing(repository, revision))
        };
        let mut at = Some(head.clone());
        while let Some(revision) = at.filter(|revision| revision != base) {
            let Some(parent) = kept(&revision)?.parent.clone() else {
                return Ok(Changed::Unknown);
            };
            at = Some(parent);
        }
        let (base, head) = (&kept(base)?.files, &kept(head)?.files);
        let differs = |path: &&String| base.get(*path) != head.get(*path);
        let all: BTreeSet<&String> = base.keys().chain(head.keys()).filter(differs).collect();
        Ok(Changed::Paths(all.into_iter().cloned().collect()))
    }
}
