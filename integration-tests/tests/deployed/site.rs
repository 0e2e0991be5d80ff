//! An installation in MiniStack, with a repository on a GitHub of its own.

use std::time::{Duration, Instant};

use greenroom_emulators::github::{FakeGitHub, Hosted, Reach};
use greenroom_emulators::ministack::{MiniStack, Options};
use greenroom_testkit::github_payloads::{Repository, sign};
use greenroom_testkit::sample_repo::{Author, SampleRepo};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::aws::{Aws, root};

const STACK: &str = "greenroom";
const SECRET: &str = "what GitHub signs with";
const TOKEN: &str = "the token of this installation";
const CREDENTIAL: &str = "github_pat_11ABCDEFG0123456789";
const NAME: &str = "acme/orders";
const REPOSITORY: u64 = 4711;
/// How long something may take that needs no waiting; a machine with much to do is slow.
const PATIENCE: Duration = Duration::from_secs(120);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(100);

/// What was answered.
pub struct Answer {
    pub status: u16,
    pub body: String,
}

pub struct Site {
    ministack: MiniStack,
    _github: FakeGitHub,
    repository: SampleRepo,
    client: reqwest::Client,
    /// The API's host name, as MiniStack knows it.
    host: String,
    _folder: TempDir,
}

impl Site {
    /// Deploys what is in `.build/lambda` by the template.
    pub async fn deploy() -> Self {
        // Another test may have chosen a provider before; any will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let options = Options {
            auth: true,
            ..Options::default()
        };
        let ministack = MiniStack::start_with(options)
            .await
            .expect("MiniStack starts");
        let folder = TempDir::new().expect("a folder");
        let repository = SampleRepo::create(&folder.path().join("orders")).expect("git works");
        let github = FakeGitHub::start().await;
        github.host(Hosted {
            id: REPOSITORY,
            name: NAME.to_owned(),
            folder: repository.folder().to_owned(),
        });
        github.token(CREDENTIAL, Reach::as_asked());
        let base = github.base().to_owned();
        let aws = Aws::of(&ministack);
        let packaged = folder.path().join("packaged.yaml");
        let outputs = tokio::task::spawn_blocking(move || {
            create(&aws, &packaged.display().to_string(), &base)
        });
        let outputs = outputs.await.expect("it is deployed");
        let url = output(&outputs, "Url");
        let host = url.trim_start_matches("http://").to_owned();
        Self {
            ministack,
            _github: github,
            repository,
            client: reqwest::Client::new(),
            host,
            _folder: folder,
        }
    }

    /// What the server and the functions said.
    pub fn said(&self) -> String {
        self.ministack.said()
    }

    /// Takes the repository under control, as `greenroom app add` does.
    pub async fn add_app(&self) {
        let asked = json!({ "name": NAME, "id": REPOSITORY });
        let added = self.api("POST", "/api/v1/apps", Some(asked)).await;
        assert_eq!(added.status, 200, "{}\n{}", added.body, self.said());
    }

    /// The body of the webhook about a branch that is there.
    pub fn push(&self, branch: &str, before: &str, pusher: &Author) -> String {
        let github = Repository::new(REPOSITORY, NAME, "master");
        let push = self.repository.push(github, branch, before, pusher);
        push.expect("git knows the branch").body()
    }

    /// Sends a webhook as GitHub does.
    pub async fn webhook(&self, event: &str, delivery: &str, body: &str) -> Answer {
        let request = self
            .request("POST", "/webhooks/github")
            .header("content-type", "application/json")
            .header("x-github-event", event)
            .header("x-github-delivery", delivery)
            .header("x-hub-signature-256", sign(SECRET, body.as_bytes()))
            .body(body.to_owned());
        answered(request).await
    }

    /// The same without a signature.
    pub async fn unsigned(&self, event: &str, body: &str) -> Answer {
        let request = self
            .request("POST", "/webhooks/github")
            .header("content-type", "application/json")
            .header("x-github-event", event)
            .header("x-github-delivery", "unsigned")
            .body(body.to_owned());
        answered(request).await
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

    /// A delivery once it is no longer undecided.
    pub async fn decided(&self, delivery: &str) -> Value {
        let since = Instant::now();
        loop {
            let told = self
                .api("GET", &format!("/api/v1/deliveries/{delivery}"), None)
                .await;
            let read: Value = serde_json::from_str(&told.body).unwrap_or_default();
            if told.status == 200 && read["status"]["status"] != "received" {
                return read;
            }
            assert!(
                since.elapsed() < PATIENCE,
                "it is not decided: {} {}\n{}",
                told.status,
                told.body,
                self.said()
            );
            tokio::time::sleep(LOOK).await;
        }
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

/// Packages and creates the stack as a deployment does; answers its outputs.
fn create(aws: &Aws, packaged: &str, github: &str) -> Value {
    let built = root().join(".build/lambda/architecture");
    let architecture = std::fs::read_to_string(&built).unwrap_or_else(|_| {
        panic!(
            "there are no functions in .build/lambda: run `make e2e`, or `make lambdas PROFILE=dev`"
        )
    });
    let bucket = "code";
    aws.aws(&["s3api", "create-bucket", "--bucket", bucket]);
    for (name, value) in [
        ("greenroom/webhook", SECRET),
        ("greenroom/token", TOKEN),
        ("greenroom/github", CREDENTIAL),
    ] {
        aws.aws(&[
            "secretsmanager",
            "create-secret",
            "--name",
            name,
            "--secret-string",
            value,
        ]);
    }
    aws.sam(&[
        "package",
        "--template-file",
        "infra/template.yaml",
        "--s3-bucket",
        bucket,
        "--output-template-file",
        packaged,
    ]);
    aws.aws(&[
        "s3api",
        "put-object",
        "--bucket",
        bucket,
        "--key",
        "template.yaml",
        "--body",
        packaged,
    ]);
    // Too large to be sent along.
    let url = format!("{}/{bucket}/template.yaml", aws.url());
    let parameters = [
        ("Architecture", architecture.trim()),
        ("Protected", "false"),
        ("PipelineEvents", "test.codepipeline"),
        ("GitHubUrl", github),
    ]
    .map(|(name, value)| format!("ParameterKey={name},ParameterValue={value}"));
    let mut arguments = vec![
        "cloudformation",
        "create-stack",
        "--stack-name",
        STACK,
        "--template-url",
        &url,
        "--capabilities",
        "CAPABILITY_IAM",
        "CAPABILITY_AUTO_EXPAND",
        "--parameters",
    ];
    arguments.extend(parameters.iter().map(String::as_str));
    aws.aws(&arguments);
    let since = Instant::now();
    loop {
        let stacks = aws.aws(&["cloudformation", "describe-stacks", "--stack-name", STACK]);
        let stack = &stacks["Stacks"][0];
        match stack["StackStatus"].as_str() {
            Some("CREATE_COMPLETE") => return stack["Outputs"].clone(),
            Some("CREATE_IN_PROGRESS") if since.elapsed() < PATIENCE => {}
            _ => {
                let events = aws.aws(&[
                    "cloudformation",
                    "describe-stack-events",
                    "--stack-name",
                    STACK,
                ]);
                panic!("the stack is not created: {stack}\n{events:#}");
            }
        }
        std::thread::sleep(LOOK);
    }
}

fn output(outputs: &Value, name: &str) -> String {
    let all = outputs.as_array().expect("a list").iter();
    let mut named = all.filter(|output| output["OutputKey"] == name);
    let value = named
        .next()
        .and_then(|output| output["OutputValue"].as_str());
    value
        .unwrap_or_else(|| panic!("there is no output {name}"))
        .to_owned()
}
