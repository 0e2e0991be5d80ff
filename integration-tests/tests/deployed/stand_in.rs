//! CodePipeline and CodeBuild: sources from GitHub, functions and events in MiniStack, and builds
//! with this project's tools and this toolchain.

use std::path::PathBuf;

use greenroom_emulators::codepipeline::{
    Endpoint, EventSink, Functions, Options, Secrets, Sources,
};
use greenroom_emulators::ministack::{REGION, ROOT};

use crate::aws::root;
use crate::site::{CREDENTIAL, EVENTS};

/// What the stand-in is made with; builds have `mark` in their environment.
pub fn options(ministack: &str, github: &str, mark: (String, String)) -> Options {
    let endpoint = Endpoint::new(ministack, REGION);
    let toolchain = std::env::var_os("CARGO").map(PathBuf::from);
    let toolchain = toolchain.and_then(|cargo| Some(cargo.parent()?.to_owned()));
    let before = std::env::var_os("PATH").unwrap_or_default();
    let folders = [root().join(".tools/bin")].into_iter().chain(toolchain);
    let path = std::env::join_paths(folders.chain(std::env::split_paths(&before)));
    let path = path.expect("folders that can be in PATH");
    let environment = [
        ("PATH", path.to_str().expect("a text")),
        ("AWS_ENDPOINT_URL", ministack),
        ("AWS_ACCESS_KEY_ID", ROOT.0),
        ("AWS_SECRET_ACCESS_KEY", ROOT.1),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    Options {
        region: REGION.to_owned(),
        sources: Sources::GitHub {
            url: github.to_owned(),
            token: Some(CREDENTIAL.to_owned()),
        },
        functions: Functions::Endpoint(endpoint.clone()),
        secrets: Secrets::Endpoint(endpoint.clone()),
        events: vec![EventSink::EventBridge {
            endpoint,
            source: EVENTS.to_owned(),
        }],
        environment: environment.into_iter().chain([mark]).collect(),
        ..Options::of_git("")
    }
}
