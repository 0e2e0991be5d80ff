//! Pull requests: of the repository's own branches, and of a stranger's fork.

use greenroom_core::name::{RefName, Revision};

use super::{NAME, World};
use crate::act::Act;
use crate::github_payloads::{Label, Person, PullRequest, PullRequestAction, Repository};
use crate::model::pulls::Pull;
use crate::model::repository::{NewCommit, Quality};
use crate::random::{key, mix};

/// The stranger's copy.
const FORK: u64 = 9001;

impl World {
    pub(super) fn pull(&mut self, number: u64, act: Act) {
        match act {
            Act::Open {
                number: pull,
                branch,
                base,
                labels,
                actor,
                fork,
            } => {
                let known = self.find_pull(pull);
                if known.as_ref().is_some_and(|known| known.open) {
                    return;
                }
                let head = if fork {
                    Some(self.commit_in_the_fork(number, &actor))
                } else {
                    self.tip_for(number, &branch, &actor)
                };
                let Some(head) = head else { return };
                let again = known.is_some();
                let pull = Pull {
                    number: pull,
                    branch,
                    base,
                    author: actor,
                    labels,
                    fork,
                    head,
                    open: true,
                };
                let action = if again {
                    PullRequestAction::Reopened
                } else {
                    PullRequestAction::Opened
                };
                self.tell_pull(number, pull, action);
            }
            Act::Label {
                number: pull,
                labels,
            } => self.label(number, pull, labels),
            Act::Close {
                number: pull,
                merged,
            } => {
                let Some(mut pull) = self.find_pull(pull).filter(|pull| pull.open) else {
                    return;
                };
                pull.open = false;
                self.tell_pull(number, pull, PullRequestAction::Closed { merged });
            }
            Act::PushToFork { number: pull } => {
                let Some(mut pull) = self.find_pull(pull).filter(|pull| pull.open && pull.fork)
                else {
                    return;
                };
                let before = pull.head.to_string();
                pull.head = self.commit_in_the_fork(number, &pull.author);
                self.tell_pull(number, pull, PullRequestAction::Synchronize { before });
            }
            _ => {}
        }
    }

    fn label(&mut self, number: u64, pull: u64, labels: Vec<String>) {
        let Some(mut pull) = self.find_pull(pull).filter(|pull| pull.open) else {
            return;
        };
        let changed = labels.first().or_else(|| pull.labels.first()).cloned();
        let Some(name) = changed else { return };
        let label = Label { id: 1, name };
        let action = if labels.is_empty() {
            PullRequestAction::Unlabeled(label)
        } else {
            PullRequestAction::Labeled(label)
        };
        pull.labels = labels;
        self.tell_pull(number, pull, action);
    }

    /// A push to the branch of an open pull request is told twice.
    pub(super) fn synchronise(
        &mut self,
        number: u64,
        branch: &str,
        actor: &str,
        before: Option<&Revision>,
        revision: &Revision,
    ) {
        let pulls: Vec<Pull> = {
            let inner = self.shared.lock();
            let all = inner.truth.repository.pulls.values();
            let of = |pull: &&Pull| pull.open && !pull.fork && pull.branch == branch;
            all.filter(of).cloned().collect()
        };
        for mut pull in pulls {
            pull.head = revision.clone();
            actor.clone_into(&mut pull.author);
            let before = before.map(ToString::to_string).unwrap_or_default();
            let number = mix(number ^ key("synchronize") ^ mix(pull.number));
            self.tell_pull(number, pull, PullRequestAction::Synchronize { before });
        }
    }

    fn find_pull(&self, number: u64) -> Option<Pull> {
        let inner = self.shared.lock();
        inner.truth.repository.pulls.get(&number).cloned()
    }

    fn commit_in_the_fork(&mut self, number: u64, author: &str) -> Revision {
        let mut inner = self.shared.lock();
        let now = inner.truth.now;
        let new = NewCommit {
            name: &format!("fork {number:x}"),
            author,
            subject: "Let me in",
            quality: Quality::Good,
            stage_file: None,
        };
        inner.truth.repository.commit_in_a_fork(&new, now)
    }

    /// Where the branch is; a pull request of a new branch begins with a commit.
    fn tip_for(&mut self, number: u64, branch: &str, actor: &str) -> Option<Revision> {
        let reference = RefName::new(format!("refs/heads/{branch}"));
        let known = self
            .shared
            .lock()
            .truth
            .repository
            .tip(&reference)
            .is_some();
        if !known {
            self.push(mix(number ^ key("topic")), branch, actor, Quality::Good);
        }
        self.shared.lock().truth.repository.tip(&reference).cloned()
    }

    fn tell_pull(&mut self, number: u64, pull: Pull, action: PullRequestAction) {
        let at = self.now();
        let author = Person::new(&pull.author, 7);
        let (branch, head) = (pull.branch.clone(), pull.head.to_string());
        let repository = self.repository();
        let mut told = PullRequest::opened(repository, pull.number, author, &branch, &head, at);
        told.action = action;
        pull.base.clone_into(&mut told.base_branch);
        told.labels = pull
            .labels
            .iter()
            .map(|name| Label {
                id: 1,
                name: name.clone(),
            })
            .collect();
        if pull.fork {
            let owner = &pull.author;
            let short = NAME.split('/').nth(1).unwrap_or("orders");
            let mut fork = Repository::new(FORK, &format!("{owner}/{short}"), "master");
            fork.fork = true;
            told.head_repository = Some(fork);
            "NONE".clone_into(&mut told.author_association);
        }
        let mut inner = self.shared.lock();
        inner.truth.repository.pulls.insert(pull.number, pull);
        drop(inner);
        self.send("pull_request", number, told.body());
    }
}
