//! Releases by the names people use: finding the commit that is meant, and listing what can be
//! selected.

use std::collections::{BTreeMap, BTreeSet};

use greenroom_core::build::{Build, BuildState};
use greenroom_core::mark::Mark;
use greenroom_core::name::{AppId, Digest, RecipeHash, RefName, Revision, StageName};
use greenroom_core::policy::Policy;
use greenroom_core::stage_file::{From, StageFile};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::App;
use crate::dispatch::fail::source_error;
use crate::error::Error;
use crate::keys;
use crate::ports::Ports;
use crate::ports::source::{Source, SourceError};
use crate::ports::store::Store;
use crate::records::{AppRecord, HeadRecord};
use crate::table;

/// Digits that name a commit at least, and exactly.
pub(crate) const PREFIX_MIN: usize = 4;
const SHA: [usize; 2] = [40, 64];
/// Known commits that are looked through for a prefix, by kind of record.
const LOOKED_MAX: usize = 200;
/// Things of one name that are listed when somebody must say which.
const LISTED_MAX: usize = 5;
/// Branches that are listed.
const BRANCHES_MAX: usize = 500;

/// What somebody meant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    pub revision: Revision,
    /// The branch or tag they named it by.
    pub reference: Option<RefName>,
}

/// A build that can be selected, or will be.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Selectable {
    pub branch: String,
    pub revision: Revision,
    /// `built`, `building`, `failed`, `unclear` or `not_built`.
    pub state: &'static str,
    /// When it was built, or how long it has been tried.
    pub at: Option<Timestamp>,
    pub artifact: Option<Digest>,
    /// Whose build it is.
    pub stage: StageName,
    pub marks: BTreeMap<String, Mark>,
}

impl<P: Ports> App<P> {
    /// The commit that `typed` names: a branch, a tag, a full reference, a commit or its beginning.
    ///
    /// # Errors
    /// `NotFound` if it names nothing, `Invalid` with a list if it names several commits.
    pub async fn find_release(&self, app: AppId, typed: &str) -> Result<Found, Error> {
        let record = self.app(app).await?;
        let typed = typed.trim();
        let mut found = self.named(&record, typed).await?;
        let digits = typed.to_ascii_lowercase();
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_hex && digits.len() >= PREFIX_MIN {
            for revision in self.commits(&record, &digits).await? {
                found.push(Found {
                    revision,
                    reference: None,
                });
            }
        }
        let mut seen = BTreeSet::new();
        found.retain(|one| seen.insert(one.revision.clone()));
        match found.as_slice() {
            [one] => Ok(one.clone()),
            [] => Err(Error::NotFound {
                what: format!("branch, tag or known commit {typed}"),
                help: "`greenroom releases` lists what was built; a commit nobody has deployed is named by all its digits".to_owned(),
            }),
            several => Err(Error::Invalid {
                why: format!("{typed} can be {}", listed(several)),
                help: "give more digits, or refs/heads/NAME or refs/tags/NAME".to_owned(),
            }),
        }
    }

    /// The branch and the tag of this name.
    async fn named(&self, app: &AppRecord, typed: &str) -> Result<Vec<Found>, Error> {
        let references = if typed.starts_with("refs/") {
            vec![typed.to_owned()]
        } else {
            vec![format!("refs/heads/{typed}"), format!("refs/tags/{typed}")]
        };
        let mut found = Vec::new();
        for reference in references.iter().filter(|name| is_reference(name)) {
            let reference = RefName::new(reference.as_str());
            let head = self.ports.source().head(&app.repository, &reference).await;
            if let Some(head) = head.map_err(|error| source_error(&error))? {
                found.push(Found {
                    revision: head.revision,
                    reference: Some(reference),
                });
            }
        }
        Ok(found)
    }

    /// Commits whose digits begin so: all digits are asked of the repository, fewer looked for
    /// among the heads and what was ever built, deployed or marked.
    async fn commits(&self, app: &AppRecord, digits: &str) -> Result<Vec<Revision>, Error> {
        let source = self.ports.source();
        if SHA.contains(&digits.len()) {
            let revision = Revision::new(digits);
            return match source.commit(&app.repository, &revision).await {
                Ok(commit) => Ok(vec![commit.revision]),
                Err(SourceError::NotFound { .. }) => Ok(Vec::new()),
                Err(error) => Err(source_error(&error)),
            };
        }
        let heads = source.heads(&app.repository).await;
        let heads = heads.map_err(|error| source_error(&error))?;
        let mut found: BTreeSet<Revision> = heads
            .into_iter()
            .map(|head| head.revision)
            .filter(|revision| revision.as_str().starts_with(digits))
            .collect();
        let partition = keys::app_partition(app.id);
        for kind in ["release", "build", "marks"] {
            let prefix = format!("{kind}#{digits}");
            let store = self.ports.store();
            let page = store.query(&partition, &prefix, None, LOOKED_MAX).await?;
            let names = page
                .items
                .iter()
                .filter_map(|item| item.key.sort.split('#').nth(1));
            found.extend(names.map(Revision::new));
        }
        Ok(found.into_iter().collect())
    }

