//! What the stage file in force wants of pipelines that stand by themselves, and what was applied.

use serde_json::{Value, json};

use crate::support::site::Site;

fn as_applied(wanted: &Value) -> Value {
    let wanted = wanted.as_array().expect("a list");
    let pair = |one: &Value| {
        let name = one["name"].as_str().expect("a name").to_owned();
        (name, one["hash"].clone())
    };
    wanted
        .iter()
        .map(pair)
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[tokio::test]
async fn what_was_applied_is_recorded_and_told_beside_what_is_wanted() {
    let site = Site::up().await;
    let before = site.get("/pipelines").await;
    assert_eq!(before["name"], "acme/shop");
    assert_eq!(before["applied"], json!({}));
    // One that builds, and one for each stage.
    assert_eq!(before["wanted"].as_array().map(Vec::len), Some(5));
    let applied = as_applied(&before["wanted"]);
    let http = &site.server().http;
    let path = "/api/v1/pipelines";
    for (body, status, code) in [
        (json!({ "by": "olga" }), 400, "invalid"),
        (json!({ "by": " ", "applied": applied }), 400, "invalid"),
        (
            json!({ "by": "olga", "app": "acme/none", "applied": applied }),
            404,
            "not_found",
        ),
    ] {
        let reply = http.post(path, body.to_string()).await;
        reply.refuses(status, code);
    }
    assert_eq!(site.get("/pipelines").await, before);
    let body = json!({ "by": "olga", "app": "acme/shop", "applied": applied });
    let reply = http.post(path, body.to_string()).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(reply.json()["applied"], applied);
    let after = site.get("/pipelines?app=shop").await;
    assert_eq!(after, reply.json());
    assert_eq!(after["wanted"], before["wanted"]);
}

#[tokio::test]
async fn apply_says_that_nothing_changes_once_everything_stands() {
    let site = Site::up().await;
    let file = site.repo.folder().join("greenroom.yaml");
    let words = ["apply", "-f", file.to_str().expect("UTF-8")];
    let shown = site.cli(&words).await;
    assert_eq!(shown.code, 8, "{shown:?}");
    assert_eq!(
        shown
            .out
            .lines()
            .filter(|line| line.starts_with("+ "))
            .count(),
        5
    );
    let wanted = site.get("/pipelines").await["wanted"].clone();
    let body = json!({ "by": "olga", "applied": as_applied(&wanted) });
    let reply = site
        .server()
        .http
        .post("/api/v1/pipelines", body.to_string())
        .await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let shown = site.cli(&words).await;
    shown.ok();
    assert!(shown.out.contains("are what the stage file in force wants"));
    let other = site.file("other.yaml");
    let text = std::fs::read_to_string(&file).expect("the stage file");
    std::fs::write(&other, text.replace("sh deploy.sh", "sh other.sh")).expect("written");
    let words = ["apply", "--yes", "-f", other.to_str().expect("UTF-8")];
    site.cli(&words)
        .await
        .refused(2, &["this is not the stage file in force", "push it first"]);
}
