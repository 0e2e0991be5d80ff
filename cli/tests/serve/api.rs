//! The JSON API to those who have no token, no manners or no idea.

use serde_json::json;

use crate::support::site::Site;

const ROUTES: [(&str, &str); 15] = [
    ("GET", "/api/v1/board"),
    ("GET", "/api/v1/apps"),
    ("GET", "/api/v1/backlog"),
    ("GET", "/api/v1/stages/dev"),
    ("GET", "/api/v1/deliveries/x"),
    ("GET", "/api/v1/nothing"),
    ("POST", "/api/v1/apps"),
    ("POST", "/api/v1/stages/dev/commands"),
    ("POST", "/api/v1/notify"),
    ("GET", "/api/v1/freeze"),
    ("GET", "/api/v1/duty"),
    ("POST", "/api/v1/pause"),
    ("GET", "/api/v1/releases"),
    ("POST", "/api/v1/marks"),
    ("POST", "/api/v1/marks/remove"),
];

#[tokio::test]
async fn nothing_is_told_and_nothing_done_without_the_token() {
    let site = Site::up().await;
    let http = &site.server().http;
    for (method, path) in ROUTES {
        let plain = http.request(method, path);
        http.send(plain)
            .await
            .expect("an answer")
            .refuses(401, "unauthorized");
        let mut almost = http.token.clone();
        almost.pop();
        for wrong in [
            "",
            "x",
            &almost,
            &format!("{}0", http.token),
            &"x".repeat(6000),
        ] {
            let request = http.request(method, path).bearer_auth(wrong);
            http.send(request)
                .await
                .expect("an answer")
                .refuses(401, "unauthorized");
        }
        for name in ["token", "access_token", "authorization"] {
            let request = http.request(method, &format!("{path}?{name}={}", http.token));
            http.send(request)
                .await
                .expect("an answer")
                .refuses(401, "unauthorized");
        }
        let basic = http
            .request(method, path)
            .basic_auth("token", Some(&http.token));
        http.send(basic)
            .await
            .expect("an answer")
            .refuses(401, "unauthorized");
    }
    assert!(!site.log().contains(&http.token), "the token is not logged");
    let open = http.request("GET", "/healthz");
    assert_eq!(http.send(open).await.expect("an answer").status, 200);
}

#[tokio::test]
async fn what_is_not_there_is_not_found_in_words() {
    let site = Site::up().await;
    let http = &site.server().http;
    for path in [
        "/",
        "/api",
        "/api/v2/board",
        "/api/v1/nothing",
        "/webhooks/gitlab",
        "/../../etc/passwd",
        "/%00",
    ] {
        http.get(path).await.refuses(404, "not_found");
    }
    for path in [
        "/api/v1/stages/nowhere",
        "/api/v1/stages/acme%2Fshop:nowhere",
        "/api/v1/stages/..%2f..%2f",
        "/api/v1/runs/dev/99",
        "/api/v1/deliveries/none",
        "/api/v1/journey?release=abcdef12",
        "/api/v1/diff?from=dev&to=nowhere",
    ] {
        http.get(path).await.refuses(404, "not_found");
    }
    for path in [
        "/api/v1/runs/dev/first",
        "/api/v1/runs/dev/-1",
        "/api/v1/stages/dev/log?limit=many",
        "/api/v1/journey",
        "/api/v1/diff?from=dev&to=dev",
        "/api/v1/effects",
    ] {
        http.get(path).await.refuses(400, "invalid");
    }
    http.post("/api/v1/board", "{}")
        .await
        .refuses(405, "method_not_allowed");
    http.get("/webhooks/github")
        .await
        .refuses(405, "method_not_allowed");
}

#[tokio::test]
async fn a_body_that_is_no_command_is_refused_with_its_place() {
    let site = Site::up().await;
    let http = &site.server().http;
    let path = "/api/v1/stages/dev/commands";
    let deep = "[".repeat(1 << 20);
    for body in [
        "",
        "{",
        "null",
        "[]",
        "{\"by\":\"a\"}",
        "{\"by\":\"a\",\"command\":{\"command\":\"dance\"}}",
        "{\"by\":7,\"command\":{\"command\":\"retry\"}}",
        deep.as_str(),
    ] {
        http.post(path, body.to_owned())
            .await
            .refuses(400, "invalid");
    }
    let nobody = json!({ "by": " \u{7}", "command": { "command": "retry" } });
    http.post(path, nobody.to_string())
        .await
        .refuses(400, "invalid");
    let admit = json!({ "by": "mallory", "command": { "command": "admit", "generation": 1, "nonce": "n", "execution": "e", "revision": "0".repeat(40) } });
    http.post(path, admit.to_string())
        .await
        .refuses(400, "invalid");
    if let Ok(reply) = http
        .send(
            http.request("POST", path)
                .bearer_auth(&http.token)
                .body(vec![b' '; 64 << 20]),
        )
        .await
    {
        reply.refuses(413, "too_large");
    }
    for name in [
        "",
        "acme",
        "acme/",
        "../..",
        "acme/shop/x",
        "acme/$(rm -rf ~)",
    ] {
        http.post(
            "/api/v1/apps",
            json!({ "name": name, "git": "/tmp" }).to_string(),
        )
        .await
        .refuses(400, "invalid");
    }
}

#[tokio::test]
async fn an_app_whose_repository_cannot_be_read_is_not_added() {
    let site = Site::up().await;
    for address in [
        "/nowhere/at/all",
        "--upload-pack=touch /tmp/x",
        "ext::sh -c reboot",
        "http://127.0.0.1:1/x.git",
        "",
    ] {
        let said = site
            .cli(&["app", "add", "acme/other", &format!("--git={address}")])
            .await;
        assert_ne!(said.code, 0, "{address}: {said:?}");
        assert!(said.err.len() > 40, "{address}: {said:?}");
    }
    assert_eq!(site.get("/apps").await.as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn reasons_and_names_are_shown_as_text_and_nothing_else() {
    let site = Site::up().await;
    let nasty = "fire\u{1b}[2J <b>\"drill\"</b>\n- forged: line \u{202e}";
    site.cli_as("eve\u{1b}[31m", &["lock", "dev", "--reason", nasty])
        .await
        .ok();
    for words in [&["status"][..], &["why", "dev"], &["log", "dev"]] {
        let said = site.cli(words).await;
        let plain = |text: &str| {
            !text.contains(['\u{1b}', '\u{202e}'])
                && !text.lines().any(|line| line.starts_with("- forged"))
        };
        assert!(plain(&said.out) && plain(&said.err), "{words:?}: {said:?}");
        assert!(said.out.contains("drill"), "{words:?}: {said:?}");
    }
}
