//! Steps that misbehave.

use serde_json::Value;

use crate::support::processes;
use crate::support::repo::{ALICE, BOB};
use crate::support::site::{STAGES, Site};
use crate::support::until;

/// Stages whose deploy step may take a second.
fn impatient() -> String {
    STAGES.replace(
        "run: sh deploy.sh, timeout: 20s",
        "run: sh deploy.sh, timeout: 1s",
    )
}

async fn nothing_left(mark: &str) {
    until(&format!("no process with {mark} is left"), async || {
        processes::with(mark).is_empty().then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_step_that_forks_and_never_ends_is_ended_with_all_its_children() {
    let mut site = Site::with(&impatient()).await;
    site.serve().await;
    let mark = format!("forking-{}", std::process::id());
    let forks = format!(
        "export MARK={mark}\nfor n in 1 2 3 4 5; do (trap '' TERM HUP INT; while :; do sleep 1; done) & done\nwait\n"
    );
    site.push("develop", BOB, "Fork and wait", &[("deploy.sh", &forks)])
        .await;
    let card = site.ended("dev", 1).await;
    assert_eq!(card["last"]["outcome"], "timed_out", "{card}");
    assert!(
        card["last"]["why"]
            .as_str()
            .is_some_and(|why| why.contains("deploy")),
        "{card}"
    );
    nothing_left(&mark).await;
    let good = site
        .push("develop", BOB, "Come back", &[("deploy.sh", "true\n")])
        .await;
    site.green("dev", &good).await;
}

#[tokio::test]
async fn an_abort_ends_the_steps_processes_and_says_who_and_why() {
    let site = Site::up().await;
    let mark = format!("aborted-{}", std::process::id());
    let slow = format!("export MARK={mark}\nsleep 1000 & sleep 1000\n");
    site.push("develop", BOB, "Take for ever", &[("deploy.sh", &slow)])
        .await;
    until("the step runs", async || {
        (processes::with(&mark).len() >= 2).then_some(())
    })
    .await;
    site.cli(&["abort", "dev", "--reason", "it hangs"])
        .await
        .ok();
    let card = site.ended("dev", 1).await;
    assert_eq!(card["last"]["outcome"], "aborted", "{card}");
    assert!(
        card["last"]["why"]
            .as_str()
            .is_some_and(|why| why.contains("olga") && why.contains("it hangs")),
        "{card}"
    );
    nothing_left(&mark).await;
    site.cli(&["abort", "dev", "--reason", "again"])
        .await
        .refused(5, &["nothing runs on dev"]);
}

#[tokio::test]
async fn a_step_that_floods_its_log_is_cut_and_its_server_stays_small() {
    let site = Site::up().await;
    let flood = "head -c 60000000 /dev/zero | tr '\\0' 'x'\nprintf '\\nthe \\033[31mend\\033[0m\\n'\nexit 3\n";
    site.push("develop", BOB, "Talk too much", &[("deploy.sh", flood)])
        .await;
    let card = site.ended("dev", 1).await;
    assert_eq!(card["last"]["outcome"], "failed", "{card}");
    let said = site.cli(&["log", "dev", "--run", "1"]).await;
    assert!(
        said.out.contains("the end") && !said.out.contains('\u{1b}'),
        "{}",
        &said.out[said.out.len().saturating_sub(500)..]
    );
    assert!(said.out.len() < 6 << 20, "{}", said.out.len());
    let status = std::fs::read_to_string(format!("/proc/{}/status", site.server().pid()))
        .expect("a system with /proc");
    let peak = status.lines().find_map(|line| {
        line.strip_prefix("VmHWM:")?
            .trim()
            .strip_suffix(" kB")?
            .parse::<u64>()
            .ok()
    });
    assert!(peak.is_some_and(|peak| peak < 300_000), "{peak:?} kB");
}

#[tokio::test]
async fn a_build_without_its_artifact_fails_its_run_in_words() {
    let site = Site::up().await;
    for (n, build) in ["true\n", "mkdir out\n", "ln -s /etc out\n", "exit 7\n"]
        .iter()
        .enumerate()
    {
        site.push("develop", ALICE, "Build oddly", &[("build.sh", build)])
            .await;
        let generation = n as u64 + 1;
        let told = |card: &Value| {
            let entry = &card["last"];
            entry["generation"].as_u64() >= Some(generation) && card["phase"] == "idle"
                || card["waiting_on"].to_string().contains("build")
        };
        site.wait("dev", "tells of the build", told).await;
        let why = site.cli(&["why", "dev"]).await;
        assert!(why.out.contains("build"), "{why:?}");
    }
    site.cli(&["status"]).await.ok();
    let good = site
        .push(
            "develop",
            ALICE,
            "Build again",
            &[("build.sh", "mkdir out\ncp app.txt out/\n")],
        )
        .await;
    site.green("dev", &good).await;
}

#[tokio::test]
async fn what_a_killed_server_left_running_is_ended_by_the_next() {
    let mut site = Site::up().await;
    let mark = format!("orphaned-{}", std::process::id());
    let slow = format!("export MARK={mark}\nsleep 1000 & sleep 1000\n");
    site.push("develop", BOB, "Take for ever", &[("deploy.sh", &slow)])
        .await;
    until("the step runs", async || {
        (processes::with(&mark).len() >= 2).then_some(())
    })
    .await;
    let good = site
        .repo
        .commit("develop", BOB, "Come back", &[("deploy.sh", "true\n")]);
    site.kill().await;
    assert!(
        !processes::with(&mark).is_empty(),
        "steps do not die with their server"
    );
    site.serve().await;
    let since = std::time::Instant::now();
    nothing_left(&mark).await;
    assert!(
        since.elapsed() < std::time::Duration::from_secs(10),
        "looked at at once: {:?}",
        since.elapsed()
    );
    until("the run is told as errored", async || {
        (site.get("/runs/dev/1").await["outcome"] == "errored").then_some(())
    })
    .await;
    site.cli(&["refresh", "dev"]).await.ok();
    site.green("dev", &good).await;
}
