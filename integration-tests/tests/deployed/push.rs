//! What becomes of a push.

use greenroom_testkit::github_payloads::ZEROS;
use greenroom_testkit::sample_repo::ALICE;
use serde_json::{Value, json};

use crate::app::{App, new_delivery};
use crate::site::on_site;

/// A branch of the sample repository.
const BRANCH: &str = "feature/alice-coupons";

#[test]
fn a_signed_push_is_kept_and_decided_by_the_deployed_functions() {
    on_site(async |site| {
        let app = App::sample(&site, "kept", &[BRANCH]).await;
        let push = app.push(BRANCH, ZEROS, &ALICE);
        let id = new_delivery();
        let answer = site.webhook("push", &id, &push).await;
        assert_eq!(answer.status, 202, "{}\n{}", answer.body, site.said());
        let delivery = app.decided(&id).await;
        assert_eq!(delivery["status"]["status"], "decided", "{delivery}");
        let again = site.webhook("push", &id, &push).await;
        assert_eq!(again.status, 202);
        assert!(again.body.contains("\"again\":true"), "{}", again.body);
        let stage = app.stage("alice", |_| true).await;
        let waits = &stage["waiting_on"][0]["code"];
        assert_eq!(waits, "pipeline_outdated", "nobody applied it: {stage:#}");
    });
}

#[test]
fn nobody_gets_in_without_a_signature_or_a_token() {
    on_site(async |site| {
        let unsigned = site.unsigned("push", "{}").await;
        assert_eq!(unsigned.status, 401, "{}", unsigned.body);
        let anybody = site
            .api_as("GET", "/api/v1/board", "somebody's own token", None)
            .await;
        assert_eq!(anybody.status, 401, "{}", anybody.body);
        let health = site.api_as("GET", "/healthz", "", None).await;
        assert_eq!((health.status, health.body.as_str()), (200, "ok\n"));
    });
}

#[test]
fn a_push_is_built_admitted_deployed_and_verified_and_its_stage_torn_down() {
    on_site(async |site| {
        let app = App::sample(&site, "pushed", &[BRANCH]).await;
        app.apply().await;
        app.pushed(BRANCH, ZEROS, &ALICE).await;
        let stage = app
            .stage("alice", |stage| !stage["last"]["outcome"].is_null())
            .await;
        let head = app.repository.head(BRANCH).expect("it is there");
        let last = &stage["last"];
        assert_eq!(last["outcome"], "succeeded", "{stage:#}\n{}", site.said());
        assert_eq!(last["revision"], head.as_str());
        assert_eq!(stage["health"], "green", "{stage:#}");
        let artifact = stage["deployed"]["artifact"].as_str();
        assert!(artifact.is_some_and(|digest| digest.starts_with("sha256:")));
        let execution = last["execution"].as_str().expect("it ran in one");
        let (pipeline, execution) = execution.split_once('/').expect("CodePipeline's");
        assert!(pipeline.starts_with("greenroom-acme-pushed-personal-"));
        let log = site.stand_in.log(pipeline, execution);
        assert!(
            log.contains("orders: alice is at http://127.0.0.1:"),
            "{log}"
        );

        let place = site.services("pushed").join("alice");
        assert!(place.exists(), "{}", place.display());
        let destroy = json!({ "command": "destroy", "reason": "it is merged" });
        let told = app.command("alice", destroy).await;
        assert_eq!(told.status, 200, "{}", told.body);
        let is_gone = |stage: &Value| !stage["life"]["gone"].is_null();
        let gone = app.stage("alice", is_gone).await;
        assert!(!place.exists(), "{gone:#}");
        let master = app.repository.head("master").expect("it is there");
        assert_eq!(
            gone["last"]["revision"],
            master.as_str(),
            "whose code: {gone:#}"
        );
    });
}
