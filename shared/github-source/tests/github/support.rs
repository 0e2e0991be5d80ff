//! A GitHub with one repository, and an adapter that reads it.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use greenroom_app::ports::secrets::{SecretError, Secrets};
use greenroom_app::ports::source::Repository;
use greenroom_core::name::{RepositoryId, SecretName};
use greenroom_emulators::github::{FakeGitHub, Hosted, KeyPair, Reach};
use greenroom_github_source::{Clock, GitHubSource, Timeouts};
use greenroom_testkit::conformance::source::Origin;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde_json::json;

pub const APP: u64 = 12345;
pub const INSTALLATION: u64 = 67890;
pub const REPOSITORY: u64 = 42;
pub const TOKEN: &str = "github_pat_1";

/// One secret, which a test may change, and how often it was read.
#[derive(Clone, Debug)]
pub struct OneSecret {
    text: Arc<Mutex<Option<String>>>,
    reads: Arc<AtomicUsize>,
}

impl OneSecret {
    pub fn new(text: &str) -> Self {
        Self {
            text: Arc::new(Mutex::new(Some(text.to_owned()))),
            reads: Arc::default(),
        }
    }

    pub fn set(&self, text: Option<&str>) {
        *self.text.lock().expect("not poisoned") = text.map(str::to_owned);
    }

    pub fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }
}

impl Secrets for OneSecret {
    async fn get(&self, name: &SecretName) -> Result<SecretString, SecretError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        let text = self.text.lock().expect("not poisoned").clone();
        text.map(SecretString::from)
            .ok_or_else(|| SecretError::Missing {
                name: name.clone(),
                how: "put it there".to_owned(),
            })
    }
}

/// The key of the tests' App; making one takes a while.
pub fn key() -> &'static KeyPair {
    static KEY: OnceLock<KeyPair> = OnceLock::new();
    KEY.get_or_init(KeyPair::make)
}

pub fn app_secret(app: u64, installation: u64, key: &KeyPair) -> String {
    json!({ "app_id": app, "installation_id": installation, "private_key": key.pem() }).to_string()
}

/// GitHub, its repository, and who reads it.
pub struct Scene {
    pub github: Arc<FakeGitHub>,
    pub origin: Origin,
    pub repository: Repository,
    pub secret: OneSecret,
    pub source: GitHubSource<OneSecret>,
    /// Seconds that the adapter's clock is ahead.
    pub ahead: Arc<AtomicI64>,
}

impl Scene {
    /// With an App that may do what Greenroom asks for.
    pub async fn of_app() -> Self {
        let secret = app_secret(APP, INSTALLATION, key());
        let scene = Self::with(&secret, Timeouts::default()).await;
        scene.github.app(APP, key());
        scene.github.install(APP, INSTALLATION, Reach::as_asked());
        scene
    }

    /// With a fine-grained token that may do what Greenroom asks for.
    pub async fn of_token() -> Self {
        let scene = Self::with(TOKEN, Timeouts::default()).await;
        scene.github.token(TOKEN, Reach::as_asked());
        scene
    }

    pub async fn with(secret: &str, timeouts: Timeouts) -> Self {
        Self::around(Origin::new(), secret, timeouts).await
    }

    pub async fn around(origin: Origin, secret: &str, timeouts: Timeouts) -> Self {
        let github = Arc::new(FakeGitHub::start().await);
        github.host(Hosted {
            id: REPOSITORY,
            name: "acme/orders".to_owned(),
            folder: origin.folder().to_owned(),
        });
        let ahead = Arc::new(AtomicI64::new(0));
        let seconds = ahead.clone();
        let clock: Clock = Arc::new(move || {
            let ahead = SignedDuration::from_secs(seconds.load(Ordering::SeqCst));
            Timestamp::now().saturating_add(ahead).unwrap_or_default()
        });
        let secret = OneSecret::new(secret);
        let name = SecretName::new("github");
        let source = GitHubSource::with(github.base(), name, secret.clone(), timeouts, clock);
        Self {
            github,
            origin,
            repository: Repository {
                id: RepositoryId(REPOSITORY),
                name: "acme/orders".into(),
                git: None,
            },
            secret,
            source: source.expect("an address"),
            ahead,
        }
    }

    /// Routes and statuses of what was asked since the last time, requests for tokens included.
    pub fn asked(&self) -> Vec<String> {
        let calls = self.github.calls();
        self.github.forget_calls();
        let shown = |call: greenroom_emulators::github::Call| {
            let route = call.route.replace("/repos/{o}/{r}", "");
            format!("{route} {}", call.status)
        };
        calls.into_iter().map(shown).collect()
    }

    /// Lets everybody's clock go on.
    pub fn wait(&self, seconds: i64) {
        self.github.wait(seconds);
        self.ahead.fetch_add(seconds, Ordering::SeqCst);
    }
}