    /// What people can select, branch by branch: the newest commit of each, and before it the
    /// newest that was built if this one was not. `branch` leaves only that one.
    pub async fn selectable(
        &self,
        app: AppId,
        branch: Option<&str>,
    ) -> Result<Vec<Selectable>, Error> {
        let record = self.app(app).await?;
        let Some(hash) = &record.config else {
            return Ok(Vec::new());
        };
        let file = self.stage_file(app, hash).await?;
        let (store, partition) = (self.ports.store(), keys::app_partition(app));
        let heads: Vec<HeadRecord> = table::list(store, &partition, "head#", BRANCHES_MAX).await?;
        let mut all = Vec::new();
        for head in heads {
            let Some(name) = head.reference.branch() else {
                continue;
            };
            if branch.is_some_and(|branch| branch != name) {
                continue;
            }
            let Some((stage, recipe)) = head.stage.as_ref().and_then(|it| selected(&file, it))
            else {
                continue;
            };
            for revision in head.revision.iter().chain(&head.built) {
                let build = self.load_build(app, revision, &recipe).await?;
                let build = build.map(|build| build.record.build);
                let marks = self.marks(app, revision).await?;
                all.push(Selectable {
                    branch: name.to_owned(),
                    revision: revision.clone(),
                    marks: marks.map_or_else(BTreeMap::new, |read| read.record.marks),
                    stage: stage.clone(),
                    ..state(build.as_ref())
                });
            }
        }
        Ok(all)
    }
}

/// The build's part of a line.
fn state(build: Option<&Build>) -> Selectable {
    let (state, at, artifact) = match build.map(|build| &build.state) {
        None => ("not_built", None, None),
        Some(BuildState::Succeeded { artifact, at, .. }) => (
            "built",
            Some(*at),
            artifact.as_ref().map(|it| it.digest.clone()),
        ),
        Some(BuildState::Running { since, .. }) => ("building", Some(*since), None),
        Some(BuildState::Waiting { retry_at, .. }) => ("building", Some(*retry_at), None),
        Some(BuildState::Failed { at, .. }) => ("failed", Some(*at), None),
        Some(BuildState::Errored { at, .. }) => ("unclear", Some(*at), None),
    };
    Selectable {
        branch: String::new(),
        revision: Revision::new(""),
        state,
        at,
        artifact,
        stage: StageName::new(""),
        marks: BTreeMap::new(),
    }
}

/// The stage's name and how it builds, if people select for it.
fn selected(file: &StageFile, stage: &StageName) -> Option<(StageName, RecipeHash)> {
    let takes = |rule: &&greenroom_core::stage_file::Rule| {
        matches!(rule.from, From::Select { .. }) && rule.stage.as_literal() == Some(stage.as_str())
    };
    let rule = file.rules.iter().find(takes)?;
    let policy = Policy::of(file, &rule.name, SignedDuration::ZERO)?;
    Some((stage.clone(), policy.build_recipe))
}

/// Whether git could have a reference of this name.
fn is_reference(name: &str) -> bool {
    let illegal = |c: char| c.is_control() || c == ' ' || "~^:?*[\\".contains(c);
    name.len() <= 255
        && !name.chars().any(illegal)
        && !name.contains("..")
        && !name.contains("//")
        && !name.contains("@{")
        && !name.ends_with(['/', '.'])
        && !name.ends_with(".lock")
}

fn listed(several: &[Found]) -> String {
    let one = |found: &Found| match &found.reference {
        Some(reference) => format!("{reference} at {}", found.revision.short()),
        None => format!("commit {}", found.revision.as_str()),
    };
    let mut names: Vec<String> = several.iter().take(LISTED_MAX).map(one).collect();
    if several.len() > LISTED_MAX {
        names.push(format!("{} more", several.len() - LISTED_MAX));
    }
    names.join(", or ")
}
