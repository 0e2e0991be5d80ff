//! Apps under control, and which stage file is in force for each.

pub mod access;
pub mod apply;
pub mod audience;
pub mod existing;
mod pause;
mod stage_file;

use greenroom_core::definition::Applied;
use greenroom_core::name::{AppId, RefName, RepoName, RepositoryId, StageName};

pub use pause::Paused;
pub use stage_file::STAGE_FILE_MAX;

use crate::App;
use crate::dispatch::fail::source_error;
use crate::error::Error;
use crate::keys;
use crate::ports::Ports;
use crate::ports::source::{Repository, Source};
use crate::ports::store::{Condition, Store};
use crate::records::{AppRecord, ConfigFrom};
use crate::table::{self, Versioned, put, unchanged};

/// Where the stage file is unless the app says otherwise.
pub const STAGE_FILE_PATH: &str = "greenroom.yaml";
/// Most apps an installation lists.
const APPS_MAX: usize = 1000;
/// Most stages of an app.
const STAGES_MAX: usize = 1000;
/// Somebody wants an app under control.
#[derive(Clone, Debug)]
pub struct NewApp {
    pub name: RepoName,
    pub git: Option<String>,
    /// GitHub's numeric id of the repository, if it is known already.
    pub repository: Option<RepositoryId>,
}

/// An app's key: derived from its name and its stage file's path, the same on every machine.
pub fn app_id(name: &RepoName, path: &str) -> AppId {
    let text = format!("{}\n{path}", name.as_str().to_ascii_lowercase());
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    // Digits that a spreadsheet or a JavaScript client does not round.
    AppId(hash & 0xffff_ffff)
}

impl<P: Ports> App<P> {
    pub async fn app(&self, id: AppId) -> Result<AppRecord, Error> {
        Ok(self.versioned_app(id).await?.record)
    }

    pub(crate) async fn versioned_app(&self, id: AppId) -> Result<Versioned<AppRecord>, Error> {
        let read = table::load(self.ports.store(), &keys::app(id)).await?;
        read.ok_or_else(|| Error::NotFound {
            what: format!("app {id}"),
            help: "`greenroom app add OWNER/REPO` adds one".to_owned(),
        })
    }

    /// All apps, by id.
    pub async fn apps(&self) -> Result<Vec<AppRecord>, Error> {
        table::list(self.ports.store(), keys::APPS, "", APPS_MAX).await
    }

    /// The stages of an app, by name.
    pub async fn stage_names(&self, app: AppId) -> Result<Vec<StageName>, Error> {
        table::list(
            self.ports.store(),
            &keys::app_partition(app),
            "stage#",
            STAGES_MAX,
        )
        .await
    }

    /// Takes an app under control, or brings what is known of it up to date; then reads its stage
    /// file from the default branch, if there is one.
    pub async fn add_app(&self, new: &NewApp) -> Result<AppRecord, Error> {
        let id = app_id(&new.name, STAGE_FILE_PATH);
        let known: Option<Versioned<AppRecord>> =
            table::load(self.ports.store(), &keys::app(id)).await?;
        let repository = Repository {
            id: new
                .repository
                .or_else(|| known.as_ref().map(|app| app.record.repository.id))
                .unwrap_or(RepositoryId(id.0)),
            name: new.name.clone(),
            git: new.git.clone(),
        };
        let default_branch = match self.ports.source().default_branch(&repository).await {
            Ok(default_branch) => default_branch,
            Err(error) => {
                return Err(self.why_unreadable(&repository, source_error(&error)).await);
            }
        };
        let record = match &known {
            Some(known) => AppRecord {
                repository,
                default_branch,
                bound: known.record.bound || new.repository.is_some(),
                ..known.record.clone()
            },
            None => AppRecord {
                id,
                name: new.name.clone(),
                repository,
                bound: new.repository.is_some(),
                default_branch,
                path: STAGE_FILE_PATH.to_owned(),
                config: None,
                config_from: ConfigFrom::Nowhere,
                invalid: None,
                stages_of: None,
                pause: None,
                applied: Applied::new(),
            },
        };
        // A server that starts anew finds its apps as they were, and needs no room to say so.
        if known.as_ref().is_none_or(|known| known.record != record) {
            let write = put(keys::app(id), &record, unchanged(known.as_ref()))?;
            self.ports.store().commit(vec![write]).await?;
        }
        self.read_stage_file(id).await?;
        self.app(id).await
    }

    /// Puts a stage file into force that does not come from the default branch, unless the default
    /// branch has one already.
    pub async fn bootstrap(&self, id: AppId, file_name: &str, text: &[u8]) -> Result<(), Error> {
        let app = self.versioned_app(id).await?;
        if matches!(app.record.config_from, ConfigFrom::Commit { .. }) {
            return Ok(());
        }
        let parsed = self.configs.parse(id, file_name, text);
        let file = parsed.map_err(|problems| Error::Invalid {
            why: problems.to_string(),
            help: format!("`greenroom validate -f {file_name}` shows every problem"),
        })?;
        let from = ConfigFrom::Bootstrap {
            file: file_name.to_owned(),
        };
        self.put_in_force(&app, &file.hash, text, from).await
    }

    /// Another branch may be the default one now.
    pub(crate) async fn read_default_branch(&self, id: AppId) -> Result<(), Error> {
        let app = self.versioned_app(id).await?;
        let default_branch = self
            .ports
            .source()
            .default_branch(&app.record.repository)
            .await
            .map_err(|error| source_error(&error))?;
        if default_branch == app.record.default_branch {
            return Ok(());
        }
        let record = AppRecord {
            default_branch,
            ..app.record
        };
        let write = put(keys::app(id), &record, Condition::Version(app.version))?;
        self.ports.store().commit(vec![write]).await?;
        self.read_stage_file(id).await
    }

    /// The apps of a repository. A repository seen for the first time is recognised by its name,
    /// and from then on by its id, which survives a rename.
    pub async fn apps_of(
        &self,
        repository: RepositoryId,
        name: &RepoName,
    ) -> Result<Vec<AppRecord>, Error> {
        let mut found = Vec::new();
        for app in self.apps().await? {
            if app.bound {
                if app.repository.id == repository {
                    found.push(app);
                }
            } else if app.name.as_str().eq_ignore_ascii_case(name.as_str()) {
                found.push(self.bind(app.id, repository).await?);
            }
        }
        Ok(found)
    }

    async fn bind(&self, id: AppId, repository: RepositoryId) -> Result<AppRecord, Error> {
        let app = self.versioned_app(id).await?;
        let mut record = app.record;
        if record.bound {
            return Ok(record);
        }
        record.bound = true;
        record.repository.id = repository;
        self.ports
            .store()
            .commit(vec![put(
                keys::app(id),
                &record,
                Condition::Version(app.version),
            )?])
            .await?;
        Ok(record)
    }
}

/// The full reference of a short branch name.
pub fn branch(name: &str) -> RefName {
    RefName::new(format!("refs/heads/{name}"))
}
