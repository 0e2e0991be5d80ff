//! Real repositories, real processes. What is waited for is the thing itself, up to a deadline.

mod artifacts;
mod ending;
mod once;
mod outputs;
mod reports;
mod restart;
mod surroundings;

use std::collections::BTreeMap;
use std::path::Path;

use greenroom_app::ports::pipelines::{AdmissionRequest, Purpose};
use greenroom_app::ports::source::Repository;
use greenroom_core::definition::Definition;
use greenroom_core::name::{Digest, Revision};
use greenroom_core::stage_file::{Step, Values};
use jiff::SignedDuration;
use tempfile::TempDir;

use super::*;
use crate::artifact::SIZE_MAX;
use crate::git::GitLimits;
use crate::git::tests::Origin;
use crate::secrets::LocalSecrets;

/// Long enough for a loaded machine; nobody waits it out unless something is wrong.
const DEADLINE: Duration = Duration::from_secs(60);

/// Waits until the condition holds.
async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + DEADLINE;
    while !condition() {
        assert!(tokio::time::Instant::now() < deadline, "{what} never came");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A fence that says what it is told to.
#[derive(Default)]
struct Fence {
    answers: Mutex<Vec<Result<(), AdmissionError>>>,
    asked: Mutex<Vec<AdmissionRequest>>,
}

impl Fence {
    /// The answers to give first; after them it admits.
    fn says(&self, answers: impl IntoIterator<Item = Result<(), AdmissionError>>) {
        let mut answers: Vec<_> = answers.into_iter().collect();
        answers.reverse();
        *self.answers.lock().expect("not poisoned") = answers;
    }
    fn asked(&self) -> Vec<AdmissionRequest> {
        self.asked.lock().expect("not poisoned").clone()
    }
}

impl Admission for Fence {
    fn admit(&self, request: AdmissionRequest) -> BoxFuture<'_, Result<(), AdmissionError>> {
        self.asked.lock().expect("not poisoned").push(request);
        let answer = self.answers.lock().expect("not poisoned").pop();
        Box::pin(std::future::ready(answer.unwrap_or(Ok(()))))
    }
}

/// A server's pipelines over a data folder.
struct House {
    pipelines: ProcessPipelines<LocalSecrets>,
    fence: Arc<Fence>,
    changed: Arc<Notify>,
}

impl House {
    fn new(data: &Path, change: impl FnOnce(&mut PipelineSettings)) -> Self {
        let path = std::env::var("PATH").expect("a PATH");
        let mut settings = PipelineSettings::new(data, path);
        settings.grace = Duration::from_millis(300);
        settings.patience = vec![Duration::from_millis(5); 3];
        change(&mut settings);
        let git = GitSource::new(data.join("git"), std::env::vars(), GitLimits::default());
        let secrets = [
            ("GREENROOM_SECRET_ORDERS_DB", "correct horse"),
            (
                "GREENROOM_SECRET_KEY",
                "-----BEGIN-----\nAAAABBBBCCCC\n-----END-----",
            ),
        ];
        let secrets = secrets.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let pipelines = ProcessPipelines::new(
            settings,
            Arc::new(git.expect("a source")),
            store(data),
            Arc::new(LocalSecrets::new(secrets, data.join("secrets"))),
        )
        .expect("pipelines");
        let (fence, changed) = (Arc::new(Fence::default()), Arc::new(Notify::new()));
        pipelines.set_admission(fence.clone());
        let notify = changed.clone();
        pipelines.set_on_change(Arc::new(move |_| notify.notify_one()));
        Self {
            pipelines,
            fence,
            changed,
        }
    }

    async fn start(&self, request: &StartRequest) -> ExecutionId {
        self.pipelines.start(request).await.expect("started")
    }

    async fn observe(&self, execution: &ExecutionId) -> Observation {
        self.pipelines.observe(execution).await.expect("observed")
    }

    /// Waits for the end, by the hook that tells of it.
    async fn end_of(&self, execution: &ExecutionId) -> Observation {
        let waiting = async {
            loop {
                match self.observe(execution).await {
                    Observation::Running { .. } => self.changed.notified().await,
                    end => {
                        // Two who wait must both be woken.
                        self.changed.notify_one();
                        return end;
                    }
                }
            }
        };
        tokio::time::timeout(DEADLINE, waiting)
            .await
            .expect("it must end")
    }

    async fn run(&self, request: &StartRequest) -> Observation {
        let execution = self.start(request).await;
        self.end_of(&execution).await
    }

    /// All logs, each step's name before its text.
    async fn log(&self, request: &StartRequest) -> String {
        let execution = Executions::id_of(&request.token);
        let logs = self.pipelines.log(&execution).await.expect("readable");
        let logs = logs.expect("there").into_iter();
        logs.map(|log| format!("== {}\n{}", log.step, log.text))
            .collect()
    }
}

fn store(data: &Path) -> ArtifactStore {
    ArtifactStore::new(data.join("artifacts"), SIZE_MAX)
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// A repository with one commit.
fn origin() -> (Origin, Revision) {
    let origin = Origin::new();
    origin.write("app.sh", "echo hello\n");
    let revision = origin.commit("one");
    (origin, revision)
}

fn step(name: &str, run: &str) -> Step {
    Step {
        name: name.to_owned(),
        run: run.to_owned(),
        once: false,
        artifact: None,
        outputs: Vec::new(),
        timeout: SignedDuration::from_secs(60),
        reports: None,
    }
}

fn deploy(repository: Repository, revision: &Revision, steps: &[Step]) -> StartRequest {
    StartRequest {
        token: "1/dev/7".to_owned(),
        purpose: Purpose::Deploy {
            app: "acme/orders".to_owned(),
            stage: "dev".to_owned(),
            run: "1/dev/7".to_owned(),
            generation: 7,
            nonce: "n0nce".into(),
            artifact: None,
        },
        repository,
        revision: revision.clone(),
        steps: steps.to_vec(),
        variables: BTreeMap::new(),
        secrets: BTreeMap::new(),
        definition: Definition::default(),
        values: Values::default(),
    }
}

fn deploy_of(origin: &Origin, revision: &Revision, run: &str) -> StartRequest {
    deploy(origin.repository(), revision, &[step("deploy", run)])
}

fn build(repository: Repository, revision: &Revision, steps: &[Step]) -> StartRequest {
    StartRequest {
        token: format!("build/{revision}"),
        purpose: Purpose::Build,
        ..deploy(repository, revision, steps)
    }
}

/// The pid a step wrote into a file.
fn pid_in(path: &Path) -> Option<i32> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

fn lives(pid: i32) -> bool {
    ProcessIdentity::of(pid).is_some()
}

fn kill(pid: i32) {
    let pid = rustix::process::Pid::from_raw(pid).expect("a pid");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("it lived");
}
