//! Windows, overrides and pauses, as people meet them.

use serde_json::Value;

use crate::support::repo::BOB;
use crate::support::site::{STAGES, Site};

/// A window that is never over.
const CLOSED: &str = r#"windows:
  night: { deny: { cron: "* * * * *", for: 2m, timezone: UTC }, reason: nobody is here }
"#;

async fn closed() -> Site {
    let dev = "dev:      { ";
    let stages = STAGES.replace(dev, &format!("{dev}windows: [night], "));
    let mut site = Site::with(&format!("{stages}{CLOSED}")).await;
    site.serve().await;
    site
}

#[tokio::test]
async fn a_closed_window_is_told_and_an_override_passes_it_once() {
    let site = closed().await;
    site.cli(&["override", "dev", "--reason", "x"])
        .await
        .refused(5, &["no candidate"]);
    let first = site
        .push(
            "develop",
            BOB,
            "Wait for the morning",
            &[("app.txt", "two\n")],
        )
        .await;
    let card = site
        .wait("dev", "is built and waits", |card| {
            // It is built meanwhile; an override names what waits by its bytes.
            let waits = card["waiting_on"].as_array();
            waits.is_some_and(|all| all.len() == 1 && all[0]["code"] == "frozen")
        })
        .await;
    assert_eq!(card["blocked"], true);
    let why = site.cli(&["why", "dev"]).await;
    for word in [
        "closed during night",
        "nobody is here",
        "greenroom override dev",
    ] {
        assert!(why.out.contains(word), "{word}: {why:?}");
    }
    let freeze = site.cli(&["freeze"]).await;
    for word in [
        "deny night",
        "closed",
        "nobody is here",
        "it has no windows",
    ] {
        assert!(freeze.out.contains(word), "{word}: {freeze:?}");
    }
    let json = site.cli(&["freeze", "dev", "--json"]).await;
    let json: Value = serde_json::from_str(&json.out).expect("JSON");
    assert_eq!(json["schema"], "freeze/v1");
    assert_eq!(json["stages"][0]["windows"][0]["open"], false);
    site.cli(&["freeze", "dve"])
        .await
        .refused(5, &["did you mean", "dev"]);
    site.cli(&["override", "dev", "--revision", "00000000", "--reason", "x"])
        .await
        .refused(6, &["the candidate is"]);
    site.cli_as(
        "olga",
        &["override", "dev", "--reason", "customers cannot pay"],
    )
    .await
    .ok();
    site.green("dev", &first).await;
    let log = site.cli(&["log", "dev"]).await;
    let said = "olga overrides night: customers cannot pay";
    assert!(log.out.contains(said), "{log:?}");
    site.push("develop", BOB, "Wait again", &[("app.txt", "three\n")])
        .await;
    site.wait("dev", "waits again", |card| {
        card["waiting_on"][0]["code"] == "frozen"
    })
    .await;
}

#[tokio::test]
async fn a_pause_stops_everything_until_somebody_resumes() {
    let site = Site::up().await;
    site.cli(&["resume"]).await.refused(5, &["not paused"]);
    site.cli_as("alice", &["pause", "--reason", "the network is down"])
        .await
        .ok();
    site.cli_as("bob", &["pause", "--reason", "mine"])
        .await
        .refused(6, &["alice", "the network is down"]);
    let pushed = site
        .push(
            "develop",
            BOB,
            "Wait for the network",
            &[("app.txt", "two\n")],
        )
        .await;
    site.wait("dev", "is paused", |card| {
        card["waiting_on"][0]["code"] == "paused" && !card["candidate"].is_null()
    })
    .await;
    let why = site.cli(&["why", "prod"]).await;
    for word in [
        "alice paused everything",
        "greenroom resume --app acme/shop",
    ] {
        assert!(why.out.contains(word), "{word}: {why:?}");
    }
    let status = site.cli(&["status"]).await;
    assert!(status.out.contains("alice paused everything"), "{status:?}");
    site.cli_as("bob", &["resume", "--app", "shop"]).await.ok();
    site.green("dev", &pushed).await;
    site.cli(&[
        "pause",
        "--all",
        "--reason",
        "audit",
        "--until",
        "2001-01-01T00:00:00Z",
    ])
    .await
    .refused(2, &[]);
    site.cli(&["pause", "--all", "--reason", "audit", "--until", "2h"])
        .await
        .ok();
    let board = site.get("/board").await;
    assert_eq!(board["apps"][0]["pause"]["reason"], "audit");
    site.cli(&["resume", "--all"]).await.ok();
    assert_eq!(site.get("/apps").await[0]["pause"], Value::Null);
}
