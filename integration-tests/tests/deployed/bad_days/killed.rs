//! Functions that are killed in the middle of their work.

use std::process::Command;
use std::time::Instant;

use greenroom_emulators::proxy::{Fault, FaultProxy};
use greenroom_testkit::sample_repo::{BOB, Edit};
use serde_json::json;

use super::{Inbox, commit, green, is_green_with, runs};
use crate::app::{LOOK, PATIENCE, new_delivery};
use crate::heard::Heard;
use crate::samples::{ILL, UP};
use crate::site::{Site, alone_on_site};

const KEEP: &str = "TransactWriteItems";
const START: &str = "StartPipelineExecution";
const OBSERVE: &str = "GetPipelineExecution";
const ANSWER: &str = "PutJobSuccessResult";

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

#[test]
fn an_execution_gets_its_answer_although_the_fence_was_killed_before_it_gave_it() {
    alone_on_site(async |site| {
        let (app, before) = green(&site, "unanswered-fence").await;
        let revision = commit(&app, "Be let in");
        let executions = app.executions();
        site.to_pipelines.once(ANSWER, Fault::Hang);
        app.pushed("develop", &before, &BOB).await;
        // It has let it in, and cannot say so. Lambda calls it again: here after a second, on AWS
        // after one minute and after two.
        kill(&site, &site.to_pipelines, "pipeline-admission").await;
        site.to_pipelines.once(ANSWER, Fault::Hang);
        kill(&site, &site.to_pipelines, "pipeline-admission").await;
        let stage = app.stage("dev", is_green_with(&revision)).await;
        assert_eq!(runs(&stage), 2, "{stage:#}");
        assert_eq!(app.executions() - executions, 2);
    });
}

#[test]
fn what_killed_functions_tested_and_told_is_taken_over_when_they_would_have_ended() {
    alone_on_site(async |site| {
        let (broken, before) = green(&site, "untold").await;
        let (tested, tested_before) = green(&site, "untested").await;
        let mut heard = Heard::of(&site, &broken.name).await;
        let ill = [Edit::write(UP, ILL)];
        broken.commit("develop", &BOB, "Break it", &ill);
        site.to_telegram.once("*", Fault::Hang);
        broken.pushed("develop", &before, &BOB).await;
        kill(&site, &site.to_telegram, "break-notifier").await;
        let untold = Instant::now();
        let revision = commit(&tested, "Test this");
        site.to_stages.once("*", Fault::Hang);
        tested.pushed("develop", &tested_before, &BOB).await;
        kill(&site, &site.to_stages, "integration-test-runner").await;
        let untested = Instant::now();
        // The topic may have been told just before, and is told again if nobody knows.
        heard.until(&site, 1, 1, true).await;
        println!(
            "told {:.0} s after the kill",
            untold.elapsed().as_secs_f64()
        );
        let text = &heard.telegram[0];
        assert!(text.contains("broke"), "{text}");
        assert!(text.contains("possibly repeated"), "{text}");
        let stage = tested.stage_in_time("dev", is_green_with(&revision)).await;
        println!(
            "tested {:.0} s after the kill",
            untested.elapsed().as_secs_f64()
        );
        assert_eq!(runs(&stage), 2, "{stage:#}");
        heard.listen(&site).await;
        assert_eq!(heard.telegram.len(), 1, "{:#?}", heard.telegram);
    });
}

#[test]
fn what_a_killed_tick_found_and_a_killed_api_was_asked_is_done_when_they_are_called_again() {
    alone_on_site(async |site| {
        let (app, _) = green(&site, "uncalled").await;
        let executions = app.executions();
        let revision = commit(&app, "Tell nobody");
        site.to_table.once(KEEP, Fault::Hang);
        let (ticked, ()) = tokio::join!(site.tick(), kill(&site, &site.to_table, "clock-tick"));
        assert!(ticked.is_err(), "it was killed");
        let stage = app.stage_in_time("dev", is_green_with(&revision)).await;
        assert_eq!(runs(&stage), 2, "{stage:#}");
        assert_eq!(app.executions() - executions, 2);

        let lock = json!({ "command": "lock", "reason": "to be killed", "until": null });
        site.to_table.once(KEEP, Fault::Hang);
        let (answer, ()) = tokio::join!(
            app.command("dev", lock.clone()),
            kill(&site, &site.to_table, "control-api")
        );
        assert!(answer.status >= 500, "{} {}", answer.status, answer.body);
        let stage = app.stage("dev", |_| true).await;
        assert!(stage["lock"].is_null(), "{stage:#}");
        let again = app.command("dev", lock).await;
        assert_eq!(again.status, 200, "{}", again.body);
        let stage = app.stage("dev", |_| true).await;
        assert_eq!(stage["lock"]["reason"], "to be killed", "{stage:#}");
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
