//! From a schedule to prod.

use greenroom_testkit::sample_repo::OLGA;
use serde_json::{Value, json};

use crate::app::App;
use crate::site::{Site, on_site};

/// What the template has the clock tick by.
const EACH_MINUTE: &str = "rate(1 minute)";
/// Until further notice it is called by tests.
const NEVER: &str = "rate(30 days)";

#[test]
fn preprod_is_refreshed_by_the_schedule_and_prod_gets_the_same_bytes_and_no_others() {
    on_site(async |site| {
        let app = App::refreshed(&site, "promoted").await;
        app.apply().await;
        let head = app.repository.head("master").expect("it is there");
        // Nobody pushes and nobody calls: the deployed schedule does it all.
        site.ticks(EACH_MINUTE).await;
        let preprod = app.stage("preprod", |it| it["health"] == "green").await;
        site.ticks(NEVER).await;
        assert_eq!(preprod["deployed"]["revision"], head.as_str());
        let digest = digest(&preprod);

        // What preprod did not prove.
        let made = app.repository.branch("other", "master");
        made.expect("it is new");
        let other = app.commit("other", &OLGA, "Something else", &[]);
        let yes = |revision: &str| json!({ "command": "approve", "revision": revision });
        let is_candidate = |stage: &Value| !stage["candidate"].is_null();
        let waits = app.stage_in_time("prod", is_candidate).await;
        assert_eq!(waits["candidate"]["revision"], head.as_str(), "{waits:#}");
        let refused = app.command("prod", yes(&other)).await;
        assert_eq!(refused.status, 409, "{}", refused.body);

        // Somebody puts other bytes where the verified ones were.
        let (bucket, key) = (site.outputs.get("Artifacts"), key(&digest));
        let verified = site.wire.object(bucket, &key).await;
        let forged = [verified.as_slice(), b"and more"].concat();
        site.wire.put_object(bucket, &key, forged).await;
        let approved = app.command("prod", yes(&head)).await;
        assert_eq!(approved.status, 200, "{}", approved.body);
        let has_ended = |stage: &Value| !stage["last"]["outcome"].is_null();
        let forged = app.stage_in_time("prod", has_ended).await;
        assert_eq!(forged["last"]["outcome"], "refused", "{forged:#}");
        let why = forged["last"]["why"].as_str().expect("a sentence");
        assert!(why.contains("no step ran"), "{why}");
        let log = log_of_last(&site, &forged);
        assert!(!log.contains("orders: prod is at"), "{log}");

        site.wire.put_object(bucket, &key, verified).await;
        // It is tried again by itself.
        let prod = app
            .stage_in_time("prod", |it| it["health"] == "green")
            .await;
        assert_eq!(prod["deployed"]["revision"], head.as_str(), "{prod:#}");
        assert_eq!(self::digest(&prod), digest, "{prod:#}");
        let log = log_of_last(&site, &prod);
        assert!(
            log.contains("orders: prod is at http://127.0.0.1:"),
            "{log}"
        );
    });
}

fn digest(stage: &Value) -> String {
    let digest = stage["deployed"]["artifact"].as_str();
    digest.expect("it was built").to_owned()
}

/// Where the bytes with this digest are.
fn key(digest: &str) -> String {
    let hex = digest.trim_start_matches("sha256:");
    format!("artifacts/{hex}.tar.gz")
}

/// What the last deployment to a stage said.
fn log_of_last(site: &Site, stage: &Value) -> String {
    let execution = stage["last"]["execution"].as_str().expect("it ran in one");
    let (pipeline, execution) = execution.split_once('/').expect("CodePipeline's");
    site.stand_in.log(pipeline, execution)
}
