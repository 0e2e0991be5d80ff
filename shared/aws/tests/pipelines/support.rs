//! A repository, its pipelines in a stand-in, a fence, and the adapter.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, OnceLock};

use aws_credential_types::Credentials;
use greenroom_app::ports::pipelines::{AdmissionRequest, Pipelines, Purpose, StartRequest};
use greenroom_app::ports::source::Repository;
use greenroom_aws::connect::{Connection, Endpoints, Service};
use greenroom_aws::pipelines::CodePipelines;
use greenroom_aws::pipelines::admission::{AdmissionParameters, Answer, Jobs};
use greenroom_core::definition::Definition;
use greenroom_core::execution::Observation;
use greenroom_core::name::{
    Digest, ExecutionId, Nonce, PipelineName, RepositoryId, Revision, RuleName,
};
use greenroom_core::stage_file::{StageFile, Values};
use greenroom_emulators::bucket::Bucket;
use greenroom_emulators::codepipeline::{Functions, Options, Secrets, StandIn};
use greenroom_synth::synth;
use serde_json::Value;
use tempfile::TempDir;

/// What the AWS CLI does for a buildspec, on a folder.
const CLI: &str = r#"#!/bin/sh
shift; verb=$1; shift
while [ $# -gt 0 ]; do
  case $1 in
    --bucket) bucket=$2; shift 2 ;;
    --key) key=$2; shift 2 ;;
    --body) body=$2; shift 2 ;;
    --checksum-sha256) shift 2 ;;
    *) file=$1; shift ;;
  esac
done
at="$STORE/$bucket/$key"
case $verb in
  put-object) mkdir -p "${at%/*}" && cp "$body" "$at" ;;
  get-object) cp "$at" "$file" ;;
esac
"#;

/// What the fence says, and what it was asked.
#[derive(Debug)]
pub struct Fence {
    pub answer: Option<Answer>,
    pub asked: Vec<AdmissionRequest>,
}

/// All of it.
pub struct Here {
    pub folder: TempDir,
    pub stand_in: StandIn,
    pub bucket: Bucket,
    pub connection: Connection,
    pub pipelines: CodePipelines,
    pub fence: Arc<Mutex<Fence>>,
    pub head: Revision,
    file: StageFile,
}

/// The stage file with these commands as its two steps.
pub fn stage_file(build: &str, deploy: &str, limit: &str) -> StageFile {
    let text = serde_json::json!({
        "version": 1, "app": "acme/orders",
        "variables": {"dev": {"WHO": "on ${stage}", "KEY": "${secret:orders/key}"}},
        "pipelines": {"service": {"steps": [
            {"name": "compile", "run": build, "once": true, "artifact": "dist", "outputs": ["VERSION"]},
            {"name": "roll-out", "run": deploy, "outputs": ["URL"], "timeout": limit}]}},
        "stages": {"dev": {"from": {"branch": "main"}, "pipeline": "service", "variables": ["dev"]}},
    });
    StageFile::parse("greenroom.yaml", text.to_string().as_bytes())
        .expect("a stage file that holds")
}

/// A report that comes with the commit.
const OLD: &str = r#"<testsuite tests="2"><testcase name="a"/><testcase name="b"/></testsuite>"#;

/// Makes what a build makes when nothing is to go wrong.
pub const BUILD: &str =
    "mkdir dist && cat app.txt >dist/app && echo VERSION=7 >>\"$GREENROOM_OUTPUT\"";

impl Here {
    /// With these steps, and a limit that no machine reaches.
    pub async fn new(build: &str, deploy: &str) -> Self {
        Self::limited(build, deploy, "1h").await
    }

    /// With a limit of the deploying step.
    pub async fn limited(build: &str, deploy: &str, limit: &str) -> Self {
        Self::with(&stage_file(build, deploy, limit), |_| {}).await
    }

