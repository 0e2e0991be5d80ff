//! The repository is away for a while: nothing is lost, the board says so, and it mends by itself.

use crate::support::hook::Hook;
use crate::support::site::{STAGES, Site};
use crate::support::until;

#[tokio::test]
async fn pushes_wait_for_a_repository_that_is_away_and_the_board_says_so() {
    let mut site = Site::with(STAGES).await;
    site.start.poll = "200ms".to_owned();
    site.serve().await;
    let (here, away) = (site.repo.folder().to_owned(), site.file("away"));
    let first = site.repo.head("develop");
    site.green("dev", &first).await;
    let second = site.repo.commit(
        "develop",
        crate::support::repo::BOB,
        "While it is away",
        &[("app.txt", "two\n")],
    );
    site.stop().await;
    site.start.arguments.clear();
    std::fs::rename(&here, &away).expect("it can be moved");
    site.serve().await;
    let hook = Hook::push("develop", &second, "bob");
    assert_eq!(hook.send(&site.server().http).await.status, 202);
    site.cli(&["refresh", "preprod"]).await.ok();
    let attention = until("the board says so", async || {
        let board = site.get("/board").await;
        board["apps"][0]["attention"]
            .as_array()
            .and_then(|all| all.first().cloned())
    })
    .await;
    assert_eq!(attention["code"], "repository_unreadable", "{attention}");
    let status = site.cli(&["status"]).await;
    assert!(
        status
            .out
            .contains(&format!("there is no repository at {}", here.display())),
        "{}",
        status.out
    );
    assert_eq!(
        site.get("/stages/dev").await["deployed"]["revision"],
        first.as_str()
    );
    std::fs::rename(&away, &here).expect("it can be moved");
    site.green("dev", &second).await;
    site.green("preprod", &site.repo.head("master")).await;
    until("the board is calm again", async || {
        let board = site.get("/board").await;
        board["apps"][0]["attention"]
            .as_array()
            .is_some_and(Vec::is_empty)
            .then_some(())
    })
    .await;
    assert_eq!(site.became(&hook.id).await["status"], "decided");
}
