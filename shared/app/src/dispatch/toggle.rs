//! Leading people to a stage, and giving what waits to the stage that takes turns with its own.

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

const TRIES: u32 = 32;

impl<P: Ports> App<P> {
    pub(super) async fn start_switch(
        &self,
        entry: &Versioned<OutboxEntry>,
    ) -> Result<Done, Failure> {
        let Effect::StartSwitch {
            stage,
            generation,
            nonce,
            revision,
            config,
        } = &entry.record.effect
        else {
            return Err(Failure::never("not a switch"));
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
        let switch = pipeline
            .and_then(|name| file.pipelines.get(name)?.switch.as_ref())
            .ok_or_else(|| Failure::never("the stage file does not say how people are led"))?;
        let definition = self.switch_definition(&app, &file, rule)?;
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
            steps: switch.steps.clone(),
            variables,
            secrets,
            definition,
            values,
        };
        self.start_run(entry, &id, *generation, &request).await
    }

    /// Reads the head after the stage, so that an older one never comes back; what is gone goes to
    /// no stage.
    pub(super) async fn hand_over(&self, entry: &Versioned<OutboxEntry>) -> Result<Done, Failure> {
        let Effect::HandOver {
            stage,
            reference,
            cause,
            ..
        } = &entry.record.effect
        else {
            return Err(Failure::never("nothing to hand over"));
        };
        let owner = &entry.record.owner;
        let from = match self.load_stage(owner, None).await {
            Err(Error::NotFound { .. }) => return Ok(Done::Over(Vec::new())),
            loaded => loaded?,
        };
        let id = StageId {
            app: owner.app,
            stage: stage.clone(),
        };
        let app = self.app(id.app).await?;
        for _ in 0..TRIES {
            let loaded = self.load_stage(&id, Some(&from.stage.spec)).await?;
            let head = self.ports.source().head(&app.repository, reference).await;
            let head = head.map_err(|error| Failure::from(source_error(&error)))?;
            let Some(head) = head else {
                return Ok(Done::Over(Vec::new()));
            };
            let fact = Fact::HeadObserved {
                reference: reference.clone(),
                revision: head.revision,
                actor: None,
                cause: cause.clone(),
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
}
