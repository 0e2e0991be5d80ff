//! Pipelines that do nothing but remember: what was started by which token, what the fence said,
//! and what really was deployed where.

mod by_hand;
mod printed;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use greenroom_app::ports::pipelines::{
    AdmissionRequest, Observation, PipelineError, Pipelines, Provenance, Purpose, Recent,
    StartRequest,
};
use greenroom_core::name::{Digest, ExecutionId, Revision};
use greenroom_core::release::Artifact;
use jiff::Timestamp;
use sha2::Digest as _;

use super::faults::{Call, Fault, Faults, Nature};
use super::watch::Watch;

/// One execution, in truth.
#[derive(Clone, Debug)]
pub struct Execution {
    pub id: ExecutionId,
    pub request: StartRequest,
    pub admitted: bool,
    /// `None` while it runs.
    pub end: Option<Observation>,
}

/// Bytes that really were put on a stage.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Deployment {
    pub stage: String,
    pub generation: u64,
    pub revision: Revision,
    pub artifact: Option<Digest>,
}

#[derive(Clone, Debug, Default)]
struct State {
    executions: Vec<Execution>,
    deployments: Vec<Deployment>,
    away: bool,
    frozen: bool,
    /// What was admitted stays at its steps.
    long: bool,
    /// Executions begin their steps without asking anybody.
    fenceless: bool,
    lose_answers: u32,
    refuse: Option<String>,
    failing_builds: BTreeSet<Revision>,
    starts: BTreeMap<String, u32>,
    stops: Vec<ExecutionId>,
    /// What people did, and when.
    by_hand: BTreeMap<ExecutionId, (Provenance, Timestamp)>,
}

/// What builds and deploys in a world.
#[derive(Clone, Debug)]
pub struct WorldPipelines {
    state: Arc<Mutex<State>>,
    faults: Arc<Faults>,
    watch: Arc<Watch>,
}

impl WorldPipelines {
    pub(super) fn new(faults: Arc<Faults>, watch: Arc<Watch>) -> Self {
        Self {
            state: Arc::default(),
            faults,
            watch,
        }
    }

