//! What somebody began in CodePipeline by hand.

use greenroom_testkit::github_payloads::ZEROS;
use greenroom_testkit::sample_repo::BOB;
use serde_json::{Value, json};

use crate::app::App;
use crate::site::{Site, on_site};
use crate::wire::Wire;

#[test]
fn what_somebody_began_by_hand_is_refused_by_the_fence_and_shown_on_the_board() {
    on_site(async |site| {
        let app = App::light(&site, "foreign").await;
        app.apply().await;
        app.pushed("develop", ZEROS, &BOB).await;
        let green = |stage: &Value| stage["health"] == "green";
        let stage = app.stage("dev", green).await;
        let last = stage["last"]["execution"].as_str().expect("it ran in one");
        let (pipeline, ours) = last.split_once('/').expect("CodePipeline's");
        // With everything that the console shows of the execution before, but for the nonce.
        let told = [
            ("GREENROOM_RUN", format!("{}/dev/1", app.key().await)),
            ("GREENROOM_STAGE", "dev".to_owned()),
            ("GREENROOM_NONCE", "guessed".to_owned()),
            ("GREENROOM_REVISION", head(&app)),
            ("GREENROOM_DIGEST", "none".to_owned()),
            ("GREENROOM_ACTOR", "mallory".to_owned()),
            ("GREENROOM_BRANCH", "develop".to_owned()),
            ("GREENROOM_PR", "none".to_owned()),
        ];
        let variables = told.map(|(name, value)| json!({ "name": name, "value": value }));
        let asked = json!({ "name": pipeline, "variables": variables });
        let target = "CodePipeline_20150709.StartPipelineExecution";
        let console = Wire::new(&site.stand_in.url());
        let theirs = console.json(target, &asked).await["pipelineExecutionId"].clone();
        let theirs = theirs.as_str().expect("it has begun");
        assert_ne!(theirs, ours);
        let note = shown(&site, &app, theirs).await;
        assert!(note.contains("it can change nothing"), "{note}");
        let log = site.stand_in.log(pipeline, theirs);
        assert!(log.is_empty(), "no step ran: {log}");
        let after = app.stage("dev", |_| true).await;
        assert_eq!(after["last"], stage["last"], "{after:#}");
        assert_eq!(after["health"], "green", "{after:#}");
    });
}

fn head(app: &App) -> String {
    app.repository.head("develop").expect("it is there")
}

/// What the board says of an execution, once it says something.
async fn shown(site: &Site, app: &App, execution: &str) -> String {
    let path = format!("/api/v1/board?app={}", app.name);
    let says = |board: &Value| board.to_string().contains(execution);
    let board = site.told(&path, says).await;
    let apps = board["apps"].as_array().expect("a list").iter();
    let notes = apps.filter_map(|app| app["attention"].as_array()).flatten();
    let mut texts = notes.filter_map(|note| note["text"].as_str());
    let text = texts.find(|text| text.contains(execution));
    text.unwrap_or_else(|| panic!("{board:#}")).to_owned()
}
