//! An app of one test: its repository on GitHub, under control, with its pipelines applied.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use greenroom_core::name::RepoName;
use greenroom_core::stage_file::StageFile;
use greenroom_emulators::github::Hosted;
use greenroom_synth::{Options, synth};
use greenroom_testkit::github_payloads::Repository;
use greenroom_testkit::sample_repo::{Author, Edit, SampleRepo};
use serde_json::{Value, json};

use crate::samples::{self, OFTEN, YEARLY};
use crate::site::{Answer, Site};
use crate::table;

/// Ids of repositories and deliveries; no two tests share one.
static NEXT: AtomicU64 = AtomicU64::new(4711);
/// How long something may take that needs no waiting; a machine with much to do is slow.
pub const PATIENCE: Duration = Duration::from_secs(300);
/// Between two looks.
pub const LOOK: Duration = Duration::from_millis(200);

/// An app under control.
pub struct App {
    pub site: Arc<Site>,
    /// `acme/...`
    pub name: String,
    pub repository: SampleRepo,
    pub id: u64,
    /// Its stage file, before anybody changes it.
    file: StageFile,
}

impl App {
    /// Takes a repository of the sample under control, as `greenroom app add` does. It has these
    /// branches and the default one; each would be built as soon as the clock ticks.
    pub async fn sample(site: &Arc<Site>, name: &str, branches: &[&str]) -> Self {
        let (repository, text) = samples::orders(site, name, branches, YEARLY);
        Self::add(site, name, repository, &text).await
    }

    /// The same with the default branch alone, which `preprod` is refreshed from all the time.
    pub async fn refreshed(site: &Arc<Site>, name: &str) -> Self {
        let (repository, text) = samples::orders(site, name, &[], OFTEN);
        Self::add(site, name, repository, &text).await
    }

    /// The same of one that is built, deployed and tested in no time.
    pub async fn light(site: &Arc<Site>, name: &str) -> Self {
        Self::light_and(site, name, "").await
    }

    /// The same with more stages: lines of the stage file.
    pub async fn light_and(site: &Arc<Site>, name: &str, further: &str) -> Self {
        let (repository, text) = samples::light(site, name, further);
        Self::add(site, name, repository, &text).await
    }

    async fn add(site: &Arc<Site>, name: &str, repository: SampleRepo, text: &str) -> Self {
        let file = StageFile::parse("greenroom.yaml", text.as_bytes()).expect("it holds");
        let app = Self {
            site: Arc::clone(site),
            name: format!("acme/{name}"),
            repository,
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            file,
        };
        site.github.host(Hosted {
            id: app.id,
            name: app.name.clone(),
            folder: app.repository.folder().to_owned(),
        });
        let asked = json!({ "name": app.name, "id": app.id });
        let added = site.api("POST", "/api/v1/apps", Some(asked)).await;
        assert_eq!(added.status, 200, "{}\n{}", added.body, site.said());
        app
    }

