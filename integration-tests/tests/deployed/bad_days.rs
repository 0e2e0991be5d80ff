//! Bad days of the deployed functions. Each breaks what all tests use, so each has the
//! installation for itself, and an app that is built and deployed in no time.

mod burst;
mod killed;
mod lost;
mod missed;
mod poison;
mod rotated;
mod throttled;
mod twice;
mod unheard;
mod versions;

use std::sync::Arc;

use greenroom_testkit::github_payloads::ZEROS;
use greenroom_testkit::sample_repo::BOB;
use serde_json::{Value, json};

use crate::app::App;
use crate::site::Site;

/// An app whose stage `dev` is green, and of which nothing is pending; the commit that is there.
async fn green(site: &Arc<Site>, name: &str) -> (App, String) {
    let app = App::light(site, name).await;
    app.apply().await;
    app.pushed("develop", ZEROS, &BOB).await;
    let head = app.repository.head("develop").expect("it is there");
    app.stage("dev", is_green_with(&head)).await;
    app.quiet().await;
    (app, head)
}

/// A commit on `develop`, which nobody was told of.
fn commit(app: &App, subject: &str) -> String {
    app.commit("develop", &BOB, subject, &[])
}

/// Whether a stage is green by a run of this commit. As long as that runs it is green by the one
/// before.
fn is_green_with(revision: &str) -> impl Fn(&Value) -> bool {
    let revision = revision.to_owned();
    move |stage| stage["health"] == "green" && stage["last"]["revision"] == revision.as_str()
}

/// How many deployments there were to a stage.
fn runs(stage: &Value) -> u64 {
    stage["last"]["generation"].as_u64().expect("a number")
}

/// What brings the stream's deliveries to the function.
struct Inbox(String);

impl Inbox {
    async fn of(site: &Site) -> Self {
        let path = "/2015-03-31/event-source-mappings/?FunctionName=greenroom-stage-resolver";
        let all = site.wire.rest("lambda", "GET", path, None).await;
        let id = all["EventSourceMappings"][0]["UUID"].as_str();
        Self(id.expect("there is one").to_owned())
    }

    /// Stops and starts it; what came meanwhile is one batch.
    async fn set(&self, site: &Site, enabled: bool) {
        let path = format!("/2015-03-31/event-source-mappings/{}", self.0);
        let asked: Value = json!({ "Enabled": enabled });
        site.wire.rest("lambda", "PUT", &path, Some(&asked)).await;
    }
}
