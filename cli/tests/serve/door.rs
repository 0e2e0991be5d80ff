//! What comes to the webhook's door and is no webhook.

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use crate::support::hook::{Hook, SECRET};
use crate::support::http::read;
use crate::support::site::Site;
use greenroom_testkit::github_payloads::sign;

const LIMIT: usize = 25 * 1024 * 1024;

/// The server still does its work.
async fn still_serves(site: &Site) {
    let revision = site.repo.head("develop");
    let hook = Hook::push("develop", &revision, "alice");
    assert_eq!(hook.send(&site.server().http).await.status, 202);
    assert_eq!(site.became(&hook.id).await["status"], "decided");
}

#[tokio::test]
async fn an_oversized_body_is_refused_however_it_is_announced() {
    let site = Site::up().await;
    let http = &site.server().http;
    let declared = b"POST /webhooks/github HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 27262976\r\n\r\n";
    http.bytes(declared).await.refuses(413, "too_large");
    let hook = Hook::new("push", vec![b' '; LIMIT + 1]);
    if let Ok(reply) = hook.try_send(http).await {
        reply.refuses(413, "too_large");
    }
    let mut stream = http.raw().await;
    let head = b"POST /webhooks/github HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head).await.expect("the head is read");
    let chunk = [
        format!("{:x}\r\n", 1 << 20).into_bytes(),
        vec![b'7'; 1 << 20],
        b"\r\n".to_vec(),
    ]
    .concat();
    for _ in 0..26 {
        // It may hang up before the end, which is the point.
        if stream.write_all(&chunk).await.is_err() {
            break;
        }
    }
    read(&mut stream).await.refuses(413, "too_large");
    still_serves(&site).await;
}

#[tokio::test]
async fn a_body_of_the_largest_size_is_read_to_its_end() {
    let site = Site::up().await;
    let http = &site.server().http;
    for opening in ["[", "{\"a\":"] {
        let deep = Hook::new("push", opening.repeat(LIMIT / opening.len()));
        deep.send(http).await.refuses(400, "bad_payload");
    }
    let hook = Hook::push("develop", &site.repo.head("develop"), "alice");
    let mut padded = hook.clone();
    padded.body.resize(LIMIT, b' ');
    assert_eq!(padded.send(http).await.status, 202);
    assert_eq!(site.became(&padded.id).await["status"], "decided");
}

#[tokio::test]
async fn a_webhook_that_is_not_signed_as_agreed_is_refused() {
    let site = Site::up().await;
    let http = &site.server().http;
    let hook = Hook::push("develop", &site.repo.head("develop"), "alice");
    let signature = "X-Hub-Signature-256";
    let sha1 = format!("sha1={}", "0".repeat(40));
    let others = sign(SECRET, b"other bytes");
    let upper = sign(SECRET, &hook.body).to_uppercase();
    for wrong in [
        sha1.as_str(),
        "",
        "sha256=",
        "sha256=zz",
        "sha256=\u{e9}",
        &others,
        &upper,
        &"a".repeat(4000),
    ] {
        hook.clone()
            .with(signature, wrong)
            .send(http)
            .await
            .refuses(401, "bad_signature");
    }
    hook.clone()
        .without(signature)
        .send(http)
        .await
        .refuses(401, "bad_signature");
    hook.clone()
        .signed_with("")
        .send(http)
        .await
        .refuses(401, "bad_signature");
    http.get(&format!("/api/v1/deliveries/{}", hook.id))
        .await
        .refuses(404, "not_found");
    assert_eq!(
        hook.send(http).await.status,
        202,
        "and the same, signed as agreed, comes in"
    );
}

#[tokio::test]
async fn what_is_not_json_is_refused_before_it_is_looked_at() {
    let site = Site::up().await;
    let http = &site.server().http;
    let hook = Hook::push("develop", &site.repo.head("develop"), "alice");
    for other in [
        "application/x-www-form-urlencoded",
        "text/plain",
        "",
        "application/jsonp",
        "\u{e9}",
    ] {
        hook.clone()
            .with("Content-Type", other)
            .send(http)
            .await
            .refuses(415, "not_json");
    }
    hook.clone()
        .without("Content-Type")
        .send(http)
        .await
        .refuses(415, "not_json");
    let form = Hook::new(
        "push",
        "payload=%7B%22ref%22%3A%22refs%2Fheads%2Fdevelop%22%7D",
    );
    form.clone()
        .with("Content-Type", "application/x-www-form-urlencoded")
        .send(http)
        .await
        .refuses(415, "not_json");
    form.send(http).await.refuses(400, "bad_payload");
    assert_eq!(
        hook.with("Content-Type", "Application/JSON; charset=utf-8")
            .send(http)
            .await
            .status,
        202
    );
}

