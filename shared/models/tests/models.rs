//! Each model is looked at whole, and sees the bug when a protection is taken away.

use greenroom_models::models::{self, Size};
use greenroom_models::outbox::{Bounds, Flaw, Outbox, promises};
use greenroom_models::promises::of_gaps;
use greenroom_models::protocol::Protocol;
use greenroom_models::report::{breaks, holds};
use greenroom_models::setup::{Fault, Setup};
use jiff::SignedDuration;

/// `GREENROOM_MODELS=large` for nights.
fn size() -> Size {
    match std::env::var("GREENROOM_MODELS").as_deref() {
        Ok("large") => Size::Large,
        _ => Size::Small,
    }
}

fn whole(setup: Setup) {
    let name = setup.name;
    println!("{name}: {}", holds(Protocol::new(setup)));
}

/// In the protocol as it is, `property` does not hold, and `docs/models.md` says so.
fn not_promised(setup: Setup, property: &'static str, steps: usize) {
    let setup = Setup {
        properties: of_gaps,
        ..setup
    };
    let way = breaks(|| Protocol::new(setup.clone()), property);
    println!("{}: {property}: {} steps: {way:?}", setup.name, way.len());
    assert_eq!(way.len(), steps, "docs/models.md says otherwise");
}

/// Without `fault`, `property` is broken in so many steps and no fewer.
fn noticed(setup: &Setup, fault: Fault, property: &'static str, steps: usize) {
    let way = breaks(|| Protocol::new(setup.clone().without(fault)), property);
    let name = setup.name;
    println!("{name}, {fault:?}: {} steps: {way:?}", way.len());
    assert_eq!(way.len(), steps, "docs/models.md says otherwise");
}

fn outbox_noticed(bounds: &Bounds, flaw: Flaw, property: &'static str, steps: usize) {
    let flawed = || Bounds {
        flaw: Some(flaw),
        ..bounds.clone()
    };
    let way = breaks(|| Outbox::new(flawed()), property);
    println!("outbox, {flaw:?}: {} steps: {way:?}", way.len());
    assert_eq!(way.len(), steps, "docs/models.md says otherwise");
}

const ONE_AT_A_TIME: &str = "C1 one execution at a time is let in";
const ONE_OF_A_CLAIM: &str = "C2 of a claim one execution is let in";
const CURRENT: &str = "C3 only the current claim is let in";
const ALONE: &str = "nothing newer goes out beside one that would not stop";
const LOCKED: &str = "D6 nothing is claimed or let in under a lock";
const LOCK_STANDS: &str = "a lock that was granted stands";
const APPROVED: &str = "H7 nothing goes out that was not approved";
const PROVEN: &str = "D1 D3 D4 nothing goes out that is not proven";
const ONCE: &str = "D3 F1 a slot is decided once";
const TOLD: &str = "E1 what is gone was told, or given up aloud";
const LOST: &str = "E1 nothing is lost";
const COUNTED: &str = "E2 one copy, and one for each try nobody knows of";
const SAID: &str = "E2 every copy but one says that it may be one";
const IN_TURN: &str = "E4 no recovery before its break";

#[test]
fn of_all_that_starts_only_the_current_claim_is_let_in_and_once() {
    whole(models::claim(size()));
}

#[test]
fn nothing_newer_goes_out_beside_one_that_would_not_stop() {
    whole(models::claims(size()));
}

#[test]
fn no_start_passes_a_lock_by_any_clock() {
    whole(models::lock(size()));
}

#[test]
fn no_start_passes_the_locks_of_two_people() {
    whole(models::locks(size()));
}

#[test]
fn nothing_goes_out_that_was_not_approved() {
    whole(models::approval(size()));
}

#[test]
fn nothing_goes_out_that_the_upstream_has_not_proven() {
    whole(models::promotion(size()));
}

#[test]
fn each_slot_of_a_schedule_is_decided_once_by_any_clock() {
    whole(models::refresh(size()));
}

#[test]
fn what_is_to_be_told_is_told_and_copies_say_so() {
    let outbox = Outbox::new(models::outbox(size()));
    println!("outbox, many processes: {}", holds(outbox));
}

#[test]
fn a_process_takes_over_what_the_one_before_it_left() {
    let outbox = Outbox::new(models::outbox_alone(size()));
    println!("outbox, one process: {}", holds(outbox));
}

