//! Executions and repeats that Greenroom did not begin, where pipelines stand by themselves and people
//! can reach them.
//!
//! An execution that nobody claimed changes nothing, the fence refuses it; it is shown on the board for
//! a day. Steps that ran past the fence make their stage unverified. Neither is decided by what an event
//! or a variable says: an event says where to look, and an execution counts as ours if it knows what
//! only our start knew. What no event spoke of is found by looking through each pipeline's newest.

use greenroom_core::fact::Fact;
use greenroom_core::name::{AppId, ExecutionId, RecipeHash, Revision, StageId, StageName};
use greenroom_core::stage::Run;
use jiff::{SignedDuration, Timestamp};

use crate::App;
use crate::attention;
use crate::door::chain;
use crate::error::Error;
use crate::keys;
use crate::ports::Ports;
use crate::ports::pipelines::{PipelineError, Pipelines, Provenance};
use crate::ports::store::{Condition, Store, StoreError, Write};
use crate::records::{AppRecord, PipelineLook, StageRecord};
use crate::stages::Input;
use crate::table::{self, put, unchanged};
use crate::work::Work;

/// How long an execution of somebody else's is shown, and how far back the first look goes.
const SHOWN: SignedDuration = SignedDuration::from_hours(24);

impl<P: Ports> App<P> {
    /// Looks through the newest executions of every pipeline that was applied, for what changed since
    /// the last look. Answers how many those were.
    ///
    /// # Errors
    /// The table cannot be read. A pipeline that cannot be asked is only logged: the next look is soon.
    pub async fn look_at_pipelines(&self) -> Result<usize, Error> {
        if !self.settings.applied_pipelines {
            return Ok(0);
        }
        let mut found = 0;
        for app in self.apps().await? {
            for name in app.applied.keys() {
                match self.look_at_pipeline(&app, name).await {
                    Ok(n) => found += n,
                    Err(error) => {
                        let error = chain(&error);
                        tracing::warn!(pipeline = name, error, "a pipeline was not looked at");
                    }
                }
            }
        }
        Ok(found)
    }

    async fn look_at_pipeline(&self, app: &AppRecord, name: &str) -> Result<usize, Error> {
        let now = self.ports.now();
        let since = self.look(app.id, name).await?.1.until;
        let day_ago = now.saturating_sub(SHOWN).unwrap_or(Timestamp::MIN);
        let since = since.unwrap_or(day_ago);
        let mut recent = self.ports.pipelines().recent(name).await.map_err(away)?;
        recent.retain(|one| one.changed > since);
        recent.sort_by_key(|one| one.changed);
        for one in &recent {
            self.execution_changed(&one.execution).await?;
        }
        let newest = recent.last().map(|one| one.changed);
        let (read, mut look) = self.look(app.id, name).await?;
        let before = look.clone();
        look.until = newest.or(look.until);
        let mut writes = Vec::new();
        if look.foreign.as_ref().is_some_and(|(_, at)| *at < day_ago) {
            look.foreign = None;
            writes.push(attention::over(app.id, &shown_as(name)));
        }
        if look != before {
            writes.push(put(keys::pipeline(app.id, name), &look, read)?);
            self.write(writes).await?;
        }
        Ok(recent.len())
    }

    /// Whether somebody looks at the execution anyway because it has not ended.
    pub(crate) async fn is_watched(
        &self,
        execution: &ExecutionId,
        owner: Option<&Work>,
    ) -> Result<bool, Error> {
        Ok(match owner {
            Some(Work::Stage(id)) => {
                let read = table::load::<StageRecord>(self.ports.store(), &keys::stage(id)).await?;
                let stage = read.map(|read| read.record.stage);
                let watched = stage.as_ref().and_then(|stage| stage.watched());
                watched.is_some_and(|(_, watched)| watched == execution)
            }
            Some(Work::Build(app, revision, recipe)) => {
                let read = self.load_build(*app, revision, recipe).await?;
                read.is_some_and(|read| read.record.build.execution() == Some(execution))
            }
            _ => false,
        })
    }

    /// An execution changed that nobody waits for: whether it is ours, and whether anything was run
    /// in it that nobody let in.
    pub(crate) async fn look_for_strangers(
        &self,
        execution: &ExecutionId,
        owner: Option<&Work>,
    ) -> Result<(), Error> {
        let Some((pipeline, _)) = execution.as_str().split_once('/') else {
            return Ok(());
        };
        let Some(app) = self.app_of(pipeline, owner).await? else {
            return Ok(());
        };
        let told = self.ports.pipelines().provenance(execution).await;
        let Some(told) = told.map_err(away)? else {
            return Ok(());
        };
        let Some((what, at)) = &told.past_fence else {
            if owner.is_some() || self.is_ours(app, &told).await? {
                return Ok(());
            }
            let what = format!("{} began it; it can change nothing", told.by);
            return self.show(app, pipeline, execution, &what).await;
        };
        let stage = match owner {
            Some(Work::Stage(id)) => Some(id.clone()),
            Some(_) => None,
            None => run_of(&told).map(|(id, _)| id),
        };
        if let Some(id) = stage.filter(|id| id.app == app) {
            let fact = Fact::ForeignSeen {
                execution: execution.clone(),
                what: what.clone(),
                at: *at,
            };
            match self.step(&id, None, &Input::Facts(&[fact]), &[]).await {
                Err(Error::NotFound { .. }) => {}
                other => return other.map(drop),
            }
        }
        self.show(app, pipeline, execution, what).await
    }