#[tokio::test]
async fn a_payload_that_is_not_what_it_says_is_refused_with_what_is_missing() {
    let site = Site::up().await;
    let http = &site.server().http;
    let good = Hook::push("develop", &site.repo.head("develop"), "alice");
    let body: Value = serde_json::from_slice(&good.body).expect("JSON");
    for field in ["ref", "after", "repository"] {
        let mut less = body.clone();
        less.as_object_mut().expect("an object").remove(field);
        let reply = Hook::new("push", less.to_string()).send(http).await;
        let refused = reply.refuses(400, "bad_payload").json();
        assert!(
            refused["error"]["message"]
                .as_str()
                .is_some_and(|text| text.contains(field)),
            "{refused}"
        );
    }
    for (field, odd) in [
        ("ref", json!(7)),
        ("ref", json!("refs/heads/")),
        ("after", json!("zz")),
        ("repository", json!([])),
    ] {
        let mut other = body.clone();
        other[field] = odd;
        Hook::new("push", other.to_string())
            .send(http)
            .await
            .refuses(400, "bad_payload");
    }
    for garbage in [
        &b""[..],
        b"null",
        b"[]",
        b"{",
        b"\xff\xfe{}",
        b"{\"ref\":\"\\ud800\"}",
        b"{}{}",
        b"\0\0\0",
    ] {
        Hook::new("push", garbage)
            .send(http)
            .await
            .refuses(400, "bad_payload");
    }
    still_serves(&site).await;
}

#[tokio::test]
async fn unknown_events_are_taken_and_ignored_with_a_reason() {
    let site = Site::up().await;
    let http = &site.server().http;
    for event in ["star", "workflow_run", "no_such_event", "$(reboot)"] {
        let reply = Hook::new(event, "{\"action\":\"created\"}")
            .send(http)
            .await;
        let body = reply.json();
        assert_eq!(
            (reply.status, &body["status"]),
            (202, &json!("ignored")),
            "{body}"
        );
        assert!(
            body["why"].as_str().is_some_and(|why| why.contains(event)),
            "{body}"
        );
    }
    let push = Hook::push("develop", &site.repo.head("develop"), "alice");
    push.without("X-GitHub-Event")
        .send(http)
        .await
        .refuses(400, "bad_payload");
}

#[tokio::test]
async fn a_delivery_needs_an_id_of_its_own() {
    let site = Site::up().await;
    let http = &site.server().http;
    let hook = Hook::push("develop", &site.repo.head("develop"), "alice");
    hook.clone()
        .without("X-GitHub-Delivery")
        .send(http)
        .await
        .refuses(400, "bad_payload");
    for odd in [
        "",
        " ",
        "../../etc/passwd",
        "a#b",
        "a b",
        "\u{e9}",
        &"x".repeat(101),
    ] {
        hook.clone()
            .with("X-GitHub-Delivery", odd)
            .send(http)
            .await
            .refuses(400, "bad_payload");
    }
    let first = hook.send(http).await.json();
    let second = hook.send(http).await.json();
    assert_eq!(
        (&first["again"], &second["again"]),
        (&json!(false), &json!(true))
    );
}

#[tokio::test]
async fn a_hundred_clients_that_never_finish_keep_nobody_waiting() {
    let site = Site::up().await;
    let http = &site.server().http;
    let mut held = Vec::new();
    for n in 0..100 {
        let mut stream = http.raw().await;
        let half: &[u8] = if n % 2 == 0 {
            b"POST /webhooks/github HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{\"ref\":"
        } else {
            b"POST /webhooks/github HTTP/1.1\r\nhost: x\r\ncontent-"
        };
        stream.write_all(half).await.expect("the server reads");
        held.push(stream);
    }
    still_serves(&site).await;
    let mut half_a_body = held.swap_remove(0);
    read(&mut half_a_body).await.refuses(408, "too_slow");
}

#[tokio::test]
async fn a_repository_nobody_added_is_ignored_with_the_way_to_add_it() {
    let site = Site::up().await;
    let revision = site.repo.head("develop");
    let mut hook = Hook::push_of("mallory/stranger", "develop", &revision, "mallory", "Hello");
    hook.body = String::from_utf8(hook.body)
        .expect("text")
        .replace("900100", "900999")
        .into_bytes();
    assert_eq!(hook.send(&site.server().http).await.status, 202);
    let became = site.became(&hook.id).await;
    assert_eq!(became["status"], "ignored", "{became}");
    assert!(
        became["why"]
            .as_str()
            .is_some_and(|why| why.contains("greenroom app add mallory/stranger")),
        "{became}"
    );
}

#[tokio::test]
async fn a_push_of_a_commit_nobody_has_leads_to_what_the_branch_really_holds() {
    let site = Site::up().await;
    let hook = Hook::push("develop", &"d".repeat(40), "alice");
    assert_eq!(hook.send(&site.server().http).await.status, 202);
    assert_eq!(site.became(&hook.id).await["status"], "decided");
    site.green("dev", &site.repo.head("develop")).await;
    let nowhere = Hook::push("feature/never-pushed", &"e".repeat(40), "bob");
    assert_eq!(nowhere.send(&site.server().http).await.status, 202);
    site.became(&nowhere.id).await;
    still_serves(&site).await;
}
