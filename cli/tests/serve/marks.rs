//! One image a branch, selected onto dev by people, marked, and moved on unchanged.

use crate::support::repo::{ALICE, BOB};
use crate::support::site::{STAGES, Site};
use crate::support::until;

/// What a team writes that selects builds for dev, marks them, and moves them to qa.
fn stages() -> String {
    let (head, _) = STAGES.split_once("stages:\n").expect("stages");
    format!(
        "{head}marks:\n  dev-complete: {{ by: [product-owner] }}\nstages:\n  \
         dev: {{ from: {{ select: \"feature/**\" }}, pipeline: service, verify: [smoke] }}\n  \
         qa: {{ from: {{ promote: dev }}, marks: [dev-complete], pipeline: service, verify: [smoke] }}\n"
    )
}

async fn built(site: &Site, branch: &str) -> serde_json::Value {
    until(&format!("{branch} is built"), async || {
        let name = branch.replace('/', "%2F");
        let all = site.get(&format!("/releases?branch={name}")).await;
        let only = all.as_array()?.first().cloned()?;
        assert_eq!(only["branch"], branch);
        (only["state"] == "built").then_some(only)
    })
    .await
}

#[tokio::test]
async fn a_branch_is_built_selected_marked_and_moved_on_unchanged() {
    let mut site = Site::with(&stages()).await;
    site.serve().await;
    let one = site
        .push("feature/x", ALICE, "Try x", &[("app.txt", "x\n")])
        .await;
    let two = site
        .push("feature/y", BOB, "Try y", &[("app.txt", "y\n")])
        .await;
    let image = built(&site, "feature/x").await;
    built(&site, "feature/y").await;
    assert_eq!(
        site.get("/stages/dev").await["deployed"],
        serde_json::Value::Null
    );
    let listed = site.cli(&["releases"]).await;
    for word in ["feature/x", "feature/y", &one[..8], &two[..8], "built"] {
        assert!(listed.ok().out.contains(word), "{word}: {listed:?}");
    }

    site.cli_as("bob", &["deploy", "dev", "--release", "feature/y"])
        .await
        .ok();
    site.green("dev", &two).await;
    site.cli_as("alice", &["deploy", "dev", "--release", "feature/x"])
        .await
        .ok();
    let card = site.green("dev", &one).await;
    let over = format!(
        "selected by alice, takes over from feature/y at {}",
        &two[..8]
    );
    let cause = card["last"]["cause"].as_str().expect("a cause");
    assert!(cause.starts_with(&over), "{cause}");
    assert_eq!(card["last"]["artifact"], image["artifact"]);
    assert_eq!(card["last"]["suites"][0]["verdict"], "passed");

    let card = site
        .wait("qa", "waits for the mark", |card| {
            card["candidate"]["revision"] == one.as_str()
                && card["waiting_on"].to_string().contains("mark_missing")
        })
        .await;
    assert_eq!(card["blocked"], true, "{card}");
    let why = site.cli(&["why", "qa"]).await;
    let command = format!("greenroom mark dev-complete --release {}", &one[..8]);
    assert!(
        why.out.contains(&command) && why.out.contains("product-owner"),
        "{why:?}"
    );
    let gates = ["gates", "--release", &one[..12], "--stage", "qa"];
    let said = site.cli(&gates).await;
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.out.contains("mark dev-complete"), "{said:?}");
    site.cli(&[
        "mark",
        "dev-complete",
        "--release",
        "feature/x",
        "--note",
        "demo",
    ])
    .await
    .ok();
    let card = site.green("qa", &one).await;
    assert_eq!(
        card["deployed"]["artifact"], image["artifact"],
        "the very same image"
    );
    let said = site.cli(&gates).await;
    assert!(said.ok().out.contains("by olga"), "{said:?}");
    let log = site.cli(&["log", "qa"]).await;
    let said = format!("olga marked {} dev-complete: demo", &one[..8]);
    assert!(log.out.contains(&said), "{log:?}");
}

#[tokio::test]
async fn what_is_bad_goes_nowhere_and_is_shown_where_it_stands() {
    let mut site = Site::with(&stages()).await;
    site.serve().await;
    let one = site
        .push("feature/x", ALICE, "Try x", &[("app.txt", "x\n")])
        .await;
    site.cli(&["deploy", "dev", "--release", "feature/x"])
        .await
        .ok();
    site.green("dev", &one).await;
    site.cli(&["mark", "bad", "--release", "feature/x"])
        .await
        .refused(2, &["reason"]);
    site.cli_as(
        "dana",
        &[
            "mark",
            "bad",
            "--release",
            &one[..8],
            "--reason",
            "it loses orders",
        ],
    )
    .await
    .ok();
    let card = site
        .wait("qa", "refuses it", |card| {
            card["waiting_on"].to_string().contains("marked_bad")
        })
        .await;
    assert_eq!(card["blocked"], true, "{card}");
    for words in [
        &["status"][..],
        &["why", "dev"],
        &["log", "dev"],
        &["releases"],
    ] {
        let said = site.cli(words).await;
        assert!(
            said.ok().out.contains("it loses orders"),
            "{words:?}: {said:?}"
        );
    }
    site.cli(&["deploy", "dev", "--release", "feature/x"])
        .await
        .refused(3, &["dana marked", "greenroom unmark bad"]);
    site.cli(&["unmark", "bad", "--release", &one]).await.ok();
    site.cli(&["unmark", "bad", "--release", &one])
        .await
        .refused(5, &["not marked bad"]);
    site.cli(&["mark", "accepted", "--release", &one])
        .await
        .refused(5, &["dev-complete, bad"]);
    site.cli(&["mark", "bad", "--release", "feature/none", "--reason", "x"])
        .await
        .refused(5, &["feature/none"]);
    site.cli(&["deploy", "qa", "--release", "feature/x"])
        .await
        .refused(2, &["greenroom promote qa"]);
}
