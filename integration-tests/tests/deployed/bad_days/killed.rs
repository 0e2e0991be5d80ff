//! Functions that are killed in the middle of their work.

use std::process::Command;
use std::time::Instant;

use greenroom_emulators::proxy::{Fault, FaultProxy};
use greenroom_testkit::sample_repo::{BOB, Edit};

use serde_json::Value;

use super::{Inbox, commit, green, is_green_with, runs};
use crate::app::{LOOK, PATIENCE, new_delivery};
use crate::heard::Heard;
use crate::samples::{ILL, UP};
use crate::site::{Site, alone_on_site};

const KEEP: &str = "TransactWriteItems";
const START: &str = "StartPipelineExecution";
const OBSERVE: &str = "GetPipelineExecution";
const ANY: &str = "*";

#[test]
fn a_push_survives_functions_that_are_killed_as_they_keep_decide_and_start_it() {
    alone_on_site(async |site| {
        let (app, before) = green(&site, "killed").await;
        let revision = commit(&app, "Survive");
        let executions = site.stand_in.executions();
        // Each hangs once and is killed where it hangs: as it keeps, as it decides, as it starts.
        let push = app.push("develop", &before, &BOB);
        let id = new_delivery();
        site.to_table.once(KEEP, Fault::Hang);
        let (answer, ()) = tokio::join!(
            site.webhook("push", &id, &push),
            kill(&site, &site.to_table, "webhook-receiver")
        );
        assert!(answer.status >= 500, "{} {}", answer.status, answer.body);
        let inbox = Inbox::of(&site).await;
        inbox.set(&site, false).await;
        let again = site.webhook("push", &id, &push).await;
        assert_eq!(again.status, 202, "{}", again.body);
        assert_eq!(again.json()["again"], false, "{}", again.body);
        site.to_table.once(KEEP, Fault::Hang);
        site.to_pipelines.once(START, Fault::Hang);
        inbox.set(&site, true).await;
        kill(&site, &site.to_table, "stage-resolver").await;
        kill(&site, &site.to_pipelines, "effect-dispatcher").await;
        let stage = app.stage_in_time("dev", is_green_with(&revision)).await;
        assert_eq!(runs(&stage), 2, "{stage:#}");
        assert_eq!(site.stand_in.executions() - executions, 2);
    });
}

/// Two functions are not among them. Lambda would invoke the one that asks the fence again, which
/// MiniStack does not; and tests whose runner was killed run again when its claim ends, half an
/// hour later.
#[test]
fn a_break_survives_functions_that_are_killed_as_they_watch_and_tell_of_it() {
    alone_on_site(async |site| {
        let (app, before) = green(&site, "slain").await;
        let mut heard = Heard::of(&site, &app.name).await;
        let executions = site.stand_in.executions();
        let ill = [Edit::write(UP, ILL)];
        let bad = app.commit("develop", &BOB, "Break it", &ill);
        site.to_telegram.once(ANY, Fault::Hang);
        site.to_pipelines.once(OBSERVE, Fault::Hang);
        app.pushed("develop", &before, &BOB).await;
        kill(&site, &site.to_pipelines, "execution-watcher").await;
        kill_in_time(&site, &site.to_telegram, "break-notifier").await;
        let broken = |stage: &Value| !stage["break"].is_null();
        let stage = app.stage_in_time("dev", broken).await;
        assert_eq!(stage["break"]["revision"], bad.as_str(), "{stage:#}");
        heard.until(&site, 1, 1, true).await;
        for texts in [&heard.telegram, &heard.topic] {
            assert_eq!(texts.len(), 1, "{texts:#?}");
            assert!(texts[0].contains("broke"), "{}", texts[0]);
        }
        assert_eq!(site.stand_in.executions() - executions, 2);
    });
}

/// Kills the processes of a function as soon as one of them hangs.
async fn kill(site: &Site, hanging: &FaultProxy, function: &str) {
    let since = Instant::now();
    while hanging.left() > 0 {
        assert!(since.elapsed() < PATIENCE, "nothing hangs\n{}", site.said());
        tokio::time::sleep(LOOK).await;
    }
    kill_now(site, function);
}

/// The same while the clock ticks.
async fn kill_in_time(site: &Site, hanging: &FaultProxy, function: &str) {
    let since = Instant::now();
    while hanging.left() > 0 {
        assert!(since.elapsed() < PATIENCE, "nothing hangs\n{}", site.said());
        // One that fails is made good by the next.
        let _ = site.tick().await;
        tokio::time::sleep(LOOK).await;
    }
    kill_now(site, function);
}

fn kill_now(site: &Site, function: &str) {
    let pids = processes(site, function);
    assert!(!pids.is_empty(), "no process of {function}");
    let killed = Command::new("kill").arg("-KILL").args(&pids).status();
    // One of them may have ended by itself.
    killed.expect("there is such a program");
}

/// Process ids of a function of this installation.
fn processes(site: &Site, function: &str) -> Vec<String> {
    let name = format!("AWS_LAMBDA_FUNCTION_NAME=greenroom-{function}");
    let here = format!("AWS_ENDPOINT_URL={}", site.ministack());
    let all = std::fs::read_dir("/proc").expect("it is there").flatten();
    let ids = all.filter_map(|entry| entry.file_name().into_string().ok());
    let ours = |id: &String| {
        let environment = std::fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
        let has = |wanted: &str| {
            let mut all = environment.split(|byte| *byte == 0);
            all.any(|one| one == wanted.as_bytes())
        };
        has(&name) && has(&here)
    };
    ids.filter(ours).collect()
}
