//! The webhook GitHub would send about commits that are really in the repository.

use std::io;

use jiff::Timestamp;

use super::{Author, PEOPLE, SampleRepo};
use crate::github_payloads::{Commit, Person, Push, Repository, ZEROS};

/// Of the commits a push lists, at GitHub.
const COMMITS_MAX: &str = "--max-count=2048";
/// Id, tree, author's name, e-mail and time, message; ended by a character no message has.
const FORMAT: &str = "--format=%H%x1f%T%x1f%an%x1f%ae%x1f%at%x1f%B%x1e";

impl SampleRepo {
    /// The push that moved `branch` from `before` ([`ZEROS`] if it is new) to where it is now.
    ///
    /// # Errors
    /// When git does not know the branch or `before`.
    pub fn push(
        &self,
        repository: Repository,
        branch: &str,
        before: &str,
        pusher: &Author,
    ) -> io::Result<Push> {
        let after = self.head(branch)?;
        let range = if before == ZEROS {
            // As GitHub does: what no other branch has.
            let default = &repository.default_branch;
            format!("refs/heads/{default}..{after}")
        } else {
            format!("{before}..{after}")
        };
        let log = self.git(&["log", "--reverse", COMMITS_MAX, FORMAT, &range])?;
        let commits = self.commits(&log)?;
        let head = self.listed(&after)?;
        let contained = before == ZEROS
            || self
                .git(&["merge-base", "--is-ancestor", before, &after])
                .is_ok();
        Ok(Push {
            repository,
            reference: format!("refs/heads/{branch}"),
            before: before.to_owned(),
            after,
            forced: !contained,
            pusher: pusher.person(),
            commits,
            head_commit: Some(head),
        })
    }

    /// The push of a tag, which is new.
    ///
    /// # Errors
    /// When git does not know the tag.
    pub fn tag_push(&self, repository: Repository, tag: &str, pusher: &Author) -> io::Result<Push> {
        let object = self.git(&["rev-parse", "--verify", &format!("refs/tags/{tag}")])?;
        let commit = self.listed(&format!("refs/tags/{tag}"))?;
        Ok(Push::tag(
            repository,
            tag,
            Some(&object),
            pusher.person(),
            commit,
        ))
    }

    /// A commit as a push lists it, by its id, a branch or a tag.
    ///
    /// # Errors
    /// When there is no such commit.
    pub fn listed(&self, revision: &str) -> io::Result<Commit> {
        let log = self.git(&["log", "--max-count=1", FORMAT, revision, "--"])?;
        let commit = self.commits(&log)?.pop();
        commit.ok_or_else(|| io::Error::other(format!("{revision} is no commit")))
    }

    fn commits(&self, log: &str) -> io::Result<Vec<Commit>> {
        log.split('\u{1e}')
            .map(|record| record.trim_start_matches('\n'))
            .filter(|record| !record.is_empty())
            .map(|record| self.commit_of(record))
            .collect()
    }

    fn commit_of(&self, record: &str) -> io::Result<Commit> {
        let fields: Vec<&str> = record.splitn(6, '\u{1f}').collect();
        let &[id, tree, name, email, at, message] = fields.as_slice() else {
            return Err(io::Error::other(format!("git log said {record:?}")));
        };
        let seconds = at.parse().map_err(io::Error::other)?;
        let mut commit = Commit {
            tree: tree.to_owned(),
            modified: Vec::new(),
            ..Commit::new(
                id,
                person(name, email),
                message.trim_end(),
                Timestamp::from_second(seconds).map_err(io::Error::other)?,
            )
        };
        let show = [
            "diff-tree",
            "--root",
            "--no-commit-id",
            "--name-status",
            "--no-renames",
            "-r",
        ];
        for line in self.git(&[&show[..], &[id]].concat())?.lines() {
            match line.split_once('\t') {
                Some(("A", path)) => commit.added.push(path.to_owned()),
                Some(("D", path)) => commit.removed.push(path.to_owned()),
                Some((_, path)) => commit.modified.push(path.to_owned()),
                None => {}
            }
        }
        Ok(commit)
    }
}

/// Who GitHub finds by the e-mail of a commit.
fn person(name: &str, email: &str) -> Person {
    let known = PEOPLE.into_iter().find(|it| it.email == email);
    match known {
        Some(author) => author.person(),
        None => Person {
            name: name.to_owned(),
            email: email.to_owned(),
            ..Person::new("ghost", 10_137)
        },
    }
}
