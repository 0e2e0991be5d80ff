//! Starting and stopping executions, with everything they need filled in.

use std::collections::BTreeMap;

use greenroom_core::build::recipe_of;
use greenroom_core::effect::Effect;
use greenroom_core::execution::Observation;
use greenroom_core::fact::Fact;
use greenroom_core::name::{ExecutionId, RefName, SecretName, StageId, StageName};
use greenroom_core::release::Outputs;
use greenroom_core::stage::{Run, Stage};
use greenroom_core::stage_file::{Rendered, Rule, StageFile, Values};

use super::Done;
use super::fail::Failure;
use crate::App;
use crate::attention;
use crate::error::Error;
use crate::keys;
use crate::outbox::removal;
use crate::ports::Ports;
use crate::ports::pipelines::{PipelineError, Pipelines, Purpose, StartRequest};
use crate::ports::store::{Condition, Store, Write};
use crate::records::OutboxEntry;
use crate::stages::Input;
use crate::table::{self, Versioned};
use crate::work::Work;

impl<P: Ports> App<P> {
    pub(super) async fn start_execution(
        &self,
        entry: &Versioned<OutboxEntry>,
    ) -> Result<Done, Failure> {
        let Effect::StartExecution {
            stage,
            generation,
            nonce,
            release,
            config,
        } = &entry.record.effect
        else {
            return Err(Failure::never("not a start"));
        };
        let id = StageId {
            app: entry.record.owner.app,
            stage: stage.clone(),
        };
        let loaded = self.load_stage(&id, None).await?;
        // The fence would refuse it anyway; a start nobody wants is not worth sending.
        let Some(run) = loaded
            .stage
            .run
            .as_ref()
            .filter(|run| run.generation == *generation && run.ended.is_none())
        else {
            return Ok(Done::Over(Vec::new()));
        };
        let app = self.app(id.app).await?;
        let file = self.stage_file(id.app, config).await?;
        let rule = file.rule(&loaded.stage.spec.rule).ok_or_else(|| {
            Failure::never("the stage file that governs the run has no such rule")
        })?;
        let pipeline = rule
            .pipeline
            .as_ref()
            .and_then(|name| file.pipelines.get(name))
            .ok_or_else(|| Failure::never("the rule names no pipeline"))?;
        let definition = self.stage_definition(&app, &file, rule)?;
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
                artifact: release.artifact.clone(),
            },
            repository: app.repository.clone(),
            revision: release.revision.clone(),
            steps: pipeline
                .steps
                .iter()
                .filter(|step| !step.once)
                .cloned()
                .collect(),
            variables,
            secrets,
            definition,
            values,
        };
        self.start_run(entry, &id, *generation, &request).await
    }

    /// Sends the start of a claimed run, and records what it is known by.
    pub(super) async fn start_run(
        &self,
        entry: &Versioned<OutboxEntry>,
        id: &StageId,
        generation: u64,
        request: &StartRequest,
    ) -> Result<Done, Failure> {
        let execution = self.start(request).await?;
        let work = Work::Stage(id.clone());
        let writes = owned(entry, &execution, &work)?;
        let fact = Fact::ExecutionStarted {
            generation,
            execution,
        };
        self.step(id, None, &Input::Facts(&[fact]), &writes).await?;
        // It may have ended before anybody knew whose it is.
        self.ports.hint(work);
        Ok(Done::Recorded)
    }

    pub(super) async fn start_build(
        &self,
        entry: &Versioned<OutboxEntry>,
    ) -> Result<Done, Failure> {
        let Effect::StartBuild {
            revision,
            recipe,
            pipeline,
            config,
            attempt,
        } = &entry.record.effect
        else {
            return Err(Failure::never("not a build"));
        };
        let app = self.app(entry.record.owner.app).await?;
        let build = self.load_build(app.id, revision, recipe).await?;
        let Some(build) = build
            .map(|read| read.record.build)
            .filter(|build| build.attempt == *attempt && !build.has_ended())
        else {
            return Ok(Done::Over(Vec::new()));
        };
        let file = self.stage_file(app.id, config).await?;
        let pipeline = file
            .pipelines
            .get(pipeline)
            .filter(|pipeline| recipe_of(pipeline) == *recipe)
            .ok_or_else(|| {
                Failure::never("the stage file that governs the build has no such pipeline")
            })?;
        let definition = self
            .build_definition(&app, &file, &pipeline.name, recipe)
            .await?;
        let request = StartRequest {
            token: entry.record.id.clone(),
            purpose: Purpose::Build,
            repository: app.repository.clone(),
            revision: revision.clone(),
            steps: pipeline
                .steps
                .iter()
                .filter(|step| step.once)
                .cloned()
                .collect(),
            variables: BTreeMap::new(),
            secrets: BTreeMap::new(),
            definition,
            values: Values::default(),
        };
        let execution = self.start(&request).await?;
        let work = Work::Build(app.id, revision.clone(), recipe.clone());
        let writes = owned(entry, &execution, &work)?;
        self.observe_build(&build, &execution, None, &writes)
            .await?;
        self.ports.hint(work);
        Ok(Done::Recorded)
    }

    pub(super) async fn stop_execution(
        &self,
        execution: &ExecutionId,
        reason: &str,
    ) -> Result<Done, Failure> {
        self.ports
            .pipelines()
            .stop(execution, reason)
            .await
            .map_err(|error| pipeline_failure(&error))?;
        Ok(Done::Over(Vec::new()))
    }

    /// The pipeline will never take this start of a stage's run.
    pub(super) async fn start_refused(
        &self,
        entry: &Versioned<OutboxEntry>,
        stage: &StageName,
        generation: u64,
        failure: &Failure,
    ) -> Result<(), Error> {
        let id = StageId {
            app: entry.record.owner.app,
            stage: stage.clone(),
        };
        let fact = Fact::StartRefused {
            generation,
            why: failure.why.clone(),
            at: self.ports.now(),
        };
        self.step(&id, None, &Input::Facts(&[fact]), &removal(entry))
            .await
            .map(drop)
    }

    /// The pipeline will never take this build.
    pub(super) async fn build_refused(
        &self,
        entry: &Versioned<OutboxEntry>,
        failure: &Failure,
    ) -> Result<(), Error> {
        let Effect::StartBuild {
            revision, recipe, ..
        } = &entry.record.effect
        else {
            return Ok(());
        };
        let Some(read) = self
            .load_build(entry.record.owner.app, revision, recipe)
            .await?
        else {
            return Ok(self.ports.store().commit(removal(entry)).await?);
        };
        let observation = Observation::Errored {
            why: failure.why.clone(),
            at: self.ports.now(),
        };
        let nobody = ExecutionId::new(format!("refused-{}", entry.record.id));
        self.observe_build(
            &read.record.build,
            &nobody,
            Some(&observation),
            &removal(entry),
        )
        .await
    }

    /// What nobody can do anything about by waiting is taken out of the way and shown.
    pub(super) async fn park(
        &self,
        entry: &Versioned<OutboxEntry>,
        failure: &Failure,
    ) -> Result<(), Error> {
        let text = format!("{}: {}", given_up(&entry.record.effect), failure.why);
        let mut writes = removal(entry);
        writes.push(attention::put(
            entry.record.owner.app,
            &entry.record.id,
            "effect_parked",
            text,
            None,
            self.ports.now(),
        )?);
        Ok(self.ports.store().commit(writes).await?)
    }

    async fn start(&self, request: &StartRequest) -> Result<ExecutionId, Failure> {
        self.ports
            .pipelines()
            .start(request)
            .await
            .map_err(|error| pipeline_failure(&error))
    }
}

