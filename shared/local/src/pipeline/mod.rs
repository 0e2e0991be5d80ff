//! Pipelines on one machine: the steps of the stage file, as processes.
//!
//! An execution is a folder, `<data>/executions/<execution id>/`. Its name is made from the
//! token of the start, so whoever sends the token again finds it, after a restart too. It holds
//! `request.json`, `status.json` (replaced atomically), `steps/NN-name.log`, `work/` while it
//! runs, and `result.json`, written once and durable before anybody is told. What has a result
//! says the same for ever; what has none and belongs to no living process becomes *errored* when
//! somebody looks, and whatever it left running is killed first.

mod admission;
mod environment;
mod evidence;
mod flow;
mod folder;
mod gone;
mod log;
mod mask;
mod output_file;
mod prepare;
mod reports;
mod step;
mod stop;
mod terminal;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use greenroom_app::ports::pipelines::{Observation, PipelineError, Pipelines, StartRequest};
use greenroom_app::ports::secrets::Secrets;
use greenroom_core::name::{Digest, ExecutionId};
use jiff::Timestamp;
use tokio::sync::{Notify, Semaphore};

use crate::artifact::ArtifactStore;
use crate::clock::Clock;
use crate::git::GitSource;
use crate::process::ProcessIdentity;
use folder::{Claim, Executions, Status};
use stop::{Cause, StopSender};

pub use admission::{Admission, AdmissionError, BoxFuture};
pub use log::StepLog;
pub use terminal::plain_text;

/// What the operator may set. Durations and sizes have defaults in [`PipelineSettings::new`].
#[derive(Clone, Debug)]
pub struct PipelineSettings {
    /// The server's data folder.
    pub data: PathBuf,
    /// The `PATH` of the steps.
    pub path: String,
    /// Further variables of the steps, by the operator's wish: where toolchains live, proxies.
    pub passed_on: BTreeMap<String, String>,
    /// How many executions run at once; others wait. Default 8.
    pub at_once: usize,
    /// Between asking a process group to end and killing it. Default 5 s.
    pub grace: Duration,
    /// Bytes kept of one step's log, most of them from its beginning. Default 4 MiB.
    pub log_max: usize,
    /// How long to wait before each further try of what could not be reached: the repository,
    /// the fence, a secret. Default 250 ms, 1 s, 4 s.
    pub patience: Vec<Duration>,
    /// By which it is told when an execution ended. Default: the machine's.
    pub clock: Clock,
}

impl PipelineSettings {
    /// The defaults, for a data folder and the `PATH` steps shall have.
    pub fn new(data: impl Into<PathBuf>, path: impl Into<String>) -> Self {
        Self {
            data: data.into(),
            path: path.into(),
            passed_on: BTreeMap::new(),
            at_once: 8,
            grace: Duration::from_secs(5),
            log_max: 4 * 1024 * 1024,
            patience: [250, 1000, 4000].map(Duration::from_millis).to_vec(),
            clock: Clock::default(),
        }
    }
}

/// Called when an execution has ended; it must return at once.
pub type OnChange = Arc<dyn Fn(&ExecutionId) + Send + Sync>;

/// [`Pipelines`] by processes; see the module's text. Cheap to clone. Must be used inside one
/// tokio runtime with I/O and time.
pub struct ProcessPipelines<S> {
    inner: Arc<Inner<S>>,
}

impl<S> Clone for ProcessPipelines<S> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
        }
    }
}

impl<S> fmt::Debug for ProcessPipelines<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessPipelines")
            .field("settings", &self.inner.settings)
            .finish_non_exhaustive()
    }
}

struct Inner<S> {
    settings: PipelineSettings,
    executions: Executions,
    git: Arc<GitSource>,
    artifacts: ArtifactStore,
    secrets: Arc<S>,
    admission: OnceLock<Arc<dyn Admission>>,
    on_change: OnceLock<OnChange>,
    me: ProcessIdentity,
    slots: Arc<Semaphore>,
    /// One start at a time, so that who finds an execution finds it durable.
    starting: tokio::sync::Mutex<()>,
    running: Mutex<Running>,
    ended: Notify,
}

#[derive(Default)]
struct Running {
    executions: HashMap<ExecutionId, StopSender>,
    /// Ended, but the disk would not take the result.
    unsaved: HashMap<ExecutionId, Observation>,
    leaving: bool,
}

