//! A record of a batch that nobody can do anything with.

use greenroom_testkit::sample_repo::BOB;
use serde_json::json;

use super::{Inbox, commit, green, is_green_with};
use crate::app::is_decided;
use crate::site::{Site, alone_on_site};
use crate::table;

#[test]
fn a_poison_record_is_announced_and_its_neighbours_go_on() {
    alone_on_site(async |site| {
        let (well, before) = green(&site, "neighbour").await;
        let (ill, ill_before) = green(&site, "poison").await;
        let revision = commit(&well, "Go on");
        commit(&ill, "Never come");
        let inbox = Inbox::of(&site).await;
        inbox.set(&site, false).await;
        // One that is no record at all, one whose branch nothing can be read of, one that is well.
        put_nonsense(&site, "delivery#unreadable", "state").await;
        let poison = ill.pushed("develop", &ill_before, &BOB).await;
        let id = ill.key().await;
        put_nonsense(&site, &format!("app#{id}"), "head#refs/heads/develop").await;
        let good = well.pushed("develop", &before, &BOB).await;
        inbox.set(&site, true).await;
        let decided = well.decided(&good).await;
        assert_eq!(decided["status"]["status"], "decided", "{decided:#}");
        well.stage("dev", is_green_with(&revision)).await;
        let parked = ill.delivery_in_time(&poison, is_decided).await;
        assert_eq!(parked["status"]["status"], "parked", "{parked:#}");
        let board = site.api("GET", "/api/v1/board", None).await.json();
        let shown = board.to_string();
        assert!(shown.contains("delivery_parked"), "{board:#}");
        assert!(shown.contains(&poison), "{board:#}");
    });
}

/// Puts something there that no version of Greenroom writes.
async fn put_nonsense(site: &Site, partition: &str, sort: &str) {
    let item = json!({
        "pk": { "S": partition }, "sk": { "S": sort },
        "v": { "N": "1" }, "d": { "B": "bm8gcmVjb3Jk" },
    });
    table::put(site, &item).await;
}
