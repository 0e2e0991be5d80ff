//! A real git repository of the sample app, with people and a past.
//!
//! Everything goes through the `git` program, away from whatever configuration the machine has.
//! The past has fixed dates, so that it has the same commit ids every time.

mod author;
mod edit;
mod files;
pub(crate) mod git;
mod history;
mod payload;

#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};

use jiff::SignedDuration;

pub use author::{ALICE, Author, BOB, CARLA, CAROL, DAVE, EVE, OLGA, PEOPLE};
pub use edit::{Edit, break_discount, fix_discount};

/// The repository, a folder with a work tree.
#[derive(Clone, Debug)]
pub struct SampleRepo {
    folder: PathBuf,
    /// How far the clock of whoever commits is ahead of the machine's.
    ahead: SignedDuration,
}

impl SampleRepo {
    /// Makes the repository in `folder`, which must be empty or absent. Its branches:
    ///
    /// - `master`, the default branch,
    /// - `develop`, one commit ahead of it,
    /// - `release/1.0`, one commit ahead of `master`,
    /// - `feature/alice-coupons`, one commit ahead of `develop`.
    ///
    /// # Errors
    /// When git is missing or fails; the text says what it said.
    pub fn create(folder: &Path) -> io::Result<Self> {
        Self::create_with(folder, ToOwned::to_owned)
    }

    /// As [`create`](Self::create), with a stage file made from the sample's own, so that
    /// addresses in it are real ones.
    ///
    /// # Errors
    /// As for [`create`](Self::create).
    pub fn create_with(folder: &Path, stage_file: impl FnOnce(&str) -> String) -> io::Result<Self> {
        let repository = Self::open(folder);
        history::write(&repository, &stage_file(files::STAGE_FILE))?;
        Ok(repository)
    }

    /// Makes another app's repository: one commit on `branch`, its default branch. Commits are
    /// dated by a clock that is so far `ahead`.
    ///
    /// # Errors
    /// As for [`create`](Self::create).
    pub fn of_files(
        folder: &Path,
        branch: &str,
        author: &Author,
        subject: &str,
        files: &[Edit],
        ahead: SignedDuration,
    ) -> io::Result<Self> {
        let mut repository = Self::open(folder);
        repository.ahead = ahead;
        std::fs::create_dir_all(folder)?;
        let initial = format!("--initial-branch={branch}");
        repository.git(&["init", "--quiet", &initial])?;
        files.iter().try_for_each(|file| file.apply(folder))?;
        repository.git(&["add", "--all"])?;
        let commit = ["commit", "--quiet", "-m", subject];
        git::run(folder, &commit, Some(author), Some(&repository.date()))?;
        Ok(repository)
    }

