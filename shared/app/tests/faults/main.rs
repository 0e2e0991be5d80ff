//! Every call of every golden scenario meets every fault that can happen to it. Nothing is left out.
//!
//! A failure prints its plan; `cargo run -p greenroom-testkit --bin faults -- push 17:DieAfter` runs
//! just that, and shows every call it led to.

use std::sync::atomic::AtomicUsize;

use greenroom_testkit::golden::{Golden, scenario};

mod noticed;
mod shape;

fn every_fault(name: &str) {
    let golden = Golden::new(scenario(name).expect("a scenario"));
    let (runs, failures) = golden.singles(&AtomicUsize::new(0));
    println!("{name}: {} calls, {runs} runs", golden.calm.calls.len());
    let shown: Vec<String> = failures.iter().take(10).map(ToString::to_string).collect();
    let (wrong, shown) = (failures.len(), shown.join("\n\n"));
    assert!(wrong == 0, "{wrong} of {runs} runs are wrong:\n{shown}");
}

#[test]
fn a_push_gets_to_green() {
    every_fault("push");
}

#[test]
fn a_newer_push_contains_the_older() {
    every_fault("superseded");
}

#[test]
fn what_waits_in_line_is_deployed_in_its_turn() {
    every_fault("queued");
}

#[test]
fn without_webhooks_the_poller_alone_gets_there() {
    every_fault("poll");
}

#[test]
fn a_branch_that_goes_takes_what_waits_along() {
    every_fault("delete-branch");
}

#[test]
fn a_refresh_comes_by_schedule() {
    every_fault("refresh");
}

#[test]
fn a_refresh_comes_by_hand() {
    every_fault("refresh-by-hand");
}

#[test]
fn a_release_is_promoted_after_its_soak() {
    every_fault("soak");
}

#[test]
fn a_release_is_promoted_once_approved() {
    every_fault("approve");
}

#[test]
fn an_approval_is_void_after_a_push() {
    every_fault("approval-then-push");
}

#[test]
fn a_yes_to_what_is_just_replaced_promotes_nothing_else() {
    every_fault("approval-during-push");
}

#[test]
fn a_promotion_ends_the_hold_of_a_rollback() {
    every_fault("promote");
}

#[test]
fn a_rollback_goes_back_and_holds() {
    every_fault("rollback");
}

#[test]
fn a_lock_stops_what_is_about_to_start() {
    every_fault("lock-during-start");
}

#[test]
fn what_waited_goes_on_when_it_is_unlocked() {
    every_fault("unlock");
}

#[test]
fn a_retry_mends_a_break() {
    every_fault("retry");
}

#[test]
fn an_abort_stops_what_is_under_way() {
    every_fault("abort");
}

#[test]
fn a_break_is_told_and_its_end() {
    every_fault("break-and-recover");
}

#[test]
fn a_dead_channel_is_told_on_another() {
    every_fault("dead-channel");
}

#[test]
fn a_build_that_fails_is_a_break() {
    every_fault("build-fails");
}

#[test]
fn what_nobody_can_tell_is_told_unverified() {
    every_fault("unverified");
}

#[test]
fn a_run_is_judged_by_its_own_stage_file() {
    every_fault("changed-in-mid-run");
}
