//! The contract of the source port, kept by git.

use greenroom_app::ports::source::Repository;
use greenroom_core::name::RepositoryId;
use greenroom_local::git::{GitLimits, GitSource};
use greenroom_testkit::conformance::source::{Origin, Site};

async fn open(origin: Origin) -> Site<GitSource> {
    let data = tempfile::tempdir().expect("a folder");
    let limits = GitLimits::default();
    let source = GitSource::new(data.path().join("git"), std::env::vars(), limits);
    Site {
        source: source.expect("a source"),
        repository: Repository {
            id: RepositoryId(7),
            name: "acme/orders".into(),
            git: Some(origin.folder().display().to_string()),
        },
        // git is given an address; the name is for people.
        rename: Box::new(|_| ()),
        origin,
        kept: Box::new(data),
    }
}

greenroom_testkit::source_conformance!(open);
