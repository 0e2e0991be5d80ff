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

macro_rules! every_fault {
    ($($test:ident $name:literal)*) => {
        $(#[test]
        fn $test() {
            every_fault($name);
        })*

        /// What is tested here.
        const TESTED: &[&str] = &[$($name),*];
    };
}

every_fault! {
    a_push_gets_to_green "push"
    a_newer_push_contains_the_older "superseded"
    without_webhooks_the_poller_alone_gets_there "poll"
    a_branch_that_goes_takes_what_waits_along "delete-branch"
    a_refresh_comes_by_schedule "refresh"
    a_refresh_comes_by_hand "refresh-by-hand"
    a_release_is_promoted_after_its_soak "soak"
    a_release_is_promoted_once_approved "approve"
    an_approval_is_void_after_a_push "approval-then-push"
    a_yes_to_what_is_just_replaced_promotes_nothing_else "approval-during-push"
    a_promotion_ends_the_hold_of_a_rollback "promote"
    a_rollback_goes_back_and_holds "rollback"
    a_lock_stops_what_is_about_to_start "lock-during-start"
    what_waited_goes_on_when_it_is_unlocked "unlock"
    a_retry_mends_a_break "retry"
    an_abort_stops_what_is_under_way "abort"
    a_break_is_told_and_its_end "break-and-recover"
    a_dead_channel_is_told_on_another "dead-channel"
    a_build_that_fails_is_a_break "build-fails"
    what_nobody_can_tell_is_told_unverified "unverified"
    a_run_is_judged_by_its_own_stage_file "changed-in-mid-run"
}
