//! A repository: commits, references that move, and how good each commit is.

use std::collections::BTreeMap;

use greenroom_app::ports::source::{CHANGED_MAX, Changed, Commit, Comparison, Head, SourceFile};
use greenroom_core::name::{RefName, Revision};
use jiff::Timestamp;

use crate::model::pulls::Pull;
use crate::random::{key, mix};

/// What becomes of a commit when it is built, deployed and tested.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Quality {
    Good,
    /// Its build fails.
    BuildFails,
    /// Its deployment fails half-way, and leaves nobody knows what.
    DeployFails,
    /// Tests fail wherever it stands.
    TestsFail,
    /// Tests pass or fail by chance.
    Flaky,
    /// Tests cannot tell.
    Unclear,
}

#[derive(Clone, Debug)]
struct Kept {
    parent: Option<Revision>,
    commit: Commit,
    quality: Quality,
    stage_file: Option<String>,
    /// It is in a fork only.
    stranger: bool,
}

/// Where a reference stood from an instant on; `None`: it was gone.
pub type Moves = Vec<(Timestamp, Option<Revision>)>;

/// One repository.
#[derive(Clone, Debug, Default)]
pub struct Repository {
    default_branch: Option<RefName>,
    refs: BTreeMap<RefName, Revision>,
    commits: BTreeMap<Revision, Kept>,
    moves: BTreeMap<RefName, Moves>,
    /// `owner/name`, as GitHub spells it now.
    pub full_name: String,
    /// By number.
    pub pulls: BTreeMap<u64, Pull>,
}

/// A commit to be made.
#[derive(Clone, Debug)]
pub struct NewCommit<'a> {
    /// Its revision is made from this.
    pub name: &'a str,
    pub author: &'a str,
    pub subject: &'a str,
    pub quality: Quality,
    /// `greenroom.yaml`, if it changes.
    pub stage_file: Option<String>,
}

impl Repository {
    /// An empty repository.
    pub fn new(full_name: &str) -> Self {
        Self {
            full_name: full_name.to_owned(),
            ..Self::default()
        }
    }

    /// Commits on top of `branch`, or of the default branch if it is new. The branch moves there.
    pub fn commit(&mut self, branch: &str, new: &NewCommit<'_>, at: Timestamp) -> Revision {
        let reference = RefName::new(format!("refs/heads/{branch}"));
        let start = self.refs.get(&reference).or_else(|| {
            let default = self.default_branch.as_ref()?;
            self.refs.get(default)
        });
        let parent = start.cloned();
        let revision = self.keep(parent, new, at, false);
        self.default_branch.get_or_insert_with(|| reference.clone());
        self.set(&reference, Some(revision.clone()), at);
        revision
    }

    /// A commit in a fork, on top of the default branch: no reference of this repository has it.
    pub fn commit_in_a_fork(&mut self, new: &NewCommit<'_>, at: Timestamp) -> Revision {
        let default = self.default_branch.as_ref();
        let parent = default.and_then(|default| self.refs.get(default)).cloned();
        self.keep(parent, new, at, true)
    }

    fn keep(
        &mut self,
        parent: Option<Revision>,
        new: &NewCommit<'_>,
        at: Timestamp,
        stranger: bool,
    ) -> Revision {
        let above = parent.as_ref().and_then(|parent| self.commits.get(parent));
        let stage_file = new.stage_file.clone().or_else(|| above?.stage_file.clone());
        let revision = revision_of(new.name);
        let commit = Commit {
            revision: revision.clone(),
            author: new.author.to_owned(),
            email: format!("{}@users.noreply.github.com", new.author),
            subject: new.subject.to_owned(),
            at,
        };
        let kept = Kept {
            parent,
            commit,
            quality: new.quality,
            stage_file,
            stranger,
        };
        self.commits.insert(revision.clone(), kept);
        revision
    }

    /// The commit `back` steps below the tip of a branch, or the oldest there is.
    pub fn below(&self, reference: &RefName, back: u64) -> Option<&Revision> {
        let mut at = self.refs.get(reference)?;
        for _ in 0..back {
            match self.parent(at) {
                Some(parent) => at = parent,
                None => break,
            }
        }
        Some(at)
    }

