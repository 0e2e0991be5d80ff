//! Apps under control, and which stage file is in force for each.

use greenroom_core::effect::{Effect, News};
use greenroom_core::name::{
    AppId, ChannelName, ConfigHash, RefName, RepoName, RepositoryId, Revision, StageId, StageName,
};
use greenroom_core::stage::Spec;
use greenroom_core::stage_file::{Diagnostics, StageFile};

use crate::App;
use crate::attention;
use crate::config;
use crate::dispatch::fail::source_error;
use crate::error::Error;
use crate::keys;
use crate::outbox;
use crate::ports::Ports;
use crate::ports::source::{Repository, Source, SourceError};
use crate::ports::store::{COMMIT_MAX, Condition, Store};
use crate::records::{AppRecord, ConfigFrom, InvalidConfig};
use crate::stages::Input;
use crate::table::{self, Versioned, mark, put, unchanged};
use crate::work::Work;

/// A stage file longer than this is refused unread.
pub const STAGE_FILE_MAX: usize = 256 * 1024;
/// Where the stage file is unless the app says otherwise.
pub const STAGE_FILE_PATH: &str = "greenroom.yaml";
/// Most apps an installation lists.
const APPS_MAX: usize = 1000;
/// Most stages of an app.
const STAGES_MAX: usize = 1000;
/// Problems of an invalid stage file that are kept.
const PROBLEMS_MAX: usize = 10;
/// Characters of such a problem.
const PROBLEM_MAX: usize = 300;
/// Channels that are told of an invalid stage file.
const TOLD_MAX: usize = 20;
/// What people are shown of it is called.
const ATTENTION: &str = "stage-file";

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
                .or(known.as_ref().map(|app| app.record.repository.id))
                .unwrap_or(RepositoryId(id.0)),
            name: new.name.clone(),
            git: new.git.clone(),
        };
        let default_branch = self
            .ports
            .source()
            .default_branch(&repository)
            .await
            .map_err(|error| source_error(&error))?;
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
            },
        };
        let write = put(keys::app(id), &record, unchanged(known.as_ref()))?;
        self.ports.store().commit(vec![write]).await?;
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
        let file = StageFile::parse(file_name, text).map_err(|problems| Error::Invalid {
            why: problems.to_string(),
            help: format!("`greenroom validate -f {file_name}` shows every problem"),
        })?;
        let from = ConfigFrom::Bootstrap {
            file: file_name.to_owned(),
        };
        self.put_in_force(&app, &file.hash, text, from).await
    }

    /// Reads the default branch's stage file. A valid one comes into force; an invalid one is
    /// announced, and the one in force stays.
    pub async fn read_stage_file(&self, id: AppId) -> Result<(), Error> {
        let app = self.versioned_app(id).await?;
        let repository = &app.record.repository;
        let source = self.ports.source();
        let head = source
            .head(repository, &app.record.default_branch)
            .await
            .map_err(|error| source_error(&error))?;
        let Some(head) = head else { return Ok(()) };
        let in_force = ConfigFrom::Commit {
            revision: head.revision.clone(),
        };
        if app.record.config_from == in_force && app.record.invalid.is_none() {
            return self.make_stages(id).await;
        }
        let read = source
            .file_at(repository, &head.revision, &app.record.path, STAGE_FILE_MAX)
            .await;
        let text = match read {
            Ok(Some(text)) => text,
            Ok(None) => return Ok(()),
            Err(SourceError::TooLarge { path, limit }) => {
                return self
                    .refuse_stage_file(
                        &app,
                        &head.revision,
                        vec![format!("{path} has more than {limit} bytes")],
                    )
                    .await;
            }
            Err(error) => return Err(source_error(&error)),
        };
        match StageFile::parse(&app.record.path, &text) {
            Ok(file) => {
                let from = ConfigFrom::Commit {
                    revision: head.revision,
                };
                self.put_in_force(&app, &file.hash, &text, from).await
            }
            Err(problems) => {
                self.refuse_stage_file(&app, &head.revision, lines(&problems))
                    .await
            }
        }
    }

    async fn put_in_force(
        &self,
        app: &Versioned<AppRecord>,
        hash: &ConfigHash,
        text: &[u8],
        from: ConfigFrom,
    ) -> Result<(), Error> {
        let id = app.record.id;
        let changed = app.record.config.as_ref() != Some(hash);
        let record = AppRecord {
            config: Some(hash.clone()),
            config_from: from,
            invalid: None,
            ..app.record.clone()
        };
        if record == app.record {
            return self.make_stages(id).await;
        }
        let mut writes = if changed {
            config::keep(id, hash, text)
        } else {
            Vec::new()
        };
        writes.push(put(
            keys::app(id),
            &record,
            Condition::Version(app.version),
        )?);
        writes.push(attention::over(id, ATTENTION));
        self.ports.store().commit(writes).await?;
        self.make_stages(id).await
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

    /// Stages with a fixed name exist as soon as the stage file says so; all are planned again.
    /// Done once per stage file that comes into force, and begun anew if the process died over it.
    pub(crate) async fn make_stages(&self, id: AppId) -> Result<(), Error> {
        let app = self.versioned_app(id).await?;
        let Some(hash) = &app.record.config else {
            return Ok(());
        };
        if app.record.stages_of.as_ref() == Some(hash) {
            return Ok(());
        }
        let file = self.stage_file(id, hash).await?;
        for rule in file.rules.iter().filter(|rule| rule.pipeline.is_some()) {
            let Some(name) = rule.stage.as_literal() else {
                continue;
            };
            let spec = Spec {
                rule: rule.name.clone(),
                actor: None,
                pull_request: None,
            };
            let stage = StageId {
                app: id,
                stage: StageName::new(name),
            };
            self.step(&stage, Some(&spec), &Input::Nothing, &[]).await?;
        }
        self.plan_all_again(id).await?;
        let record = AppRecord {
            stages_of: Some(hash.clone()),
            ..app.record
        };
        let write = put(keys::app(id), &record, Condition::Version(app.version))?;
        Ok(self.ports.store().commit(vec![write]).await?)
    }

    /// Marks every stage as due now; the sweep takes the marks away when it has looked.
    async fn plan_all_again(&self, id: AppId) -> Result<(), Error> {
        let now = self.ports.now();
        let names = self.stage_names(id).await?;
        let stage = |stage: &StageName| {
            Work::Stage(StageId {
                app: id,
                stage: stage.clone(),
            })
        };
        let work: Vec<Work> = names.iter().map(stage).collect();
        for some in work.chunks(COMMIT_MAX) {
            let marks = some.iter().map(|work| mark(work.marker(now))).collect();
            self.ports.store().commit(marks).await?;
        }
        work.into_iter().for_each(|work| self.ports.hint(work));
        Ok(())
    }

    async fn refuse_stage_file(
        &self,
        app: &Versioned<AppRecord>,
        revision: &Revision,
        mut problems: Vec<String>,
    ) -> Result<(), Error> {
        let now = self.ports.now();
        problems.truncate(PROBLEMS_MAX);
        for problem in &mut problems {
            shorten(problem);
        }
        // Said once, not with every commit that leaves it as it is.
        let said = app
            .record
            .invalid
            .as_ref()
            .filter(|invalid| invalid.problems == problems);
        if said.is_some_and(|invalid| invalid.revision == *revision) {
            return Ok(());
        }
        let invalid = InvalidConfig {
            revision: revision.clone(),
            at: said.map_or(now, |invalid| invalid.at),
            problems: problems.clone(),
        };
        let said = said.is_some();
        let id = app.record.id;
        let record = AppRecord {
            invalid: Some(invalid),
            ..app.record.clone()
        };
        let text = format!(
            "{} at {} is not valid; the one in force stays: {}",
            app.record.path,
            revision.short(),
            problems.join("; ")
        );
        let command = Some("greenroom validate".to_owned());
        let code = "stage_file_invalid";
        let mut writes = vec![
            put(keys::app(id), &record, Condition::Version(app.version))?,
            attention::put(id, ATTENTION, code, text, command, now)?,
        ];
        let mut hints = Vec::new();
        if let Some(hash) = app.record.config.as_ref().filter(|_| !said) {
            let file = self.stage_file(id, hash).await?;
            let owner = outbox::of_app(id);
            for channel in told(&file) {
                let news = News::StageFileInvalid {
                    revision: revision.clone(),
                    problems: problems.clone(),
                    at: now,
                };
                let effect = Effect::Announce {
                    stage: owner.stage.clone(),
                    channel,
                    config: hash.clone(),
                    news: Box::new(news),
                };
                hints.push(outbox::enter(&mut writes, &owner, effect, now)?);
            }
        }
        self.ports.store().commit(writes).await?;
        hints.into_iter().for_each(|work| self.ports.hint(work));
        Ok(())
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

/// Channels that some stage alerts.
fn told(file: &StageFile) -> Vec<ChannelName> {
    file.channels
        .keys()
        .filter(|channel| file.rules.iter().any(|rule| rule.alert.contains(channel)))
        .take(TOLD_MAX)
        .cloned()
        .collect()
}

fn shorten(problem: &mut String) {
    if let Some((cut, _)) = problem.char_indices().nth(PROBLEM_MAX) {
        problem.truncate(cut);
        problem.push('…');
    }
}

fn lines(problems: &Diagnostics) -> Vec<String> {
    problems.to_string().lines().map(str::to_owned).collect()
}

/// The full reference of a short branch name.
pub fn branch(name: &str) -> RefName {
    RefName::new(format!("refs/heads/{name}"))
}
