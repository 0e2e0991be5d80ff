//! The server is told to stop, whatever is under way.

use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;

use crate::support::http::read;
use crate::support::processes;
use crate::support::repo::BOB;
use crate::support::site::Site;
use crate::support::until;

/// A person waits this long before thinking of `kill -9`.
const SECONDS: Duration = Duration::from_secs(15);

#[tokio::test]
async fn a_run_under_way_is_ended_and_the_process_goes_within_seconds() {
    let mut site = Site::up().await;
    let mark = format!("stopping-{}", std::process::id());
    let slow = format!("MARK={mark} sleep 1000\n");
    site.push("develop", BOB, "Take for ever", &[("deploy.sh", &slow)])
        .await;
    until("the step runs", async || {
        (!processes::with(&mark).is_empty()).then_some(())
    })
    .await;
    let since = Instant::now();
    let ended = site.stop().await;
    assert!(ended.success(), "{ended}: {}", site.log());
    assert!(since.elapsed() < SECONDS, "{:?}", since.elapsed());
    assert_eq!(
        processes::with(&mark),
        Vec::<u32>::new(),
        "the step is gone, too"
    );
    assert!(
        !site.data().join("address").exists(),
        "the address is forgotten"
    );
    site.serve().await;
    let run = until("the run is over", async || {
        Some(site.get("/runs/dev/1").await).filter(|run| run["phase"] == "ended")
    })
    .await;
    assert_eq!(run["outcome"], "errored", "{run}");
}

#[tokio::test]
async fn clients_that_never_finish_do_not_keep_it_alive() {
    let mut site = Site::up().await;
    let mut half = site.server().http.raw().await;
    half.write_all(b"POST /webhooks/github HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{").await.expect("it is read");
    let mut head = site.server().http.raw().await;
    head.write_all(b"GET /healthz HTTP/1.1\r\nho")
        .await
        .expect("it is read");
    let mut idle = site.server().http.raw().await;
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .expect("it is read");
    assert_eq!(read(&mut idle).await.status, 200);
    let since = Instant::now();
    assert!(site.stop().await.success());
    assert!(since.elapsed() < SECONDS, "{:?}", since.elapsed());
}

#[tokio::test]
async fn an_idle_server_stops_at_once_and_twice_told_is_no_harm() {
    let mut site = Site::up().await;
    site.server().terminate().await;
    let ended = site.stop().await;
    assert!(ended.success(), "{ended}");
}
