//! One installation for all tests of this program: MiniStack with the stack in it, GitHub,
//! Telegram and CodePipeline on loopback, and between them and the functions a network that fails
//! when it is told to.
//!
//! Deploying takes longer than any test, so they share it; each has an app of its own. It lives
//! as long as a test uses it. Tests that break what all use take turns.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::Instant;

use greenroom_emulators::codepipeline::StandIn;
use greenroom_emulators::github::{FakeGitHub, Reach};
use greenroom_emulators::ministack::{MiniStack, Options};
use greenroom_emulators::proxy::FaultProxy;
use greenroom_testkit::fake_telegram::FakeTelegram;
use greenroom_testkit::github_payloads::sign;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::app::{LOOK, PATIENCE};
use crate::aws::Aws;
use crate::services::Services;
use crate::stack::{self, Outputs};
use crate::stand_in;
use crate::wire::Wire;

pub const SECRET: &str = "what GitHub signs with";
const TOKEN: &str = "the token of this installation";
/// GitHub's.
pub const CREDENTIAL: &str = "github_pat_11ABCDEFG0123456789";
/// What the stand-in calls its source of events; MiniStack, as AWS, keeps `aws.` to itself.
pub const EVENTS: &str = "test.codepipeline";
/// Tests call the clock's function when they want time to have passed; one lets the schedule do it.
const TICK: &str = "rate(30 days)";

static SHARED: Mutex<Weak<Site>> = Mutex::new(Weak::new());
/// Held for reading by tests that bear each other, for writing by one that bears nobody.
static TURNS: RwLock<()> = RwLock::new(());

/// What was answered.
pub struct Answer {
    pub status: u16,
    pub body: String,
}

impl Answer {
    /// The body, or `null`.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// Dropped from first to last: what starts something ends before what it starts.
pub struct Site {
    pub stand_in: StandIn,
    pub github: FakeGitHub,
    pub telegram: FakeTelegram,
    pub outputs: Outputs,
    /// Between the functions and the table, CodePipeline, Telegram, and what light apps are tested at.
    pub to_table: FaultProxy,
    pub to_pipelines: FaultProxy,
    pub to_telegram: FaultProxy,
    pub to_stages: FaultProxy,
    /// Services of AWS, asked by the account's owner.
    pub wire: Wire,
    client: reqwest::Client,
    /// The API's host name, as MiniStack knows it.
    host: String,
    ministack: MiniStack,
    runtime: Runtime,
    services: Services,
    folder: TempDir,
}

/// Runs a test on the one installation, which the first test makes, beside others.
pub fn on_site<F: Future<Output = ()>>(test: impl FnOnce(Arc<Site>) -> F) {
    let site = shared();
    // What a test left broken, `calm` mends.
    let _turn = TURNS.read().unwrap_or_else(PoisonError::into_inner);
    site.runtime.block_on(test(Arc::clone(&site)));
}

/// The same while no other test runs: it may break what all use.
pub fn alone_on_site<F: Future<Output = ()>>(test: impl FnOnce(Arc<Site>) -> F) {
    let site = shared();
    let _turn = TURNS.write().unwrap_or_else(PoisonError::into_inner);
    site.calm();
    site.runtime.block_on(test(Arc::clone(&site)));
    site.calm();
}

fn shared() -> Arc<Site> {
    let mut shared = SHARED.lock().expect("the installation could be made");
    shared.upgrade().unwrap_or_else(|| {
        let site = Arc::new(Site::deploy());
        *shared = Arc::downgrade(&site);
        site
    })
}

impl Site {
    /// Deploys what is in `.build/lambda` by the template.
    fn deploy() -> Self {
        // Any provider will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = Runtime::new().expect("a runtime");
        let folder = TempDir::new().expect("a folder");
        let services = Services::in_folder(&folder.path().join("stages"));
        let mark = services.mark();
        let (ministack, github, telegram, stand_in, proxies) = runtime.block_on(async {
            let options = Options {
                auth: true,
                ..Options::default()
            };
            let ministack = MiniStack::start_with(options).await;
            let ministack = ministack.expect("MiniStack starts");
            let github = FakeGitHub::start().await;
            github.token(CREDENTIAL, Reach::as_asked());
            let telegram = FakeTelegram::start().await;
            let options = stand_in::options(ministack.url(), github.base(), mark);
            let stand_in = StandIn::start(options).await.expect("it starts");
            let proxies = [
                before(ministack.url()).await,
                before(&stand_in.url()).await,
                before(telegram.base()).await,
                before(ministack.url()).await,
            ];
            (ministack, github, telegram, stand_in, proxies)
        });
        let [to_table, to_pipelines, to_telegram, to_stages] = proxies;
        let secrets = [
            ("greenroom/webhook", SECRET),
            ("greenroom/token", TOKEN),
            ("greenroom/github", CREDENTIAL),
            ("greenroom/stages/telegram", FakeTelegram::TOKEN),
        ];
        let parameters = [
            ("Protected", "false"),
            ("Tick", TICK),
            // All clocks here are one. What a killed function left is taken over the sooner.
            ("ClockError", "1"),
            ("AlertsEmail", "team@example.com"),
            ("PipelineEvents", EVENTS),
            ("GitHubUrl", github.base()),
            ("TelegramUrl", &to_telegram.url()),
            ("AwsEndpointDynamoDb", &to_table.url()),
            ("AwsEndpointCodePipeline", &to_pipelines.url()),
            ("AwsEndpointCodeBuild", &to_pipelines.url()),
            ("TestMayReach", "127.0.0.1/32"),
        ];
        let packaged = folder.path().join("packaged.yaml").display().to_string();
        let aws = Aws::of(&ministack);
        let outputs = stack::create(&aws, &packaged, &secrets, &parameters);
        let host = outputs.get("Url").trim_start_matches("http://").to_owned();
        Self {
            stand_in,
            github,
            telegram,
            outputs,
            to_table,
            to_pipelines,
            to_telegram,
            to_stages,
            wire: Wire::new(ministack.url()),
            client: reqwest::Client::new(),
            host,
            ministack,
            runtime,
            services,
            folder,
        }
    }