    /// A repository made before.
    pub fn open(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            ahead: SignedDuration::ZERO,
        }
    }

    /// Where it is; git can fetch from it.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Commits edits on a branch, now, and answers the new commit's id. Without edits the commit
    /// changes nothing.
    ///
    /// # Errors
    /// When there is no such branch, or an edit does not fit the files as they are.
    pub fn commit(
        &self,
        branch: &str,
        author: &Author,
        subject: &str,
        edits: &[Edit],
    ) -> io::Result<String> {
        self.commit_at(branch, author, subject, edits, &self.date())
    }

    /// As `commit`, at a time in git's form.
    fn commit_at(
        &self,
        branch: &str,
        author: &Author,
        subject: &str,
        edits: &[Edit],
        at: &str,
    ) -> io::Result<String> {
        self.git(&["checkout", "--quiet", branch])?;
        if let Err(error) = edits.iter().try_for_each(|edit| edit.apply(&self.folder)) {
            // Half an edit must not slip into the next commit.
            self.git(&["reset", "--quiet", "--hard"])?;
            self.git(&["clean", "--quiet", "--force", "-d"])?;
            return Err(error);
        }
        self.git(&["add", "--all"])?;
        let message = ["commit", "--quiet", "--allow-empty", "-m", subject];
        git::run(&self.folder, &message, Some(author), Some(at))?;
        self.head(branch)
    }

    /// Makes a branch where another branch, a tag or a commit is.
    ///
    /// # Errors
    /// When git refuses the name or does not know `from`.
    pub fn branch(&self, name: &str, from: &str) -> io::Result<()> {
        self.git(&["branch", "--", name, from]).map(drop)
    }

    /// Deletes a branch, merged or not.
    ///
    /// # Errors
    /// When there is no such branch.
    pub fn delete_branch(&self, name: &str) -> io::Result<()> {
        // The branch at hand cannot be deleted.
        self.git(&["checkout", "--quiet", "--detach"])?;
        self.git(&["branch", "--quiet", "-D", "--", name]).map(drop)
    }

    /// Brings what `from` has into `branch`, as a merge commit by `author`, and answers its id.
    ///
    /// # Errors
    /// When they conflict.
    pub fn merge(&self, branch: &str, author: &Author, from: &str) -> io::Result<String> {
        self.git(&["checkout", "--quiet", branch])?;
        let subject = format!("Merge {from} into {branch}");
        // Two commits with one name could not be told apart.
        let known = self.subjects()?;
        let again = known
            .iter()
            .filter(|(_, one)| one.starts_with(&subject))
            .count();
        let subject = match again {
            0 => subject,
            again => format!("{subject}, part {}", again + 1),
        };
        let merge = ["merge", "--quiet", "--no-ff", "-m", &subject, from];
        git::run(&self.folder, &merge, Some(author), Some(&self.date()))?;
        self.head(branch)
    }

    /// Puts what `branch` has of its own on top of `onto`, and answers its new id.
    ///
    /// # Errors
    /// When they conflict.
    pub fn rebase(&self, branch: &str, author: &Author, onto: &str) -> io::Result<String> {
        let rebase = ["rebase", "--quiet", onto, branch];
        if let Err(error) = git::run(&self.folder, &rebase, Some(author), Some(&self.date())) {
            // The work tree is needed by whoever comes next.
            drop(self.git(&["rebase", "--abort"]));
            return Err(error);
        }
        self.head(branch)
    }

    /// Brings every branch and tag to another repository, and takes those away that are no more.
    ///
    /// # Errors
    /// When git refuses.
    pub fn publish(&self, origin: &Path) -> io::Result<()> {
        let origin = origin.display().to_string();
        let all = ["refs/heads/*:refs/heads/*", "refs/tags/*:refs/tags/*"];
        let push = ["push", "--quiet", "--force", "--prune", &origin];
        self.git(&[&push[..], &all[..]].concat()).map(drop)
    }

    /// Makes a bare copy in `folder`, as the origin that everybody shares.
    ///
    /// # Errors
    /// When there is something in `folder` already.
    pub fn origin(&self, folder: &Path) -> io::Result<()> {
        let (from, to) = (
            self.folder.display().to_string(),
            folder.display().to_string(),
        );
        self.git(&["clone", "--quiet", "--bare", &from, &to])
            .map(drop)
    }

    /// Subjects of all commits there are, by id.
    ///
    /// # Errors
    /// When git fails.
    pub fn subjects(&self) -> io::Result<Vec<(String, String)>> {
        let log = self.git(&["log", "--all", "--reflog", "--format=%H %s"])?;
        let lines = log.lines().filter_map(|line| line.split_once(' '));
        Ok(lines
            .map(|(id, subject)| (id.to_owned(), subject.to_owned()))
            .collect())
    }

    /// Tags a commit; with a message the tag is an object of its own, whose id is answered.
    ///
    /// # Errors
    /// When the tag exists or the commit does not.
    pub fn tag(
        &self,
        name: &str,
        at: &str,
        author: &Author,
        message: Option<&str>,
    ) -> io::Result<String> {
        let mut arguments = vec!["tag"];
        if let Some(message) = message {
            arguments.extend(["--annotate", "-m", message]);
        }
        arguments.extend(["--", name, at]);
        git::run(&self.folder, &arguments, Some(author), Some(&self.date()))?;
        self.git(&["rev-parse", "--verify", &format!("refs/tags/{name}")])
    }

    /// The id of a branch's head.
    ///
    /// # Errors
    /// When there is no such branch.
    pub fn head(&self, branch: &str) -> io::Result<String> {
        self.git(&["rev-parse", "--verify", &format!("refs/heads/{branch}")])
    }

    /// From now on commits are dated by a clock that is so far ahead.
    pub fn set_ahead(&mut self, ahead: SignedDuration) {
        self.ahead = ahead;
    }

    /// Now by that clock, in git's form.
    fn date(&self) -> String {
        let now = jiff::Timestamp::now();
        let now = now.checked_add(self.ahead).unwrap_or(now);
        format!("@{} +0000", now.as_second())
    }

    fn git(&self, arguments: &[&str]) -> io::Result<String> {
        git::run(&self.folder, arguments, None, None)
    }
}
