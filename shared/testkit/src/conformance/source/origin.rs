//! A real repository, to which a promise does what people do.

use std::path::Path;

use greenroom_core::name::Revision;
use tempfile::TempDir;

use crate::sample_repo::{Author, git};

/// Who commits, with a name that is markup elsewhere.
const ADA: Author = Author {
    name: "Ada &amp; Co",
    email: "ada@example.com",
    login: "ada",
    id: 5_100,
};

/// A repository with a work tree, its `HEAD` on `trunk`, without a commit.
#[derive(Debug)]
pub struct Origin {
    folder: TempDir,
}

impl Default for Origin {
    fn default() -> Self {
        Self::new()
    }
}

impl Origin {
    /// Makes one.
    ///
    /// # Panics
    /// When there is no folder, or no git.
    #[must_use]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let origin = Self { folder };
        origin.git(&["init", "--quiet", "--initial-branch=trunk"]);
        // A server gives any commit it has to who knows its name.
        origin.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
        origin
    }

    /// Where it is; git can fetch from it.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs git in it, as Ada, whose clock stands still.
    pub fn git(&self, arguments: &[&str]) -> String {
        let at = Some("1700000000 +0100");
        match git::run(self.folder(), arguments, Some(&ADA), at) {
            Ok(said) => said.trim().to_owned(),
            Err(error) => panic!("{error}"),
        }
    }

    /// Writes a file of the work tree.
    pub fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.folder().join(path);
        std::fs::create_dir_all(path.parent().expect("it is in a folder")).expect("a folder");
        std::fs::write(path, bytes).expect("it can be written");
    }

    /// Commits all there is, even if it is nothing.
    pub fn commit(&self, message: &str) -> Revision {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", message]);
        Revision::new(self.git(&["rev-parse", "HEAD"]))
    }

    /// Commits so many times, each with its number, by one git.
    pub fn commits(&self, count: usize) -> Vec<Revision> {
        let who = format!("{} <{}> 1700000000 +0100", ADA.name, ADA.email);
        let one = |n: usize| {
            let subject = format!("number {n}");
            let length = subject.len();
            format!("commit refs/heads/trunk\ncommitter {who}\ndata {length}\n{subject}\n")
        };
        self.write(".git/stream", (0..count).map(one).collect::<String>());
        self.shell("git fast-import --quiet < .git/stream");
        let all = self.git(&["rev-list", "--reverse", "trunk"]);
        all.lines().map(Revision::from).collect()
    }

    /// Runs a line of shell in it: git's own input cannot be given otherwise.
    pub fn shell(&self, line: &str) {
        self.git(&["-c", &format!("alias.line=!{line}"), "line"]);
    }
}