impl<S: Secrets> ProcessPipelines<S> {
    /// Makes the folder of executions. Nothing runs until `start`.
    ///
    /// # Errors
    /// The data folder cannot be written.
    pub fn new(
        settings: PipelineSettings,
        git: Arc<GitSource>,
        artifacts: ArtifactStore,
        secrets: Arc<S>,
    ) -> std::io::Result<Self> {
        let executions = Executions::new(&settings.data)?;
        let inner = Inner {
            slots: Arc::new(Semaphore::new(settings.at_once)),
            settings,
            executions,
            git,
            artifacts,
            secrets,
            admission: OnceLock::new(),
            on_change: OnceLock::new(),
            me: ProcessIdentity::of_self(),
            starting: tokio::sync::Mutex::new(()),
            running: Mutex::default(),
            ended: Notify::new(),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Connects the fence; without it no deployment starts. Only the first call counts.
    pub fn set_admission(&self, admission: Arc<dyn Admission>) {
        let _ = self.inner.admission.set(admission);
    }

    /// Has `on_change` called whenever an execution ends. Only the first call counts.
    pub fn set_on_change(&self, on_change: OnChange) {
        let _ = self.inner.on_change.set(on_change);
    }

    /// What the steps of an execution have written so far, in order, fit to be shown: secrets
    /// masked, terminal sequences removed. `None` when there is no such execution.
    ///
    /// # Errors
    /// `Unavailable` when the disk cannot be read.
    pub async fn log(
        &self,
        execution: &ExecutionId,
    ) -> Result<Option<Vec<StepLog>>, PipelineError> {
        let Some(folder) = self.inner.executions.find(execution) else {
            return Ok(None);
        };
        let read = blocking(move || log::read(&folder)).await;
        read.map(Some).map_err(unavailable)
    }

    /// The API's document that a build has left; `None` when it is not kept any more.
    ///
    /// # Errors
    /// `Unavailable` when the disk cannot be read, or what is stored is not what was packed.
    pub async fn document(&self, digest: &Digest) -> Result<Option<Vec<u8>>, PipelineError> {
        let (store, digest) = (self.inner.artifacts.clone(), digest.clone());
        let read = blocking(move || evidence::document(&store, &digest)).await;
        read.map_err(unavailable)
    }

    /// Takes no more starts, ends what runs (*errored*: nobody asked for its end) and waits for it.
    pub async fn shutdown(&self) {
        self.inner.running().leaving = true;
        loop {
            let ended = self.inner.ended.notified();
            tokio::pin!(ended);
            ended.as_mut().enable();
            {
                let running = self.inner.running();
                if running.executions.is_empty() {
                    return;
                }
                for stop in running.executions.values() {
                    stop.stop(Cause::Leaving);
                }
            }
            ended.await;
        }
    }
}

impl<S: Secrets> Pipelines for ProcessPipelines<S> {
    async fn start(&self, request: &StartRequest) -> Result<ExecutionId, PipelineError> {
        prepare::check(request).map_err(|why| PipelineError::Refused { why })?;
        let (inner, request) = (self.inner.clone(), request.clone());
        // A task of its own: a caller that stops waiting must not leave a start half done.
        let task = tokio::spawn(async move { inner.start(request).await });
        task.await.map_err(unavailable)?
    }

    async fn observe(&self, execution: &ExecutionId) -> Result<Observation, PipelineError> {
        self.inner.observe(execution).await
    }

    async fn stop(&self, execution: &ExecutionId, reason: &str) -> Result<(), PipelineError> {
        if let Some(stop) = self.inner.running().executions.get(execution) {
            stop.stop(Cause::Asked(reason.to_owned()));
            return Ok(());
        }
        match self.inner.observe(execution).await? {
            // It ended between the two looks, or runs in another process.
            Observation::Running { .. } => Err(PipelineError::Unavailable {
                why: "another server runs this execution".to_owned(),
            }),
            _ => Ok(()),
        }
    }
}

impl<S: Secrets> Inner<S> {
    async fn start(self: Arc<Self>, request: StartRequest) -> Result<ExecutionId, PipelineError> {
        let execution = Executions::id_of(&request.token);
        let _turn = self.starting.lock().await;
        if self.running().leaving {
            return Err(unavailable("the server is being stopped"));
        }
        if prepare::needs_fence(&request) && self.admission.get().is_none() {
            return Err(unavailable("the fence is not connected"));
        }
        if self.running().executions.contains_key(&execution) {
            return Ok(execution);
        }
        // Known before its folder is: an observer must never take it for abandoned.
        let (sender, stop) = stop::channel();
        self.running().executions.insert(execution.clone(), sender);
        let mut presence = Presence {
            inner: self.clone(),
            execution: execution.clone(),
            told: false,
        };
        let status = Status::queued(self.me.clone(), Timestamp::now());
        let claimed = blocking({
            let (inner, execution, request) = (self.clone(), execution.clone(), request.clone());
            move || inner.executions.claim(&execution, &request, &status)
        })
        .await
        .map_err(unavailable)?;
        if let Claim::New(folder) = claimed {
            presence.told = true;
            tokio::spawn(flow::run(self.clone(), presence, folder, request, stop));
        }
        Ok(execution)
    }

    async fn observe(&self, execution: &ExecutionId) -> Result<Observation, PipelineError> {
        let Some(folder) = self.executions.find(execution) else {
            // A step may have removed even its execution's folder.
            let unsaved = self.running().unsaved.get(execution).cloned();
            return Ok(unsaved.unwrap_or(Observation::Unknown));
        };
        let read = |folder: &folder::Folder| folder.result().map_err(unavailable);
        if let Some(result) = read(&folder)? {
            return Ok(result);
        }
        let is_ours = self.running().executions.contains_key(execution);
        let unsaved = self.running().unsaved.get(execution).cloned();
        let status = folder.status().map_err(unavailable)?;
        if !is_ours {
            // It may have ended since the first look.
            if let Some(result) = read(&folder)? {
                return Ok(result);
            }
            if let Some(result) = unsaved {
                return Ok(self.save(execution, &folder, result).await);
            }
        }
        match status {
            Some(status) if is_ours || status.owner != self.me && status.owner.is_alive() => {
                Ok(Observation::Running {
                    step: status.step,
                    since: status.since,
                })
            }
            None if is_ours => Err(unavailable("its status cannot be read")),
            status => {
                gone::end_leftovers(execution, status.as_ref(), self.settings.grace).await;
                let result = gone::result_of(status.as_ref());
                let result = gone::told_by(&self.settings.clock, result);
                Ok(self.save(execution, &folder, result).await)
            }
        }
    }

    /// Makes a result durable and says what is true from now on: an earlier result stays. When
    /// the disk does not take it the execution is *errored*, and saved when it does.
    async fn save(
        &self,
        execution: &ExecutionId,
        folder: &folder::Folder,
        result: Observation,
    ) -> Observation {
        let saved = blocking({
            let (folder, result) = (folder.clone(), result.clone());
            move || folder.finish(&result)
        })
        .await;
        match saved {
            Ok(result) => {
                self.running().unsaved.remove(execution);
                result
            }
            Err(error) => {
                tracing::error!(execution.id = %execution, %error, "a result cannot be saved");
                let result = match result {
                    errored @ Observation::Errored { .. } => errored,
                    other => Observation::Errored {
                        why: format!(
                            "it ended ({}), but the result could not be written: {error}",
                            gone::word(&other)
                        ),
                        at: Timestamp::now(),
                    },
                };
                self.running()
                    .unsaved
                    .insert(execution.clone(), result.clone());
                result
            }
        }
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// While this lives the execution counts as run by us; its end is told.
struct Presence<S: Secrets> {
    inner: Arc<Inner<S>>,
    execution: ExecutionId,
    /// False until the execution is certainly a new one.
    told: bool,
}

impl<S: Secrets> Drop for Presence<S> {
    fn drop(&mut self) {
        self.inner.running().executions.remove(&self.execution);
        self.inner.ended.notify_waiters();
        if let (true, Some(on_change)) = (self.told, self.inner.on_change.get()) {
            on_change(&self.execution);
        }
    }
}

/// Runs what blocks on a disk where it may.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> std::io::Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(std::io::Error::other)?
}

fn unavailable(why: impl fmt::Display) -> PipelineError {
    PipelineError::Unavailable {
        why: why.to_string(),
    }
}