/// What is not tried any more, for a person.
fn given_up(effect: &Effect) -> String {
    match effect {
        Effect::RequestBuild { revision, .. } | Effect::StartBuild { revision, .. } => {
            format!("the build of {} cannot be started", revision.short())
        }
        Effect::StopBuild { revision, .. } => {
            format!("the build of {} cannot be stopped", revision.short())
        }
        Effect::StartExecution {
            stage, generation, ..
        } => format!("run {generation} of {stage} cannot be started"),
        Effect::StopExecution {
            stage, generation, ..
        } => format!("run {generation} of {stage} cannot be stopped"),
        Effect::RunSuite {
            stage,
            generation,
            suite,
            ..
        } => format!("{suite} cannot be run for run {generation} of {stage}"),
        Effect::ReadHead { stage, .. } => {
            format!("the branch of {stage} cannot be read for its refresh")
        }
        Effect::Announce { channel, .. } => format!("{channel} cannot be told"),
        Effect::Ask { stage, .. } => format!("{stage} cannot be planned again"),
        Effect::AskAll { .. } => "the stages cannot be planned again".to_owned(),
        Effect::Redeploy { stage, by, .. } => {
            format!("{stage} cannot be asked for what {by} takes")
        }
        Effect::ReadTeardownHead { stage, .. } => {
            format!("the default branch cannot be read for the teardown of {stage}")
        }
        Effect::StartTeardown {
            stage, generation, ..
        } => format!("run {generation} of {stage}, its teardown, cannot be started"),
        Effect::StartSwitch {
            stage, generation, ..
        } => format!("run {generation} of {stage}, which leads people there, cannot be started"),
        Effect::HandOver {
            stage, reference, ..
        } => format!("{} cannot be read for {stage}", reference.people()),
        Effect::ReportStatus {
            stage, revision, ..
        } => format!(
            "nothing of {stage} can be shown beside {}",
            revision.short()
        ),
    }
}

