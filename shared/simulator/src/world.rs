//! A world that runs: Greenroom's own code over simulated ports, everything else around it, one
//! thread, and time that jumps to whatever happens next.

mod acts;
mod brakes;
mod console;
mod drive;
mod executions;
mod moments;
mod people;
mod processes;
mod pulls;
mod pushes;
mod storm;
mod upgrade;
mod webhooks;

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::Arc;

use greenroom_app::App;
use greenroom_app::apps::{NewApp, STAGE_FILE_PATH, app_id};
use greenroom_app::sweep::Due;
use greenroom_app::work::Work;
use greenroom_core::name::{RepoName, StageId, StageName};
use greenroom_github::Secrets;

use crate::check::Violation;
use crate::inner::{Event, Shared, TaskId};
use crate::model::executor::Executor;
use crate::model::messenger::Messenger;
use crate::model::people::People;
use crate::model::repository::{NewCommit, Quality, Repository};
use crate::ports::SimPorts;
use crate::rehearsal::Glass;
use crate::setup::Setup;
use crate::trace::Trace;
use crate::truth::Truth;
use processes::Processes;

/// What webhooks are signed with; it must never be seen anywhere else.
pub const SECRET: &str = "canary-webhook-secret";
/// The app's repository.
pub const NAME: &str = "acme/orders";
/// GitHub's id of it.
pub const REPOSITORY: u64 = 4711;

/// What a task answers when it ends.
pub(crate) enum Output {
    Nothing,
    /// A webhook was answered.
    Answered {
        webhook: usize,
        status: u16,
    },
    Due(Vec<Due>),
    /// A piece of work ended in the process that knows to be alone.
    Done(Work),
    /// The fence answered the execution's n-th question; `None`: it could not.
    Asked {
        execution: usize,
        nth: u32,
        answer: Option<Result<(), String>>,
    },
}

impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Nothing | Self::Done(_) => f.write_str("done"),
            Self::Answered { status, .. } => write!(f, "answered {status}"),
            Self::Due(due) => write!(f, "{} due", due.len()),
            Self::Asked { answer, .. } => write!(f, "{answer:?}"),
        }
    }
}

type Running = Pin<Box<dyn Future<Output = Output> + Send>>;

/// See the module.
pub struct World {
    pub(crate) shared: Shared,
    tasks: BTreeMap<TaskId, Running>,
    born: TaskId,
    pub(crate) processes: Processes,
    secrets: Arc<Secrets>,
    webhooks: webhooks::Webhooks,
    /// Through which a rehearsal looks at stages.
    pub(crate) glass: Option<App<Glass>>,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let now = self.shared.lock().truth.now;
        f.debug_struct("World")
            .field("now", &now)
            .finish_non_exhaustive()
    }
}

impl World {
    /// A world whose repository has the setup's stage file, with nothing known to Greenroom but
    /// the app's name.
    pub fn new(setup: Setup) -> Self {
        let name = RepoName::new(&setup.name);
        let trace = Trace::new(setup.recording);
        let truth = Truth {
            now: setup.start,
            app: app_id(&name, STAGE_FILE_PATH),
            repository: Repository::new(&setup.name),
            neighbour: None,
            neighbour_answers: true,
            executor: Executor::new(setup.mode, setup.token_memory, setup.reproducible),
            messenger: Messenger::default(),
            people: People::default(),
            upgraded: BTreeSet::new(),
            stages: BTreeMap::new(),
            ills: BTreeMap::new(),
            told: Vec::new(),
            acting: None,
            setup,
        };
        let shared = Shared::new(truth, trace);
        let secrets = Secrets::new(SECRET, None).expect("a secret that is not blank");
        let processes = Processes::new(&shared);
        let mut world = Self {
            shared,
            tasks: BTreeMap::new(),
            born: 0,
            processes,
            secrets: Arc::new(secrets),
            webhooks: webhooks::Webhooks::default(),
            glass: None,
        };
        world.begin();
        world
    }

    fn begin(&mut self) {
        {
            let mut inner = self.shared.lock();
            let now = inner.truth.now;
            let new = NewCommit {
                name: "begin",
                author: "olga",
                subject: "Begin",
                quality: Quality::Good,
                stage_file: Some(inner.truth.setup.stage_file.clone()),
            };
            let default = inner.truth.setup.default_branch.clone();
            inner.truth.repository.commit(&default, &new, now);
            let items: Vec<_> = inner
                .truth
                .setup
                .script
                .iter()
                .map(|item| item.at)
                .collect();
            for (index, at) in items.into_iter().enumerate() {
                inner.schedule(at, Event::Act(index));
            }
            let (sweep, poll) = (inner.truth.setup.sweep, inner.truth.setup.poll);
            inner.after(sweep, Event::Sweep);
            inner.after(poll, Event::Poll);
            inner.calm = true;
        }
        let app = self.processes.any();
        let name = self.shared.lock().truth.setup.name.clone();
        self.spawn("add the app", 0, async move {
            let new = NewApp {
                name: RepoName::new(name),
                git: None,
                repository: None,
            };
            app.add_app(&new).await.expect("a calm world takes an app");
            Output::Nothing
        });
        self.add_the_neighbour();
        let soon = self.now() + jiff::SignedDuration::from_secs(30);
        self.run_until(soon);
        let mut inner = self.shared.lock();
        inner.calm = false;
        inner.truth.neighbour_answers = false;
    }

    /// Another app, without a stage file.
    fn add_the_neighbour(&mut self) {
        let Some(name) = self.shared.lock().truth.setup.neighbour.clone() else {
            return;
        };
        {
            let truth = &mut self.shared.lock().truth;
            let mut repository = Repository::new(&name);
            let new = NewCommit {
                name: "neighbour",
                author: "olga",
                subject: "Begin",
                quality: Quality::Good,
                stage_file: None,
            };
            repository.commit("main", &new, truth.now);
            truth.neighbour = Some(repository);
        }
        let app = self.processes.any();
        self.spawn("add the neighbour", 0, async move {
            let new = NewApp {
                name: RepoName::new(name),
                git: None,
                repository: None,
            };
            app.add_app(&new).await.expect("a calm world takes an app");
            Output::Nothing
        });
    }

    /// The true time.
    pub fn now(&self) -> jiff::Timestamp {
        self.shared.lock().truth.now
    }

    /// The first promise that was broken.
    pub fn violation(&self) -> Option<Violation> {
        self.shared.lock().found.first().cloned()
    }

    pub(crate) fn stage_id(&self, stage: &str) -> StageId {
        StageId {
            app: self.shared.lock().truth.app,
            stage: StageName::new(stage),
        }
    }
}

pub(crate) type SimApp = Arc<App<SimPorts>>;
