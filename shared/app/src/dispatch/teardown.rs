//! Tearing a stage down: where the default branch stands now, and the start of its steps there. The
//! branch that led to the stage is never read.

use greenroom_core::effect::Effect;
use greenroom_core::fact::Fact;
use greenroom_core::name::StageId;

use super::Done;
use super::fail::{Failure, source_error};
use super::pipeline::{of_run, variables};
use crate::App;
use crate::error::Error;
use crate::keys;
use crate::outbox::removal;
use crate::ports::Ports;
use crate::ports::pipelines::{Purpose, StartRequest};
use crate::ports::source::Source;
use crate::ports::store::StoreError;
use crate::records::OutboxEntry;
use crate::stages::Input;
use crate::table::Versioned;

impl<P: Ports> App<P> {
    /// Reads the head after the stage, so that what is claimed is no older than what was decided.
    pub(super) async fn read_teardown_head(
        &self,
        entry: &Versioned<OutboxEntry>,
    ) -> Result<Done, Failure> {
        let Effect::ReadTeardownHead { stage, number, .. } = &entry.record.effect else {
            return Err(Failure::never("not a teardown's head"));
        };
        let id = StageId {
            app: entry.record.owner.app,
            stage: stage.clone(),
        };
        for _ in 0..32 {
            let loaded = match self.load_stage(&id, None).await {
                Err(Error::NotFound { .. }) => return Ok(Done::Over(Vec::new())),
                loaded => loaded?,
            };
            let app = &loaded.app.record;
            let head = self
                .ports
                .source()
                .head(&app.repository, &app.default_branch)
                .await
                .map_err(|error| Failure::from(source_error(&error)))?;
            let Some(head) = head else {
                let branch = app.default_branch.people();
                return Err(Failure::later(format!("{branch} does not exist")));
            };
            let fact = Fact::TeardownHeadRead {
                number: *number,
                revision: head.revision,
                at: self.ports.now(),
            };
            match self
                .try_step(&loaded, &Input::Facts(&[fact]), &removal(entry))
                .await
            {
                Err(Error::Store(StoreError::Conflict { key }))
                    if key != keys::effect(&entry.record.id) => {}
                Err(Error::Store(StoreError::Conflict { .. })) => return Ok(Done::Recorded),
                other => {
                    other?;
                    return Ok(Done::Recorded);
                }
            }
        }
        Err(Failure::later("the stage was changed by others too often"))
    }

    pub(super) async fn start_teardown(
        &self,
        entry: &Versioned<OutboxEntry>,
    ) -> Result<Done, Failure> {
        let Effect::StartTeardown {
            stage,
            generation,
            nonce,
            revision,
            config,
        } = &entry.record.effect
        else {
            return Err(Failure::never("not a teardown"));
        };
        let id = StageId {
            app: entry.record.owner.app,
            stage: stage.clone(),
        };
        let loaded = self.load_stage(&id, None).await?;
        let run = loaded.stage.run.as_ref();
        let Some(run) = run.filter(|run| run.generation == *generation && run.ended.is_none())
        else {
            return Ok(Done::Over(Vec::new()));
        };
        let app = self.app(id.app).await?;
        let file = self.stage_file(id.app, config).await?;
        let rule = file.rule(&loaded.stage.spec.rule).ok_or_else(|| {
            Failure::never("the stage file that governs the run has no such rule")
        })?;
        let pipeline = rule.pipeline.as_ref();
        let teardown = pipeline
            .and_then(|name| file.pipelines.get(name)?.teardown.as_ref())
            .ok_or_else(|| Failure::never("the stage file does not say how it is torn down"))?;
        let definition = self.teardown_definition(&app, &file, rule)?;
        let values = of_run(&loaded.stage, run);
        let (variables, secrets) = variables(&file, rule, &values)?;
        let request = StartRequest {
            token: entry.record.id.clone(),
            purpose: Purpose::Deploy {
                app: app.id.to_string(),
                stage: stage.to_string(),
                run: format!("{id}/{generation}"),
                generation: *generation,
                nonce: nonce.clone(),
                artifact: None,
            },
            repository: app.repository.clone(),
            revision: revision.clone(),
            steps: teardown.all_steps(),
            variables,
            secrets,
            definition,
            values,
        };
        self.start_run(entry, &id, *generation, &request).await
    }
}
