//! Real repositories in temporary folders.

mod contents;
mod mirrors;
mod references;
mod refusals;

use std::process::Command;

use greenroom_core::name::RepositoryId;
use tempfile::TempDir;

use super::*;

/// A real repository, made by a git with nobody's configuration.
pub(crate) struct Origin {
    pub(crate) folder: TempDir,
}

impl Origin {
    pub(crate) fn new() -> Self {
        let origin = Self {
            folder: tempfile::tempdir().expect("folder"),
        };
        origin.git(&["init", "--quiet", "--initial-branch=trunk"]);
        origin
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .arg("-C")
            .arg(self.folder.path())
            .args(arguments)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .envs([
                ("GIT_AUTHOR_NAME", "Ada &amp; Co"),
                ("GIT_AUTHOR_EMAIL", "ada@example.com"),
                ("GIT_COMMITTER_NAME", "Ada"),
                ("GIT_COMMITTER_EMAIL", "ada@example.com"),
                ("GIT_COMMITTER_DATE", "1700000000 +0100"),
            ])
            .output()
            .expect("git runs");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {error}");
        String::from_utf8(output.stdout)
            .expect("text")
            .trim()
            .to_owned()
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("parent")).expect("folder");
        std::fs::write(path, text).expect("written");
    }

    pub(crate) fn commit(&self, subject: &str) -> Revision {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", subject]);
        Revision::new(self.git(&["rev-parse", "HEAD"]))
    }

    pub(crate) fn repository(&self) -> Repository {
        repository(&self.folder.path().to_string_lossy())
    }
}

pub(crate) fn repository(address: &str) -> Repository {
    Repository {
        id: RepositoryId(7),
        name: "acme/orders".into(),
        git: Some(address.to_owned()),
    }
}

fn source_in(data: &TempDir, limits: GitLimits) -> GitSource {
    let environment = std::env::vars();
    GitSource::new(data.path().join("git"), environment, limits).expect("a source")
}

fn source() -> (TempDir, GitSource) {
    let data = tempfile::tempdir().expect("folder");
    let source = source_in(&data, GitLimits::default());
    (data, source)
}
