//! The functions as they are deployed: the template in MiniStack with IAM enforced, GitHub on
//! loopback, and everything asked for from outside.
//!
//! `make e2e` builds the functions first; these tests deploy what is in `.build/lambda`.

mod aws;
mod site;

use greenroom_testkit::github_payloads::ZEROS;
use greenroom_testkit::sample_repo::ALICE;
use site::Site;

/// A branch of the sample repository.
const BRANCH: &str = "feature/alice-coupons";

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_push_is_kept_and_decided_by_the_deployed_functions() {
    let site = Site::deploy().await;
    site.add_app().await;
    let push = site.push(BRANCH, ZEROS, &ALICE);
    let answer = site
        .webhook("push", "0c0ffee0-0000-4000-8000-000000000001", &push)
        .await;
    assert_eq!(answer.status, 202, "{}\n{}", answer.body, site.said());
    let delivery = site.decided("0c0ffee0-0000-4000-8000-000000000001").await;
    assert_eq!(delivery["status"]["status"], "decided", "{delivery}");
    let again = site
        .webhook("push", "0c0ffee0-0000-4000-8000-000000000001", &push)
        .await;
    assert_eq!(again.status, 202);
    assert!(again.body.contains("\"again\":true"), "{}", again.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_in_without_a_signature_or_a_token() {
    let site = Site::deploy().await;
    let push = site.push(BRANCH, ZEROS, &ALICE);
    let unsigned = site.unsigned("push", &push).await;
    assert_eq!(unsigned.status, 401, "{}", unsigned.body);
    let anybody = site
        .api_as("GET", "/api/v1/board", "somebody's own token", None)
        .await;
    assert_eq!(anybody.status, 401, "{}", anybody.body);
    let health = site.api_as("GET", "/healthz", "", None).await;
    assert_eq!((health.status, health.body.as_str()), (200, "ok\n"));
}
