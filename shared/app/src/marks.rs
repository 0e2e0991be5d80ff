//! What people say of revisions: read beside whatever a stage may deploy, changed in one
//! transaction with the asking of all stages that may wait for it.

use std::collections::BTreeMap;

use greenroom_core::accept::{self, Rejection, Wanted};
use greenroom_core::effect::Effect;
use greenroom_core::history::Entry;
use greenroom_core::mark::{Mark, Marked, Marks, Saying};
use greenroom_core::name::{AppId, Revision, StageId};
use greenroom_core::principal::Principal;
use greenroom_core::stage::Stage;
use greenroom_core::stage_file::StageFile;
use jiff::Timestamp;

use crate::App;
use crate::error::Error;
use crate::keys;
use crate::outbox;
use crate::ports::Ports;
use crate::ports::store::{Condition, Store, StoreError, Write};
use crate::records::StageRecord;
use crate::table::{self, Versioned, put, unchanged};

const TRIES: u32 = 32;
/// Stages whose logs tell of a mark; the others that have the revision show it all the same.
const TOLD_MAX: usize = 20;

/// The marks of some revisions, and the versions they were read at.
#[derive(Clone, Debug, Default)]
pub struct Said {
    pub marks: Marks,
    versions: BTreeMap<Revision, Option<u64>>,
}

impl Said {
    /// That nobody has said anything else of `revision` since.
    pub fn check(&self, app: AppId, revision: &Revision) -> Write {
        let version = self.versions.get(revision).copied().flatten();
        Write::Check {
            key: keys::marks(app, revision),
            condition: version.map_or(Condition::Absent, Condition::Version),
        }
    }
}

impl<P: Ports> App<P> {
    /// `known`, and the marks of `revisions`.
    pub(crate) async fn also_said(
        &self,
        known: &Said,
        app: AppId,
        revisions: Vec<&Revision>,
    ) -> Result<Said, Error> {
        let mut said = known.clone();
        for revision in revisions {
            if said.versions.contains_key(revision) {
                continue;
            }
            let read = self.marks(app, revision).await?;
            let version = read.as_ref().map(|read| read.version);
            said.versions.insert(revision.clone(), version);
            if let Some(read) = read {
                said.marks.insert(read.record);
            }
        }
        Ok(said)
    }

    /// What is said of `revision`.
    pub async fn marks(
        &self,
        app: AppId,
        revision: &Revision,
    ) -> Result<Option<Versioned<Marked>>, Error> {
        table::load(self.ports.store(), &keys::marks(app, revision)).await
    }

    /// Gives a mark to `release` (a branch, a tag, or a commit or its beginning) or takes it back,
    /// and has every stage planned again.
    ///
    /// # Errors
    /// If `release` is nothing or several things, or the table or the repository is away. What lets a
    /// commit of a fork in has to name it by all its digits.
    pub async fn mark(
        &self,
        app: AppId,
        release: &str,
        principal: &Principal,
        saying: &Saying,
    ) -> Result<Result<Marked, Rejection>, Error> {
        let revision = self.find_release(app, release).await?.revision;
        for _ in 0..TRIES {
            let record = self.app(app).await?;
            let file = match &record.config {
                Some(hash) => Some(self.stage_file(app, hash).await?),
                None => None,
            };
            let by_name = !release.trim().eq_ignore_ascii_case(revision.as_str());
            if by_name && let Some(file) = &file {
                exact(file, saying, &revision)?;
            }
            let read = self.marks(app, &revision).await?;
            let wanted = Wanted {
                revision: &revision,
                saying,
                principal,
            };
            let known = read.as_ref().map(|read| &read.record);
            let now = self.ports.now();
            let marked = match accept::mark(known, wanted, file.as_deref(), now) {
                Ok(marked) => marked,
                Err(rejection) => return Ok(Err(rejection)),
            };
            if known == Some(&marked) {
                return Ok(Ok(marked));
            }
            match self
                .commit_marks(app, read.as_ref(), &marked, saying, principal, now)
                .await
            {
                Err(Error::Store(StoreError::Conflict { .. })) => {}
                other => return other.map(|()| Ok(marked)),
            }
        }
        Err(Error::Contended {
            what: format!("the marks of {}", revision.short()),
        })
    }

    async fn commit_marks(
        &self,
        app: AppId,
        read: Option<&Versioned<Marked>>,
        marked: &Marked,
        saying: &Saying,
        principal: &Principal,
        now: Timestamp,
    ) -> Result<(), Error> {
        let revision = &marked.revision;
        let key = keys::marks(app, revision);
        let mut writes = vec![put(key, marked, unchanged(read))?];
        let line = Entry {
            at: now,
            code: match saying {
                Saying::Mark { .. } => "marked",
                Saying::Unmark { .. } => "unmarked",
            }
            .to_owned(),
            text: sentence(marked, saying, principal),
            generation: None,
        };
        let what = format!("{revision}-{}-{}", line.code, saying.mark());
        for id in self.stages_with(app, revision).await? {
            let key = keys::log_beside(&id, now, &what);
            writes.push(put(key, &line, Condition::Any)?);
        }
        let effect = Effect::AskAll {
            because: format!("{what}-{}", now.as_millisecond()),
        };
        let work = outbox::enter(&mut writes, &outbox::of_app(app), effect, now)?;
        self.ports.store().commit(writes).await?;
        self.ports.hint(work);
        Ok(())
    }

    /// Stages that have `revision`, or want it.
    async fn stages_with(&self, app: AppId, revision: &Revision) -> Result<Vec<StageId>, Error> {
        let mut found = Vec::new();
        for stage in self.stage_names(app).await? {
            let id = StageId { app, stage };
            let read: Option<Versioned<StageRecord>> =
                table::load(self.ports.store(), &keys::stage(&id)).await?;
            if read.is_some_and(|read| has(&read.record.stage, revision)) {
                found.push(id);
            }
            if found.len() == TOLD_MAX {
                break;
            }
        }
        Ok(found)
    }
}

/// What a name leads to, or a few digits, strangers may have changed since somebody looked.
fn exact(file: &StageFile, saying: &Saying, revision: &Revision) -> Result<(), Error> {
    let Saying::Mark { mark, .. } = saying else {
        return Ok(());
    };
    if !file.lets_forks_in(mark) {
        return Ok(());
    }
    Err(Error::Invalid {
        why: format!("{mark} lets code of forks in, so it is for one exact commit"),
        help: format!("once you have read it: greenroom mark {mark} --release {revision}"),
    })
}

fn has(stage: &Stage, revision: &Revision) -> bool {
    let candidate = stage.candidate.as_ref().map(|it| &it.revision);
    let run = stage.run.as_ref().map(|run| &run.release.revision);
    let deployed = stage.deployed.as_ref().map(|it| &it.release.revision);
    candidate == Some(revision) || run == Some(revision) || deployed == Some(revision)
}

fn sentence(marked: &Marked, saying: &Saying, principal: &Principal) -> String {
    let short = marked.revision.short();
    let word = saying.mark();
    match (saying, marked.marks.get(word)) {
        (Saying::Mark { .. }, Some(Mark { by, note, .. })) => {
            let note = note
                .as_ref()
                .map_or_else(String::new, |note| format!(": {note}"));
            format!("{by} marked {short} {word}{note}")
        }
        _ => format!("{} took the mark {word} from {short}", principal.name()),
    }
}
