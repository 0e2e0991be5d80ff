//! The bytes that move.

use super::*;

fn builder(run: &str) -> Step {
    Step {
        artifact: Some("dist/".to_owned()),
        once: true,
        ..step("build", run)
    }
}

async fn built(house: &House, origin: &Origin, revision: &Revision) -> Digest {
    let run = "mkdir dist && date +%N > dist/stamp && cp app.sh dist/app";
    let request = build(origin.repository(), revision, &[builder(run)]);
    match house.run(&request).await {
        Observation::Succeeded {
            artifact: Some(artifact),
            ..
        } => artifact.digest,
        other => panic!("{other:?}\n{}", house.log(&request).await),
    }
}

fn deploy_artifact(
    origin: &Origin,
    revision: &Revision,
    digest: &Digest,
    token: &str,
) -> StartRequest {
    let run =
        "echo $GREENROOM_ARTIFACT_DIGEST; (cd $GREENROOM_ARTIFACT && sha256sum app stamp); ls";
    let mut request = deploy_of(origin, revision, run);
    request.token = token.to_owned();
    if let Purpose::Deploy { artifact, .. } = &mut request.purpose {
        *artifact = Some(digest.clone());
    }
    request
}

#[tokio::test]
async fn two_deployments_get_the_very_same_bytes_and_build_nothing() {
    let (data, (origin, revision)) = (folder(), origin());
    let house = House::new(data.path(), |_| {});
    let digest = built(&house, &origin, &revision).await;
    let mut seen = Vec::new();
    for token in ["1/qa/1", "1/prod/1"] {
        let request = deploy_artifact(&origin, &revision, &digest, token);
        let end = house.run(&request).await;
        assert!(matches!(end, Observation::Succeeded { .. }), "{end:?}");
        let log = house.log(&request).await;
        seen.push(log.split("== deploy\n").nth(1).expect("a log").to_owned());
    }
    assert_eq!(seen[0], seen[1]);
    assert!(seen[0].starts_with(&format!("{digest}\n")), "{}", seen[0]);
    assert!(
        seen[0].ends_with("stamp\napp.sh\n"),
        "the checkout is a clean one: {}",
        seen[0]
    );
}

#[tokio::test]
async fn a_tampered_artifact_is_refused_with_both_digests_before_any_step() {
    let (data, (origin, revision)) = (folder(), origin());
    let house = House::new(data.path(), |_| {});
    let digest = built(&house, &origin, &revision).await;
    let stored = store(data.path()).path_of(&digest).expect("a path");
    let mut bytes = std::fs::read(&stored).expect("stored");
    bytes[600] ^= 1;
    std::fs::remove_file(&stored).expect("removed");
    std::fs::write(&stored, bytes).expect("tampered");
    let request = deploy_artifact(&origin, &revision, &digest, "t");
    let end = house.run(&request).await;
    let Observation::Refused { why, .. } = end else {
        panic!("{end:?}");
    };
    assert!(
        why.contains(digest.as_str()) && why.matches("sha256:").count() == 2,
        "{why}"
    );
    assert!(!house.log(&request).await.contains("== deploy"));
}

#[tokio::test]
async fn an_artifact_that_is_not_there_is_errored() {
    let (data, (origin, revision)) = (folder(), origin());
    let house = House::new(data.path(), |_| {});
    let digest = Digest::new(format!("sha256:{}", "0".repeat(64)));
    let end = house
        .run(&deploy_artifact(&origin, &revision, &digest, "t"))
        .await;
    assert!(
        matches!(&end, Observation::Errored { why, .. } if why.contains("is not in the store")),
        "{end:?}"
    );
}

#[tokio::test]
async fn a_build_that_does_not_make_what_it_names_has_failed() {
    let (data, (origin, revision)) = (folder(), origin());
    let house = House::new(data.path(), |_| {});
    let request = build(
        origin.repository(),
        &revision,
        &[builder("echo nothing made")],
    );
    let end = house.run(&request).await;
    let Observation::Failed { step, why, .. } = end else {
        panic!("{end:?}");
    };
    assert_eq!(step, "build");
    assert!(why.contains("there is no dist/"), "{why}");
}

#[tokio::test]
async fn two_artifacts_of_one_build_are_refused_at_the_start() {
    let (data, (origin, revision)) = (folder(), origin());
    let house = House::new(data.path(), |_| {});
    let request = build(
        origin.repository(),
        &revision,
        &[builder("a"), builder("b")],
    );
    let refused = house.pipelines.start(&request).await;
    assert!(
        matches!(refused, Err(PipelineError::Refused { .. })),
        "{refused:?}"
    );
}
