//! Everything that is told is told twice.

use greenroom_emulators::codepipeline::EventFault;
use greenroom_testkit::sample_repo::BOB;

use super::{commit, green, is_green_with, runs};
use crate::app::new_delivery;
use crate::site::alone_on_site;

/// More events than two executions have.
const EVENTS: usize = 60;

#[test]
fn what_is_told_twice_is_done_once() {
    alone_on_site(async |site| {
        let (app, before) = green(&site, "twice").await;
        let revision = commit(&app, "Once");
        site.stand_in
            .event_faults(std::iter::repeat_n(EventFault::Twice, EVENTS));
        site.to_pipelines.forget_counts();
        let push = app.push("develop", &before, &BOB);
        let id = new_delivery();
        let (one, other) = tokio::join!(
            site.webhook("push", &id, &push),
            site.webhook("push", &id, &push)
        );
        let again = |answer: &crate::site::Answer| answer.json()["again"].clone();
        assert_eq!((one.status, other.status), (202, 202));
        assert_ne!(again(&one), again(&other), "{} {}", one.body, other.body);
        let stage = app.stage("dev", is_green_with(&revision)).await;
        // The clock finds nothing that it would do once more.
        site.tick().await.expect("it ticks");
        site.stand_in.told_all().await;
        let later = app.stage("dev", is_green_with(&revision)).await;
        assert_eq!(runs(&stage), runs(&later));
        assert_eq!(runs(&later), 2, "the one before and this: {later:#}");
        let started = site.to_pipelines.count("StartPipelineExecution").calls;
        assert_eq!(started, 2, "a build and a deployment");
    });
}
