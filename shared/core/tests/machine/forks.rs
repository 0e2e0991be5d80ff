//! The commit of a fork runs nowhere before somebody with the right has approved exactly it.

use greenroom_core::accept::RejectionKind;
use greenroom_core::command::Command;
use greenroom_core::effect::Effect;
use greenroom_core::mark::Saying;
use greenroom_core::name::{Actor, RefName};
use greenroom_core::plan::Plan;
use greenroom_core::stage::{Cause, Fork, Spec};

use crate::gates::{rows, shown};
use crate::marks::given;
use crate::world::*;

const MARK: &str = "ok-to-deploy";
const FORKS: &str = r#"  review: { name: "pr-${pr}", from: { pull_request: { forks: ok-to-deploy } }, pipeline: service }
"#;

/// Mallory, who holds the role as well, has opened pull request 5 from a fork.
fn world() -> World {
    let roles = FILE.replace("owner: [alice, bob]", "owner: [alice, bob, mallory]");
    let marks = "\nmarks:\n  ok-to-deploy: { by: [owner] }\nstages:\n";
    let mut world = World::of(&(roles.replace("\nstages:\n", marks) + FORKS));
    world.stage("review");
    let stage = world.stages.get_mut("review").expect("a stage");
    stage.spec = Spec {
        pull_request: Some(5),
        fork: Some(Fork {
            author: Some(Actor::new("Mallory")),
        }),
        ..stage.spec.clone()
    };
    world
}

fn push(world: &mut World, n: u32) -> Plan {
    let reference = RefName::of_pull_request(5);
    let cause = Cause::PullRequest {
        number: 5,
        actor: None,
    };
    world.head("review", reference.as_str(), n, cause)
}

fn approve(world: &mut World, n: u32, who: &str) {
    world
        .say(n, &person(who), &given(MARK, None))
        .expect("marked");
}

fn withdraw(world: &mut World, n: u32) {
    let mark = MARK.to_owned();
    world
        .say(n, &operator(), &Saying::Unmark { mark })
        .expect("unmarked");
}

fn builds(plan: &Plan) -> bool {
    let mut effects = plan.effects.iter();
    effects.any(|effect| matches!(effect, Effect::RequestBuild { .. }))
}

#[test]
fn nothing_of_a_fork_is_built_or_deployed_before_exactly_that_commit_is_approved() {
    let mut world = world();
    let plan = push(&mut world, 1);
    assert_eq!(codes(&plan), ["fork_unapproved"]);
    assert_eq!(plan.effects, []);
    let told = plan.waiting_on[0].explain(&"review".into());
    assert_eq!(told.who, "owner, having read it");
    let exact = format!("greenroom mark {MARK} --release {}", revision(1));
    assert_eq!(told.command, Some(exact));
    // What was approved is another commit.
    approve(&mut world, 2, "alice");
    assert_eq!(codes(&world.replan("review")), ["fork_unapproved"]);
    approve(&mut world, 1, "alice");
    assert!(builds(&world.replan("review")));
    world.built(1);
    world.deploy("review");
    assert_eq!(codes(&world.replan("review")), ["up_to_date"]);
    // The next one the stranger pushes waits like the first.
    let plan = push(&mut world, 3);
    assert_eq!(codes(&plan), ["fork_unapproved"]);
    assert_eq!(plan.effects, []);
}

#[test]
fn an_approval_that_is_withdrawn_before_the_admission_closes_the_fence() {
    let mut world = world();
    approve(&mut world, 1, "alice");
    push(&mut world, 1);
    world.built(1);
    withdraw(&mut world, 1);
    let no = world.admit("review").expect_err("closed");
    assert_eq!(no.kind, RejectionKind::Closed);
    assert!(no.why.contains("is of a fork"), "{}", no.why);
}

#[test]
fn nobody_approves_their_own_pull_request() {
    let mut world = world();
    push(&mut world, 1);
    approve(&mut world, 1, "mallory");
    let plan = world.replan("review");
    assert_eq!(
        (codes(&plan), plan.effects.len()),
        (vec!["fork_unapproved"], 0)
    );
    let told = plan.waiting_on[0].explain(&"review".into());
    assert!(told.sentence.contains("their own pull request"));
    let back = format!("greenroom unmark {MARK} --release {}", revision(1));
    assert_eq!(told.command, Some(back));
    withdraw(&mut world, 1);
    approve(&mut world, 1, "bob");
    assert!(builds(&world.replan("review")));
}

#[test]
fn no_command_of_a_person_lets_a_fork_in_past_its_approval() {
    let mut world = world();
    for n in [1, 2] {
        approve(&mut world, n, "alice");
        push(&mut world, n);
        world.built(n);
        world.deploy("review");
    }
    withdraw(&mut world, 1);
    withdraw(&mut world, 2);
    let plan = world.command("review", &operator(), Command::Retry);
    assert_eq!(codes(&plan.expect("granted")), ["fork_unapproved"]);
    let back = Command::Rollback {
        to: Some(revision(1)),
        reason: "it is slow".to_owned(),
    };
    let plan = world.command("review", &operator(), back);
    assert_eq!(codes(&plan.expect("granted")), ["fork_unapproved"]);
}

#[test]
fn a_stage_file_that_takes_no_forks_any_more_closes_the_stage_of_one() {
    let mut world = world();
    approve(&mut world, 1, "alice");
    push(&mut world, 1);
    world.built(1);
    let claimed = world.file.clone();
    world.file = stage_file(&(FILE.to_owned() + &FORKS.replace("{ forks: ok-to-deploy }", "{}")));
    let no = world.admit("review").expect_err("closed");
    assert!(no.why.contains("takes none for review"), "{}", no.why);
    world.file = claimed;
    world.admit("review").expect("let in");
}

#[test]
fn the_table_of_gates_tells_who_let_a_fork_in() {
    let mut world = world();
    push(&mut world, 1);
    let fork = |world: &World| {
        let all = shown(&rows(world, "review", 1));
        all.into_iter().find(|row| row.contains("fork"))
    };
    let closed = fork(&world).expect("a line");
    assert!(closed.contains("not given"), "{closed}");
    approve(&mut world, 1, "alice");
    let open = fork(&world).expect("a line");
    assert!(open.contains("by alice"), "{open}");
}
