//! Two versions of the functions side by side, as in the middle of a deployment or of its way back.
//!
//! The next version is what the simulator takes for it as well: the same code, whose records have a
//! field that this version does not know, and loses when it writes them. Some functions reach the table
//! by way of something that puts it into whatever they write. Effects, waits and the like of
//! kinds that this version does not know are not shown by this.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use greenroom_testkit::sample_repo::{BOB, Edit};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{commit, green, is_green_with, runs};
use crate::app::{LOOK, PATIENCE};
use crate::heard::Heard;
use crate::samples::{ILL, UP, WELL};
use crate::site::{Site, alone_on_site};
use crate::table;
use crate::wire::owner;

/// The field that this version does not know.
const FIELD: &str = "since_next";
/// Whoever writes what one of the others reads is among the others.
const SOME: [&str; 5] = [
    "webhook-receiver",
    "effect-dispatcher",
    "integration-test-runner",
    "clock-tick",
    "control-api",
];
const OTHERS: [&str; 4] = [
    "stage-resolver",
    "execution-watcher",
    "pipeline-admission",
    "break-notifier",
];

#[test]
fn pushes_a_break_and_its_end_go_their_way_through_functions_of_two_versions() {
    alone_on_site(async |site| {
        let (app, first) = green(&site, "versions").await;
        let mut heard = Heard::of(&site, &app.name).await;
        let this = site.to_table.url();
        let next = NextVersion::before(&this).await;
        let executions = app.executions();

        // Half-way forward.
        reach(&site, &SOME, &next.url).await;
        let good = commit(&app, "Go through both");
        app.pushed("develop", &first, &BOB).await;
        app.stage("dev", is_green_with(&good)).await;
        let written = next.written();
        assert!(written > 0, "the next version has written something");
        let (new, old) = records(&site, &app.key().await).await;
        assert!(new > 0 && old > 0, "records of both: {new}, {old}");

        // The other half, and those back again.
        reach(&site, &OTHERS, &next.url).await;
        reach(&site, &SOME, &this).await;
        let ill = [Edit::write(UP, ILL)];
        let bad = app.commit("develop", &BOB, "Break it", &ill);
        app.pushed("develop", &good, &BOB).await;
        app.stage("dev", |stage| stage["health"] == "red").await;
        heard.until(&site, 1, 1, false).await;
        assert!(next.written() > written, "so it has again");

        // All are of this version again, and find what the next one left.
        reach(&site, &OTHERS, &this).await;
        let written = next.written();
        let well = [Edit::write(UP, WELL)];
        let mended = app.commit("develop", &BOB, "Mend it", &well);
        app.pushed("develop", &bad, &BOB).await;
        let stage = app.stage("dev", is_green_with(&mended)).await;
        heard.until(&site, 2, 2, false).await;
        assert_eq!(next.written(), written, "nobody is of the next version");

        assert_eq!(runs(&stage), 4, "{stage:#}");
        assert_eq!(
            app.executions() - executions,
            6,
            "three builds, three times dev"
        );
        for texts in [&heard.telegram, &heard.topic] {
            assert_eq!(texts.len(), 2, "{texts:#?}");
        }
    });
}

/// How many records of an app are as the next version writes them, and how many are not.
async fn records(site: &Site, app: &str) -> (usize, usize) {
    let all = table::items(site, &format!("app#{app}")).await;
    let records = all.iter().map(table::record).filter(Value::is_object);
    let (new, old): (Vec<_>, Vec<_>) = records.partition(|record| record.get(FIELD).is_some());
    (new.len(), old.len())
}

/// Has functions reach the table there from now on.
async fn reach(site: &Site, functions: &[&str], table: &str) {
    let named =
        |function: &&str| format!("/2015-03-31/functions/greenroom-{function}/configuration");
    for path in functions.iter().map(named) {
        let known = site.wire.rest("lambda", "GET", &path, None).await;
        let mut variables = known["Environment"]["Variables"].clone();
        variables["AWS_ENDPOINT_URL_DYNAMODB"] = json!(table);
        let asked = json!({ "Environment": { "Variables": variables } });
        site.wire.rest("lambda", "PUT", &path, Some(&asked)).await;
        let since = Instant::now();
        while site.wire.rest("lambda", "GET", &path, None).await["LastUpdateStatus"] != "Successful"
        {
            assert!(since.elapsed() < PATIENCE, "{path} is not updated");
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// Before the table, for functions of the next version. It asks as the account's owner: what it has
/// changed has another signature.
struct NextVersion {
    url: String,
    passing: Arc<Passing>,
}

struct Passing {
    table: String,
    client: reqwest::Client,
    written: AtomicUsize,
}

impl NextVersion {
    async fn before(table: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("it has one");
        let passing = Arc::new(Passing {
            table: table.to_owned(),
            client: reqwest::Client::new(),
            written: AtomicUsize::new(0),
        });
        let router = Router::new().fallback(pass);
        let router = router.with_state(Arc::clone(&passing));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            url: format!("http://{address}"),
            passing,
        }
    }

    /// How many records were written.
    fn written(&self) -> usize {
        self.passing.written.load(Ordering::Relaxed)
    }
}

async fn pass(State(passing): State<Arc<Passing>>, headers: HeaderMap, body: Bytes) -> Response {
    let mut asked: Value = serde_json::from_slice(&body).expect("DynamoDB is asked in JSON");
    let records = of_the_next_version(&mut asked);
    passing.written.fetch_add(records, Ordering::Relaxed);
    let mut request = passing.client.post(&passing.table);
    for name in ["content-type", "x-amz-target"] {
        request = request.header(name, headers[name].clone());
    }
    let request = request.header("authorization", owner("dynamodb"));
    let Ok(answer) = request.body(asked.to_string()).send().await else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    let status = answer.status();
    let kind = [("content-type", "application/x-amz-json-1.0")];
    match answer.bytes().await {
        Ok(body) => (status, kind, body).into_response(),
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}

/// Puts the field into each record of a request; answers how many there were.
fn of_the_next_version(asked: &mut Value) -> usize {
    if let Some(Value::Object(mut record)) = table::bytes_of(asked) {
        record.insert(FIELD.to_owned(), json!({ "of": [1, "x"] }));
        *asked = table::attribute(&Value::Object(record));
        return 1;
    }
    match asked {
        Value::Array(all) => all.iter_mut().map(of_the_next_version).sum(),
        Value::Object(fields) => fields.values_mut().map(of_the_next_version).sum(),
        _ => 0,
    }
}
