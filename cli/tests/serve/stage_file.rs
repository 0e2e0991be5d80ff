//! Stage files on the default branch that are wrong: told once, and the old one stays.

use serde_json::Value;

use crate::support::repo::{ALICE, BOB};
use crate::support::site::{STAGES, Site};
use crate::support::until;

fn laughs() -> String {
    let mut text = "a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha]\n".to_owned();
    for n in 1..12 {
        let alias = format!("*a{}, ", n - 1).repeat(9);
        text += &format!("a{n}: &a{n} [{}]\n", alias.trim_end_matches(", "));
    }
    text
}

async fn board(site: &Site) -> Value {
    site.get("/board").await["apps"][0].clone()
}

/// Alerts of the stage file on the console.
fn told(site: &Site) -> usize {
    site.log().matches("stage file").count()
}

#[tokio::test]
async fn a_broken_stage_file_is_told_once_and_a_good_one_comes_into_force() {
    let site = Site::up().await;
    let stages = STAGES.replace("SERVICE", &site.service.address.to_string());
    let config = board(&site).await["config"].clone();
    assert!(config.is_string());
    let broken = [
        ("no YAML", "stages: [\n".to_owned()),
        (
            "an unknown pipeline",
            stages.replace(
                "pipeline: service, verify: [smoke], alert",
                "pipeline: servis, verify: [smoke], alert",
            ),
        ),
        ("10 MB", format!("{stages}# {}\n", "x".repeat(10 << 20))),
        ("a billion laughs", laughs()),
        ("no UTF-8, nearly", "\u{0}\u{1}\u{2}".to_owned()),
    ];
    for (what, text) in &broken {
        let before = told(&site);
        let revision = site
            .push(
                "master",
                BOB,
                &format!("Break the stage file: {what}"),
                &[("greenroom.yaml", text)],
            )
            .await;
        let invalid = until(&format!("{what} is refused"), async || {
            let app = board(&site).await;
            (app["config_invalid"]["revision"] == revision.as_str()).then_some(app)
        })
        .await;
        assert_eq!(invalid["config"], config, "{what}: the old one stays");
        let attention = invalid["attention"].as_array().expect("a list");
        assert_eq!(attention.len(), 1, "{what}: {invalid}");
        assert_eq!(attention[0]["code"], "stage_file_invalid");
        assert!(
            attention[0]["text"]
                .as_str()
                .is_some_and(|text| text.len() > 60 && text.len() < 5000),
            "{what}: {attention:?}"
        );
        until(&format!("{what} is announced"), async || {
            (told(&site) > before).then_some(())
        })
        .await;
        let status = site.cli(&["status"]).await;
        assert!(
            status.ok().out.contains("greenroom.yaml"),
            "{what}: {status:?}"
        );
    }
    let quiet = told(&site);
    let revision = site
        .push(
            "develop",
            ALICE,
            "Go on under the old one",
            &[("app.txt", "two\n")],
        )
        .await;
    site.green("dev", &revision).await;
    let hook = crate::support::hook::Hook::push("master", &site.repo.head("master"), "bob");
    assert_eq!(hook.send(&site.server().http).await.status, 202);
    site.became(&hook.id).await;
    assert_eq!(
        told(&site),
        quiet,
        "the same file is not announced again: {}",
        site.log()
    );
    let better = stages.replace("dev: ", "test:").replace("  dev", "  test");
    site.push(
        "master",
        BOB,
        "Mend the stage file",
        &[("greenroom.yaml", &better)],
    )
    .await;
    let app = until("the good one is in force", async || {
        let app = board(&site).await;
        (app["config"] != config).then_some(app)
    })
    .await;
    assert_eq!(
        (&app["config_invalid"], &app["attention"]),
        (&Value::Null, &serde_json::json!([]))
    );
    let revision = site
        .push(
            "develop",
            ALICE,
            "Go on under the new one",
            &[("app.txt", "three\n")],
        )
        .await;
    site.green("test", &revision).await;
}
