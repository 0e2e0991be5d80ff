//! Repositories that tests write: commits, files, heads that move, and a host that can be away.

mod changed;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use greenroom_app::ports::source::{
    Access, Changed, Commit, Comparison, Head, Repository, Source, SourceError, SourceFile, Status,
};
use greenroom_core::name::{RefName, Revision};
use jiff::Timestamp;
use sha2::Digest as _;

use super::faults::{Call, Faults, Nature};

#[derive(Clone, Debug)]
struct Kept {
    parent: Option<Revision>,
    commit: Commit,
    files: BTreeMap<String, Vec<u8>>,
}

#[derive(Clone, Debug, Default)]
struct State {
    default_branch: Option<RefName>,
    refs: BTreeMap<RefName, Revision>,
    commits: BTreeMap<Revision, Kept>,
    away: bool,
    /// Moves that happen right after the next head was read.
    moves: VecDeque<(RefName, Revision)>,
    reads: u64,
    /// What was shown beside commits, in order; `None` where nothing can be.
    statuses: Option<Vec<(Revision, Status)>>,
    refuses_statuses: bool,
    /// What the credential can do; `None` where there is none.
    access: Option<Access>,
    /// The repository is shown to nobody.
    hidden: bool,
}

/// One repository, whatever it is called.
#[derive(Clone, Debug)]
pub struct WorldSource {
    state: Arc<Mutex<State>>,
    faults: Arc<Faults>,
}

impl WorldSource {
    pub(super) fn new(faults: Arc<Faults>) -> Self {
        Self {
            state: Arc::default(),
            faults,
        }
    }

