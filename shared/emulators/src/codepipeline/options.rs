//! What a stand-in is connected to. Tests pass closures, the deployed functions endpoints.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::Value;

/// Another emulated service, and the key that calls to it are signed with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endpoint {
    /// `http://127.0.0.1:4566`.
    pub url: String,
    pub region: String,
    pub key_id: String,
    pub secret: String,
}

impl Endpoint {
    /// With the key that MiniStack takes for its account's own.
    pub fn new(url: impl Into<String>, region: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            region: region.into(),
            key_id: "test".to_owned(),
            secret: "test".to_owned(),
        }
    }
}

/// Where source actions get a commit's files.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Sources {
    /// `GET <url>/repos/<owner>/<repository>/tarball/<sha>`, as GitHub has it.
    GitHub { url: String, token: Option<String> },
    /// A git folder, whichever repository is asked for.
    Git(PathBuf),
}

/// Called with a function's name and its event.
pub type Call = Arc<dyn Fn(&str, Value) + Send + Sync>;

/// Who performs Invoke actions.
#[derive(Clone)]
pub enum Functions {
    /// Lambda's API: asynchronous invocations.
    Endpoint(Endpoint),
    Call(Call),
}

impl fmt::Debug for Functions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Endpoint(endpoint) => endpoint.url.fmt(f),
            Self::Call(_) => f.write_str("a closure"),
        }
    }
}

/// Where builds get secrets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Secrets {
    /// Secrets Manager's API.
    Endpoint(Endpoint),
    /// By name.
    Fixed(BTreeMap<String, String>),
}

/// Who is told what happens.
#[derive(Clone)]
pub enum EventSink {
    /// PutEvents; `source` because emulators, like AWS, let nobody else say `aws.codepipeline`.
    EventBridge {
        endpoint: Endpoint,
        source: String,
    },
    /// The watcher's function itself.
    Function {
        endpoint: Endpoint,
        name: String,
    },
    Call(Arc<dyn Fn(Value) + Send + Sync>),
}

impl fmt::Debug for EventSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EventBridge { endpoint, source } => write!(f, "{source} to {}", endpoint.url),
            Self::Function { endpoint, name } => write!(f, "{name} at {}", endpoint.url),
            Self::Call(_) => f.write_str("a closure"),
        }
    }
}

/// What a stand-in is made with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Its region, in ARNs and events.
    pub region: String,
    pub sources: Sources,
    pub functions: Functions,
    pub secrets: Secrets,
    pub events: Vec<EventSink>,
    /// What processes of builds find besides what CodeBuild gives them. `PATH` must be here.
    pub environment: BTreeMap<String, String>,
    /// How long a start's token is remembered. AWS does not say; `None` is for ever.
    pub token_memory: Option<SignedDuration>,
    /// How long a function may take to answer for its job. CodePipeline: 20 minutes.
    pub job_timeout: Duration,
    /// Until a job that said "continue" is asked again. AWS does not say.
    pub continuation: Duration,
    /// How long a minute of a build's timeout lasts here.
    pub minute: Duration,
    /// Whether an execution ends `Failed` when what ran in it fails while it is stopping; AWS
    /// does not say, so callers must bear both.
    pub fails_when_stopped: bool,
}

impl Options {
    /// A git folder, no functions, no secrets, nobody told.
    pub fn of_git(folder: impl Into<PathBuf>) -> Self {
        let path = std::env::var("PATH").unwrap_or_else(|_| "/usr/bin:/bin".to_owned());
        Self {
            region: "eu-central-1".to_owned(),
            sources: Sources::Git(folder.into()),
            functions: Functions::Call(Arc::new(|_, _| {})),
            secrets: Secrets::Fixed(BTreeMap::new()),
            events: Vec::new(),
            environment: [("PATH".to_owned(), path)].into(),
            token_memory: None,
            job_timeout: Duration::from_secs(20 * 60),
            continuation: Duration::from_secs(5),
            minute: Duration::from_secs(60),
            fails_when_stopped: false,
        }
    }
}