    /// The same pipelines, which from here on go their own way.
    pub(super) fn copy(&self, faults: Arc<Faults>, watch: Arc<Watch>) -> Self {
        Self {
            state: Arc::new(Mutex::new(self.state().clone())),
            faults,
            watch,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// While true, nothing answers; what runs goes on.
    pub fn set_away(&self, away: bool) {
        self.state().away = away;
    }

    /// While true, what was started does not move.
    pub fn freeze(&self, frozen: bool) {
        self.state().frozen = frozen;
    }

    /// While true, steps of what was admitted take long: they end when this does.
    pub fn take_long(&self, long: bool) {
        self.state().long = long;
    }

    /// While true, executions begin their steps without asking the fence: broken pipelines, to see
    /// that tests notice.
    pub fn ask_nobody(&self, nobody: bool) {
        self.state().fenceless = nobody;
    }

    /// The next `n` starts take effect and their answers are lost.
    pub fn lose_answers(&self, n: u32) {
        self.state().lose_answers = n;
    }

    /// From now on every start is refused for this reason; `None` ends it.
    pub fn refuse(&self, why: Option<&str>) {
        self.state().refuse = why.map(str::to_owned);
    }

    /// The build of this revision fails.
    pub fn fail_build_of(&self, revision: &Revision) {
        self.state().failing_builds.insert(revision.clone());
    }

    /// Everything that was ever started, oldest first.
    pub fn executions(&self) -> Vec<Execution> {
        self.state().executions.clone()
    }

    /// Everything that ever was put on a stage, oldest first.
    pub fn deployments(&self) -> Vec<Deployment> {
        self.state().deployments.clone()
    }

    /// Calls of `start` by token, the lost ones included.
    pub fn starts(&self) -> BTreeMap<String, u32> {
        self.state().starts.clone()
    }

    /// What was asked to stop, each time it was.
    pub fn stops(&self) -> Vec<ExecutionId> {
        self.state().stops.clone()
    }

    /// An execution that can move: one that has not ended, unless it is held.
    pub(super) fn movable(&self) -> Option<Execution> {
        let state = self.state();
        let moves =
            |execution: &&Execution| execution.end.is_none() && !(state.long && execution.admitted);
        let found = state.executions.iter().find(moves);
        found.filter(|_| !state.frozen).cloned()
    }

    /// What an execution asks the fence; `None` for a build, which asks nobody.
    pub(super) fn asks(&self, execution: &Execution) -> Option<AdmissionRequest> {
        match &execution.request.purpose {
            Purpose::Build => None,
            Purpose::Deploy { .. } if self.state().fenceless => None,
            Purpose::Deploy {
                app,
                stage,
                generation,
                nonce,
                ..
            } => Some(AdmissionRequest {
                app: app.clone(),
                stage: stage.clone(),
                generation: *generation,
                nonce: nonce.clone(),
                execution: execution.id.clone(),
                revision: execution.request.revision.clone(),
                definition: None,
            }),
        }
    }

    /// The fence has answered: its steps begin, or it is over.
    pub(super) fn answered(&self, id: &ExecutionId, answer: Result<(), String>, at: Timestamp) {
        let mut state = self.state();
        let known = state.executions.iter_mut().find(|known| known.id == *id);
        let Some(execution) = known.filter(|known| known.end.is_none()) else {
            return;
        };
        match answer {
            Ok(()) => execution.admitted = true,
            Err(why) => execution.end = Some(Observation::Refused { why, at }),
        }
        let (request, admitted) = (execution.request.clone(), execution.admitted);
        if let (true, Purpose::Deploy { stage, .. }) = (admitted, &request.purpose) {
            let at_it = state.executions.iter().filter(|other| {
                let here = matches!(&other.request.purpose, Purpose::Deploy { stage: its, .. } if its == stage);
                here && other.admitted && other.end.is_none()
            });
            self.watch.admitted(stage, at_it.count());
        }
    }

    /// Its steps run to their end.
    pub fn run_to_end(&self, id: &ExecutionId, at: Timestamp) {
        let mut state = self.state();
        let failing = state.failing_builds.clone();
        let known = state.executions.iter_mut().find(|known| known.id == *id);
        let Some(execution) = known.filter(|known| known.end.is_none()) else {
            return;
        };
        let revision = execution.request.revision.clone();
        let deployment = match &execution.request.purpose {
            Purpose::Build => None,
            Purpose::Deploy {
                stage,
                generation,
                artifact,
                ..
            } => Some(Deployment {
                stage: stage.clone(),
                generation: *generation,
                revision: revision.clone(),
                artifact: artifact.clone(),
            }),
        };
        let fails = deployment.is_none() && failing.contains(&revision);
        execution.end = Some(if fails {
            Observation::Failed {
                step: "build".to_owned(),
                why: "exit status 2".to_owned(),
                at,
            }
        } else {
            Observation::Succeeded {
                artifact: deployment.is_none().then(|| artifact_of(&revision)),
                outputs: [("URL".to_owned(), "http://127.0.0.1:1".to_owned())].into(),
                at,
                evidence: None,
            }
        });
        if let Some(deployment) = deployment {
            self.watch.deployed(&deployment);
            state.deployments.push(deployment);
        }
    }
}

/// What a build of this revision gives.
pub fn artifact_of(revision: &Revision) -> Artifact {
    let digest = hex::encode(sha2::Sha256::digest(revision.as_str().as_bytes()));
    Artifact {
        digest: Digest::new(format!("sha256:{digest}")),
        size: 1,
    }
}

impl WorldPipelines {
    fn check_new(&self, executions: &[Execution], new: &Purpose) {
        let run = |purpose: &Purpose| match purpose {
            Purpose::Build => None,
            Purpose::Deploy {
                stage, generation, ..
            } => Some((stage.clone(), *generation)),
        };
        let Some((stage, generation)) = run(new) else {
            return;
        };
        let known = |execution: &Execution| {
            run(&execution.request.purpose) == Some((stage.clone(), generation))
        };
        if executions.iter().any(known) {
            self.watch.started_again(&stage, generation);
        }
    }

    async fn before(
        &self,
        name: &'static str,
        nature: Nature,
    ) -> Result<Option<Fault>, PipelineError> {
        let before = self.faults.before(Call { name, nature }).await;
        before.map_err(|_| unavailable())
    }
}

fn unavailable() -> PipelineError {
    PipelineError::Unavailable {
        why: "no route".to_owned(),
    }
}

impl Pipelines for WorldPipelines {
    async fn start(&self, request: &StartRequest) -> Result<ExecutionId, PipelineError> {
        let fault = self.before("pipelines.start", Nature::Act).await?;
        let started = {
            let mut state = self.state();
            *state.starts.entry(request.token.clone()).or_default() += 1;
            if state.away {
                return Err(unavailable());
            }
            if let Some(why) = &state.refuse {
                return Err(PipelineError::Refused { why: why.clone() });
            }
            let known = state
                .executions
                .iter()
                .find(|execution| execution.request.token == request.token)
                .map(|execution| execution.id.clone());
            let id = known.unwrap_or_else(|| {
                let id = ExecutionId::new(format!("world/exec-{}", state.executions.len() + 1));
                self.check_new(&state.executions, &request.purpose);
                state.executions.push(Execution {
                    id: id.clone(),
                    request: request.clone(),
                    admitted: false,
                    end: None,
                });
                id
            });
            if state.lose_answers > 0 {
                state.lose_answers -= 1;
                Err(unavailable())
            } else {
                Ok(id)
            }
        };
        self.faults.after(fault).await.map_err(|()| unavailable())?;
        started
    }

    async fn observe(&self, execution: &ExecutionId) -> Result<Observation, PipelineError> {
        let fault = self.before("pipelines.observe", Nature::Read).await?;
        let observed = {
            let state = self.state();
            if state.away {
                return Err(unavailable());
            }
            let known = state.executions.iter().find(|known| known.id == *execution);
            known.map_or(Observation::Unknown, |known| {
                known.end.clone().unwrap_or(Observation::Running {
                    step: None,
                    since: Timestamp::UNIX_EPOCH,
                })
            })
        };
        self.faults.after(fault).await.map_err(|()| unavailable())?;
        Ok(observed)
    }

    async fn stop(&self, execution: &ExecutionId, _: &str) -> Result<(), PipelineError> {
        let fault = self.before("pipelines.stop", Nature::Act).await?;
        {
            let mut state = self.state();
            if state.away {
                return Err(unavailable());
            }
            state.stops.push(execution.clone());
            let known = state
                .executions
                .iter_mut()
                .find(|known| known.id == *execution && known.end.is_none());
            if let Some(known) = known {
                known.end = Some(Observation::Stopped {
                    at: Timestamp::UNIX_EPOCH,
                });
            }
        }
        self.faults.after(fault).await.map_err(|()| unavailable())
    }

    async fn provenance(
        &self,
        execution: &ExecutionId,
    ) -> Result<Option<Provenance>, PipelineError> {
        self.told_by_hand(execution)
    }

    async fn recent(&self, pipeline: &str) -> Result<Vec<Recent>, PipelineError> {
        self.recent_by_hand(pipeline)
    }
}