    /// With a stand-in of other options.
    pub async fn with(file: &StageFile, change: impl FnOnce(&mut Options)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let head = repository(&folder.path().join("repository"));
        let tools = folder.path().join("tools");
        fs::create_dir(&tools).expect("made");
        fs::write(tools.join("aws"), CLI).expect("written");
        fs::set_permissions(tools.join("aws"), fs::Permissions::from_mode(0o755)).expect("set");
        let mut options = Options::of_git(folder.path().join("repository"));
        let path = options.environment.get("PATH").cloned().unwrap_or_default();
        options
            .environment
            .insert("PATH".to_owned(), format!("{}:{path}", tools.display()));
        options
            .environment
            .insert("STORE".to_owned(), folder.path().display().to_string());
        options
            .environment
            .insert("PLACE".to_owned(), folder.path().display().to_string());
        options.secrets = Secrets::Fixed([("orders/key".to_owned(), "hush".to_owned())].into());
        let fence = Arc::new(Mutex::new(Fence {
            answer: Some(Answer::Admitted),
            asked: Vec::new(),
        }));
        let connected: Arc<OnceLock<Connection>> = Arc::default();
        options.functions = function(fence.clone(), connected.clone());
        change(&mut options);
        let stand_in = StandIn::start(options).await.expect("it starts");
        let bucket = Bucket::serve(folder.path()).await.expect("it starts");
        let connection = connection(&stand_in.url(), &bucket.url());
        connected.set(connection.clone()).expect("set once");
        let rendered =
            synth(file, &greenroom_synth::Options::of(file)).expect("it can be rendered");
        let values: BTreeMap<String, String> = [
            (
                "Connection",
                "arn:aws:codeconnections:eu-central-1:123456789012:connection/x",
            ),
            ("AdmissionFunction", "pipeline-admission"),
            ("Artifacts", "bucket"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        let made = stand_in
            .load(&rendered.template, &values)
            .expect("it can be deployed");
        assert_eq!(made.len(), 4, "two pipelines with a project each");
        Self {
            folder,
            bucket,
            pipelines: CodePipelines::new(&connection, "bucket"),
            stand_in,
            connection,
            fence,
            head,
            file: file.clone(),
        }
    }

    /// With steps that go well.
    pub async fn well() -> Self {
        Self::new(BUILD, "true").await
    }

    pub fn build(&self, token: &str) -> StartRequest {
        let name = PipelineName::new("service");
        let definition =
            Definition::of_build(&self.file.app, &self.file, &name).expect("it builds");
        self.request(token, Purpose::Build, definition)
    }

    pub fn deployment(&self, token: &str, artifact: Option<Digest>) -> StartRequest {
        let rule = self.file.rule(&RuleName::new("dev")).expect("the rule");
        let definition =
            Definition::of_stage(&self.file.app, &self.file, rule).expect("it deploys");
        let purpose = Purpose::Deploy {
            app: "7".to_owned(),
            stage: "dev".to_owned(),
            run: "7/dev/3".to_owned(),
            generation: 3,
            nonce: Nonce::new("0123456789abcdef"),
            artifact,
        };
        self.request(token, purpose, definition)
    }

    fn request(&self, token: &str, purpose: Purpose, definition: Definition) -> StartRequest {
        StartRequest {
            token: token.to_owned(),
            purpose,
            repository: Repository {
                id: RepositoryId(1),
                name: self.file.app.clone(),
                git: None,
            },
            revision: self.head.clone(),
            steps: Vec::new(),
            variables: BTreeMap::new(),
            secrets: BTreeMap::new(),
            definition,
            values: Values {
                stage: Some("dev".into()),
                ..Values::default()
            },
        }
    }

    pub async fn started(&self, request: &StartRequest) -> ExecutionId {
        self.pipelines.start(request).await.expect("it starts")
    }

    pub async fn observed(&self, execution: &ExecutionId) -> Observation {
        self.pipelines
            .observe(execution)
            .await
            .expect("it can be observed")
    }

    /// CodePipeline's status at the end.
    pub async fn ended(&self, execution: &ExecutionId) -> &'static str {
        let (pipeline, id) = execution.as_str().split_once('/').expect("a name of ours");
        self.stand_in.ended(pipeline, id).await
    }

    /// Starts, waits for the end, and looks.
    pub async fn came_to(&self, request: &StartRequest) -> Observation {
        let execution = self.started(request).await;
        self.ended(&execution).await;
        let observation = self.observed(&execution).await;
        let (pipeline, id) = execution.as_str().split_once('/').expect("a name of ours");
        eprintln!("{}", self.stand_in.log(pipeline, id));
        observation
    }

    /// The digest a build gives.
    pub async fn built(&self) -> Digest {
        match self.came_to(&self.build("a build")).await {
            Observation::Succeeded {
                artifact: Some(artifact),
                ..
            } => artifact.digest,
            other => panic!("{other:?}"),
        }
    }

    pub fn stored(&self, digest: &Digest) -> PathBuf {
        let hex = digest.as_str().trim_start_matches("sha256:");
        self.folder
            .path()
            .join(format!("bucket/artifacts/{hex}.tar.gz"))
    }

    /// A pipe for a step to hold open: who reads it to its end knows that nobody does any more.
    pub fn pipe(&self) -> PathBuf {
        let pipe = self.folder.path().join("pipe");
        let made = Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .expect("mkfifo runs");
        assert!(made.success());
        pipe
    }

    pub fn calls(&self, operation: &str) -> u64 {
        self.stand_in
            .calls()
            .get(operation)
            .copied()
            .unwrap_or_default()
    }

    pub fn fence_says(&self, answer: Option<Answer>) {
        self.fence.lock().expect("not poisoned").answer = answer;
    }
}

pub fn connection(url: &str, bucket: &str) -> Connection {
    let credentials = Credentials::new("test", "test", None, None, "test");
    let endpoints = Endpoints::all(url).but(Service::S3, bucket);
    Connection::new("eu-central-1", credentials, endpoints)
}

/// The function `pipeline-admission`, with a fence that says what it is told to; without an
/// answer, nothing.
fn function(fence: Arc<Mutex<Fence>>, connection: Arc<OnceLock<Connection>>) -> Functions {
    Functions::Call(Arc::new(move |name: &str, event: Value| {
        assert_eq!(name, "pipeline-admission");
        let job = &event["CodePipeline.job"];
        let id = job["id"].as_str().expect("an id").to_owned();
        let parameters =
            job["data"]["actionConfiguration"]["configuration"]["UserParameters"].as_str();
        let parameters = AdmissionParameters::parse(parameters.expect("parameters")).expect("ours");
        let definition = parameters.request.definition.as_ref();
        assert_eq!(definition.map(|hash| hash.as_str().len()), Some(16));
        let mut fence = fence.lock().expect("not poisoned");
        fence.asked.push(parameters.request);
        let (answer, connection) = (fence.answer.clone(), connection.clone());
        tokio::spawn(async move {
            let jobs = Jobs::new(connection.get().expect("connected"));
            if let Some(answer) = answer {
                jobs.report(&id, &answer).await.expect("told");
                jobs.report(&id, &answer).await.expect("twice is once");
            }
        });
    }))
}

fn repository(folder: &Path) -> Revision {
    fs::create_dir(folder).expect("made");
    let git = |arguments: &[&str]| {
        let done = Command::new("git")
            .arg("-C")
            .arg(folder)
            .args(["-c", "user.name=t", "-c", "user.email=t@t"])
            .args(arguments)
            .output()
            .expect("git runs");
        assert!(done.status.success(), "{arguments:?}: {done:?}");
        String::from_utf8(done.stdout)
            .expect("text")
            .trim()
            .to_owned()
    };
    git(&["init", "-q", "-b", "main"]);
    fs::write(folder.join("app.txt"), "the app\n").expect("written");
    fs::write(folder.join("old.xml"), OLD).expect("written");
    fs::create_dir(folder.join("tests")).expect("made");
    fs::write(folder.join("tests/api.hurl"), "GET {{base_url}}/orders\n").expect("written");
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "first"]);
    Revision::new(git(&["rev-parse", "HEAD"]))
}