    /// True for a commit that only a fork has.
    pub fn is_a_strangers(&self, revision: &Revision) -> bool {
        self.commits.get(revision).is_some_and(|kept| kept.stranger)
    }

    /// Moves any reference, or deletes it.
    pub fn set(&mut self, reference: &RefName, to: Option<Revision>, at: Timestamp) {
        match &to {
            Some(to) => drop(self.refs.insert(reference.clone(), to.clone())),
            None => drop(self.refs.remove(reference)),
        }
        self.moves
            .entry(reference.clone())
            .or_default()
            .push((at, to));
    }

    pub fn default_branch(&self) -> Option<&RefName> {
        self.default_branch.as_ref()
    }

    pub fn tip(&self, reference: &RefName) -> Option<&Revision> {
        self.refs.get(reference)
    }

    /// Everywhere a reference ever stood, oldest first.
    pub fn moves(&self, reference: &RefName) -> &[(Timestamp, Option<Revision>)] {
        self.moves.get(reference).map_or(&[], Vec::as_slice)
    }

    /// All branches, by name.
    pub fn heads(&self) -> Vec<Head> {
        let branches = self.refs.iter().filter(|(name, _)| name.branch().is_some());
        branches
            .map(|(reference, revision)| Head {
                reference: reference.clone(),
                revision: revision.clone(),
            })
            .collect()
    }

    pub fn find(&self, revision: &Revision) -> Option<&Commit> {
        self.commits.get(revision).map(|kept| &kept.commit)
    }

    pub fn parent(&self, revision: &Revision) -> Option<&Revision> {
        self.commits.get(revision)?.parent.as_ref()
    }

    /// How good a commit is; one that does not exist is as good as any.
    pub fn quality(&self, revision: &Revision) -> Quality {
        self.commits
            .get(revision)
            .map_or(Quality::Good, |kept| kept.quality)
    }

    /// `greenroom.yaml` at a commit.
    pub fn stage_file(&self, revision: &Revision) -> Option<&str> {
        self.commits.get(revision)?.stage_file.as_deref()
    }

    /// The one test every commit has, whatever glob is asked for.
    pub fn tests(&self, revision: &Revision, glob: &str) -> Vec<SourceFile> {
        if !self.commits.contains_key(revision) {
            return Vec::new();
        }
        vec![SourceFile {
            path: glob.replace('*', "a"),
            bytes: b"GET {{base_url}}\nHTTP 200\n".to_vec(),
        }]
    }

    /// Each commit changes a file of its own.
    pub fn changed(&self, base: &Revision, head: &Revision) -> Option<Changed> {
        if !self.compare(head, base, 1)?.commits.is_empty() {
            return Some(Changed::Unknown);
        }
        let compared = self.compare(base, head, CHANGED_MAX)?;
        let commits = compared.commits.iter();
        let mut paths: Vec<_> = commits.map(|it| format!("src/{}", it.revision)).collect();
        paths.sort();
        Some(match compared.truncated {
            true => Changed::Unknown,
            false => Changed::Paths(paths),
        })
    }

    /// Commits reachable from `head` and not from `base`, newest first, at most `limit`.
    pub fn compare(&self, base: &Revision, head: &Revision, limit: usize) -> Option<Comparison> {
        let mut below = std::collections::BTreeSet::new();
        let mut at = Some(base);
        while let Some(revision) = at {
            below.insert(revision);
            at = self.commits.get(revision)?.parent.as_ref();
        }
        let mut commits = Vec::new();
        let mut at = Some(head);
        while let Some(revision) = at.filter(|revision| !below.contains(revision)) {
            let kept = self.commits.get(revision)?;
            commits.push(kept.commit.clone());
            at = kept.parent.as_ref();
        }
        let truncated = commits.len() > limit;
        commits.truncate(limit);
        Some(Comparison { commits, truncated })
    }
}

/// The revision of the commit of this name.
pub fn revision_of(name: &str) -> Revision {
    let one = key(name);
    let (two, three) = (mix(one), mix(one ^ 1));
    Revision::new(format!("{one:016x}{two:016x}{:08x}", three >> 32))
}