    /// The network does what networks should.
    fn calm(&self) {
        let all = [&self.to_table, &self.to_pipelines, &self.to_telegram];
        all.into_iter().for_each(FaultProxy::calm);
        self.to_stages.calm();
        self.stand_in.forget_faults();
    }

    /// The command line of AWS, there.
    pub fn aws(&self) -> Aws {
        Aws::of(&self.ministack)
    }

    /// Where MiniStack is, which is well as long as it answers.
    pub fn ministack(&self) -> &str {
        self.ministack.url()
    }

    /// A folder for repositories and the like.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where an app's services run.
    pub fn services(&self, app: &str) -> PathBuf {
        self.services.of(app)
    }

    /// What the server and the functions said.
    pub fn said(&self) -> String {
        self.ministack.said()
    }

    /// Time has passed: the clock's function is called as its schedule does, and has ended.
    pub async fn tick(&self) -> Result<(), String> {
        self.wire.invoke("greenroom-clock-tick", &json!({})).await
    }

    /// Lets the deployed schedule tick by this expression from now on.
    pub async fn ticks(&self, expression: &str) {
        let path = "/schedules/greenroom-tick";
        let of_group = format!("{path}?groupName=greenroom");
        let mut schedule = self.wire.rest("scheduler", "GET", &of_group, None).await;
        schedule["ScheduleExpression"] = json!(expression);
        let asked = Some(&schedule);
        self.wire.rest("scheduler", "PUT", path, asked).await;
    }

    /// Sends a webhook as GitHub does.
    pub async fn webhook(&self, event: &str, delivery: &str, body: &str) -> Answer {
        self.signed(SECRET, event, delivery, body).await
    }

    /// Sends a webhook that is signed with this secret.
    pub async fn signed(&self, secret: &str, event: &str, delivery: &str, body: &str) -> Answer {
        let signature = sign(secret, body.as_bytes());
        let request = self.hook(event, delivery, body);
        answered(request.header("x-hub-signature-256", signature)).await
    }

    /// The same without a signature.
    pub async fn unsigned(&self, event: &str, body: &str) -> Answer {
        answered(self.hook(event, "unsigned", body)).await
    }

    fn hook(&self, event: &str, delivery: &str, body: &str) -> reqwest::RequestBuilder {
        self.request("POST", "/webhooks/github")
            .header("content-type", "application/json")
            .header("x-github-event", event)
            .header("x-github-delivery", delivery)
            .body(body.to_owned())
    }

    /// What the API tells once it is as it should be; by events alone, as nothing ticks.
    pub async fn told(&self, path: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        self.look(path, false, is_so).await
    }

    /// The same while the clock ticks.
    pub async fn told_in_time(&self, path: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        self.look(path, true, is_so).await
    }

    /// While the network fails nothing may be told.
    async fn look(&self, path: &str, ticks: bool, is_so: impl Fn(&Value) -> bool) -> Value {
        let since = Instant::now();
        loop {
            let told = self.api("GET", path, None).await;
            let read = told.json();
            if told.status == 200 && is_so(&read) {
                return read;
            }
            assert!(
                since.elapsed() < PATIENCE,
                "{path} does not get there: {} {read:#}\n{}",
                told.status,
                self.said()
            );
            if ticks {
                // One that fails is made good by the next.
                let _ = self.tick().await;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Asks the API with the token in force.
    pub async fn api(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.api_as(method, path, TOKEN, body).await
    }

    /// Asks the API.
    pub async fn api_as(
        &self,
        method: &str,
        path: &str,
        token: &str,
        body: Option<Value>,
    ) -> Answer {
        let mut request = self
            .request(method, path)
            .header("authorization", format!("Bearer {token}"));
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        answered(request).await
    }

    fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.ministack.url());
        let method = method.parse().expect("a method");
        self.client.request(method, url).header("host", &self.host)
    }
}

async fn before(url: &str) -> FaultProxy {
    FaultProxy::start(url).await.expect("there is a port")
}

async fn answered(request: reqwest::RequestBuilder) -> Answer {
    let answer = request.send().await.expect("MiniStack answers");
    Answer {
        status: answer.status().as_u16(),
        body: answer.text().await.expect("a text"),
    }
}
