//! From a verified release upstream to the same bytes downstream, through every gate.

use greenroom_core::accept::RejectionKind;
use greenroom_core::command::Command;
use greenroom_core::effect::Effect;
use greenroom_core::stage::{Cause, Health};
use greenroom_core::waiting::Wait;
use jiff::SignedDuration;

use crate::world::*;

#[test]
fn the_same_bytes_move_after_soak_and_approvals() {
    let mut world = World::new();
    assert_eq!(codes(&world.replan("prod")), ["upstream_unverified"]);
    world.green("preprod", 1);
    let plan = world.replan("prod");
    assert_eq!(codes(&plan), ["soaking", "approval"]);
    let until = world.now.checked_add(minutes(60)).expect("in time");
    assert_eq!(plan.wake, Some(until));
    world.approve("alice").expect("approved");
    world.approve("bob").expect("approved");
    world.pass(minutes(60));
    world.replan("prod");
    assert_eq!(world.run("prod").release, world.release(1));
    world.deploy("prod");
    world.all_pass("prod");
    assert_eq!(codes(&world.replan("prod")), ["up_to_date"]);
    let asked = |effect: &Effect| matches!(effect, Effect::RequestBuild { stage, .. } if stage.as_str() == "prod");
    assert_eq!(world.count(asked), 0, "nothing is built for prod");
}