#[test]
fn without_the_fence_two_executions_deploy() {
    let setup = models::claim(Size::Small);
    noticed(&setup, Fault::NoFence, ONE_AT_A_TIME, 9);
    noticed(&setup, Fault::NoFence, ONE_OF_A_CLAIM, 9);
}

#[test]
fn without_the_version_two_executions_deploy() {
    let setup = models::claim(Size::Small);
    noticed(&setup, Fault::NoVersion, ONE_AT_A_TIME, 11);
    noticed(&setup, Fault::NoVersion, CURRENT, 9);
}

#[test]
fn without_the_fence_a_start_passes_a_lock() {
    noticed(&models::lock(Size::Small), Fault::NoFence, LOCKED, 8);
}

#[test]
fn without_the_version_a_start_decided_before_the_lock_passes_it() {
    let setup = models::lock(Size::Small);
    noticed(&setup, Fault::NoVersion, LOCKED, 5);
    noticed(&setup, Fault::NoVersion, LOCK_STANDS, 5);
}

#[test]
fn a_yes_that_is_not_bound_to_its_release_lets_the_next_one_out() {
    let setup = models::approval(Size::Small);
    noticed(&setup, Fault::ApprovalUnbound, APPROVED, 16);
}

#[test]
fn a_yes_that_names_no_commit_lets_out_what_nobody_looked_at() {
    let setup = models::approval(Size::Small);
    noticed(&setup, Fault::ApprovalUnnamed, APPROVED, 9);
}

#[test]
fn without_the_upstreams_version_a_red_one_is_promoted() {
    let setup = models::promotion(Size::Small);
    noticed(&setup, Fault::UpstreamUnchecked, PROVEN, 6);
}

#[test]
fn without_the_version_two_tickers_decide_one_slot() {
    noticed(&models::refresh(Size::Small), Fault::NoVersion, ONCE, 5);
}

/// The gates allow for no error, and the clocks are wrong all the same.
fn worse_clocks(setup: Setup, property: &'static str, steps: usize) {
    let setup = Setup {
        clock_error: SignedDuration::ZERO,
        ..setup
    };
    let way = breaks(|| Protocol::new(setup.clone()), property);
    println!("{}, worse clocks: {} steps: {way:?}", setup.name, way.len());
    assert_eq!(way.len(), steps, "docs/models.md says otherwise");
}

#[test]
fn clocks_worse_than_allowed_end_a_lock_early_and_shorten_a_soak() {
    worse_clocks(models::lock(Size::Small), LOCKED, 5);
    worse_clocks(models::promotion(Size::Small), PROVEN, 3);
}

#[test]
fn an_alert_removed_before_it_is_sent_is_never_told() {
    let bounds = models::outbox(Size::Small);
    outbox_noticed(&bounds, Flaw::RemovedFirst, TOLD, 2);
    outbox_noticed(&bounds, Flaw::RemovedFirst, LOST, 3);
}

#[test]
fn without_a_lease_copies_do_not_say_that_they_are() {
    let bounds = models::outbox(Size::Small);
    outbox_noticed(&bounds, Flaw::NoLease, SAID, 4);
    outbox_noticed(&bounds, Flaw::NoLease, COUNTED, 4);
}

#[test]
fn silence_is_neither_a_yes_nor_a_no() {
    let bounds = models::outbox(Size::Small);
    outbox_noticed(&bounds, Flaw::SilenceIsYes, TOLD, 4);
    outbox_noticed(&bounds, Flaw::SilenceIsNo, SAID, 7);
}

#[test]
fn a_recovery_that_does_not_wait_comes_before_its_break() {
    let bounds = models::outbox(Size::Small);
    outbox_noticed(&bounds, Flaw::NoOrder, IN_TURN, 3);
}

#[test]
fn without_the_hold_a_newer_change_goes_out_beside_one_that_would_not_stop() {
    noticed(&models::claims(Size::Small), Fault::NoHold, ALONE, 15);
}

#[test]
fn a_yes_counts_under_the_terms_in_force_and_not_those_that_were_looked_at() {
    let looked_at = "a yes counts under the terms that were looked at";
    not_promised(models::approval(Size::Small), looked_at, 7);
}

#[test]
fn a_recovery_is_told_where_its_break_was_given_up() {
    let bounds = Bounds {
        properties: promises::of_gaps,
        ..models::outbox(Size::Small)
    };
    let gap = "a recovery is told where its break was";
    let way = breaks(|| Outbox::new(bounds.clone()), gap);
    println!("{} steps: {way:?}", way.len());
    assert_eq!(way.len(), 7, "docs/models.md says otherwise");
}
