//! A table that throttles.

use std::time::Instant;

use greenroom_emulators::proxy::Fault;
use greenroom_testkit::sample_repo::BOB;

use super::{commit, green, is_green_with, runs};
use crate::app::{LOOK, PATIENCE, new_delivery};
use crate::site::alone_on_site;

/// Calls that are refused before the table bears them again.
const REFUSED: u64 = 12;

#[test]
fn a_webhook_that_a_throttled_table_cannot_keep_is_not_acknowledged() {
    alone_on_site(async |site| {
        let (app, before) = green(&site, "unkept").await;
        let revision = commit(&app, "Keep this");
        let push = app.push("develop", &before, &BOB);
        let id = new_delivery();
        site.to_table.always("*", Fault::Throttle);
        let refused = site.webhook("push", &id, &push).await;
        assert_eq!(refused.status, 503, "{}", refused.body);
        site.to_table.calm();
        let sent_again = site.webhook("push", &id, &push).await;
        assert_eq!(sent_again.status, 202, "{}", sent_again.body);
        assert_eq!(sent_again.json()["again"], false, "{}", sent_again.body);
        app.stage("dev", is_green_with(&revision)).await;
    });
}

#[test]
fn what_was_acknowledged_gets_through_a_throttled_table() {
    alone_on_site(async |site| {
        let (app, before) = green(&site, "slowed").await;
        let revision = commit(&app, "Get through");
        app.pushed("develop", &before, &BOB).await;
        site.to_table.forget_counts();
        site.to_table.always("*", Fault::Throttle);
        let since = Instant::now();
        while site
            .to_table
            .counts()
            .values()
            .map(|it| it.calls)
            .sum::<u64>()
            < REFUSED
        {
            assert!(since.elapsed() < PATIENCE, "nobody asks\n{}", site.said());
            // It cannot read what is due, and says so.
            assert!(site.tick().await.is_err(), "it ticked");
            tokio::time::sleep(LOOK).await;
        }
        site.to_table.calm();
        let stage = app.stage_in_time("dev", is_green_with(&revision)).await;
        assert_eq!(runs(&stage), 2, "{stage:#}");
    });
}
