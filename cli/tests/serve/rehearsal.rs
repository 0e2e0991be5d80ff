//! A rehearsal's clock: moved by a file, told wherever it matters, and never mistaken for the time.

use jiff::{SignedDuration, Timestamp};

use crate::support::site::{STAGES, Site};
use crate::support::until;

/// A site whose clock is as far away as `text` says; does not serve yet.
async fn rehearsing(text: &str) -> Site {
    let mut site = Site::with(STAGES).await;
    let file = site.file("clock");
    std::fs::write(&file, text).expect("a file");
    site.start
        .arguments
        .extend(["--rehearsal-clock".into(), file.into_os_string()]);
    site
}

async fn followed(site: &Site, moved: &str) {
    let said = format!("moved by {moved}\n");
    until("the server has followed its clock", async || {
        let health = site.server().http.get("/healthz").await;
        (health.text.starts_with("ok\n") && health.text.ends_with(&said)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn time_goes_by_the_file_and_everybody_is_told() {
    let mut site = rehearsing("48h").await;
    site.serve().await;
    followed(&site, "48h").await;
    let asked = site.server().http.request("GET", "/healthz").send().await;
    let asked = asked.expect("an answer");
    assert_eq!(asked.headers()["greenroom-clock-moved"], "PT48H");
    let board = site.get("/board").await;
    let now: Timestamp = board["now"].as_str().expect("now").parse().expect("now");
    assert!(now.duration_since(Timestamp::now()) > SignedDuration::from_hours(47));
    let status = site.cli(&["status"]).await;
    assert!(
        status.ok().out.contains("THIS IS A REHEARSAL"),
        "{status:?}"
    );
    assert!(site.log().contains("THIS IS A REHEARSAL"));

    // What people say of time is meant by the server's clock.
    let lock = ["lock", "dev", "--reason", "a fair", "--until", "2h"];
    site.cli(&lock).await.ok();
    let card = site.get("/stages/dev").await;
    let until: Timestamp = card["lock"]["until"]
        .as_str()
        .expect("an end")
        .parse()
        .expect("an end");
    assert!(until > now);
    std::fs::write(site.file("clock"), "51h").expect("a file");
    site.wait("dev", "is open again", |card| card["lock"].is_null())
        .await;
}

#[tokio::test]
async fn a_pause_ends_by_the_servers_clock() {
    let mut site = rehearsing("48h").await;
    site.serve().await;
    let pause = ["pause", "--reason", "a fair", "--until", "2h"];
    site.cli(&pause).await.ok();
    let board = site.get("/board").await;
    let at = |value: &serde_json::Value| -> Timestamp {
        value.as_str().expect("an instant").parse().expect("one")
    };
    let left = at(&board["apps"][0]["pause"]["until"]).duration_since(at(&board["now"]));
    assert!(left > SignedDuration::from_mins(110), "{left:#}");
}

#[tokio::test]
async fn a_rehearsal_and_the_real_thing_share_no_data_folder() {
    let mut site = rehearsing("48h").await;
    site.serve().await;
    site.stop().await;
    let clock = site
        .start
        .arguments
        .split_off(site.start.arguments.len() - 2);
    let (code, said) = site.start.refused().await;
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("is a rehearsal's"), "{said}");
    let mut real = Site::up().await;
    real.stop().await;
    real.start.arguments.extend(clock);
    let (code, said) = real.start.refused().await;
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("is in use"), "{said}");
}

#[tokio::test]
async fn without_a_rehearsal_nothing_is_said_of_one() {
    let site = Site::up().await;
    assert_eq!(site.server().http.get("/healthz").await.text, "ok\n");
    let status = site.cli(&["status"]).await;
    assert!(!status.ok().out.contains("REHEARSAL"), "{status:?}");
}

#[tokio::test]
async fn a_clock_that_says_nothing_is_refused_at_the_start() {
    let site = rehearsing("soon").await;
    let (code, said) = site.start.refused().await;
    assert_eq!(code, 2, "{said}");
    assert!(
        said.contains("--rehearsal-clock") && said.contains("72h"),
        "{said}"
    );
}
