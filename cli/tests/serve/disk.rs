//! A disk that takes no more. The limit is one the kernel sets on every file of the process, which
//! fails writes as a full disk does and needs no rights.

use crate::support::hook::Hook;
use crate::support::site::Site;

#[tokio::test]
async fn when_writes_fail_nothing_is_acknowledged_and_with_room_it_works_again() {
    let mut site = Site::with(crate::support::site::STAGES).await;
    site.serve().await;
    site.stop().await;
    let size = std::fs::metadata(site.file("data/greenroom.redb"))
        .expect("a store")
        .len();
    site.start.file_blocks = Some(size / 512);
    site.serve().await;
    let mut acknowledged = Vec::new();
    let refused = loop {
        let n = acknowledged.len();
        let hook = Hook::push_titled(
            &format!("topic/{n}-{}", "x".repeat(200)),
            &format!("{n:040x}"),
            "bob",
            &"long ".repeat(50),
        );
        let reply = hook.send(&site.server().http).await;
        match reply.status {
            202 => acknowledged.push(hook.id),
            _ => break reply,
        }
        assert!(acknowledged.len() < 20_000, "the limit is never reached");
    };
    refused.refuses(503, "unavailable");
    for n in 0..20 {
        let hook = Hook::push(&format!("later/{n}"), &"b".repeat(40), "bob");
        let reply = hook.send(&site.server().http).await;
        match reply.status {
            202 => acknowledged.push(hook.id),
            _ => drop(reply.refuses(503, "unavailable")),
        }
    }
    let lock = site.cli(&["lock", "dev", "--reason", "full"]).await;
    lock.refused(
        1,
        &[
            "writing the store file failed",
            "nothing was stored",
            "room",
        ],
    );
    assert!(
        site.stop().await.success(),
        "it stops all the same: {}",
        site.log()
    );
    site.start.file_blocks = None;
    site.serve().await;
    for id in &acknowledged {
        let status = site.became(id).await;
        assert_eq!(status["status"], "ignored", "{id}");
    }
    let revision = site
        .push(
            "develop",
            crate::support::repo::BOB,
            "Go on",
            &[("app.txt", "two\n")],
        )
        .await;
    site.green("dev", &revision).await;
}