/// The entry's removal, and what the execution belongs to.
fn owned(
    entry: &Versioned<OutboxEntry>,
    execution: &ExecutionId,
    work: &Work,
) -> Result<Vec<Write>, Error> {
    let mut writes = removal(entry);
    writes.push(table::put(
        keys::execution(execution),
        &work.name(),
        Condition::Any,
    )?);
    Ok(writes)
}

fn pipeline_failure(error: &PipelineError) -> Failure {
    match error {
        PipelineError::Refused { .. } => Failure::never(error.to_string()),
        PipelineError::Unavailable { .. } => Failure::later(error.to_string()),
    }
}

/// What the templates of a stage are filled with, for its run.
pub(super) fn of_run(stage: &Stage, run: &Run) -> Values {
    values(stage, run.reference.as_ref(), &run.outputs)
}

/// The same for what came from `reference` and has these outputs.
pub(super) fn values(stage: &Stage, reference: Option<&RefName>, outputs: &Outputs) -> Values {
    let reference = reference.or_else(|| stage.head.as_ref().map(|head| &head.reference));
    Values {
        stage: Some(stage.id.stage.clone()),
        actor: stage.spec.actor.clone(),
        branch: reference
            .and_then(|reference| reference.branch())
            .map(str::to_owned),
        pr: stage.spec.pull_request,
        outputs: outputs.clone(),
    }
}

type Variables = (BTreeMap<String, String>, BTreeMap<String, SecretName>);

/// The stage's variables: plain ones by value, secret ones by name.
pub(super) fn variables(
    file: &StageFile,
    rule: &Rule,
    values: &Values,
) -> Result<Variables, Failure> {
    let rendered = file
        .variables_for(rule, values)
        .map_err(|error| Failure::never(error.to_string()))?;
    let mut plain = BTreeMap::new();
    let mut secret = BTreeMap::new();
    for (name, value) in rendered {
        match value {
            Rendered::Text(text) => drop(plain.insert(name, text)),
            Rendered::Secret(of) => drop(secret.insert(name, of)),
        }
    }
    Ok((plain, secret))
}
