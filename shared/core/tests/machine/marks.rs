//! What people say of a revision decides where it may go.

use greenroom_core::accept::{Rejection, RejectionKind, Wanted, mark};
use greenroom_core::command::Command;
use greenroom_core::mark::{BAD, MARKS_MAX, Marked, Saying};
use greenroom_core::principal::Principal;
use greenroom_core::stage::Health;

use crate::world::*;

const MARKS: &str = "
marks:
  complete: { by: [owner] }
  seen: {}
stages:
";

fn world() -> World {
    let text = FILE.replace("\nstages:\n", MARKS);
    World::of(&text.replace(
        "dev: { from: { branch: develop }, ",
        "dev: { from: { branch: develop }, marks: [complete, seen], ",
    ))
}

pub fn given(word: &str, note: Option<&str>) -> Saying {
    Saying::Mark {
        mark: word.to_owned(),
        note: note.map(str::to_owned),
    }
}

fn taken(word: &str) -> Saying {
    Saying::Unmark {
        mark: word.to_owned(),
    }
}

impl World {
    pub fn say(&mut self, n: u32, who: &Principal, saying: &Saying) -> Result<Marked, Rejection> {
        let revision = revision(n);
        let wanted = Wanted {
            revision: &revision,
            saying,
            principal: who,
        };
        let said = mark(self.marks.of(&revision), wanted, Some(&self.file), self.now)?;
        self.marks.insert(said.clone());
        Ok(said)
    }

    pub fn bad(&mut self, n: u32) {
        self.say(n, &person("dana"), &given(BAD, Some("it loses orders")))
            .expect("marked");
    }

    pub fn good_again(&mut self, n: u32) {
        self.say(n, &operator(), &taken(BAD)).expect("unmarked");
    }
}

#[test]
fn a_release_waits_for_each_mark_and_says_who_may_give_it() {
    let mut world = world();
    let plan = world.push("dev", 1);
    assert_eq!(codes(&plan), ["mark_missing", "mark_missing", "building"]);
    let told = plan.waiting_on[0].explain(&"dev".into());
    assert_eq!(told.sentence, "00000001 is not marked complete");
    assert_eq!(told.who, "owner");
    assert_eq!(
        told.command.as_deref(),
        Some("greenroom mark complete --release 00000001")
    );
    world.built(1);
    world
        .say(1, &person("ALICE"), &given("complete", None))
        .expect("marked");
    assert_eq!(codes(&world.replan("dev")), ["mark_missing"]);
    world
        .say(1, &person("carol"), &given("seen", None))
        .expect("marked");
    assert_eq!(codes(&world.replan("dev")), ["starting"]);
}

#[test]
fn a_mark_that_is_taken_back_before_the_admission_closes_the_fence() {
    let mut world = world();
    for word in ["complete", "seen"] {
        world
            .say(1, &operator(), &given(word, None))
            .expect("marked");
    }
    world.push("dev", 1);
    world.built(1);
    world.say(1, &operator(), &taken("seen")).expect("unmarked");
    let no = world.admit("dev").expect_err("closed");
    assert_eq!(no.kind, RejectionKind::Closed);
    assert_eq!(no.help, "greenroom mark seen --release 00000001");
}

#[test]
fn only_holders_of_the_role_mark_and_anybody_says_that_it_is_bad() {
    let mut world = world();
    let no = world
        .say(1, &person("mallory"), &given("complete", None))
        .expect_err("refused");
    assert_eq!(no.kind, RejectionKind::Forbidden);
    assert_eq!(no.help, "ask a holder of owner");
    let no = world.say(1, &person("mallory"), &taken("complete"));
    assert_eq!(no.expect_err("refused").kind, RejectionKind::Forbidden);
    let told = world.say(1, &person("mallory"), &given(BAD, Some("it burns")));
    assert_eq!(
        told.expect("marked").bad().map(|it| it.by.as_str()),
        Some("mallory")
    );
    for machine in [Principal::Automation, Principal::Pipeline] {
        let no = world
            .say(2, &machine, &given(BAD, Some("x")))
            .expect_err("refused");
        assert_eq!(no.kind, RejectionKind::Forbidden);
    }
}

