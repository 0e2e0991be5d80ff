//! More webhooks at once than anybody sends.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use greenroom_testkit::github_payloads::ZEROS;
use greenroom_testkit::sample_repo::BOB;

use super::{commit, green, is_green_with};
use crate::app::{LOOK, PATIENCE, new_delivery};
use crate::site::{Site, alone_on_site};
use crate::table;

const DELIVERIES: usize = 2_000;
/// One of so many is about the same change of the same stage, the others lead nowhere.
const ONE_OF: usize = 10;
/// Under way at once: as many as a function that does nothing bears here without refusals.
const AT_ONCE: usize = 16;
/// Questions to a function that does nothing, to see what this machine bears.
const HELLOS: usize = 200;

#[test]
fn of_a_burst_of_webhooks_nearly_all_are_acknowledged_and_of_those_all_decided() {
    alone_on_site(async |site| {
        let (app, before) = green(&site, "burst").await;
        let revision = commit(&app, "Be told of often");
        let push = app.push("develop", &before, &BOB);
        app.repository
            .branch("elsewhere", "master")
            .expect("it is new");
        let nowhere = app.push("elsewhere", ZEROS, &BOB);
        let since = Instant::now();
        let healthy = many(&site, HELLOS, async |site| {
            site.api_as("GET", "/healthz", "", None).await.status == 200
        });
        assert_eq!(healthy.await, HELLOS);
        let hello = rate(HELLOS, since);

        let acknowledged = Arc::new(std::sync::Mutex::new(BTreeSet::new()));
        let kept = Arc::clone(&acknowledged);
        let since = Instant::now();
        let sent = AtomicUsize::new(0);
        many(&site, DELIVERIES, async move |site| {
            let id = new_delivery();
            let n = sent.fetch_add(1, Ordering::Relaxed);
            let is_change = n.is_multiple_of(ONE_OF);
            let body = if is_change { &push } else { &nowhere };
            let answer = site.webhook("push", &id, body).await;
            let is_kept = answer.status == 202;
            if is_kept {
                kept.lock().expect("nobody panicked").insert(id);
            }
            is_kept
        })
        .await;
        let webhooks = rate(DELIVERIES, since);
        let acknowledged = acknowledged.lock().expect("nobody panicked").clone();
        println!(
            "{} of {DELIVERIES} acknowledged, {webhooks:.0} a second; a function that does nothing {hello:.0}",
            acknowledged.len()
        );
        assert!(
            acknowledged.len() * 100 >= DELIVERIES * 99,
            "{}",
            acknowledged.len()
        );
        let since = Instant::now();
        let mut before = acknowledged.len();
        while before > 0 {
            let decided = decided(&site).await;
            let left = acknowledged.difference(&decided).count();
            assert!(since.elapsed() < PATIENCE * 3, "{left} are undecided");
            if left == before {
                // What the stream brought is done; the clock finds what it did not bring.
                let _ = site.tick().await;
            }
            before = left;
            tokio::time::sleep(LOOK * 10).await;
        }
        println!(
            "all decided after another {:.0} s",
            since.elapsed().as_secs_f64()
        );
        app.stage_in_time("dev", is_green_with(&revision)).await;
    });
}

fn rate(things: usize, since: Instant) -> f64 {
    let things = u32::try_from(things).map_or(0.0, f64::from);
    things / since.elapsed().as_secs_f64()
}

/// Does something many times, some of it at once; answers how often it went well.
async fn many(site: &Arc<Site>, times: usize, act: impl AsyncFn(&Site) -> bool) -> usize {
    let left = AtomicUsize::new(times);
    let well = AtomicUsize::new(0);
    let one = async || {
        while left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1))
            .is_ok()
        {
            if act(site).await {
                well.fetch_add(1, Ordering::Relaxed);
            }
        }
    };
    let all: Vec<_> = (0..AT_ONCE).map(|_| one()).collect();
    futures_util::future::join_all(all).await;
    well.into_inner()
}

/// Ids of all deliveries that are decided.
async fn decided(site: &Site) -> BTreeSet<String> {
    let all = table::items(site, "delivery#").await;
    let deliveries = all.iter().map(table::record);
    let decided = deliveries.filter(crate::app::is_decided);
    decided
        .map(|delivery| delivery["id"].as_str().expect("it has one").to_owned())
        .collect()
}
