//! Loading what a plan may look at.

use std::sync::Arc;

use greenroom_core::build::Build;
use greenroom_core::command::Command;
use greenroom_core::name::{AppId, Nonce, RecipeHash, Revision, RuleName, StageId};
use greenroom_core::plan::build_wanted;
use greenroom_core::policy::{Policy, Upstream, View};
use greenroom_core::stage::{Spec, Stage};
use greenroom_core::stage_file::StageFile;
use greenroom_core::toggle::Toggle;
use jiff::{SignedDuration, Timestamp};

use super::Input;
use super::sharers::Sharers;
use crate::App;
use crate::error::Error;
use crate::keys;
use crate::marks::Said;
use crate::ports::Ports;
use crate::records::{AppRecord, BuildRecord, StageRecord};
use crate::table::{self, Versioned};

/// A stage and everything its plan looks at, as of one moment.
#[derive(Debug)]
pub struct Loaded {
    pub stage: Box<Stage>,
    /// `None`: the stage does not exist yet.
    pub read: Option<Versioned<StageRecord>>,
    pub upstream: Option<Versioned<StageRecord>>,
    pub build: Option<Build>,
    /// The stage file in force; `None` before there is one.
    pub file: Option<Arc<StageFile>>,
    /// Says which stage file is in force, and whether everything is paused.
    pub app: Versioned<AppRecord>,
    /// What people say of the revisions that may be deployed next.
    pub said: Said,
    /// The stage that what waits has to pass first.
    pub through: Option<Box<Versioned<StageRecord>>>,
    /// Those it takes turns with, because they write to the same.
    pub sharers: Sharers,
    /// Whether pipelines have to be applied; see [`crate::Settings::applied_pipelines`].
    pub applied_pipelines: bool,
    /// Of a stage that takes turns with another: which of them people use.
    pub toggle: Option<Toggled>,
}

/// A toggle's record as it was read.
#[derive(Debug)]
pub struct Toggled {
    /// Blank when there is no record yet.
    pub toggle: Toggle,
    /// `None`: there is none.
    pub version: Option<u64>,
}

impl Loaded {
    /// The slice of the stage file that concerns this stage.
    pub fn policy(&self, clock_error: SignedDuration) -> Option<Policy<'_>> {
        let policy = Policy::of(self.file.as_deref()?, &self.stage.spec.rule, clock_error)?;
        // What was one of two stages that took turns is nobody's any more.
        let rule = policy.rule;
        if rule.stage.as_literal().is_some() && !rule.is_of(&self.stage.id.stage) {
            return None;
        }
        Some(if self.applied_pipelines {
            policy.against(&self.app.record.name, &self.app.record.applied)
        } else {
            policy
        })
    }

    /// What a plan may look at.
    pub fn view<'a>(&'a self, stage: &'a Stage, nonce: &'a Nonce, now: Timestamp) -> View<'a> {
        View {
            stage,
            upstream: self
                .upstream
                .as_ref()
                .map(|upstream| &*upstream.record.stage),
            build: self.build.as_ref(),
            nonce,
            now,
            pause: self.app.record.pause.as_ref(),
            marks: &self.said.marks,
            through: self.through.as_ref().map(|through| &*through.record.stage),
            toggle: self.toggle.as_ref().map(|toggled| &toggled.toggle),
            uses: &self.sharers.uses,
        }
    }

    /// The stage that promotions come from, and the one that what waits has to pass.
    fn others(&self, clock_error: SignedDuration) -> (Option<StageId>, Option<StageId>) {
        let Some(policy) = self.policy(clock_error) else {
            return (None, None);
        };
        let named = |other: Upstream| StageId {
            app: self.stage.id.app,
            stage: other.stage,
        };
        (policy.upstream.map(named), policy.through.map(named))
    }

    /// Whether another stage takes turns with it, or did when its run was claimed.
    fn takes_turns(&self, clock_error: SignedDuration) -> bool {
        let policy = self.policy(clock_error);
        let flips = self
            .stage
            .run
            .as_ref()
            .is_some_and(|run| run.cause.is_flip());
        flips || policy.is_some_and(|policy| policy.rule.toggle.is_some())
    }

    /// Revisions that a plan may claim or admit.
    fn may_be_next(&self) -> Vec<&Revision> {
        let waits = self.stage.line().map(|it| &it.revision);
        let run = self.stage.run.as_ref().map(|run| &run.release.revision);
        let upstream = self.upstream.as_ref();
        let verified = upstream.and_then(|upstream| upstream.record.stage.verified.as_ref());
        let verified = verified.map(|verified| &verified.release.revision);
        // In a line each release is taken that was green there.
        let greens = upstream.filter(|_| self.stage.queue.fifo);
        let greens = greens.into_iter().flat_map(|it| &it.record.stage.greens);
        let greens = greens.map(|green| &green.release.revision);
        // People may be led to what stands on one of two stages.
        let stands = self
            .stage
            .deployed
            .as_ref()
            .filter(|_| self.toggle.is_some());
        let stands = stands.map(|deployed| &deployed.release.revision);
        let all = waits.chain(run).chain(verified).chain(greens);
        let all = all.chain(stands);
        all.collect()
    }

    /// Revisions that `input` is about besides.
    pub(super) fn asked_about<'a>(&'a self, input: &'a Input<'_>) -> Vec<&'a Revision> {
        match input {
            Input::Command {
                command: Command::Rollback { .. },
                ..
            } => {
                let greens = self.stage.greens.iter();
                greens.map(|green| &green.release.revision).collect()
            }
            Input::Command {
                command: Command::Deploy { revision, .. },
                ..
            } => vec![revision],
            _ => Vec::new(),
        }
    }

    /// The build that `stage` needs to be planned, if it is not the one that was loaded: a fact
    /// may just have brought another candidate.
    pub fn other_build(
        &self,
        stage: &Stage,
        policy: Option<&Policy<'_>>,
    ) -> Option<(Revision, RecipeHash)> {
        let upstream = self.upstream.as_ref().map(|read| &*read.record.stage);
        let (revision, recipe) = build_wanted(stage, upstream, policy?)?;
        let known = self
            .build
            .as_ref()
            .is_some_and(|build| build.revision == revision && build.recipe == recipe);
        (!known).then_some((revision, recipe))
    }
}

