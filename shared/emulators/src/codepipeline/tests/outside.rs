//! The services a stand-in calls: GitHub for files, Lambda, Secrets Manager and EventBridge.

use std::process::Command;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::support::{build, commands, pipeline, project, repository, source, started, well};
use crate::codepipeline::{Endpoint, EventSink, Functions, Options, Secrets, Sources, StandIn};

/// What was asked of the others: path, target, invocation type, authorization, body.
type Heard = Arc<Mutex<Vec<[String; 5]>>>;

#[derive(Clone)]
struct Others {
    heard: Heard,
    tarball: Bytes,
    head: String,
}

async fn answer(
    State(others): State<Others>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let header = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let target = header("x-amz-target");
    let heard = [
        uri.path().to_owned(),
        target.clone(),
        header("x-amz-invocation-type"),
        header("authorization"),
        String::from_utf8_lossy(&body).into_owned(),
    ];
    others.heard.lock().expect("not poisoned").push(heard);
    let json = |value: Value| value.to_string().into_response();
    match (uri.path(), target.as_str()) {
        ("/repos/acme/orders/commits/main", _) => json(json!({"sha": others.head})),
        (path, _) if path == format!("/repos/acme/orders/tarball/{}", others.head) => {
            others.tarball.clone().into_response()
        }
        ("/2015-03-31/functions/fence/invocations", _) => StatusCode::ACCEPTED.into_response(),
        (_, "secretsmanager.GetSecretValue") => {
            json(json!({"SecretString": "{\"token\":\"hush\"}"}))
        }
        (_, "AWSEvents.PutEvents") => json(json!({"FailedEntryCount": 0, "Entries": []})),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

#[tokio::test]
async fn everything_outside_is_asked_in_its_own_language() {
    let here = repository();
    let archive = Command::new("git")
        .arg("-C")
        .arg(here.folder.path())
        .args([
            "archive",
            "--format=tar.gz",
            "--prefix=acme-orders-abc/",
            "HEAD",
        ])
        .output()
        .expect("git runs");
    let heard = Heard::default();
    let others = Others {
        heard: heard.clone(),
        tarball: archive.stdout.into(),
        head: here.head.clone(),
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let router = Router::new().fallback(answer).with_state(others);
    tokio::spawn(async move { axum::serve(listener, router).await });
    let endpoint = Endpoint::new(url.clone(), "eu-central-1");
    let mut options = Options::of_git("/nowhere");
    options.sources = Sources::GitHub {
        url,
        token: Some("t0ken".to_owned()),
    };
    options.functions = Functions::Endpoint(endpoint.clone());
    options.secrets = Secrets::Endpoint(endpoint.clone());
    options.events.push(EventSink::EventBridge {
        endpoint,
        source: "test.codepipeline".to_owned(),
    });
    let stand_in = StandIn::start(options).await.expect("it starts");
    let mut asking = pipeline("PARALLEL");
    let ask = json!({"name": "Ask",
        "actionTypeId": {"category": "Invoke", "owner": "AWS", "provider": "Lambda", "version": "1"},
        "configuration": {"FunctionName": "fence"}});
    asking["pipeline"]["stages"] = json!([
        {"name": "Source", "actions": [source()]},
        {"name": "Build", "actions": [build()]},
        {"name": "Ask", "actions": [ask]}]);
    well(&stand_in, "CreatePipeline", asking).await;
    let spec = commands(&["test \"$(cat deep/file.txt) $KEY\" = 'hello hush'"]);
    well(&stand_in, "CreateProject", project(&spec)).await;
    let id = started(&stand_in, json!({"name": "p"})).await;
    stand_in.invoked("p", &id).await;
    well(
        &stand_in,
        "StopPipelineExecution",
        json!({"pipelineName": "p", "pipelineExecutionId": id, "abandon": true}),
    )
    .await;
    assert_eq!(stand_in.ended("p", &id).await, "Stopped");
    stand_in.told_all().await;
    let heard = heard.lock().expect("not poisoned");
    let find = |what: &str| {
        let found = heard
            .iter()
            .find(|one| one[0].contains(what) || one[1] == what);
        found.unwrap_or_else(|| panic!("{what} was not asked: {heard:?}"))
    };
    assert_eq!(find("tarball")[3], "Bearer t0ken");
    let secret = find("secretsmanager.GetSecretValue");
    assert_eq!(secret[4], json!({"SecretId": "orders/key"}).to_string());
    assert!(
        secret[3].contains("Credential=test/") && secret[3].contains("/secretsmanager/"),
        "{secret:?}"
    );
    let invoked = find("invocations");
    assert_eq!(invoked[2], "Event");
    assert!(invoked[4].contains("CodePipeline.job"));
    let event: Value = serde_json::from_str(&find("AWSEvents.PutEvents")[4]).expect("JSON");
    let entry = &event["Entries"][0];
    assert_eq!(entry["Source"], "test.codepipeline");
    assert_eq!(
        entry["DetailType"],
        "CodePipeline Pipeline Execution State Change"
    );
    let detail = entry["Detail"].as_str().expect("a text");
    assert!(detail.contains("\"version\":1.0"), "{detail}");
}
