//! A small real repository with a real history.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Somebody who commits.
pub const ALICE: &str = "Alice Bianchi <alice@example.com>";
pub const BOB: &str = "Bob Okafor <bob@example.com>";

#[derive(Clone, Debug)]
pub struct Repo {
    folder: PathBuf,
}

impl Repo {
    /// Makes it, with one commit of `files` on `master`, and `develop` at the same commit.
    pub fn create(folder: &Path, files: &[(&str, &str)]) -> Self {
        std::fs::create_dir_all(folder).expect("a folder");
        let repo = Self {
            folder: folder.to_owned(),
        };
        repo.git(&["init", "--quiet", "--initial-branch", "master"]);
        repo.write(files);
        repo.git(&["add", "--all"]);
        repo.record(ALICE, "Begin");
        repo.git(&["branch", "develop"]);
        repo
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn write(&self, files: &[(&str, &str)]) {
        for (path, text) in files {
            let path = self.folder.join(path);
            std::fs::create_dir_all(path.parent().expect("a file is in a folder"))
                .expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
    }

    fn record(&self, author: &str, subject: &str) {
        self.git(&[
            "commit",
            "--quiet",
            "--allow-empty",
            "--author",
            author,
            "-m",
            subject,
        ]);
    }

    /// Commits `files` on `branch`, which is made where `master` is if there is none; answers the commit.
    pub fn commit(
        &self,
        branch: &str,
        author: &str,
        subject: &str,
        files: &[(&str, &str)],
    ) -> String {
        if self
            .try_git(&["checkout", "--quiet", branch, "--"])
            .is_err()
        {
            self.git(&["checkout", "--quiet", "-b", branch, "master"]);
        }
        self.write(files);
        self.git(&["add", "--all"]);
        self.record(author, subject);
        self.head(branch)
    }

    pub fn head(&self, branch: &str) -> String {
        self.git(&["rev-parse", "--verify", &format!("refs/heads/{branch}")])
    }

    pub fn git(&self, words: &[&str]) -> String {
        self.try_git(words)
            .unwrap_or_else(|error| panic!("git {words:?}: {error}"))
    }

    /// Away from the configuration of this machine.
    pub fn try_git(&self, words: &[&str]) -> Result<String, String> {
        let output = Command::new("git")
            .current_dir(&self.folder)
            .args(words)
            .envs([
                ("GIT_CONFIG_GLOBAL", "/dev/null"),
                ("GIT_CONFIG_NOSYSTEM", "1"),
            ])
            .envs([
                ("GIT_COMMITTER_NAME", "Test"),
                ("GIT_COMMITTER_EMAIL", "test@example.com"),
            ])
            .output()
            .expect("git can be run");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
        if output.status.success() {
            Ok(text(&output.stdout))
        } else {
            Err(text(&output.stderr))
        }
    }
}