#[test]
fn what_makes_no_sense_is_refused_with_what_would() {
    let mut world = world();
    let kind = |said: Result<Marked, Rejection>| said.expect_err("refused").kind;
    let no = world
        .say(1, &operator(), &given("complet", None))
        .expect_err("refused");
    assert_eq!(no.help, "there are complete, seen, bad");
    for note in [None, Some("  ")] {
        let said = world.say(1, &operator(), &given(BAD, note));
        assert_eq!(kind(said), RejectionKind::Invalid);
    }
    let said = world.say(1, &operator(), &taken(BAD));
    assert_eq!(kind(said), RejectionKind::NotFound);
    let once = world
        .say(1, &operator(), &given("seen", None))
        .expect("marked");
    world.pass(minutes(1));
    let again = world.say(1, &operator(), &given("seen", None));
    assert_eq!(again, Ok(once), "saying it again changes nothing");
    let said = world.say(1, &person("carol"), &given("seen", None));
    assert_eq!(kind(said), RejectionKind::Conflict);
}

#[test]
fn a_revision_has_only_so_many_marks() {
    let words: String = (1..MARKS_MAX).map(|n| format!("  m{n}: {{}}\n")).collect();
    let text = FILE.replace("\nstages:\n", &format!("\nmarks:\n{words}stages:\n"));
    let mut world = World::of(&text);
    for n in 1..MARKS_MAX {
        world
            .say(1, &operator(), &given(&format!("m{n}"), None))
            .expect("marked");
    }
    world.bad(1);
    let other = FILE.replace("\nstages:\n", "\nmarks:\n  other: {}\nstages:\n");
    world.file = stage_file(&other);
    let no = world
        .say(1, &operator(), &given("other", None))
        .expect_err("refused");
    assert_eq!(no.kind, RejectionKind::Conflict);
    let gone = world.say(1, &operator(), &taken("m1"));
    assert!(
        gone.is_ok(),
        "a word that the file has lost can be taken back"
    );
}

#[test]
fn a_bad_release_is_neither_built_nor_claimed_until_it_is_unmarked() {
    let mut world = World::new();
    world.bad(1);
    let plan = world.push("dev", 1);
    assert_eq!(codes(&plan), ["marked_bad"]);
    assert_eq!(plan.effects, [], "nothing is built that goes nowhere");
    assert_eq!(
        plan.waiting_on[0].explain(&"dev".into()).sentence,
        "dana marked 00000001 bad: it loses orders"
    );
    world.good_again(1);
    assert_eq!(codes(&world.replan("dev")), ["building"]);
    world.built(1);
    assert_eq!(world.run("dev").release, world.release(1));
}

#[test]
fn a_release_marked_bad_between_claim_and_admission_is_refused_at_the_fence() {
    let mut world = World::new();
    world.push("dev", 1);
    world.built(1);
    world.bad(1);
    let no = world.admit("dev").expect_err("closed");
    assert_eq!(no.kind, RejectionKind::Closed);
    assert_eq!(no.why, "dana marked 00000001 bad: it loses orders");
    assert_eq!(no.help, "greenroom unmark bad --release 00000001");
}

#[test]
fn what_is_verified_and_bad_is_promoted_nowhere() {
    let mut world = World::new();
    world.green("preprod", 1);
    world.bad(1);
    world.approve("alice").expect("approved");
    world.approve("bob").expect("approved");
    world.pass(minutes(60));
    assert_eq!(codes(&world.replan("prod")), ["marked_bad"]);
    assert_eq!(
        world.stage("preprod").health,
        Health::Green,
        "it stands as it stood"
    );
    world.good_again(1);
    assert_eq!(codes(&world.replan("prod")), ["starting"]);
    world.bad(1);
    assert!(world.admit("prod").is_err());
}

#[test]
fn a_rollback_goes_past_what_is_bad_and_never_to_it() {
    let mut world = World::new();
    for n in [1, 2, 3] {
        world.green("dev", n);
    }
    world.bad(2);
    let back = |to| Command::Rollback {
        to,
        reason: "it is slow".to_owned(),
    };
    let no = world
        .try_command("dev", &operator(), &back(Some(revision(2))))
        .expect_err("refused");
    assert_eq!(no.kind, RejectionKind::Closed);
    let plan = world
        .command("dev", &operator(), back(None))
        .expect("granted");
    assert_eq!(plan.next.run.expect("a run").release, world.release(1));
    world.bad(1);
    assert!(world.admit("dev").is_err(), "not even a rollback");
}

#[test]
fn a_rollback_needs_no_mark() {
    let mut world = world();
    for n in [1, 2] {
        for word in ["complete", "seen"] {
            world
                .say(n, &operator(), &given(word, None))
                .expect("marked");
        }
        world.green("dev", n);
    }
    world.say(1, &operator(), &taken("seen")).expect("unmarked");
    let back = Command::Rollback {
        to: None,
        reason: "it is slow".to_owned(),
    };
    world.command("dev", &operator(), back).expect("granted");
    world.admit("dev").expect("admitted");
}