#[test]
fn the_end_of_a_run_asks_the_stages_downstream_to_look() {
    let mut world = World::new();
    world.green("preprod", 1);
    let asks: Vec<_> = world
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Ask { stage, because } if stage.as_str() == "prod" => Some(because.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(asks, ["preprod-1"]);
}

#[test]
fn a_soak_allows_for_two_clocks_wrong_in_opposite_ways() {
    let mut world = World::new();
    world.clock_error = minutes(5);
    world.prod_ready(1);
    assert_eq!(world.stage("prod").run, None, "61 minutes are not enough");
    world.pass(minutes(8));
    let plan = world.replan("prod");
    assert_eq!(codes(&plan), ["soaking"]);
    world.pass(minutes(1));
    world.replan("prod");
    assert!(world.stage("prod").run.is_some());
}

#[test]
fn a_soak_is_continuous() {
    let mut world = World::new();
    world.green("preprod", 1);
    world.pass(minutes(59));
    world
        .command("preprod", &operator(), Command::Retry)
        .expect("it runs again");
    world.deploy("preprod");
    assert_eq!(codes(&world.replan("prod")), ["upstream_unverified"]);
    world.all_pass("preprod");
    world.pass(minutes(59));
    let plan = world.replan("prod");
    assert_eq!(codes(&plan), ["soaking", "approval"]);
}

#[test]
fn an_upstream_that_proved_its_release_under_other_terms_has_to_prove_it_again() {
    let mut world = World::new();
    world.green("preprod", 1);
    world.file = stage_file(&FILE.replace("t/api/*.hurl", "t/api2/*.hurl"));
    let plan = world.replan("prod");
    assert_eq!(codes(&plan)[0], "upstream_outdated");
    world
        .command("preprod", &operator(), Command::Retry)
        .expect("it runs again");
    world.deploy("preprod");
    world.all_pass("preprod");
    assert_eq!(codes(&world.replan("prod"))[0], "soaking");
}

#[test]
fn each_person_counts_once_whatever_the_case_of_the_login() {
    let mut world = World::new();
    world.green("preprod", 1);
    world.replan("prod");
    for name in ["alice", "alice", "Alice"] {
        world.approve(name).expect("approved");
    }
    assert_eq!(world.stage("prod").approvals.len(), 1);
    let plan = world.replan("prod");
    assert!(matches!(
        plan.waiting_on[1],
        Wait::Approval {
            have: 1,
            need: 2,
            ..
        }
    ));
}

#[test]
fn only_holders_of_the_role_approve() {
    let mut world = World::new();
    world.green("preprod", 1);
    let no = world.approve("mallory").expect_err("not an owner");
    assert_eq!(no.kind, RejectionKind::Forbidden);
    assert!(no.help.contains("owner"), "{}", no.help);
}

#[test]
fn an_approval_is_void_when_the_candidate_changes() {
    let mut world = World::new();
    world.prod_ready(1);
    let run = world.run("prod").generation;
    assert_eq!(run, 1);
    let mut world = World::new();
    world.green("preprod", 1);
    world.replan("prod");
    world.approve("alice").expect("approved");
    world.green("preprod", 2);
    let plan = world.replan("prod");
    assert_eq!(plan.next.approvals, []);
    assert_eq!(
        plan.next
            .candidate
            .map(|it| it.contains[0].revision.clone()),
        Some(revision(1))
    );
}

#[test]
fn an_approval_is_void_when_the_terms_change() {
    let mut world = World::new();
    world.green("preprod", 1);
    world.replan("prod");
    world.approve("alice").expect("approved");
    world.file = stage_file(&FILE.replace("soak: 1h", "soak: 2h"));
    let plan = world.replan("prod");
    assert_eq!(plan.next.approvals, []);
}

#[test]
fn an_approval_outlives_a_candidate_that_is_verified_once_more() {
    let mut world = World::new();
    world.green("preprod", 1);
    world.replan("prod");
    world.approve("alice").expect("approved");
    world
        .command("preprod", &operator(), Command::Retry)
        .expect("it runs again");
    world.deploy("preprod");
    let plan = world.replan("prod");
    assert_eq!(plan.next.candidate, None);
    world.all_pass("preprod");
    let plan = world.replan("prod");
    assert_eq!(plan.next.approvals.len(), 1);
}

#[test]
fn a_yes_is_never_for_a_candidate_nobody_has_seen() {
    let mut world = World::new();
    world.green("preprod", 1);
    world.replan("prod");
    world.green("preprod", 2);
    let no = world.approve("alice").expect_err("the candidate changed");
    assert_eq!(no.kind, RejectionKind::Conflict);
    let approve = |n| Command::Approve {
        revision: Some(revision(n)),
    };
    let old = world.command("prod", &person("alice"), approve(1));
    assert_eq!(old.err().map(|no| no.kind), Some(RejectionKind::Conflict));
    world
        .command("prod", &person("alice"), approve(2))
        .expect("this one was seen");
}

#[test]
fn nothing_is_approved_where_nothing_is_asked_for() {
    let mut world = World::new();
    world.green("dev", 1);
    let approve = Command::Approve { revision: None };
    let no = world.command("dev", &operator(), approve.clone());
    assert_eq!(no.err().map(|no| no.kind), Some(RejectionKind::Invalid));
    let no = world.command("prod", &operator(), approve);
    assert_eq!(no.err().map(|no| no.kind), Some(RejectionKind::NotFound));
}

#[test]
fn what_is_deployed_or_green_here_needs_no_yes_any_more() {
    let mut world = World::new();
    world.prod_ready(1);
    assert_eq!(world.run("prod").release, world.release(1));
    let no = world.approve("carol").expect_err("no owner");
    assert_eq!(no.kind, RejectionKind::Forbidden);
    let no = world.approve("alice").expect_err("it is being deployed");
    assert_eq!(no.kind, RejectionKind::NotFound);
    world.deploy("prod");
    world.all_pass("prod");
    let no = world.approve("alice").expect_err("it is green");
    assert_eq!(no.kind, RejectionKind::NotFound);
}

#[test]
fn a_yes_under_older_terms_does_not_stand_for_one_under_those_in_force() {
    let mut world = World::new();
    world.green("preprod", 1);
    world.replan("prod");
    world.approve("alice").expect("approved");
    world.file = stage_file(&FILE.replace("soak: 1h", "soak: 2h"));
    let plan = world.approve("alice").expect("approved as it is now");
    assert_eq!(plan.next.approvals.len(), 1);
    let terms = world.policy("prod").map(|policy| policy.terms);
    assert_eq!(Some(&plan.next.approvals[0].terms), terms.as_ref());
}

#[test]
fn whoever_waits_for_an_upstream_is_told_whether_it_is_red() {
    let mut world = World::new();
    world.push("preprod", 1);
    world.built(1);
    let red = |world: &mut World| match &world.replan("prod").waiting_on[..] {
        [Wait::UpstreamUnverified { red, .. }, ..] => Some(*red),
        _ => None,
    };
    assert_eq!(red(&mut world), Some(false));
    world.deploy("preprod");
    world.verdict("preprod", "api", failed(&["a"]));
    world.verdict("preprod", "smoke", passed());
    assert_eq!(world.stage("preprod").health, Health::Red);
    assert_eq!(red(&mut world), Some(true));
}

#[test]
fn a_stage_without_upstream_may_ask_for_approval_too() {
    let mut world = World::new();
    let plan = world.push("tagged", 1);
    assert_eq!(codes(&plan), ["approval"]);
    assert_eq!(plan.next.run, None);
    let plan = world
        .command(
            "tagged",
            &person("alice"),
            Command::Approve { revision: None },
        )
        .expect("approved");
    assert!(plan.next.run.is_some());
    world.admit("tagged").expect("the approval still holds");
}

#[test]
fn a_rejection_keeps_nothing_from_a_stage_once_something_newer_stands_there() {
    let mut world = World::new();
    world.push("tagged", 1);
    let reject = Command::Reject {
        revision: None,
        reason: "not on a Friday".to_owned(),
    };
    let plan = world
        .command("tagged", &person("alice"), reject)
        .expect("rejected");
    assert_eq!(codes(&plan), ["rejected"]);
    world.push("tagged", 2);
    world
        .command(
            "tagged",
            &person("alice"),
            Command::Approve { revision: None },
        )
        .expect("approved");
    let plan = world.deploy("tagged");
    assert_eq!(codes(&plan), ["up_to_date"]);
}

#[test]
fn a_rejected_release_is_left_alone_until_somebody_promotes_it() {
    let mut world = World::new();
    world.green("preprod", 1);
    world.replan("prod");
    world.approve("alice").expect("approved");
    let reject = Command::Reject {
        revision: None,
        reason: "not on a Friday".to_owned(),
    };
    let plan = world
        .command("prod", &person("bob"), reject)
        .expect("rejected");
    assert_eq!(codes(&plan), ["rejected"]);
    assert_eq!(plan.next.approvals, []);
    assert_eq!(plan.next.tried, None, "it was never tried");
    let why = plan.waiting_on[0].explain(&plan.next.id.stage);
    assert!(why.sentence.contains("not on a Friday"), "{}", why.sentence);
    assert!(world.approve("alice").is_err());
    let plan = world
        .command("prod", &operator(), Command::Promote)
        .expect("promoted");
    assert_eq!(codes(&plan), ["soaking", "approval"]);
}

#[test]
fn a_release_that_failed_here_is_not_retried_by_automation() {
    let mut world = World::new();
    world.prod_ready(1);
    world.deploy("prod");
    world.verdict("prod", "smoke", failed(&["a"]));
    assert_eq!(world.stage("prod").health, Health::Red);
    world.pass(minutes(600));
    assert_eq!(codes(&world.replan("prod")), ["failed_here"]);
    world
        .command("prod", &operator(), Command::Retry)
        .expect("a person may");
    assert_eq!(world.run("prod").release, world.release(1));
}

#[test]
fn promote_is_granted_and_the_gates_stay_closed() {
    let mut world = World::new();
    world.green("preprod", 1);
    let plan = world
        .command("prod", &operator(), Command::Promote)
        .expect("granted");
    assert_eq!(codes(&plan), ["soaking", "approval"]);
    assert_eq!(plan.next.run, None);
}

#[test]
fn promote_says_why_there_is_nothing_to_do() {
    let mut world = World::new();
    let kind = |world: &mut World, name: &str| {
        let answer = world.command(name, &operator(), Command::Promote);
        answer.err().map(|no| no.kind)
    };
    assert_eq!(kind(&mut world, "dev"), Some(RejectionKind::Invalid));
    assert_eq!(kind(&mut world, "prod"), Some(RejectionKind::Closed));
    world.prod_ready(1);
    assert_eq!(kind(&mut world, "prod"), Some(RejectionKind::Conflict));
    world.deploy("prod");
    world.all_pass("prod");
    assert_eq!(kind(&mut world, "prod"), Some(RejectionKind::Conflict));
}

#[test]
fn a_head_that_leads_to_a_promoted_stage_by_mistake_passes_no_gate() {
    let mut world = World::new();
    world.green("preprod", 1);
    let by = Some("olga".to_owned());
    let refresh = Cause::Refresh { slot: None, by };
    let plan = world.head("prod", "refs/heads/master", 9, refresh);
    let candidate = plan.next.candidate.expect("only the promotion");
    assert_eq!(candidate.release, Some(world.release(1)));
    let no = world.command("prod", &operator(), Command::Refresh);
    assert_eq!(no.err().map(|no| no.kind), Some(RejectionKind::Invalid));
}

#[test]
fn a_promotion_does_not_outlive_the_rule_that_wanted_it() {
    let mut world = World::new();
    world.green("preprod", 1);
    world.replan("prod");
    let file = FILE
        .replace("from: { promote: preprod }", "from: { branch: live }")
        .replace("    soak: 1h\n", "")
        .replace("    approvals: { count: 2, by: [owner] }\n", "");
    world.file = stage_file(&file);
    let plan = world.replan("prod");
    assert_eq!((plan.next.candidate, plan.next.run), (None, None));
}

#[test]
fn a_push_left_over_from_an_older_rule_does_not_reach_a_promoted_stage() {
    let mut world = World::new();
    let lock = Command::Lock {
        reason: "wait".to_owned(),
        until: None,
    };
    world.green("dev", 1);
    world.command("dev", &operator(), lock).expect("locked");
    world
        .command("dev", &operator(), Command::Retry)
        .expect("a retry waits");
    assert!(world.stage("dev").candidate.is_some());
    world.file = stage_file(&FILE.replace(
        "  dev: { from: { branch: develop }",
        "  dev: { from: { promote: preprod }",
    ));
    world
        .command("dev", &operator(), Command::Unlock)
        .expect("unlocked");
    assert_eq!(world.stage("dev").run, None);
    assert_eq!(world.stage("dev").candidate, None);
}

#[test]
fn a_soak_without_end_in_sight_never_overflows() {
    let mut world = World::new();
    world.green("preprod", 1);
    world.clock_error = SignedDuration::MAX;
    assert_eq!(codes(&world.replan("prod"))[0], "soaking");
}
