//! Drives an execution through its stages. One task for each execution that is under way.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use greenroom_executions::{Entry, Status};
use tokio::task::JoinSet;

use super::declaration::{Action, Declaration, Kind, Stage};
use super::service::Service;
use super::state::{ActionExecution, Execution, Pipeline, Source, State};
mod tell;

use super::{build, invoke, references, source};

/// Where an action runs.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub pipeline: String,
    /// The number of the execution.
    pub index: usize,
    pub stage: String,
    pub bucket: String,
}

/// What an action made.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Outcome {
    pub outputs: BTreeMap<String, String>,
    pub external_id: Option<String>,
    pub summary: Option<String>,
}

/// Why an action failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Failure {
    pub code: String,
    pub message: String,
    pub external_id: Option<String>,
}

impl Failure {
    pub fn job(message: String) -> Self {
        Self {
            code: "JobFailed".to_owned(),
            message,
            external_id: None,
        }
    }
}

/// Goes on with an execution, from the stage it waits before. In that stage, actions in `done`
/// are not run again.
pub(super) fn spawn(service: &Service, pipeline: &str, index: usize, done: BTreeSet<String>) {
    let execution = service.read(|state| {
        let pipeline = state.pipelines.get(pipeline)?;
        Some(pipeline.executions.get(index)?.id.clone())
    });
    let Some(execution) = execution else {
        return;
    };
    let driver = Driver {
        service: service.clone(),
        pipeline: pipeline.to_owned(),
        index,
        execution,
    };
    tokio::spawn(async move { driver.drive(done).await });
}

#[derive(Clone)]
struct Driver {
    service: Service,
    pipeline: String,
    index: usize,
    /// Whose pipeline was deleted and made again meanwhile, is not there any more.
    execution: String,
}

impl Driver {
    fn of<T>(&self, state: &mut State, look: impl FnOnce(&mut Pipeline, usize) -> T) -> Option<T> {
        let pipeline = state.pipelines.get_mut(&self.pipeline)?;
        let execution = pipeline.executions.get(self.index)?;
        (execution.id == self.execution).then(|| look(pipeline, self.index))
    }

    /// Looks at the execution; `None` when somebody has deleted the pipeline.
    fn look<T>(&self, look: impl FnOnce(&Pipeline, usize) -> T) -> Option<T> {
        self.service.read(|state| {
            let pipeline = state.pipelines.get(&self.pipeline)?;
            let execution = pipeline.executions.get(self.index)?;
            (execution.id == self.execution).then(|| look(pipeline, self.index))
        })
    }

    /// Changes the execution; `None` when somebody has deleted the pipeline.
    fn change<T>(&self, change: impl FnOnce(&mut Pipeline, usize) -> T) -> Option<T> {
        self.service.change(|state| self.of(state, change))
    }

    async fn drive(&self, mut done: BTreeSet<String>) {
        loop {
            let entry = self.service.until(|state| {
                match self.of(state, |pipeline, index| pipeline.machine.enter(index)) {
                    Some(Entry::Waits) => None,
                    other => Some(other.unwrap_or(Entry::Over)),
                }
            });
            if entry.await != Entry::Inside {
                break;
            }
            let Some((declaration, stage)) = self.change(|pipeline, index| {
                let greenroom_executions::Place::Inside(stage) = pipeline.machine.get(index).place
                else {
                    return (pipeline.executions[index].declaration.clone(), 0);
                };
                (pipeline.executions[index].declaration.clone(), stage)
            }) else {
                return;
            };
            if !self.stage(&declaration, stage, &done).await {
                break;
            }
            done.clear();
        }
        self.ended();
    }

    /// Runs a stage; false when the execution does not go on.
    async fn stage(
        &self,
        declaration: &Arc<Declaration>,
        number: usize,
        done: &BTreeSet<String>,
    ) -> bool {
        let stage = &declaration.stages[number];
        self.tell_of_stage(stage, "STARTED");
        let succeeded = self.actions(declaration, stage, done).await;
        let stages = declaration.stages.len();
        let fails = self.service.options.fails_when_stopped;
        let status = self.change(|pipeline, index| {
            let was = pipeline.machine.get(index).status;
            if was == Status::Stopping && !succeeded && fails {
                pipeline.machine.fail(index);
            } else {
                pipeline.machine.leave(index, succeeded, stages);
            }
            pipeline.executions[index].updated = self.service.now();
            pipeline.machine.get(index).status
        });
        match status {
            Some(Status::InProgress | Status::Succeeded) => self.tell_of_stage(stage, "SUCCEEDED"),
            Some(Status::Failed) => self.tell_of_stage(stage, "FAILED"),
            Some(Status::Stopped) => self.tell_of_stage(stage, "STOPPED"),
            _ => {}
        }
        status == Some(Status::InProgress)
    }

    /// Runs a stage's actions, those of one `runOrder` beside each other; false when one failed
    /// or the execution was abandoned.
    async fn actions(
        &self,
        declaration: &Arc<Declaration>,
        stage: &Stage,
        done: &BTreeSet<String>,
    ) -> bool {
        let orders: BTreeSet<u32> = stage
            .actions
            .iter()
            .map(|action| action.run_order)
            .collect();
        for order in orders {
            if !self.is(Status::InProgress) {
                return false;
            }
            let mut running = JoinSet::new();
            for action in &stage.actions {
                if action.run_order == order && !done.contains(&action.name) {
                    let driver = self.clone();
                    let (declaration, stage) = (declaration.clone(), stage.name.clone());
                    let action = action.clone();
                    running
                        .spawn(async move { driver.action(&declaration, &stage, &action).await });
                }
            }
            let all = async {
                let mut all_well = true;
                while let Some(ended) = running.join_next().await {
                    all_well &= ended.unwrap_or(false);
                }
                all_well
            };
            let abandoned = self.service.until(|state| {
                let status = self.of(state, |pipeline, index| pipeline.machine.get(index).status);
                (!status.is_some_and(Status::is_active)).then_some(())
            });
            tokio::select! {
                well = all => if !well { return false },
                () = abandoned => {
                    // What it started goes on, as in CodePipeline; only nobody waits for it.
                    running.detach_all();
                    self.abandon();
                    return false;
                }
            }
        }
        true
    }

