//! The contract of the source port, kept over REST.

use greenroom_emulators::github::Reach;
use greenroom_github_source::{GitHubSource, Timeouts};
use greenroom_testkit::conformance::source::{Origin, Site};

use crate::support::{OneSecret, REPOSITORY, Scene, TOKEN};

async fn open(origin: Origin) -> Site<GitHubSource<OneSecret>> {
    let scene = Scene::around(origin, TOKEN, Timeouts::default()).await;
    scene.github.token(TOKEN, Reach::as_asked());
    let github = scene.github.clone();
    Site {
        source: scene.source,
        origin: scene.origin,
        repository: scene.repository,
        rename: Box::new(move |to| github.rename(REPOSITORY, to)),
        kept: Box::new(scene.github),
    }
}

greenroom_testkit::source_conformance!(open);
