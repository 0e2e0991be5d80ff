//! One installation for all tests of this program: MiniStack with the stack in it, GitHub,
//! Telegram and CodePipeline on loopback.
//!
//! Deploying takes longer than any test, so they share it; each has an app of its own. It lives
//! as long as a test uses it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, Weak};

use greenroom_emulators::codepipeline::{
    Endpoint, EventSink, Functions, Options as PipelineOptions, Secrets, Sources, StandIn,
};
use greenroom_emulators::github::{FakeGitHub, Reach};
use greenroom_emulators::ministack::{MiniStack, Options, REGION, ROOT};
use greenroom_testkit::fake_telegram::FakeTelegram;
use greenroom_testkit::github_payloads::sign;
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::aws::{Aws, root};
use crate::stack::{self, Outputs};

const SECRET: &str = "what GitHub signs with";
const TOKEN: &str = "the token of this installation";
const CREDENTIAL: &str = "github_pat_11ABCDEFG0123456789";
/// What the stand-in calls its source of events; MiniStack, as AWS, keeps `aws.` to itself.
const EVENTS: &str = "test.codepipeline";

static SHARED: Mutex<Weak<Site>> = Mutex::new(Weak::new());

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
    _telegram: FakeTelegram,
    pub outputs: Outputs,
    client: reqwest::Client,
    /// The API's host name, as MiniStack knows it.
    host: String,
    ministack: MiniStack,
    runtime: Runtime,
    services: Services,
    folder: TempDir,
}

/// Runs a test on the one installation, which the first test makes.
pub fn on_site<F: Future<Output = ()>>(test: impl FnOnce(Arc<Site>) -> F) {
    let site = {
        let mut shared = SHARED.lock().expect("the installation could be made");
        shared.upgrade().unwrap_or_else(|| {
            let site = Arc::new(Site::deploy());
            *shared = Arc::downgrade(&site);
            site
        })
    };
    site.runtime.block_on(test(Arc::clone(&site)));
}

impl Site {
    /// Deploys what is in `.build/lambda` by the template.
    fn deploy() -> Self {
        // Any provider will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = Runtime::new().expect("a runtime");
        let folder = TempDir::new().expect("a folder");
        let options = Options {
            auth: true,
            ..Options::default()
        };
        let (ministack, github, telegram, stand_in) = runtime.block_on(async {
            let ministack = MiniStack::start_with(options).await;
            let ministack = ministack.expect("MiniStack starts");
            let github = FakeGitHub::start().await;
            github.token(CREDENTIAL, Reach::as_asked());
            let telegram = FakeTelegram::start().await;
            let stand_in = StandIn::start(pipelines(ministack.url(), github.base())).await;
            (ministack, github, telegram, stand_in.expect("it starts"))
        });
        let secrets = [
            ("greenroom/webhook", SECRET),
            ("greenroom/token", TOKEN),
            ("greenroom/github", CREDENTIAL),
            ("greenroom/stages/telegram", FakeTelegram::TOKEN),
        ];
        let parameters = [
            ("Protected", "false"),
            ("PipelineEvents", EVENTS),
            ("GitHubUrl", github.base()),
            ("TelegramUrl", telegram.base()),
            ("AwsEndpointCodePipeline", &stand_in.url()),
            ("AwsEndpointCodeBuild", &stand_in.url()),
            ("TestMayReach", "127.0.0.1/32"),
        ];
        let packaged = folder.path().join("packaged.yaml").display().to_string();
        let aws = Aws::of(&ministack);
        let outputs = stack::create(&aws, &packaged, &secrets, &parameters);
        let host = outputs.get("Url").trim_start_matches("http://").to_owned();
        Self {
            stand_in,
            github,
            _telegram: telegram,
            outputs,
            client: reqwest::Client::new(),
            host,
            ministack,
            runtime,
            services: Services(folder.path().join("stages")),
            folder,
        }
    }

    /// The command line of AWS, there.
    pub fn aws(&self) -> Aws {
        Aws::of(&self.ministack)
    }

    /// A folder for repositories and the like.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where an app's services run.
    pub fn services(&self, app: &str) -> PathBuf {
        self.services.0.join(app)
    }

    /// What the server and the functions said.
    pub fn said(&self) -> String {
        self.ministack.said()
    }

    /// Sends a webhook as GitHub does.
    pub async fn webhook(&self, event: &str, delivery: &str, body: &str) -> Answer {
        let signature = sign(SECRET, body.as_bytes());
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

async fn answered(request: reqwest::RequestBuilder) -> Answer {
    let answer = request.send().await.expect("MiniStack answers");
    Answer {
        status: answer.status().as_u16(),
        body: answer.text().await.expect("a text"),
    }
}

/// CodePipeline and CodeBuild: sources from GitHub, functions and events in MiniStack, and builds
/// with this project's tools and this toolchain.
fn pipelines(ministack: &str, github: &str) -> PipelineOptions {
    let endpoint = Endpoint::new(ministack, REGION);
    let toolchain = std::env::var_os("CARGO").map(PathBuf::from);
    let toolchain = toolchain.and_then(|cargo| Some(cargo.parent()?.to_owned()));
    let before = std::env::var_os("PATH").unwrap_or_default();
    let folders = [root().join(".tools/bin")].into_iter().chain(toolchain);
    let path = std::env::join_paths(folders.chain(std::env::split_paths(&before)));
    let path = path.expect("folders that can be in PATH");
    let environment = [
        ("PATH", path.to_str().expect("a text")),
        ("AWS_ENDPOINT_URL", ministack),
        ("AWS_ACCESS_KEY_ID", ROOT.0),
        ("AWS_SECRET_ACCESS_KEY", ROOT.1),
    ];
    PipelineOptions {
        region: REGION.to_owned(),
        sources: Sources::GitHub {
            url: github.to_owned(),
            token: Some(CREDENTIAL.to_owned()),
        },
        functions: Functions::Endpoint(endpoint.clone()),
        secrets: Secrets::Endpoint(endpoint.clone()),
        events: vec![EventSink::EventBridge {
            endpoint,
            source: EVENTS.to_owned(),
        }],
        environment: environment
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        ..PipelineOptions::of_git("")
    }
}

/// What deployments left running, as they are to; a folder for each app.
struct Services(PathBuf);

impl Drop for Services {
    fn drop(&mut self) {
        let apps = std::fs::read_dir(&self.0).into_iter().flatten().flatten();
        for app in apps {
            let stop = root().join("examples/orders/stop.sh");
            let ended = Command::new(stop)
                .arg("--all")
                .env("ORDERS_HOME", app.path())
                .status();
            if !ended.is_ok_and(|status| status.success()) {
                eprintln!("services under {} may still run", app.path().display());
            }
        }
    }
}
