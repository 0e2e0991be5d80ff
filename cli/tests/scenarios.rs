//! Every example's scenario, played to this very binary: what came of it is in its transcript.

use std::path::Path;

use greenroom_testkit::scenario::{Example, difference};

async fn as_its_transcript_says(name: &str) {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let all = Example::all(&examples).expect("examples can be read");
    let example = all.into_iter().find(|one| one.name == name);
    let example = example.expect("there is such an example");
    let folder = tempfile::tempdir().expect("a folder");
    let greenroom = Path::new(env!("CARGO_BIN_EXE_greenroom"));
    let now = example
        .play(greenroom, &folder.path().join("scenario"))
        .await;
    let now = now.unwrap_or_else(|error| panic!("{name}: {error}"));
    if let Some(difference) = difference(&example.golden(), &now) {
        panic!("{name}: {difference}`make scenarios UPDATE=1` rewrites transcripts");
    }
}

#[tokio::test]
async fn gitflow() {
    as_its_transcript_says("gitflow").await;
}

#[tokio::test]
async fn cmamp() {
    as_its_transcript_says("cmamp").await;
}

#[tokio::test]
async fn maas() {
    as_its_transcript_says("maas").await;
}

#[tokio::test]
async fn path_to_production() {
    as_its_transcript_says("path-to-production").await;
}

#[tokio::test]
async fn lambda_forge() {
    as_its_transcript_says("lambda-forge").await;
}

#[test]
fn every_scenario_is_a_test() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let all = Example::all(&examples).expect("examples can be read");
    let names: Vec<_> = all.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "cmamp",
            "gitflow",
            "lambda-forge",
            "maas",
            "path-to-production"
        ]
    );
}
