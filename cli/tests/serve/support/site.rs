//! A team's whole world: repository, service, server, in one folder that goes away.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use super::cli::{self, Said};
use super::hook::Hook;
use super::repo::Repo;
use super::server::{Server, Start};
use super::service::Service;
use super::until;

/// Stages as most tests want them; `SERVICE` is where the smoke tests go.
pub const STAGES: &str = r#"version: 1
app: acme/shop
pipelines:
  service:
    steps:
      - { name: build, run: sh build.sh, once: true, artifact: out/, timeout: 20s }
      - { name: deploy, run: sh deploy.sh, timeout: 20s }
suites:
  smoke: { files: "tests/*.hurl", base_url: "http://SERVICE/${stage}", ready: 1s }
roles:
  product-owner: [olga]
channels:
  console: { console: {} }
stages:
  personal: { name: "${actor}", from: { branch: "feature/**" }, pipeline: service }
  dev:      { from: { branch: develop }, pipeline: service, verify: [smoke], alert: [console] }
  preprod:  { from: { branch: master, refresh: { cron: "0 0 1 1 *", timezone: UTC } }, pipeline: service, verify: [smoke] }
  prod:     { from: { promote: preprod }, approvals: { count: 1, by: [product-owner] }, pipeline: service, verify: [smoke] }
"#;

const BUILD: &str = "set -e\nmkdir out\ncp app.txt out/\n";
const DEPLOY: &str = "cp \"$GREENROOM_ARTIFACT/app.txt\" /dev/null\n";
const SMOKE: &str = "GET {{base_url}}/health\nHTTP 200\n";

#[derive(Debug)]
pub struct Site {
    folder: TempDir,
    pub repo: Repo,
    pub service: Service,
    pub start: Start,
    pub server: Option<Server>,
}

impl Site {
    /// With the usual stages; serves.
    pub async fn up() -> Self {
        let mut site = Self::with(STAGES).await;
        site.serve().await;
        site
    }

    /// With these stages; does not serve yet.
    pub async fn with(stages: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let service = Service::start().await;
        let stages = stages.replace("SERVICE", &service.address.to_string());
        let files = [
            ("greenroom.yaml", stages.as_str()),
            ("build.sh", BUILD),
            ("deploy.sh", DEPLOY),
            ("app.txt", "one\n"),
            ("tests/smoke.hurl", SMOKE),
        ];
        let repo = Repo::create(&folder.path().join("shop"), &files);
        let mut start = Start::on(&folder.path().join("data"));
        start.arguments.extend([
            "-f".into(),
            repo.folder().join("greenroom.yaml").into_os_string(),
        ]);
        Self {
            folder,
            repo,
            service,
            start,
            server: None,
        }
    }

    pub fn data(&self) -> &Path {
        &self.start.data
    }
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub async fn serve(&mut self) {
        self.server = Some(self.start.up().await);
    }
    pub fn server(&self) -> &Server {
        self.server.as_ref().expect("it serves")
    }
    pub async fn kill(&mut self) {
        self.server.take().expect("it serves").kill().await;
    }
    pub async fn stop(&mut self) -> std::process::ExitStatus {
        self.server.take().expect("it serves").stop().await
    }
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.start.log()).unwrap_or_default()
    }

    /// A command of olga's.
    pub async fn cli(&self, words: &[&str]) -> Said {
        cli::run(self.data(), "olga", words).await
    }
    pub async fn cli_as(&self, who: &str, words: &[&str]) -> Said {
        cli::run(self.data(), who, words).await
    }

    pub async fn get(&self, path: &str) -> Value {
        let reply = self.server().http.get(&format!("/api/v1{path}")).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text);
        reply.json()
    }

    /// Commits `files` on `branch` and sends the push.
    pub async fn push(
        &self,
        branch: &str,
        who: &str,
        subject: &str,
        files: &[(&str, &str)],
    ) -> String {
        let revision = self.repo.commit(branch, who, subject, files);
        let login = who.split(' ').next().expect("a name").to_lowercase();
        let reply = Hook::push_titled(branch, &revision, &login, subject)
            .send(&self.server().http)
            .await;
        assert_eq!(reply.status, 202, "{}", reply.text);
        revision
    }

    /// Waits until the stage's card is as `is` wants it.
    pub async fn wait(&self, stage: &str, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        let last = std::cell::RefCell::new(String::new());
        let told = async {
            until(what, async || {
                let reply = self
                    .server()
                    .http
                    .get(&format!("/api/v1/stages/{stage}"))
                    .await;
                last.replace(reply.text.clone());
                (reply.status == 200)
                    .then(|| reply.json())
                    .filter(|card| is(card))
            })
            .await
        };
        let give_up = super::PATIENCE - std::time::Duration::from_secs(1);
        match tokio::time::timeout(give_up, told).await {
            Ok(card) => card,
            Err(_) => panic!(
                "waited in vain until {stage} {what}; it is {}\n{}",
                last.borrow(),
                self.log()
            ),
        }
    }

    pub async fn green(&self, stage: &str, revision: &str) -> Value {
        let is = |card: &Value| {
            card["health"] == "green"
                && card["phase"] == "idle"
                && card["deployed"]["revision"] == revision
                && !card["green_since"].is_null()
        };
        self.wait(stage, &format!("is green with {revision}"), is)
            .await
    }

    /// The stage's last run has ended.
    pub async fn ended(&self, stage: &str, generation: u64) -> Value {
        let is = |card: &Value| {
            card["last"]["generation"].as_u64() >= Some(generation) && card["phase"] == "idle"
        };
        self.wait(stage, &format!("has ended run {generation}"), is)
            .await
    }

    /// What became of a delivery, once it is decided.
    pub async fn became(&self, id: &str) -> Value {
        until(&format!("delivery {id} is decided"), async || {
            let status = self.get(&format!("/deliveries/{id}")).await["status"].clone();
            (status["status"] != "received").then_some(status)
        })
        .await
    }

    /// master's head on preprod, green, and approved for prod, green there too; answers the commit.
    pub async fn released(&self) -> String {
        let revision = self.repo.head("master");
        self.cli(&["refresh", "preprod"]).await.ok();
        self.green("preprod", &revision).await;
        self.wait("prod", "has its candidate", |card| {
            card["candidate"]["revision"] == revision.as_str()
        })
        .await;
        self.cli(&["approve", "prod"]).await.ok();
        self.green("prod", &revision).await;
        revision
    }
}
