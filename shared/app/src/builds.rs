//! The loop around a build: the same as around a stage, with less to look at.

use greenroom_core::build::{self, Build, BuildPlan, BuildRequest};
use greenroom_core::execution::Observation;
use greenroom_core::name::{AppId, ExecutionId, RecipeHash, Revision};
use greenroom_core::plan::OBSERVE_EVERY;
use jiff::Timestamp;

use crate::App;
use crate::error::Error;
use crate::keys;
use crate::outbox;
use crate::ports::Ports;
use crate::ports::pipelines::Pipelines;
use crate::ports::store::{Store, StoreError, Write};
use crate::records::BuildRecord;
use crate::table::{self, move_marker, put, unchanged};
use crate::work::Work;

const TRIES: u32 = 32;

impl<P: Ports> App<P> {
    /// Makes sure the build exists, and that its end is told to the stage that asked.
    pub async fn request_build(
        &self,
        request: &BuildRequest,
        extra: &[Write],
    ) -> Result<(), Error> {
        self.step_build(
            request.app,
            &request.revision,
            &request.recipe,
            extra,
            |build, now| Some(build::request(build, request, now)),
        )
        .await
    }

    /// Records what the build's execution is doing.
    pub async fn observe_build(
        &self,
        build: &Build,
        execution: &ExecutionId,
        observation: Option<&Observation>,
        extra: &[Write],
    ) -> Result<(), Error> {
        let attempt = build.attempt;
        self.step_build(
            build.app,
            &build.revision,
            &build.recipe,
            extra,
            |build, now| Some(build::observe(build?, attempt, execution, observation, now)),
        )
        .await
    }

    /// Reads the build's execution again, and lets time do its part.
    pub async fn look_at_build(
        &self,
        app: AppId,
        revision: &Revision,
        recipe: &RecipeHash,
    ) -> Result<(), Error> {
        let Some(read) = self.load_build(app, revision, recipe).await? else {
            return Ok(());
        };
        let build = read.record.build;
        if let Some(execution) = build.execution() {
            let observation = self.observe_execution(execution).await?;
            self.observe_build(&build, execution, Some(&observation), &[])
                .await?;
        }
        self.step_build(app, revision, recipe, &[], |build, now| {
            Some(build::tick(build?, now))
        })
        .await
    }

    pub(crate) async fn observe_execution(
        &self,
        execution: &ExecutionId,
    ) -> Result<Observation, Error> {
        let observed = self.ports.pipelines().observe(execution).await;
        observed.map_err(|error| Error::Unavailable {
            what: "the pipeline".to_owned(),
            why: error.to_string(),
        })
    }

    async fn step_build(
        &self,
        app: AppId,
        revision: &Revision,
        recipe: &RecipeHash,
        extra: &[Write],
        decide: impl Fn(Option<Build>, Timestamp) -> Option<BuildPlan>,
    ) -> Result<(), Error> {
        for _ in 0..TRIES {
            let read = self.load_build(app, revision, recipe).await?;
            let now = self.ports.now();
            let Some(plan) = decide(read.as_ref().map(|read| read.record.build.clone()), now)
            else {
                // Nothing of the build changes; what comes along is done all the same.
                return Ok(self.ports.store().commit(extra.to_vec()).await?);
            };
            let due = watch(&plan, now);
            let old = read.as_ref().and_then(|read| read.record.due);
            let mut writes = extra.to_vec();
            let record = BuildRecord {
                build: plan.next,
                due,
            };
            writes.push(put(
                keys::build(app, revision, recipe),
                &record,
                unchanged(read.as_ref()),
            )?);
            writes.extend(move_marker(
                &Work::Build(app, revision.clone(), recipe.clone()),
                old,
                due,
            ));
            // A build belongs to no stage; its effects are owned by the app.
            let owner = outbox::of_app(app);
            let mut hints = Vec::new();
            for effect in plan.effects {
                hints.push(outbox::enter(&mut writes, &owner, effect, now)?);
            }
            match self.ports.store().commit(writes).await {
                Ok(()) => {
                    hints.into_iter().for_each(|work| self.ports.hint(work));
                    return Ok(());
                }
                Err(StoreError::Conflict { key }) if !table::names(extra, &key) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::Contended {
            what: format!("the build of {}", revision.short()),
        })
    }
}

/// A running build is read again every so often, events or not.
fn watch(plan: &BuildPlan, now: Timestamp) -> Option<Timestamp> {
    let again = plan
        .next
        .execution()
        .and_then(|_| now.checked_add(OBSERVE_EVERY).ok());
    match (plan.wake, again) {
        (Some(wake), Some(again)) => Some(wake.min(again)),
        (wake, again) => wake.or(again),
    }
}
