//! Calls, answers and events that are lost, and a CodePipeline that is not there.

use std::time::Instant;

use greenroom_emulators::codepipeline::EventFault;
use greenroom_emulators::proxy::Fault;
use greenroom_testkit::sample_repo::BOB;

use super::{commit, green, is_green_with, runs};
use crate::app::{LOOK, PATIENCE};
use crate::site::{Site, alone_on_site};

const START: &str = "StartPipelineExecution";
/// More events than two executions have.
const EVENTS: usize = 60;

#[test]
fn a_start_whose_answer_was_lost_has_run_once() {
    alone_on_site(async |site| {
        let (app, before) = green(&site, "unanswered").await;
        let revision = commit(&app, "Start this once");
        site.to_pipelines.forget_counts();
        let executions = site.stand_in.executions();
        // Of the build and of the deployment.
        site.to_pipelines.once(START, Fault::LoseAnswer);
        app.pushed("develop", &before, &BOB).await;
        met(&site).await;
        site.to_pipelines.once(START, Fault::LoseAnswer);
        let stage = app.stage_in_time("dev", is_green_with(&revision)).await;
        assert_eq!(site.to_pipelines.left(), 0, "both answers were lost");
        assert_eq!(runs(&stage), 2, "{stage:#}");
        let calls = site.to_pipelines.count(START).calls;
        assert!(calls >= 4, "each was sent again: {calls}");
        assert_eq!(site.stand_in.executions() - executions, 2, "and ran once");
    });
}

#[test]
fn what_codepipeline_was_away_for_is_done_when_it_is_back() {
    alone_on_site(async |site| {
        let (app, before) = green(&site, "away").await;
        let revision = commit(&app, "Wait for CodePipeline");
        site.to_pipelines.forget_counts();
        site.to_pipelines.always("*", Fault::LoseRequest);
        app.pushed("develop", &before, &BOB).await;
        let since = Instant::now();
        while site.to_pipelines.count(START).calls < 2 {
            assert!(since.elapsed() < PATIENCE, "it is not tried again");
            site.tick().await.expect("it ticks");
            tokio::time::sleep(LOOK).await;
        }
        let stage = app.stage("dev", |_| true).await;
        assert_eq!(stage["health"], "green", "what was there stays: {stage:#}");
        site.to_pipelines.calm();
        let stage = app.stage_in_time("dev", is_green_with(&revision)).await;
        assert_eq!(runs(&stage), 2, "{stage:#}");
    });
}

#[test]
fn what_no_webhook_and_no_event_told_the_clock_finds() {
    alone_on_site(async |site| {
        let (app, _) = green(&site, "missed").await;
        // It does not tick either, for as long as nobody calls it.
        site.stand_in
            .event_faults(std::iter::repeat_n(EventFault::Lost, EVENTS));
        let revision = commit(&app, "Tell nobody");
        let stage = app.stage_in_time("dev", is_green_with(&revision)).await;
        assert_eq!(stage["last"]["cause"], "found by the poller", "{stage:#}");
        assert_eq!(runs(&stage), 2, "{stage:#}");
    });
}

/// Waits until every fault was met that was to happen once.
async fn met(site: &Site) {
    let since = Instant::now();
    while site.to_pipelines.left() > 0 {
        assert!(since.elapsed() < PATIENCE, "nobody asked\n{}", site.said());
        tokio::time::sleep(LOOK).await;
    }
}
