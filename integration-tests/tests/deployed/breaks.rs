//! What becomes of a push that breaks a stage.

use greenroom_testkit::github_payloads::ZEROS;
use greenroom_testkit::sample_repo::{ALICE, BOB, break_discount, fix_discount};

use serde_json::{Value, json};

use crate::app::App;
use crate::heard::{Heard, mailed};
use crate::site::on_site;

/// What is told of the channel that the template subscribes the team to. MiniStack confirms for them.
async fn audience(app: &App) -> Value {
    let path = format!("/api/v1/channels?app={}", app.name);
    let told = app.site.api("GET", &path, None).await;
    assert_eq!(told.status, 200, "{}", told.body);
    let all = told.json();
    let mut all = all.as_array().expect("a list").iter();
    let mail = all.find(|it| it["channel"] == "mail");
    mail.expect("it is in the stage file").clone()
}

#[test]
fn a_break_and_its_end_are_told_once_by_telegram_and_by_the_topic() {
    on_site(async |site| {
        assert_eq!(mailed(&site), ["team@example.com"], "by the template");
        let app = App::sample(&site, "broken", &["develop"]).await;
        let mut heard = Heard::of(&site, &app.name).await;
        app.apply().await;
        app.pushed("develop", ZEROS, &ALICE).await;
        app.stage("dev", |stage| stage["health"] == "green").await;

        let good = app.repository.head("develop").expect("it is there");
        let bad = app.commit("develop", &BOB, "Round coupons", &break_discount());
        app.pushed("develop", &good, &BOB).await;
        let stage = app.stage("dev", |stage| !stage["break"].is_null()).await;
        assert_eq!(stage["break"]["revision"], bad.as_str(), "{stage:#}");
        assert_eq!(stage["break"]["last_green"], good.as_str(), "{stage:#}");
        heard.until(&site, 1, 1, false).await;
        let heard_by =
            json!({ "channel": "mail", "checked": true, "problems": [], "warnings": [] });
        assert_eq!(audience(&app).await, heard_by);

        app.commit("develop", &BOB, "Round them right", &fix_discount());
        app.pushed("develop", &bad, &BOB).await;
        let stage = app.stage("dev", |stage| stage["health"] == "green").await;
        assert!(stage["break"].is_null(), "{stage:#}");
        heard.until(&site, 2, 2, false).await;
        for texts in [&heard.telegram, &heard.topic] {
            assert_eq!(texts.len(), 2, "{texts:#?}");
            assert!(texts[0].contains("discount_cents"), "{}", texts[0]);
            assert!(texts[0].contains("Bob Okafor"), "{}", texts[0]);
            assert!(texts[1].contains("green again"), "{}", texts[1]);
        }
    });
}