    /// The app that an execution of this pipeline concerns: its owner's, or the one it was applied for.
    async fn app_of(&self, pipeline: &str, owner: Option<&Work>) -> Result<Option<AppId>, Error> {
        match owner {
            Some(Work::Stage(id)) => return Ok(Some(id.app)),
            Some(Work::Build(app, ..)) => return Ok(Some(*app)),
            _ => {}
        }
        let apps = self.apps().await?;
        let app = apps.iter().find(|app| app.applied.contains_key(pipeline));
        Ok(app.map(|app| app.id))
    }

    /// Whether it knows what nobody but the start of a claim or a build of ours knew.
    async fn is_ours(&self, app: AppId, told: &Provenance) -> Result<bool, Error> {
        if !told.usual {
            return Ok(false);
        }
        if let (Some((id, generation)), Some((_, nonce))) = (run_of(told), &told.run) {
            let key = keys::run(&id, generation);
            let run = table::load::<Run>(self.ports.store(), &key).await?;
            return Ok(id.app == app && run.is_some_and(|run| run.record.nonce == *nonce));
        }
        let Some((revision, recipe, attempt)) = build_of(app, told) else {
            return Ok(false);
        };
        let build = self.load_build(app, &revision, &recipe).await?;
        Ok(build.is_some_and(|build| build.record.build.attempt >= attempt))
    }

    /// Puts an execution on the board, once.
    async fn show(
        &self,
        app: AppId,
        pipeline: &str,
        execution: &ExecutionId,
        what: &str,
    ) -> Result<(), Error> {
        let (read, look) = self.look(app, pipeline).await?;
        let known = |(shown, _): &(ExecutionId, Timestamp)| shown == execution;
        if look.foreign.as_ref().is_some_and(known) {
            return Ok(());
        }
        let now = self.ports.now();
        let text = format!("execution {execution} is not Greenroom's: {what}");
        tracing::warn!(%execution, what, "an execution that is not ours");
        let name = shown_as(pipeline);
        let look = PipelineLook {
            foreign: Some((execution.clone(), now)),
            ..look
        };
        let writes = vec![
            attention::put(app, &name, "execution_foreign", text, None, now)?,
            put(keys::pipeline(app, pipeline), &look, read)?,
        ];
        self.write(writes).await
    }

    async fn look(&self, app: AppId, pipeline: &str) -> Result<(Condition, PipelineLook), Error> {
        let key = keys::pipeline(app, pipeline);
        let read = table::load::<PipelineLook>(self.ports.store(), &key).await?;
        let condition = unchanged(read.as_ref());
        Ok((condition, read.map(|read| read.record).unwrap_or_default()))
    }

    /// What somebody else wrote meanwhile is as good; the next look goes on from there.
    async fn write(&self, writes: Vec<Write>) -> Result<(), Error> {
        match self.ports.store().commit(writes).await {
            Ok(()) | Err(StoreError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

fn away(error: PipelineError) -> Error {
    Error::Unavailable {
        what: "the pipeline".to_owned(),
        why: error.to_string(),
    }
}

/// Under which name a pipeline's stranger is on the board.
fn shown_as(pipeline: &str) -> String {
    format!("foreign-{pipeline}")
}

/// `<app>/<stage>/<generation>`, as a start writes it.
fn run_of(told: &Provenance) -> Option<(StageId, u64)> {
    let (run, _) = told.run.as_ref()?;
    let (app, rest) = run.split_once('/')?;
    let (stage, generation) = rest.rsplit_once('/')?;
    let id = StageId {
        app: AppId(app.parse().ok()?),
        stage: StageName::new(stage),
    };
    Some((id, generation.parse().ok()?))
}

/// What a build's token names, as [`greenroom_core::effect::Effect::id`] makes it.
fn build_of(app: AppId, told: &Provenance) -> Option<(Revision, RecipeHash, u32)> {
    let parts: Vec<&str> = told.token.as_deref()?.split('/').collect();
    let [of, "build-start", revision, recipe, attempt] = parts.as_slice() else {
        return None;
    };
    let own = of.parse() == Ok(app.0);
    let attempt = attempt.parse().ok().filter(|_| own)?;
    Some((Revision::new(*revision), RecipeHash::new(*recipe), attempt))
}
