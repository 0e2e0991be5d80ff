//! A push, all the way, with GitHub reached by REST alone: found by the poller, deployed, and shown
//! beside its commit.

use std::sync::{Arc, Mutex};

use greenroom_app::apps::NewApp;
use greenroom_app::ports::Ports;
use greenroom_app::ports::pipelines::{
    AdmissionRequest, Observation, PipelineError, Pipelines, Purpose, StartRequest,
};
use greenroom_app::work::Work;
use greenroom_app::{App, Settings};
use greenroom_core::name::{ExecutionId, Nonce, RepositoryId};
use greenroom_github_source::GitHubSource;
use greenroom_testkit::world::{TestPorts, World};
use jiff::{SignedDuration, Timestamp};

use crate::support::{OneSecret, REPOSITORY, Scene};

const STAGE_FILE: &str = r#"version: 1
app: acme/orders
pipelines:
  bare: { steps: [{ name: deploy, run: make deploy }] }
stages:
  dev: { from: { branch: trunk }, pipeline: bare }
"#;

/// One execution, which ends when the test says so.
#[derive(Clone, Debug, Default)]
struct OneAtATime(Arc<Mutex<(Option<StartRequest>, Option<Observation>)>>);

impl Pipelines for OneAtATime {
    async fn start(&self, request: &StartRequest) -> Result<ExecutionId, PipelineError> {
        self.0.lock().expect("not poisoned").0 = Some(request.clone());
        Ok(ExecutionId::new(request.token.clone()))
    }

    async fn observe(&self, _: &ExecutionId) -> Result<Observation, PipelineError> {
        let state = self.0.lock().expect("not poisoned");
        let runs = Observation::Running {
            step: None,
            since: Timestamp::UNIX_EPOCH,
        };
        Ok(state.1.clone().unwrap_or(runs))
    }

    async fn stop(&self, _: &ExecutionId, _: &str) -> Result<(), PipelineError> {
        Ok(())
    }
}

/// A world in memory, but for GitHub.
struct RestPorts {
    world: TestPorts,
    source: GitHubSource<OneSecret>,
    pipelines: OneAtATime,
}

impl Ports for RestPorts {
    type Store = <TestPorts as Ports>::Store;
    type Source = GitHubSource<OneSecret>;
    type Pipelines = OneAtATime;
    type Suites = <TestPorts as Ports>::Suites;
    type Channels = <TestPorts as Ports>::Channels;

    fn store(&self) -> &Self::Store {
        self.world.store()
    }
    fn source(&self) -> &Self::Source {
        &self.source
    }
    fn pipelines(&self) -> &Self::Pipelines {
        &self.pipelines
    }
    fn suites(&self) -> &Self::Suites {
        self.world.suites()
    }
    fn channels(&self) -> &Self::Channels {
        self.world.channels()
    }
    fn now(&self) -> Timestamp {
        self.world.now()
    }
    fn nonce(&self) -> Nonce {
        self.world.nonce()
    }
    fn random(&self) -> u64 {
        self.world.random()
    }
    fn hint(&self, _: Work) {}
}

/// Everything that is due, until nothing is.
async fn settle(app: &App<RestPorts>) {
    loop {
        let due = app.due().await.expect("the store answers");
        if due.is_empty() {
            return;
        }
        for due in due {
            Box::pin(app.perform_due(&due)).await;
        }
    }
}

async fn let_in(app: &App<RestPorts>) -> ExecutionId {
    let request = app
        .ports
        .pipelines
        .0
        .lock()
        .expect("not poisoned")
        .0
        .clone();
    let request = request.expect("it was started");
    let execution = ExecutionId::new(request.token.clone());
    let Purpose::Deploy {
        app: of,
        stage,
        generation,
        nonce,
        ..
    } = request.purpose
    else {
        panic!("a build was started");
    };
    let ask = AdmissionRequest {
        app: of,
        stage,
        generation,
        nonce,
        execution: execution.clone(),
        revision: request.revision,
        definition: None,
    };
    let admitted = Box::pin(app.admit(&ask)).await.expect("the store answers");
    admitted.expect("admitted");
    execution
}

#[tokio::test]
async fn a_push_is_found_deployed_and_shown_beside_its_commit() {
    let Scene {
        github,
        origin,
        source,
        ..
    } = Scene::of_app().await;
    origin.write("greenroom.yaml", STAGE_FILE);
    let revision = origin.commit("one");
    let world = World::empty();
    let ports = RestPorts {
        world: world.ports().clone(),
        source,
        pipelines: OneAtATime::default(),
    };
    let settings = Settings {
        instance: "one".to_owned(),
        alone: true,
        applied_pipelines: false,
        public_url: None,
        clock_error: SignedDuration::from_secs(1),
    };
    let app = App::new(ports, settings);
    let new = NewApp {
        name: "acme/orders".into(),
        git: None,
        repository: Some(RepositoryId(REPOSITORY)),
    };
    Box::pin(app.add_app(&new)).await.expect("added");
    github.forget_calls();
    Box::pin(app.poll()).await.expect("polled");
    settle(&app).await;
    let execution = let_in(&app).await;
    settle(&app).await;
    let at = app.ports.now();
    app.ports.pipelines.0.lock().expect("not poisoned").1 = Some(Observation::Succeeded {
        artifact: None,
        outputs: Default::default(),
        at,
        evidence: None,
    });
    let ended = Work::Execution(execution);
    Box::pin(app.perform_work(&ended)).await.expect("seen");
    settle(&app).await;
    let shown = github.statuses(REPOSITORY, revision.as_str());
    let states: Vec<_> = shown.iter().map(|status| status.state.as_str()).collect();
    assert_eq!(states.last(), Some(&"success"), "{shown:?}");
    assert!(
        states.len() > 1
            && states[..states.len() - 1]
                .iter()
                .all(|state| *state == "pending")
    );
    let last = shown.last().expect("it is there");
    assert_eq!(last.context, "greenroom/dev");
    assert_eq!(last.description.as_deref(), Some("green on dev"));
    // What it costs: the branches, who committed, the head before and after it was decided, and
    // the statuses. The stage file was read when the app was added.
    let calls = github.calls();
    let counted = calls.iter().filter(|call| call.counted);
    let counted: Vec<_> = counted
        .map(|call| call.route.replace("/repos/{o}/{r}", ""))
        .collect();
    assert_eq!(
        counted,
        [
            "GET /branches",
            "GET /git/commits/{sha}",
            "GET /git/ref/{ref}",
            "GET /git/ref/{ref}",
            "POST /statuses/{sha}",
            "POST /statuses/{sha}"
        ]
    );
    // And then nothing at all.
    github.forget_calls();
    Box::pin(app.poll()).await.expect("polled");
    settle(&app).await;
    assert!(
        github.calls().iter().all(|call| !call.counted),
        "{:?}",
        github.calls()
    );
}
