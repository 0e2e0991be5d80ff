//! References that move, with the webhooks about them.

use greenroom_core::name::{RefName, Revision};

use super::World;
use crate::github_payloads::{Commit, Person, Push, ZEROS};
use crate::model::repository::{NewCommit, Quality};
use crate::truth::Happened;

impl World {
    pub(super) fn push(&mut self, number: u64, branch: &str, actor: &str, quality: Quality) {
        self.commit(number, branch, actor, quality, None);
    }

    /// The stage file on the default branch becomes another.
    pub(super) fn edit(&mut self, number: u64, actor: &str, text: String) {
        let default = self.repository().default_branch;
        self.commit(number, &default, actor, Quality::Good, Some(text));
    }

    fn commit(
        &mut self,
        number: u64,
        branch: &str,
        actor: &str,
        quality: Quality,
        stage_file: Option<String>,
    ) {
        let reference = RefName::new(format!("refs/heads/{branch}"));
        let (before, revision) = {
            let mut inner = self.shared.lock();
            let now = inner.truth.now;
            let before = inner.truth.repository.tip(&reference).cloned();
            let new = NewCommit {
                name: &format!("{number:x}"),
                author: actor,
                subject: &format!("Change {branch}"),
                quality,
                stage_file,
            };
            let revision = inner.truth.repository.commit(branch, &new, now);
            inner.happened(&Happened::Moved {
                reference: &reference,
                to: Some(&revision),
            });
            (before, revision)
        };
        self.pushed(number, &reference, actor, before.as_ref(), &revision, false);
        self.synchronise(number, branch, actor, before.as_ref(), &revision);
    }

    /// A forced push to where the branch was some commits ago.
    pub(super) fn back(&mut self, number: u64, branch: &str, actor: &str, steps: u64) {
        let reference = RefName::new(format!("refs/heads/{branch}"));
        let found = {
            let inner = self.shared.lock();
            let repository = &inner.truth.repository;
            let before = repository.tip(&reference).cloned();
            before.zip(repository.below(&reference, steps).cloned())
        };
        let Some((before, revision)) = found.filter(|(before, to)| before != to) else {
            return;
        };
        self.moves(&reference, Some(&revision));
        self.pushed(number, &reference, actor, Some(&before), &revision, true);
        self.synchronise(number, branch, actor, Some(&before), &revision);
    }

    pub(super) fn delete(&mut self, number: u64, branch: &str, actor: &str) {
        self.remove(number, &RefName::new(format!("refs/heads/{branch}")), actor);
    }

    /// A tag is made, or moved.
    pub(super) fn tag(&mut self, number: u64, tag: &str, branch: &str, actor: &str) {
        let reference = RefName::new(format!("refs/tags/{tag}"));
        let branch = RefName::new(format!("refs/heads/{branch}"));
        let (before, to) = {
            let inner = self.shared.lock();
            let repository = &inner.truth.repository;
            let to = repository.tip(&branch).cloned();
            (repository.tip(&reference).cloned(), to)
        };
        let Some(to) = to.filter(|to| before.as_ref() != Some(to)) else {
            return;
        };
        self.moves(&reference, Some(&to));
        let person = Person::new(actor, 7);
        let commit = Commit::new(to.as_str(), person.clone(), "Change", self.now());
        let mut push = Push::tag(self.repository(), tag, None, person, commit);
        if let Some(before) = before {
            before.as_str().clone_into(&mut push.before);
            push.forced = true;
        }
        self.send("push", number, push.body());
    }

    pub(super) fn untag(&mut self, number: u64, tag: &str, actor: &str) {
        self.remove(number, &RefName::new(format!("refs/tags/{tag}")), actor);
    }

    fn remove(&mut self, number: u64, reference: &RefName, actor: &str) {
        let before = self.shared.lock().truth.repository.tip(reference).cloned();
        let Some(before) = before else { return };
        self.moves(reference, None);
        let person = Person::new(actor, 7);
        let (name, before) = (reference.as_str(), before.as_str());
        let body = Push::deletion(self.repository(), name, before, person).body();
        self.send("push", number, body);
    }

    fn moves(&mut self, reference: &RefName, to: Option<&Revision>) {
        let inner = &mut *self.shared.lock();
        let now = inner.truth.now;
        inner.truth.repository.set(reference, to.cloned(), now);
        inner.happened(&Happened::Moved { reference, to });
    }

    fn pushed(
        &mut self,
        number: u64,
        reference: &RefName,
        actor: &str,
        before: Option<&Revision>,
        revision: &Revision,
        forced: bool,
    ) {
        let person = Person::new(actor, 7);
        let commit = Commit::new(revision.as_str(), person.clone(), "Change", self.now());
        let before = before.map_or(ZEROS, Revision::as_str);
        let branch = reference.branch().unwrap_or_default();
        let mut push = Push::to_branch(self.repository(), branch, before, person, vec![commit]);
        push.forced = forced;
        self.send("push", number, push.body());
    }

    /// GitHub knows the repository by another name; the old one leads there.
    pub(super) fn rename(&mut self, to: &str) {
        to.clone_into(&mut self.shared.lock().truth.repository.full_name);
    }
}
