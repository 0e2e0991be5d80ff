//! Every command in its situation, and its no in every other.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::support::hook::Hook;
use crate::support::repo::{ALICE, BOB};
use crate::support::site::Site;

#[tokio::test]
async fn a_stage_that_is_not_there_is_asked_after() {
    let site = Site::up().await;
    for words in [
        &["why", "prodd"][..],
        &["log", "prodd"],
        &["approve", "prodd"],
        &["retry", "prodd"],
        &["lock", "prodd", "--reason", "x"],
        &["status", "prodd"],
    ] {
        site.cli(words)
            .await
            .refused(5, &["prodd", "did you mean", "prod`"]);
    }
    site.cli(&["log", "dev", "--run", "99"])
        .await
        .refused(5, &["99"]);
    site.cli(&["journey", "abcdef12"])
        .await
        .refused(5, &["abcdef12"]);
    site.cli(&["notify", "--test", "nobody"])
        .await
        .refused(5, &["nobody", "console"]);
    site.cli(&["status", "--app", "other"])
        .await
        .refused(5, &["other"]);
}

#[tokio::test]
async fn commands_out_of_place_are_refused_with_the_reason_and_the_code() {
    let site = Site::up().await;
    site.cli(&["promote", "prod"])
        .await
        .refused(3, &["preprod", "verified"]);
    site.cli(&["approve", "prod"]).await.refused(5, &["prod"]);
    site.cli(&["promote", "dev"]).await.refused(2, &["dev"]);
    site.cli(&["refresh", "prod"])
        .await
        .refused(2, &["greenroom promote prod"]);
    site.cli(&["abort", "dev", "--reason", "x"])
        .await
        .refused(5, &["nothing runs on dev"]);
    site.cli(&["unlock", "dev"])
        .await
        .refused(5, &["not locked"]);
    site.cli(&["ack", "dev"])
        .await
        .refused(5, &["no open break"]);
    site.cli(&["rollback", "prod", "--reason", "x"])
        .await
        .refused(5, &["prod"]);
    site.cli(&["retry", "dev"])
        .await
        .refused(5, &["nothing was ever deployed on dev"]);
    site.cli(&[
        "lock",
        "dev",
        "--reason",
        "x",
        "--until",
        "2001-01-01T00:00:00Z",
    ])
    .await
    .refused(2, &[]);
    let mut stranger = tokio::process::Command::new(crate::support::server::GREENROOM);
    stranger
        .args([
            "status",
            "--url",
            &format!("http://{}", site.server().http.address),
        ])
        .env_clear();
    for token in [None, Some("not-the-token-of-this-server")] {
        if let Some(token) = token {
            stranger.env("GREENROOM_TOKEN", token);
        }
        let output = stranger.output().await.expect("it can be started");
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(4), "{text}");
        assert!(
            text.contains("token") || text.contains("GREENROOM_TOKEN"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_lock_keeps_others_out_and_ends_when_it_said() {
    let site = Site::up().await;
    site.cli_as("alice", &["lock", "dev", "--reason", "load test"])
        .await
        .ok();
    site.cli_as("bob", &["lock", "dev", "--reason", "mine"])
        .await
        .refused(6, &["alice", "load test"]);
    let first = site
        .push("develop", BOB, "Wait for the lock", &[("app.txt", "two\n")])
        .await;
    let card = site
        .wait("dev", "waits", |card| card["blocked"] == true)
        .await;
    assert_eq!(
        (&card["waiting_on"][0]["code"], &card["deployed"]),
        (&Value::from("locked"), &Value::Null),
        "{card}"
    );
    let why = site.cli(&["why", "dev"]).await;
    for word in ["alice", "load test", "greenroom unlock dev"] {
        assert!(why.out.contains(word), "{word}: {why:?}");
    }
    site.cli_as("bob", &["unlock", "dev"]).await.ok();
    site.green("dev", &first).await;
    let until = (Timestamp::now() + SignedDuration::from_secs(2)).to_string();
    site.cli(&["lock", "dev", "--reason", "a moment", "--until", &until])
        .await
        .ok();
    let second = site
        .push(
            "develop",
            BOB,
            "Wait for the moment",
            &[("app.txt", "three\n")],
        )
        .await;
    site.green("dev", &second).await;
    assert!(
        Timestamp::now().to_string() >= until,
        "not before the lock's end"
    );
    assert_eq!(site.get("/stages/dev").await["lock"], Value::Null);
}

#[tokio::test]
async fn a_rollback_holds_automation_until_somebody_promotes() {
    let site = Site::up().await;
    let first = site.released().await;
    let second = site
        .push("master", ALICE, "Sell more", &[("app.txt", "two\n")])
        .await;
    assert_eq!(site.released().await, second);
    site.cli(&["rollback", "prod", "--reason", "customers complain"])
        .await
        .ok();
    let card = site
        .wait("prod", "is back", |card| {
            card["deployed"]["revision"] == first.as_str()
                && card["phase"] == "idle"
                && card["health"] == "green"
        })
        .await;
    assert_eq!(card["hold"]["by"], "olga", "{card}");
    let third = site
        .push("master", BOB, "Sell even more", &[("app.txt", "three\n")])
        .await;
    site.cli(&["refresh", "preprod"]).await.ok();
    site.green("preprod", &third).await;
    let held = site
        .wait("prod", "is held", |card| {
            card["waiting_on"].to_string().contains("hold")
                || card["waiting_on"][0]["code"] == "held"
        })
        .await;
    assert_eq!(held["deployed"]["revision"], first.as_str(), "{held}");
    let why = site.cli(&["why", "prod"]).await;
    for word in ["olga", "customers complain", "greenroom promote prod"] {
        assert!(why.out.contains(word), "{word}: {why:?}");
    }
    site.cli(&["promote", "prod"])
        .await
        .refused(3, &["0 of 1 approvals"]);
    let card = site
        .wait("prod", "has its candidate", |card| {
            card["candidate"]["revision"] == third.as_str()
        })
        .await;
    assert_eq!(card["hold"], Value::Null, "{card}");
    assert_eq!(
        card["deployed"]["revision"],
        first.as_str(),
        "promote opens no other gate: {card}"
    );
    site.cli(&["approve", "prod", "--revision", &third[..8]])
        .await
        .ok();
    site.green("prod", &third).await;
    site.cli(&["promote", "prod"])
        .await
        .refused(6, &["here and green already"]);
}

#[tokio::test]
async fn an_approval_is_for_one_release_and_for_those_who_may() {
    let site = Site::up().await;
    let first = site.repo.head("master");
    site.cli(&["refresh", "preprod"]).await.ok();
    site.green("preprod", &first).await;
    site.wait("prod", "has its candidate", |card| {
        card["candidate"]["revision"] == first.as_str()
    })
    .await;
    site.cli(&["approve", "prod", "--revision", "deadbeef"])
        .await
        .refused(6, &[&first[..8], "greenroom why prod"]);
    site.cli(&["lock", "prod", "--reason", "wait"]).await.ok();
    site.cli(&["approve", "prod", "--revision", &first[..8]])
        .await
        .ok();
    let second = site
        .push(
            "master",
            ALICE,
            "Change the candidate",
            &[("app.txt", "two\n")],
        )
        .await;
    site.cli(&["refresh", "preprod"]).await.ok();
    site.green("preprod", &second).await;
    site.wait("prod", "has the next", |card| {
        card["candidate"]["revision"] == second.as_str()
    })
    .await;
    site.cli(&["approve", "prod", "--revision", &first[..8]])
        .await
        .refused(6, &[&second[..8]]);
    site.cli(&["unlock", "prod"]).await.ok();
    let card = site
        .wait("prod", "waits for its approval", |card| {
            card["waiting_on"].to_string().contains("approval")
        })
        .await;
    assert_eq!(
        card["deployed"],
        Value::Null,
        "the first release's yes is not the second's: {card}"
    );
    site.cli(&["reject", "prod", "--reason", "not on a friday"])
        .await
        .ok();
    assert!(
        site.cli(&["why", "prod"])
            .await
            .out
            .contains("not on a friday")
    );
}

#[tokio::test]
async fn a_break_is_acknowledged_and_a_retry_recovers_it() {
    let site = Site::up().await;
    let good = site
        .push("develop", BOB, "Begin well", &[("app.txt", "two\n")])
        .await;
    site.green("dev", &good).await;
    site.service.make_ill("dev");
    let bad = site
        .push("develop", ALICE, "Break it", &[("app.txt", "three\n")])
        .await;
    site.wait("dev", "is red", |card| {
        card["health"] == "red" && card["phase"] == "idle"
    })
    .await;
    site.cli(&["ack", "dev", "--note", "on it"]).await.ok();
    let breaks = site.get("/breaks").await;
    assert_eq!(
        (
            &breaks[0]["acknowledged"]["by"],
            &breaks[0]["acknowledged"]["note"]
        ),
        (&Value::from("olga"), &Value::from("on it"))
    );
    let status = site.cli(&["status", "--exit-code"]).await;
    assert_eq!(status.code, 3, "{status:?}");
    site.service.heal("dev");
    site.cli(&["retry", "dev"]).await.ok();
    site.green("dev", &bad).await;
    assert_eq!(site.get("/breaks").await, serde_json::json!([]));
    let wait = site.cli(&["wait", "dev", "--timeout", "5s"]).await;
    assert_eq!(wait.code, 0, "{wait:?}");
}

#[tokio::test]
async fn a_stranger_with_a_webhook_gives_no_command() {
    let site = Site::up().await;
    let mut hook = Hook::push("develop", &site.repo.head("develop"), "alice");
    hook.event = "issue_comment".to_owned();
    hook.body = br#"{"action":"created","comment":{"body":"/greenroom promote prod"}}"#.to_vec();
    let reply = hook.send(&site.server().http).await;
    assert_eq!(
        (reply.status, &reply.json()["status"]),
        (202, &Value::from("ignored"))
    );
}
