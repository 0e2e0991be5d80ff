//! What the server is set up with: a repository with a stage file, and pushes to it as GitHub
//! sends them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use jiff::Timestamp;

use super::Result;
use crate::github_payloads::{Commit, Person, Push, Repository, sign};

/// The webhook's secret.
pub const SECRET: &str = "a secret of the benchmark";
/// Bytes of a push, at least; a usual one.
const PUSH_BYTES: usize = 8 * 1024;
/// The people who push.
pub const DEVELOPERS: usize = 16;
const REPOSITORY_ID: u64 = 640_318_250;
const NAME: &str = "acme/orders";

const STAGE_FILE: &str = r#"version: 1
app: acme/orders
pipelines:
  service:
    steps:
      - { name: deploy, run: "true" }
stages:
  personal: { name: "${actor}", from: { branch: "feature/**" }, pipeline: service }
  dev:      { from: { branch: develop }, pipeline: service }
  preprod:  { from: { branch: master }, pipeline: service }
"#;

/// A push and its signature; only the delivery id is missing.
#[derive(Clone, Debug)]
pub struct Signed {
    body: String,
    signature: String,
}

impl Signed {
    fn new(push: &Push) -> Self {
        let body = push.body();
        let signature = sign(SECRET, body.as_bytes());
        Self { body, signature }
    }

    /// Bytes of the body.
    pub fn bytes(&self) -> usize {
        self.body.len()
    }

    /// The request GitHub would send, all of it.
    pub fn request(&self, delivery: &str) -> Vec<u8> {
        let (body, signature) = (&self.body, &self.signature);
        format!(
            "POST /webhooks/github HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\
             Content-Type: application/json\r\nUser-Agent: GitHub-Hookshot/0000000\r\n\
             X-GitHub-Delivery: {delivery}\r\nX-GitHub-Event: push\r\n\
             X-Hub-Signature-256: {signature}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len(),
        )
        .into_bytes()
    }
}

/// A bare repository under control.
#[derive(Debug)]
pub struct Site {
    origin: PathBuf,
    head: String,
}

impl Site {
    /// Makes the repository in `folder`, which must be there: `master` and `develop` at one
    /// commit, and a feature branch for each developer.
    pub fn create(folder: &Path) -> Result<Self> {
        let work = folder.join("orders");
        std::fs::create_dir_all(&work)?;
        std::fs::write(work.join("greenroom.yaml"), STAGE_FILE)?;
        git(&work, &["init", "--quiet", "--initial-branch", "master"])?;
        git(&work, &["add", "greenroom.yaml"])?;
        git(&work, &["commit", "--quiet", "-m", "Add the stage file"])?;
        git(&work, &["branch", "develop"])?;
        for n in 0..DEVELOPERS {
            git(&work, &["branch", &feature(n)])?;
        }
        git(
            folder,
            &["clone", "--quiet", "--bare", "orders", "orders.git"],
        )?;
        let head = git(&work, &["rev-parse", "HEAD"])?;
        Ok(Self {
            origin: folder.join("orders.git"),
            head,
        })
    }

    /// The repository that stands for GitHub's.
    pub fn origin(&self) -> &Path {
        &self.origin
    }

    /// The stage file, for `-f`.
    pub fn stage_file(&self) -> PathBuf {
        self.origin.with_extension("").join("greenroom.yaml")
    }

    /// How `greenroom.yaml` names the app.
    pub fn name(&self) -> &'static str {
        NAME
    }

    /// A push to `branch` by developer `n`.
    pub fn push(&self, branch: &str, n: usize) -> Signed {
        let person = Person::new(&developer(n), 1_000 + n as u64);
        let repository = Repository::new(REPOSITORY_ID, NAME, "master");
        let mut commits = 0;
        loop {
            commits += 1;
            let listed = (0..commits).map(|k| self.commit(&person, n, k, commits));
            let before = "1".repeat(40);
            let push = Push::to_branch(
                repository.clone(),
                branch,
                &before,
                person.clone(),
                listed.collect(),
            );
            let signed = Signed::new(&push);
            if signed.bytes() >= PUSH_BYTES {
                return signed;
            }
        }
    }

    fn commit(&self, person: &Person, n: usize, k: usize, of: usize) -> Commit {
        let id = if k + 1 == of {
            self.head.clone()
        } else {
            format!("{:040x}", 0xabc_000 + n * 100 + k)
        };
        Commit::new(&id, person.clone(), "Round half up", Timestamp::UNIX_EPOCH)
    }

    /// Pushes that lead to the developers' own stages, one each.
    pub fn to_stages(&self) -> Arc<[Signed]> {
        (0..DEVELOPERS).map(|n| self.push(&feature(n), n)).collect()
    }

    /// Pushes that no rule matches, one a developer.
    pub fn to_nowhere(&self) -> Arc<[Signed]> {
        (0..DEVELOPERS)
            .map(|n| self.push(&format!("wip/{n}"), n))
            .collect()
    }
}

/// A developer's login, which is the name of their stage.
pub fn developer(n: usize) -> String {
    format!("developer-{n}")
}

fn feature(n: usize) -> String {
    format!("feature/idea-{n}")
}

fn git(folder: &Path, words: &[&str]) -> Result<String> {
    let output = Command::new("git")
        .current_dir(folder)
        .args(["-c", "user.name=Olga", "-c", "user.email=olga@example.com"])
        .args(words)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("git {}: {said}", words.join(" ")).into());
    }
    Ok(String::from_utf8_lossy(&output.stdout)
        .trim_end()
        .to_owned())
}
