//! A stand-in for CodePipeline and CodeBuild: a service on loopback that speaks the wire protocol
//! of the SDKs and really runs what it is told to.
//!
//! Source actions fetch the commit's files, Invoke actions ask a function, which answers through
//! the API, and Build actions run the commands of a buildspec as processes. Calls it does not know
//! and input AWS would refuse get AWS's own errors; what AWS can do and this cannot gets a 501,
//! which is never AWS's.

mod build;
mod buildspec;
mod declaration;
mod error;
mod events;
mod executions;
mod faults;
mod invoke;
mod jobs;
mod listing;
mod options;
mod pipelines;
mod process;
mod projects;
mod references;
mod run;
mod service;
mod shape;
mod shapes;
mod sign;
mod source;
mod start;
mod state;
mod states;
mod template;
mod wire;
mod wire_out;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use greenroom_executions::{Place, Status};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use service::Service;

pub use faults::{EventFault, Fault};
pub use options::{Call, Endpoint, EventSink, Functions, Options, Secrets, Sources};
pub use template::TemplateError;

/// A running stand-in; it ends when this is dropped.
#[derive(Debug)]
pub struct StandIn {
    address: SocketAddr,
    service: Service,
    tasks: [AbortHandle; 2],
}

impl StandIn {
    /// Starts on a port of loopback that is free.
    ///
    /// # Errors
    /// No port, or no folder.
    pub async fn start(options: Options) -> std::io::Result<Self> {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), options).await
    }

    /// Starts at an address.
    ///
    /// # Errors
    /// The address is taken, or there is no folder.
    pub async fn start_at(address: SocketAddr, options: Options) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (service, told) = Service::new(options)?;
        let router = wire::router(service.clone());
        let serve = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the stand-in ended");
            }
        });
        let tell = tokio::spawn(events::teller(service.clone(), told));
        let tasks = [serve.abort_handle(), tell.abort_handle()];
        Ok(Self {
            address,
            service,
            tasks,
        })
    }

    /// `http://127.0.0.1:<port>`, the endpoint of both services.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Creates, or updates, the pipelines and projects of a CloudFormation template. `values` are
    /// those of parameters, by name, and of attributes of other resources, as `Logical.Attribute`.
    ///
    /// # Errors
    /// What the template says cannot be resolved, or is refused.
    pub fn load(
        &self,
        template: &Value,
        values: &BTreeMap<String, String>,
    ) -> Result<Vec<String>, TemplateError> {
        template::load(&self.service, template, values)
    }

    /// The next `times` calls of an operation (`*`: of any) go wrong.
    pub fn fault(&self, operation: &str, fault: Fault, times: usize) {
        self.service.faults.plan(operation, fault, times);
    }

    /// What goes wrong with the next events, one after the other.
    pub fn event_faults(&self, faults: impl IntoIterator<Item = EventFault>) {
        self.service.faults.plan_events(faults);
    }

    /// Every call breaks until it is up again.
    pub fn set_down(&self, down: bool) {
        self.service.faults.set_down(down);
    }

    /// Nothing of what was planned goes wrong any more, and it is up.
    pub fn forget_faults(&self) {
        self.service.faults.forget();
    }

    /// How many executions there have been, of all pipelines.
    pub fn executions(&self) -> usize {
        self.service.read(|state| {
            let pipelines = state.pipelines.values();
            pipelines.map(|pipeline| pipeline.executions.len()).sum()
        })
    }

    /// How many executions there have been of pipelines whose names begin with this.
    pub fn executions_of(&self, pipelines: &str) -> usize {
        self.service.read(|state| {
            let all = state.pipelines.iter();
            let these = all.filter(|(name, _)| name.starts_with(pipelines));
            these.map(|(_, pipeline)| pipeline.executions.len()).sum()
        })
    }

    /// How often each operation was called, faulty calls included.
    pub fn calls(&self) -> BTreeMap<String, u64> {
        self.service.faults.counted()
    }

    /// Waits until an execution is over; its status as the API has it. Waits for ever for one
    /// that never is.
    pub async fn ended(&self, pipeline: &str, execution: &str) -> &'static str {
        self.service
            .until(|state| {
                let pipeline = state.pipelines.get(pipeline)?;
                let status = pipeline.machine.get(pipeline.find(execution)?).status;
                (!Status::is_active(status)).then(|| state::status_name(status))
            })
            .await
    }

    /// Waits until an execution is inside a stage.
    pub async fn entered(&self, pipeline: &str, execution: &str, stage: &str) {
        self.reaches(pipeline, execution, stage, Place::Inside)
            .await;
    }

    /// Waits until a function was called for an action of the execution.
    pub async fn invoked(&self, pipeline: &str, execution: &str) {
        self.service
            .until(|state| {
                let pipeline = state.pipelines.get(pipeline)?;
                let execution = &pipeline.executions[pipeline.find(execution)?];
                let mut asked = state.jobs.values().filter(|job| job.asked);
                let ours = |id: &String| execution.actions.iter().any(|action| action.id == *id);
                asked.any(|job| ours(&job.action_id)).then_some(())
            })
            .await;
    }

    /// Waits until an execution waits before a stage.
    pub async fn waits(&self, pipeline: &str, execution: &str, stage: &str) {
        self.reaches(pipeline, execution, stage, Place::Before)
            .await;
    }

    async fn reaches(
        &self,
        pipeline: &str,
        execution: &str,
        stage: &str,
        place: fn(usize) -> Place,
    ) {
        self.service
            .until(|state| {
                let pipeline = state.pipelines.get(pipeline)?;
                let index = pipeline.find(execution)?;
                let mut stages = pipeline.executions[index].declaration.stages.iter();
                let number = stages.position(|one| one.name == stage)?;
                (pipeline.machine.get(index).place == place(number)).then_some(())
            })
            .await;
    }

    /// Waits until everybody was told everything that has happened.
    pub async fn told_all(&self) {
        self.service.told_all().await;
    }

    /// The log of the execution's latest build; empty when it has none.
    pub fn log(&self, pipeline: &str, execution: &str) -> String {
        let folder = self.service.read(|state| {
            let pipeline = state.pipelines.get(pipeline)?;
            let execution = &pipeline.executions[pipeline.find(execution)?];
            let mut actions = execution.actions.iter().rev();
            let build = actions.find(|action| action.kind_is_build())?;
            Some(self.folder(&build.id))
        });
        let log = folder.map(|folder| std::fs::read(folder.join("log")).unwrap_or_default());
        String::from_utf8_lossy(&log.unwrap_or_default()).into_owned()
    }

    fn folder(&self, action: &str) -> PathBuf {
        self.service.folder.path().join("builds").join(action)
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

#[cfg(test)]
mod tests;
