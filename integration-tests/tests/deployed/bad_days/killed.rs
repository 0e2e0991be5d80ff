//! Functions that are killed in the middle of their work.

use std::process::Command;
use std::time::Instant;

use greenroom_emulators::proxy::{Fault, FaultProxy};
use greenroom_testkit::sample_repo::BOB;

use super::{Inbox, commit, green, is_green_with, runs};
use crate::app::{LOOK, PATIENCE, new_delivery};
use crate::site::{Site, alone_on_site};

const KEEP: &str = "TransactWriteItems";
const START: &str = "StartPipelineExecution";
const OBSERVE: &str = "GetPipelineExecution";

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

#[test]
fn what_an_execution_came_to_is_found_although_who_watched_it_was_killed() {
    alone_on_site(async |site| {
        let (app, before) = green(&site, "unwatched").await;
        let revision = commit(&app, "Watch this");
        let executions = site.stand_in.executions();
        site.to_pipelines.once(OBSERVE, Fault::Hang);
        app.pushed("develop", &before, &BOB).await;
        kill(&site, &site.to_pipelines, "execution-watcher").await;
        let stage = app.stage_in_time("dev", is_green_with(&revision)).await;
        assert_eq!(runs(&stage), 2, "{stage:#}");
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