    fn is(&self, status: Status) -> bool {
        self.look(|pipeline, index| pipeline.machine.get(index).status) == Some(status)
    }

    fn abandon(&self) {
        let abandoned = self.change(|pipeline, index| {
            let actions = pipeline.executions[index].actions.iter_mut();
            let mut ids = Vec::new();
            for action in actions.filter(|action| action.status == "InProgress") {
                action.status = "Abandoned";
                action.updated = self.service.now();
                ids.push(action.id.clone());
            }
            ids
        });
        for id in abandoned.unwrap_or_default() {
            self.tell_of_action(&id, "ABANDONED");
        }
    }

    async fn action(&self, declaration: &Declaration, stage: &str, action: &Action) -> bool {
        let id = self.service.new_id();
        let Some((place, resolved, artifacts, commit)) =
            self.begin(declaration, stage, action, &id)
        else {
            return false;
        };
        self.tell_of_action(&id, "STARTED");
        let ended = match resolved {
            Err(reference) => Err(Failure {
                code: "ConfigurationError".to_owned(),
                message: format!(
                    "The action failed because the variable reference #{{{reference}}} could not be resolved."
                ),
                external_id: None,
            }),
            Ok(resolved) => {
                self.perform(&place, action, &id, resolved, artifacts, commit)
                    .await
            }
        };
        let succeeded = ended.is_ok();
        let recorded = self.change(|pipeline, index| {
            let execution = &mut pipeline.executions[index];
            execution.updated = self.service.now();
            record(execution, action, &id, ended, self.service.now())
        });
        if recorded == Some(true) {
            self.tell_of_action(&id, if succeeded { "SUCCEEDED" } else { "FAILED" });
        }
        succeeded
    }

    #[expect(
        clippy::type_complexity,
        reason = "what an action begins with, taken apart at once"
    )]
    fn begin(
        &self,
        declaration: &Declaration,
        stage: &str,
        action: &Action,
        id: &str,
    ) -> Option<(
        Place,
        Result<BTreeMap<String, String>, String>,
        BTreeMap<String, Source>,
        Option<String>,
    )> {
        self.change(|pipeline, index| {
            let attempt = pipeline.machine.get(index).attempt;
            let execution = &mut pipeline.executions[index];
            let resolved: Result<BTreeMap<_, _>, _> = action
                .configuration
                .iter()
                .map(|(key, text)| Ok((key.clone(), references::resolve(text, &execution.values)?)))
                .collect();
            let now = self.service.now();
            execution.actions.push(ActionExecution {
                id: id.to_owned(),
                stage: stage.to_owned(),
                action: action.clone(),
                status: "InProgress",
                attempt,
                started: now,
                updated: now,
                resolved: resolved.clone().unwrap_or_default(),
                external_id: None,
                summary: None,
                error: None,
                outputs: BTreeMap::new(),
            });
            let place = Place {
                pipeline: self.pipeline.clone(),
                index,
                stage: stage.to_owned(),
                bucket: declaration.bucket().to_owned(),
            };
            let commit = execution.overrides.get(&action.name).cloned();
            (place, resolved, execution.artifacts.clone(), commit)
        })
    }

    async fn perform(
        &self,
        place: &Place,
        action: &Action,
        id: &str,
        resolved: BTreeMap<String, String>,
        artifacts: BTreeMap<String, Source>,
        commit: Option<String>,
    ) -> Result<Outcome, Failure> {
        let service = &self.service;
        match action.kind() {
            Ok(Kind::Source) => {
                let (outcome, made) = source::fetch(service, action, commit.as_deref()).await?;
                self.change(|pipeline, index| {
                    let execution = &mut pipeline.executions[index];
                    execution.artifacts.insert(made.name.clone(), made);
                });
                Ok(outcome)
            }
            Ok(Kind::Invoke) => {
                invoke::perform(service, place, action, id, &resolved, &artifacts).await
            }
            Ok(Kind::Build) => {
                build::perform(service, place, action, id, &resolved, &artifacts).await
            }
            Err(error) => Err(Failure::job(error.message)),
        }
    }
}

/// Keeps what became of an action; false when it was abandoned meanwhile.
fn record(
    execution: &mut Execution,
    of: &Action,
    id: &str,
    ended: Result<Outcome, Failure>,
    now: jiff::Timestamp,
) -> bool {
    let Some(action) = execution.actions.iter_mut().find(|action| action.id == id) else {
        return false;
    };
    if action.status != "InProgress" {
        return false;
    }
    action.updated = now;
    match ended {
        Ok(outcome) => {
            action.status = "Succeeded";
            action.outputs = outcome.outputs;
            action.external_id = outcome.external_id.or_else(|| action.external_id.take());
            action.summary = outcome.summary;
            if let Some(space) = &of.namespace {
                execution
                    .values
                    .insert(space.clone(), action.outputs.clone());
            }
        }
        Err(failure) => {
            action.status = "Failed";
            action.external_id = failure.external_id.or_else(|| action.external_id.take());
            action.error = Some((failure.code, failure.message));
        }
    }
    true
}
