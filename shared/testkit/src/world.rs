//! A whole installation in memory, for tests: one app, its repository, pipelines, suites and
//! channels, a clock that only the test moves, and a process that can die at any call.
//!
//! One thread, no waiting: every port answers at once, so that a future that is not ready has
//! met a planned death, or is frozen and set aside.

mod drive;
mod faults;
mod pipelines;
mod ports;
mod source;
mod store;
mod tests_and_talk;
mod watch;

use std::collections::VecDeque;
use std::sync::Arc;

use greenroom_app::apps::NewApp;
use greenroom_app::door::{Answer, Webhook};
use greenroom_app::sweep::Due;
use greenroom_app::{App, Settings};
use greenroom_core::name::{AppId, RepoName, Revision, StageId, StageName};
use greenroom_core::principal::Principal;
use greenroom_core::stage::Stage;
use jiff::{SignedDuration, Timestamp};

use drive::Aside;
pub use drive::{Gone, Task, together};
pub use faults::{Call, Fault, Faults, Nature};
pub use pipelines::{Deployment, Execution, WorldPipelines, artifact_of};
pub use ports::TestPorts;
pub use source::WorldSource;
pub use store::{Asked, Counters, Largest, WorldStore};
pub use tests_and_talk::{Sent, WorldChannels, WorldSuites};
pub use watch::Watch;

use crate::github_payloads::{Commit, Person, Push, Repository, ZEROS, sign};

/// What webhooks are signed with.
pub const SECRET: &str = "a secret of the world's own";
/// The app's repository.
pub const NAME: &str = "acme/orders";
/// GitHub's id of it.
pub const REPOSITORY: u64 = 4711;

/// An installation and everything around it.
#[derive(Debug)]
pub struct World {
    pub app: Arc<App<TestPorts>>,
    pub id: AppId,
    /// What the repository is called now.
    pub name: String,
    pub repository: u64,
    pub default_branch: String,
    deliveries: u64,
    lives: u64,
    /// Another process may be at the same table: one that was thought dead and is only frozen.
    shared: bool,
    aside: Vec<Aside>,
    /// What the last sweep found and nobody has done yet.
    todo: VecDeque<Due>,
    /// Whether hints are taken; without them only the sweep finds work.
    pub hints: bool,
}

impl World {
    /// An installation whose app has `stage_file` on `master`, settled.
    pub fn new(stage_file: &str) -> Self {
        let mut world = Self::empty();
        world.ports().source.commit(
            "master",
            "olga",
            "Begin",
            &[
                ("greenroom.yaml", stage_file),
                ("tests/smoke.hurl", "GET {{base_url}}"),
            ],
        );
        world.add_app();
        world.settle();
        world
    }

    /// An installation without an app.
    pub fn empty() -> Self {
        let now: Timestamp = "2026-03-02T09:00:00Z".parse().expect("a timestamp");
        Self {
            app: Arc::new(App::new(TestPorts::new(now), life(1, true))),
            id: AppId(0),
            name: NAME.to_owned(),
            repository: REPOSITORY,
            default_branch: "master".to_owned(),
            deliveries: 0,
            lives: 1,
            shared: false,
            aside: Vec::new(),
            todo: VecDeque::new(),
            hints: true,
        }
    }

    /// The same world, which from here on goes its own way; its process has just begun, and no
    /// fault is planned.
    ///
    /// # Panics
    /// When a process is frozen: what it is at cannot be copied.
    #[must_use]
    pub fn copy(&self) -> Self {
        assert!(self.aside.is_empty(), "what is frozen cannot be copied");
        Self {
            app: Arc::new(App::new(self.ports().copy(), self.app.settings.clone())),
            id: self.id,
            name: self.name.clone(),
            repository: self.repository,
            default_branch: self.default_branch.clone(),
            deliveries: self.deliveries,
            lives: self.lives,
            shared: self.shared,
            aside: Vec::new(),
            todo: self.todo.clone(),
            hints: self.hints,
        }
    }

    pub fn ports(&self) -> &TestPorts {
        &self.app.ports
    }

    /// Takes the repository under control, by name only, as `greenroom app add` does.
    pub fn add_app(&mut self) {
        let new = NewApp {
            name: RepoName::new(NAME),
            git: None,
            repository: None,
        };
        let added = self.now(self.app.add_app(&new));
        self.id = added.expect("the app is added").id;
    }

    /// The process dies and another takes its place: nothing but the table is left.
    pub fn restart(&mut self) {
        self.begin_life();
    }

    /// Another process over the same table that does not know to be alone.
    pub fn another(&self) -> App<TestPorts> {
        App::new(self.app.ports.clone(), life(99, false))
    }

    /// A fresh delivery id.
    pub fn delivery(&mut self) -> String {
        self.deliveries += 1;
        format!("00000000-0000-4000-8000-{:012}", self.deliveries)
    }

