//! Which stage file is in force, and the stages it makes.

use greenroom_core::effect::{Effect, News};
use greenroom_core::name::{AppId, ChannelName, ConfigHash, Revision, StageId, StageName};
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
use crate::ports::source::{Source, SourceError};
use crate::ports::store::{COMMIT_MAX, Condition, Store};
use crate::records::{AppRecord, ConfigFrom, InvalidConfig};
use crate::stages::Input;
use crate::table::{Versioned, mark, put};
use crate::work::Work;

/// A stage file longer than this is refused unread.
pub const STAGE_FILE_MAX: usize = 256 * 1024;
/// Problems of an invalid stage file that are kept.
const PROBLEMS_MAX: usize = 10;
/// Characters of such a problem.
const PROBLEM_MAX: usize = 300;
/// Channels that are told of an invalid stage file.
const TOLD_MAX: usize = 20;
/// What people are shown of it is called.
const ATTENTION: &str = "stage-file";

impl<P: Ports> App<P> {
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
        match self.configs.parse(id, &app.record.path, &text) {
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

    pub(super) async fn put_in_force(
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
        // What is wrong with one stage keeps no other from hearing of it.
        self.plan_all_again(id).await?;
        let mut failed = None;
        for rule in file.rules.iter().filter(|rule| rule.pipeline.is_some()) {
            let spec = Spec {
                rule: rule.name.clone(),
                actor: None,
                pull_request: None,
                fork: None,
            };
            for stage in rule.fixed_stages() {
                let stage = StageId { app: id, stage };
                let stepped = self.step(&stage, Some(&spec), &Input::Nothing, &[]);
                failed = stepped.await.err().or(failed);
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
        let record = AppRecord {
            stages_of: Some(hash.clone()),
            ..app.record
        };
        let write = put(keys::app(id), &record, Condition::Version(app.version))?;
        Ok(self.ports.store().commit(vec![write]).await?)
    }

    /// Marks every stage as due now; the sweep takes the marks away when it has looked.
    pub(crate) async fn plan_all_again(&self, id: AppId) -> Result<(), Error> {
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
}

/// Channels that some stage alerts.
fn told(file: &StageFile) -> Vec<ChannelName> {
    let routes = || file.rules.iter().flat_map(|rule| &rule.alert);
    file.channels
        .keys()
        .filter(|channel| routes().any(|route| route.channel == **channel))
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
