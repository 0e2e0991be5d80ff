//! Which pipeline a start names, and what it has to be at the fence. Where pipelines stand by themselves, only one that was made from
//! what is to run: somebody may have applied another stage file since the start was decided.

use greenroom_core::accept::{Rejection, RejectionKind};
use greenroom_core::build::recipe_of;
use greenroom_core::definition::{Definition, DefinitionHash};
use greenroom_core::name::{PipelineName, RecipeHash, StageId};
use greenroom_core::stage_file::{Rule, StageFile};

use super::fail::Failure;
use crate::App;
use crate::error::Error;
use crate::keys;
use crate::ports::Ports;
use crate::records::{AppRecord, StageRecord};
use crate::table::{self, Versioned};

impl<P: Ports> App<P> {
    /// The pipeline that deploys for `rule` of the file that governs the run. One that was made anew
    /// since ends the run; the stage is then planned under the file in force.
    pub(super) fn stage_definition(
        &self,
        app: &AppRecord,
        file: &StageFile,
        rule: &Rule,
    ) -> Result<Definition, Failure> {
        let own = Definition::of_stage(&app.name, file, rule)
            .ok_or_else(|| Failure::never("the rule deploys nothing"))?;
        self.as_made(app, own)
    }

    /// The same for the pipeline that tears its stages down.
    pub(super) fn teardown_definition(
        &self,
        app: &AppRecord,
        file: &StageFile,
        rule: &Rule,
    ) -> Result<Definition, Failure> {
        let own = Definition::of_teardown(&app.name, file, rule)
            .ok_or_else(|| Failure::never("the rule tears nothing down"))?;
        self.as_made(app, own)
    }

    /// The same for the pipeline that leads people to them.
    pub(super) fn switch_definition(
        &self,
        app: &AppRecord,
        file: &StageFile,
        rule: &Rule,
    ) -> Result<Definition, Failure> {
        let own = Definition::of_switch(&app.name, file, rule)
            .ok_or_else(|| Failure::never("the rule leads nobody anywhere"))?;
        self.as_made(app, own)
    }

    fn as_made(&self, app: &AppRecord, own: Definition) -> Result<Definition, Failure> {
        if self.stands(app, &own) {
            return Ok(own);
        }
        let why = format!("the pipeline {} was made anew since the claim", own.name);
        Err(Failure::never(why))
    }

    /// The pipeline that builds `recipe`: that of the file that governs the build or, once another is
    /// applied, one of that file which runs the same commands.
    pub(super) async fn build_definition(
        &self,
        app: &AppRecord,
        file: &StageFile,
        pipeline: &PipelineName,
        recipe: &RecipeHash,
    ) -> Result<Definition, Failure> {
        let own = Definition::of_build(&app.name, file, pipeline)
            .ok_or_else(|| Failure::never("the pipeline builds nothing"))?;
        if self.stands(app, &own) {
            return Ok(own);
        }
        if let Some(hash) = &app.config {
            let file = self.stage_file(app.id, hash).await?;
            let alike = file.pipelines.values();
            let alike = alike.filter(|pipeline| recipe_of(pipeline) == *recipe);
            let mut alike = alike
                .filter_map(|pipeline| Definition::of_build(&app.name, &file, &pipeline.name))
                .filter(|definition| self.stands(app, definition));
            if let Some(definition) = alike.next() {
                return Ok(definition);
            }
        }
        let why = format!("the pipeline {} is not what it has to be", own.name);
        Err(Failure::later(why))
    }

    /// Whether a pipeline that was rendered from `rendered` may deploy for this claim. Of a run that
    /// is not the stage's own this says yes: the fence refuses it for that. The file that governs a run
    /// never changes, so that this holds whenever the fence decides.
    pub(crate) async fn as_claimed(
        &self,
        id: &StageId,
        generation: u64,
        rendered: &DefinitionHash,
    ) -> Result<Result<(), Rejection>, Error> {
        let read: Option<Versioned<StageRecord>> =
            table::load(self.ports.store(), &keys::stage(id)).await?;
        let Some(stage) = read.map(|read| read.record.stage) else {
            return Ok(Ok(()));
        };
        let Some(run) = stage.run.filter(|run| run.generation == generation) else {
            return Ok(Ok(()));
        };
        let app = self.app(id.app).await?;
        let file = self.stage_file(id.app, &run.config).await?;
        let rule = file.rule(&stage.spec.rule);
        let wanted = rule.and_then(|rule| {
            if run.cause.is_teardown() {
                Definition::of_teardown(&app.name, &file, rule)
            } else if run.cause.is_flip() {
                Definition::of_switch(&app.name, &file, rule)
            } else {
                Definition::of_stage(&app.name, &file, rule)
            }
        });
        if wanted.is_some_and(|wanted| wanted.hash == *rendered) {
            return Ok(Ok(()));
        }
        Ok(Err(Rejection {
            kind: RejectionKind::Conflict,
            why: format!(
                "the pipeline was rendered from another stage file than the one that run {generation} of {} was claimed under",
                id.stage
            ),
            help: "greenroom apply".to_owned(),
        }))
    }

    fn stands(&self, app: &AppRecord, definition: &Definition) -> bool {
        !self.settings.applied_pipelines
            || definition.is_existing()
            || app.applied.get(&definition.name) == Some(&definition.hash)
    }
}