    /// The repository as GitHub's payloads have it.
    pub fn github(&self) -> Repository {
        Repository::new(self.repository, &self.name, &self.default_branch)
    }

    /// Commits to `branch` and tells it by a webhook; settles.
    pub fn push(&mut self, branch: &str, actor: &str) -> Revision {
        let subject = format!("Change {branch}");
        let revision = self.ports().source.commit(branch, actor, &subject, &[]);
        self.told_of(branch, actor, &revision);
        self.settle();
        revision
    }

    /// Sends a push's webhook as a fresh delivery; again while it is not acknowledged.
    pub fn told_of(&mut self, branch: &str, actor: &str, revision: &Revision) {
        let body = self.push_body(branch, actor, revision);
        let id = self.delivery();
        self.deliver("push", &id, &body);
    }

    /// Sends a webhook; again while it is not acknowledged, as somebody does who looks at GitHub's
    /// list of deliveries.
    ///
    /// # Panics
    /// When it is not acknowledged although it was sent five times.
    pub fn deliver(&mut self, event: &str, id: &str, body: &str) {
        for _ in 0..5 {
            let (event, to, body) = (event.to_owned(), id.to_owned(), body.to_owned());
            let answer =
                self.attempt(|app| Box::pin(async move { send(&app, &event, &to, &body).await }));
            if answer.is_ok_and(|answer| answer.status == 202) {
                self.ports().watch.acknowledge(id);
                return;
            }
        }
        panic!("the webhook was not taken in");
    }

    /// The body of a push.
    pub fn push_body(&self, branch: &str, actor: &str, revision: &Revision) -> String {
        let person = Person::new(actor, 7);
        let at = Timestamp::UNIX_EPOCH;
        let commit = Commit::new(revision.as_str(), person.clone(), "Change", at);
        Push::to_branch(self.github(), branch, ZEROS, person, vec![commit]).body()
    }

    /// A branch is deleted, and a webhook says so; settles.
    pub fn delete(&mut self, branch: &str, actor: &str) {
        let reference = format!("refs/heads/{branch}");
        let before = self.ports().source.tip(branch);
        self.ports().source.set(&reference, None);
        let before = before.map_or_else(|| ZEROS.to_owned(), |before| before.to_string());
        let person = Person::new(actor, 7);
        let body = Push::deletion(self.github(), &reference, &before, person).body();
        let id = self.delivery();
        self.deliver("push", &id, &body);
        self.settle();
    }

    /// Sends a webhook as GitHub does.
    pub fn post(&self, event: &str, delivery: &str, body: &str) -> Answer {
        self.now(send(&self.app, event, delivery, body))
    }

    /// A stage's key.
    pub fn stage_id(&self, stage: &str) -> StageId {
        StageId {
            app: self.id,
            stage: StageName::new(stage),
        }
    }

    /// A stage as the table has it, if it exists.
    pub fn stage(&self, stage: &str) -> Option<Stage> {
        let loaded = self.now(self.app.load_stage(&self.stage_id(stage), None));
        loaded.ok().map(|loaded| *loaded.stage)
    }

    /// The revision that is verified on a stage.
    pub fn green(&self, stage: &str) -> Option<Revision> {
        let verified = self.stage(stage)?.verified?;
        Some(verified.release.revision)
    }

    /// The revision whose bytes were really put on a stage last.
    pub fn stands(&self, stage: &str) -> Option<Revision> {
        let deployments = self.ports().pipelines.deployments();
        let last = deployments
            .into_iter()
            .rfind(|deployment| deployment.stage == stage);
        last.map(|deployment| deployment.revision)
    }

    /// Somebody with the installation's token.
    pub fn operator() -> Principal {
        Principal::Operator {
            name: "olga".to_owned(),
        }
    }

    /// Moves the clock on, doing what falls due on the way.
    pub fn pass(&mut self, by: SignedDuration) {
        let until = self.until(by);
        self.work_until(until);
    }

    /// The instant so much later.
    pub fn until(&self, by: SignedDuration) -> Timestamp {
        use greenroom_app::ports::Ports as _;
        self.ports().now().saturating_add(by).expect("a near time")
    }
}

/// The secrets of the door.
pub fn secrets() -> greenroom_github::Secrets {
    greenroom_github::Secrets::new(SECRET, None).expect("a secret that is not blank")
}

async fn send(app: &App<TestPorts>, event: &str, delivery: &str, body: &str) -> Answer {
    let signature = sign(SECRET, body.as_bytes());
    let webhook = Webhook {
        content_type: Some("application/json"),
        event: Some(event),
        delivery: Some(delivery),
        signature: Some(signature.as_bytes()),
        body: body.as_bytes(),
    };
    app.webhook(&webhook, &secrets()).await
}

fn life(number: u64, alone: bool) -> Settings {
    Settings {
        instance: format!("life-{number}"),
        alone,
        clock_error: SignedDuration::ZERO,
        applied_pipelines: false,
    }
}
