//! A record of a batch that nobody can do anything with.

use greenroom_testkit::sample_repo::BOB;
use serde_json::json;

use super::{Inbox, commit, green, is_green_with};
use crate::app::is_decided;
use crate::site::alone_on_site;

#[test]
fn a_poison_record_is_announced_and_its_neighbours_go_on() {
    alone_on_site(async |site| {
        let (well, before) = green(&site, "neighbour").await;
        let (gone, gone_before) = green(&site, "poison").await;
        let revision = commit(&well, "Go on");
        commit(&gone, "Be forgotten");
        let inbox = Inbox::of(&site).await;
        inbox.set(&site, false).await;
        // One that is no record at all, one whose repository is gone, and one that is well.
        let table = site.outputs.get("Table");
        let unreadable = json!({ "TableName": table, "Item": {
            "pk": { "S": "delivery#unreadable" }, "sk": { "S": "state" },
            "v": { "N": "1" }, "d": { "B": "bm8gcmVjb3Jk" },
        }});
        site.wire
            .json("DynamoDB_20120810.PutItem", &unreadable)
            .await;
        let poison = gone.pushed("develop", &gone_before, &BOB).await;
        site.github.delete(gone.id);
        let good = well.pushed("develop", &before, &BOB).await;
        inbox.set(&site, true).await;
        let decided = well.decided(&good).await;
        assert_eq!(decided["status"]["status"], "decided", "{decided:#}");
        well.stage("dev", is_green_with(&revision)).await;
        let parked = gone.delivery_in_time(&poison, is_decided).await;
        assert_eq!(parked["status"]["status"], "parked", "{parked:#}");
        let board = site.api("GET", "/api/v1/board", None).await.json();
        let shown = board.to_string();
        assert!(shown.contains("delivery_parked"), "{board:#}");
        assert!(shown.contains(&poison), "{board:#}");
    });
}