impl<P: Ports> App<P> {
    pub async fn load_stage(&self, id: &StageId, spec: Option<&Spec>) -> Result<Loaded, Error> {
        let store = self.ports.store();
        let read: Option<Versioned<StageRecord>> = table::load(store, &keys::stage(id)).await?;
        let stage = match (&read, spec) {
            (Some(read), _) => {
                let mut stage = read.record.stage.clone();
                if let Some(spec) = spec {
                    stage.spec = spec.clone().after(&stage.spec);
                }
                stage
            }
            (None, Some(spec)) => Box::new(Stage::new(id.clone(), spec.clone(), self.ports.now())),
            (None, None) => return Err(no_such_stage(id)),
        };
        let app = self.versioned_app(id.app).await?;
        let file = match &app.record.config {
            Some(hash) => Some(self.stage_file(id.app, hash).await?),
            None => None,
        };
        let mut loaded = Loaded {
            stage,
            read,
            upstream: None,
            build: None,
            file,
            app,
            said: Said::default(),
            through: None,
            sharers: Sharers::default(),
            applied_pipelines: self.settings.applied_pipelines,
            toggle: None,
        };
        if loaded.takes_turns(self.settings.clock_error) {
            let toggled = self.load_toggle(id.app, &loaded.stage.spec.rule).await?;
            loaded.toggle = Some(toggled);
        }
        let (upstream, through) = loaded.others(self.settings.clock_error);
        if let Some(upstream) = upstream {
            loaded.upstream = table::load(store, &keys::stage(&upstream)).await?;
        }
        if let Some(through) = through {
            let read = table::load(store, &keys::stage(&through)).await?;
            loaded.through = read.map(Box::new);
        }
        loaded.sharers = self.load_sharers(&loaded).await?;
        let wanted = {
            let policy = loaded.policy(self.settings.clock_error);
            loaded.other_build(&loaded.stage, policy.as_ref())
        };
        if let Some((revision, recipe)) = wanted {
            let read = self.load_build(id.app, &revision, &recipe).await?;
            loaded.build = read.map(|read| read.record.build);
        }
        let revisions = loaded.may_be_next();
        loaded.said = self.also_said(&Said::default(), id.app, revisions).await?;
        Ok(loaded)
    }

    /// Which of a rule's two stages people use.
    pub(crate) async fn load_toggle(&self, app: AppId, rule: &RuleName) -> Result<Toggled, Error> {
        let key = keys::toggle(app, rule);
        let read: Option<Versioned<Toggle>> = table::load(self.ports.store(), &key).await?;
        Ok(Toggled {
            version: read.as_ref().map(|read| read.version),
            toggle: read.map(|read| read.record).unwrap_or_default(),
        })
    }

    pub(crate) async fn load_build(
        &self,
        app: AppId,
        revision: &Revision,
        recipe: &RecipeHash,
    ) -> Result<Option<Versioned<BuildRecord>>, Error> {
        table::load(self.ports.store(), &keys::build(app, revision, recipe)).await
    }
}

/// For whoever asked for a stage by name.
pub fn no_such_stage(id: &StageId) -> Error {
    Error::NotFound {
        what: format!("stage {}", id.stage),
        help: "`greenroom status` lists the stages there are".to_owned(),
    }
}