    /// The same repository, which from here on goes its own way.
    pub(super) fn copy(&self, faults: Arc<Faults>) -> Self {
        Self {
            state: Arc::new(Mutex::new(self.state().clone())),
            faults,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Commits on top of `branch`, or as its first commit, by `author`: the files of the parent
    /// with `files` changed. The branch moves there.
    pub fn commit(
        &self,
        branch: &str,
        author: &str,
        subject: &str,
        files: &[(&str, &str)],
    ) -> Revision {
        let mut state = self.state();
        let reference = RefName::new(format!("refs/heads/{branch}"));
        let parent = state.refs.get(&reference).cloned().or_else(|| {
            let default = state.default_branch.clone()?;
            state.refs.get(&default).cloned()
        });
        let mut all = parent
            .as_ref()
            .and_then(|parent| state.commits.get(parent))
            .map(|kept| kept.files.clone())
            .unwrap_or_default();
        for (path, text) in files {
            all.insert((*path).to_owned(), text.as_bytes().to_vec());
        }
        let number = state.commits.len();
        let text = format!("{number} {subject}");
        let digest = hex::encode(sha2::Sha256::digest(text.as_bytes()));
        let revision = Revision::new(&digest[..40]);
        let commit = Commit {
            revision: revision.clone(),
            author: author.to_owned(),
            email: format!("{author}@users.noreply.github.com"),
            subject: subject.to_owned(),
            at: Timestamp::UNIX_EPOCH,
        };
        let kept = Kept {
            parent,
            commit,
            files: all,
        };
        state.commits.insert(revision.clone(), kept);
        state.refs.insert(reference.clone(), revision.clone());
        state.default_branch.get_or_insert(reference);
        revision
    }

    /// Where a branch stands.
    pub fn tip(&self, branch: &str) -> Option<Revision> {
        let reference = RefName::new(format!("refs/heads/{branch}"));
        self.state().refs.get(&reference).cloned()
    }

    /// Sets any reference, or deletes it.
    pub fn set(&self, reference: &str, to: Option<&Revision>) {
        let reference = RefName::new(reference);
        let mut state = self.state();
        match to {
            Some(to) => drop(state.refs.insert(reference, to.clone())),
            None => drop(state.refs.remove(&reference)),
        }
    }

    /// Makes another branch the default one.
    pub fn set_default(&self, branch: &str) {
        self.state().default_branch = Some(RefName::new(format!("refs/heads/{branch}")));
    }

    /// What a check of the credential says from now on.
    pub fn set_access(&self, access: Option<Access>) {
        self.state().access = access;
    }

    /// While true, the credential is not let in.
    pub fn hide(&self, hidden: bool) {
        self.state().hidden = hidden;
    }

    /// While true, nothing answers.
    pub fn set_away(&self, away: bool) {
        self.state().away = away;
    }

    /// Right after some head was read next, the branch moves: whoever read is out of date.
    pub fn move_after_read(&self, branch: &str, to: &Revision) {
        let reference = RefName::new(format!("refs/heads/{branch}"));
        self.state().moves.push_back((reference, to.clone()));
    }

    /// How often a head was read.
    pub fn head_reads(&self) -> u64 {
        self.state().reads
    }

    /// From now on something can be shown beside commits.
    pub fn show_statuses(&self) {
        self.state().statuses.get_or_insert_default();
    }

    /// While true, the credential may set no status.
    pub fn refuse_statuses(&self, refuse: bool) {
        self.state().refuses_statuses = refuse;
    }

    /// What was shown beside a commit, in order.
    pub fn statuses(&self, revision: &Revision) -> Vec<Status> {
        let all = self.state().statuses.clone().unwrap_or_default();
        let of = all.into_iter().filter(|(of, _)| of == revision);
        of.map(|(_, status)| status).collect()
    }

    async fn call<T>(
        &self,
        name: &'static str,
        repository: &Repository,
        answer: impl FnOnce(&mut State) -> Result<T, SourceError> + Send,
    ) -> Result<T, SourceError> {
        let unavailable = || SourceError::Unavailable {
            repository: repository.name.to_string(),
            why: "no route".to_owned(),
        };
        let call = Call {
            name,
            nature: Nature::Read,
        };
        let fault = self.faults.before(call).await.map_err(|_| unavailable())?;
        let answer = {
            let mut state = self.state();
            if state.away {
                Err(unavailable())
            } else {
                answer(&mut state)
            }
        };
        self.faults.after(fault).await.map_err(|()| unavailable())?;
        answer
    }
}

fn missing(repository: &Repository, what: impl std::fmt::Display) -> SourceError {
    SourceError::NotFound {
        what: what.to_string(),
        repository: repository.name.to_string(),
    }
}

impl Source for WorldSource {
    async fn default_branch(&self, repository: &Repository) -> Result<RefName, SourceError> {
        self.call("source.default_branch", repository, |state| {
            if state.hidden {
                return Err(SourceError::Refused {
                    repository: repository.name.to_string(),
                    why: "not for you".to_owned(),
                });
            }
            let default = state.default_branch.clone();
            default.ok_or_else(|| missing(repository, "a default branch"))
        })
        .await
    }

    async fn access(&self, repository: &Repository) -> Result<Option<Access>, SourceError> {
        self.call("source.access", repository, |state| {
            Ok(state.access.clone())
        })
        .await
    }

    async fn head(
        &self,
        repository: &Repository,
        reference: &RefName,
    ) -> Result<Option<Head>, SourceError> {
        self.call("source.head", repository, |state| {
            state.reads += 1;
            let head = state.refs.get(reference).map(|revision| Head {
                reference: reference.clone(),
                revision: revision.clone(),
            });
            if let Some((branch, to)) = state.moves.pop_front() {
                state.refs.insert(branch, to);
            }
            Ok(head)
        })
        .await
    }

    async fn heads(&self, repository: &Repository) -> Result<Vec<Head>, SourceError> {
        self.call("source.heads", repository, |state| {
            let branches = state
                .refs
                .iter()
                .filter(|(reference, _)| reference.branch().is_some());
            Ok(branches
                .map(|(reference, revision)| Head {
                    reference: reference.clone(),
                    revision: revision.clone(),
                })
                .collect())
        })
        .await
    }

    async fn commit(
        &self,
        repository: &Repository,
        revision: &Revision,
    ) -> Result<Commit, SourceError> {
        self.call("source.commit", repository, |state| {
            let kept = state.commits.get(revision);
            kept.map(|kept| kept.commit.clone())
                .ok_or_else(|| missing(repository, revision))
        })
        .await
    }

    async fn file_at(
        &self,
        repository: &Repository,
        revision: &Revision,
        path: &str,
        limit: usize,
    ) -> Result<Option<Vec<u8>>, SourceError> {
        self.call("source.file_at", repository, |state| {
            let kept = state.commits.get(revision);
            let kept = kept.ok_or_else(|| missing(repository, revision))?;
            match kept.files.get(path) {
                Some(bytes) if bytes.len() > limit => Err(SourceError::TooLarge {
                    path: path.to_owned(),
                    limit,
                }),
                other => Ok(other.cloned()),
            }
        })
        .await
    }

    async fn files_at(
        &self,
        repository: &Repository,
        revision: &Revision,
        glob: &str,
    ) -> Result<Vec<SourceFile>, SourceError> {
        self.call("source.files_at", repository, |state| {
            let kept = state.commits.get(revision);
            let kept = kept.ok_or_else(|| missing(repository, revision))?;
            let (before, after) = glob.split_once('*').unwrap_or((glob, ""));
            let files = kept
                .files
                .iter()
                .filter(|(path, _)| path.starts_with(before) && path.ends_with(after));
            Ok(files
                .map(|(path, bytes)| SourceFile {
                    path: path.clone(),
                    bytes: bytes.clone(),
                })
                .collect())
        })
        .await
    }

    async fn compare(
        &self,
        repository: &Repository,
        base: &Revision,
        head: &Revision,
        limit: usize,
    ) -> Result<Comparison, SourceError> {
        self.call("source.compare", repository, |state| {
            let mut had = BTreeSet::new();
            let mut at = Some(base.clone());
            while let Some(revision) = at {
                let kept = state.commits.get(&revision);
                let kept = kept.ok_or_else(|| missing(repository, &revision))?;
                at = kept.parent.clone();
                had.insert(revision);
            }
            let mut commits = Vec::new();
            let mut at = Some(head.clone());
            while let Some(revision) = at.filter(|revision| !had.contains(revision)) {
                let kept = state.commits.get(&revision);
                let kept = kept.ok_or_else(|| missing(repository, &revision))?;
                commits.push(kept.commit.clone());
                at = kept.parent.clone();
            }
            let truncated = commits.len() > limit;
            commits.truncate(limit);
            Ok(Comparison { commits, truncated })
        })
        .await
    }

    async fn changed(
        &self,
        repository: &Repository,
        base: &Revision,
        head: &Revision,
    ) -> Result<Changed, SourceError> {
        self.call("source.changed", repository, |state| {
            state.changed(repository, base, head)
        })
        .await
    }

    fn shows_statuses(&self, _: &Repository) -> bool {
        self.state().statuses.is_some()
    }

    async fn set_status(
        &self,
        repository: &Repository,
        revision: &Revision,
        status: &Status,
    ) -> Result<(), SourceError> {
        self.call("source.set_status", repository, |state| {
            if state.refuses_statuses {
                return Err(SourceError::Refused {
                    repository: repository.name.to_string(),
                    why: "the credential lacks a permission".to_owned(),
                });
            }
            let all = state.statuses.get_or_insert_default();
            all.push((revision.clone(), status.clone()));
            Ok(())
        })
        .await
    }
}
