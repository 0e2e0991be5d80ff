//! Webhooks, well-formed unless a test says otherwise.

use std::sync::atomic::{AtomicU64, Ordering};

use greenroom_testkit::github_payloads::{Commit, Person, Push, Repository, ZEROS, headers};
use jiff::Timestamp;

use super::http::{Http, Reply};

pub const SECRET: &str = "hush, hush";
pub const REPOSITORY_ID: u64 = 900_100;
const HOOK: u64 = 77;

/// A webhook that is ready to be sent.
#[derive(Clone, Debug)]
pub struct Hook {
    pub id: String,
    pub event: String,
    pub body: Vec<u8>,
    pub secret: String,
    /// Headers to leave out.
    pub without: Vec<&'static str>,
    /// Headers to send with another value.
    pub instead: Vec<(&'static str, String)>,
}

impl Hook {
    pub fn new(event: &str, body: impl Into<Vec<u8>>) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let id = format!("{:08x}-0000-4000-8000-{count:012x}", std::process::id());
        Self {
            id,
            event: event.to_owned(),
            body: body.into(),
            secret: SECRET.to_owned(),
            without: Vec::new(),
            instead: Vec::new(),
        }
    }

    /// `login` has pushed `revision` to `branch` of acme/shop.
    pub fn push(branch: &str, revision: &str, login: &str) -> Self {
        Self::push_titled(branch, revision, login, "Change something")
    }

    pub fn push_titled(branch: &str, revision: &str, login: &str, title: &str) -> Self {
        Self::push_of("acme/shop", branch, revision, login, title)
    }

    pub fn push_of(
        repository: &str,
        branch: &str,
        revision: &str,
        login: &str,
        title: &str,
    ) -> Self {
        let who = Person::new(login, 5001);
        let commit = Commit::new(revision, who.clone(), title, Timestamp::now());
        let repository = Repository::new(REPOSITORY_ID, repository, "master");
        Self::new(
            "push",
            Push::to_branch(repository, branch, ZEROS, who, vec![commit]).body(),
        )
    }

    pub fn without(mut self, header: &'static str) -> Self {
        self.without.push(header);
        self
    }

    pub fn with(mut self, header: &'static str, value: &str) -> Self {
        self.instead.push((header, value.to_owned()));
        self
    }

    pub fn signed_with(mut self, secret: &str) -> Self {
        self.secret = secret.to_owned();
        self
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        let mut all = headers(
            &self.event,
            &self.id,
            HOOK,
            REPOSITORY_ID,
            &self.secret,
            &self.body,
        );
        all.retain(|(name, _)| {
            !self.without.contains(name) && !self.instead.iter().any(|(other, _)| other == name)
        });
        all.extend(self.instead.clone());
        all
    }

    pub async fn try_send(&self, http: &Http) -> reqwest::Result<Reply> {
        let mut request = http
            .request("POST", "/webhooks/github")
            .body(self.body.clone());
        for (name, value) in self.headers() {
            request = request.header(name, value.as_bytes());
        }
        http.send(request).await
    }

    pub async fn send(&self, http: &Http) -> Reply {
        self.try_send(http)
            .await
            .unwrap_or_else(|error| panic!("{}: {error:?}", self.event))
    }
}