    /// Deploys the pipelines of its stage file and says so, as `greenroom apply` does.
    pub async fn apply(&self) {
        let options = Options {
            app: RepoName::new(&self.name),
            branch: "master".to_owned(),
            secret_prefix: "greenroom/stages/".to_owned(),
        };
        let rendered = synth(&self.file, &options).expect("it can be rendered");
        let connection = "arn:aws:codeconnections:us-east-1:000000000000:connection/x";
        let values: BTreeMap<String, String> = [
            ("Connection", connection),
            ("AdmissionFunction", self.site.outputs.get("Admission")),
            ("Artifacts", self.site.outputs.get("Artifacts")),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        let loaded = self.site.stand_in.load(&rendered.template, &values);
        loaded.expect("the pipelines can be made");
        let definitions = rendered.definitions.into_iter();
        let applied: BTreeMap<_, _> = definitions.map(|it| (it.name, it.hash)).collect();
        let asked = json!({ "by": "olga", "app": self.name, "applied": applied });
        let path = "/api/v1/pipelines";
        let answer = self.site.api("POST", path, Some(asked)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.json()["applied"], json!(applied), "{}", answer.body);
    }

    /// The id it goes by in the table.
    pub async fn key(&self) -> String {
        let path = format!("/api/v1/pipelines?app={}", self.name);
        let told = self.site.api("GET", &path, None).await.json();
        told["app"].to_string()
    }

    /// Waits until nothing is pending of it but what waits for its time.
    pub async fn quiet(&self) {
        let mine = format!("{}/", self.key().await);
        let since = Instant::now();
        loop {
            let all = table::items(&self.site, "outbox#").await;
            let pending = all
                .iter()
                .filter(|item| table::key(item).1.starts_with(&mine));
            let pending: Vec<_> = pending.map(table::record).collect();
            if pending.is_empty() {
                return;
            }
            let said = || self.site.said();
            assert!(since.elapsed() < PATIENCE, "{pending:#?}\n{}", said());
            tokio::time::sleep(LOOK).await;
        }
    }

    /// How many executions there have been of its pipelines.
    pub fn executions(&self) -> usize {
        let name = self.name.replace('/', "-");
        self.site
            .stand_in
            .executions_of(&format!("greenroom-{name}-"))
    }

    /// A commit on a branch, which nobody was told of.
    pub fn commit(&self, branch: &str, author: &Author, subject: &str, edits: &[Edit]) -> String {
        let made = self.repository.commit(branch, author, subject, edits);
        samples::default_branch(&self.repository);
        made.expect("it can be made")
    }

    /// The body of the webhook about a branch that is there.
    pub fn push(&self, branch: &str, before: &str, pusher: &Author) -> String {
        let github = Repository::new(self.id, &self.name, "master");
        let push = self.repository.push(github, branch, before, pusher);
        push.expect("git knows the branch").body()
    }

    /// Sends that webhook, and answers the delivery's id.
    pub async fn pushed(&self, branch: &str, before: &str, pusher: &Author) -> String {
        let push = self.push(branch, before, pusher);
        let delivery = new_delivery();
        let answer = self.site.webhook("push", &delivery, &push).await;
        assert_eq!(answer.status, 202, "{}\n{}", answer.body, self.site.said());
        delivery
    }

    /// Tells a stage to do something.
    pub async fn command(&self, stage: &str, command: Value) -> Answer {
        let path = format!("/api/v1/stages/{stage}/commands?app={}", self.name);
        let asked = json!({ "by": "olga", "command": command });
        self.site.api("POST", &path, Some(asked)).await
    }

    /// A delivery once it is no longer undecided.
    pub async fn decided(&self, delivery: &str) -> Value {
        self.told(&delivery_path(delivery), Time::Stands, is_decided)
            .await
    }

    /// A stage of this app once it is as it should be; by events alone, as nothing ticks.
    pub async fn stage(&self, stage: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        self.told(&self.stage_path(stage), Time::Stands, is_so)
            .await
    }

    /// The same while the clock ticks.
    pub async fn stage_in_time(&self, stage: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        self.told(&self.stage_path(stage), Time::Passes, is_so)
            .await
    }

    /// A delivery once it is as it should be, while the clock ticks.
    pub async fn delivery_in_time(&self, delivery: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        self.told(&delivery_path(delivery), Time::Passes, is_so)
            .await
    }

    fn stage_path(&self, stage: &str) -> String {
        format!("/api/v1/stages/{stage}?app={}", self.name)
    }

    async fn told(&self, path: &str, time: Time, is_so: impl Fn(&Value) -> bool) -> Value {
        match time {
            Time::Stands => self.site.told(path, is_so).await,
            Time::Passes => self.site.told_in_time(path, is_so).await,
        }
    }
}

/// What the clock does meanwhile.
#[derive(Clone, Copy)]
enum Time {
    Stands,
    Passes,
}

/// Whether a delivery is no longer undecided.
pub fn is_decided(delivery: &Value) -> bool {
    let status = delivery["status"]["status"].as_str();
    status.is_some_and(|status| status != "received")
}

fn delivery_path(delivery: &str) -> String {
    format!("/api/v1/deliveries/{delivery}")
}

/// A delivery's id as GitHub makes them.
pub fn new_delivery() -> String {
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{next:08x}-0000-4000-8000-000000000001")
}
