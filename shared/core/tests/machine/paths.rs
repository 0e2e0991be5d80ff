//! A stage that only some paths of the repository concern.

use greenroom_core::command::Command;
use greenroom_core::fact::Fact;
use greenroom_core::name::RefName;
use greenroom_core::paths::{compared_with, judged};
use greenroom_core::stage::Cause;

use crate::world::*;

fn orders() -> World {
    World::of(&FILE.replace(
        "alert: [team, mail] }",
        "alert: [team, mail], paths: [\"services/orders/**\", shared/**] }",
    ))
}

impl World {
    /// The branch goes to revision `n`, which differs from what is newest on dev in these paths.
    fn changing(&mut self, n: u32, cause: Cause, changed: &[&str]) {
        let fact = Fact::HeadObserved {
            reference: RefName::new("refs/heads/develop"),
            revision: revision(n),
            actor: None,
            cause,
            at: self.now,
        };
        let stage = self.stage("dev").clone();
        let rule = self.policy("dev").expect("a stage").rule;
        let fact = match compared_with(&stage, rule, &fact) {
            Some(since) => {
                let changed: Vec<String> = changed.iter().map(ToString::to_string).collect();
                judged(fact, since.clone(), rule, &changed)
            }
            None => fact,
        };
        self.fact("dev", fact);
    }

    fn pushed(&mut self, n: u32, changed: &[&str]) {
        self.changing(n, Cause::Push { actor: None }, changed);
    }
}

#[test]
fn what_changes_other_paths_only_is_not_deployed_and_the_log_says_so() {
    let mut world = orders();
    world.green("dev", 1);
    world.pushed(
        2,
        &["services/bills/main.rs", "README.md", "services/orders"],
    );
    let stage = world.stage("dev").clone();
    assert_eq!((stage.candidate, stage.run), (None, None));
    let head = stage.head.expect("it is known");
    assert_eq!(head.revision, revision(2));
    assert_eq!(codes(&world.replan("dev")), ["up_to_date"]);
    let last = world.log.last().expect("a line");
    assert_eq!(
        last.text,
        "00000002 of develop changes nothing here since 00000001"
    );
    let lines = world.log.len();
    world.pushed(2, &[]);
    assert_eq!(world.log.len(), lines, "it is said once");
}

#[test]
fn what_changes_one_of_the_paths_is_deployed_with_all_that_came_before() {
    let mut world = orders();
    world.green("dev", 1);
    world.pushed(2, &["README.md"]);
    world.pushed(3, &["README.md", "services/orders/src/main.rs"]);
    world.built(3);
    assert_eq!(world.run("dev").release.revision, revision(3));
    world.deploy("dev");
    world.all_pass("dev");
    world.pushed(4, &["shared/a"]);
    let waits = world.stage("dev").candidate.clone();
    assert_eq!(waits.map(|it| it.revision), Some(revision(4)));
}

#[test]
fn a_head_is_compared_with_the_newest_that_waits_then_runs_then_stands() {
    let mut world = orders();
    let since = |world: &mut World| {
        let fact = Fact::HeadObserved {
            reference: RefName::new("refs/heads/develop"),
            revision: revision(9),
            actor: None,
            cause: Cause::Poll,
            at: world.now,
        };
        let stage = world.stage("dev").clone();
        let rule = world.policy("dev").expect("a stage").rule;
        compared_with(&stage, rule, &fact).cloned()
    };
    assert_eq!(since(&mut world), None, "the first is always deployed");
    world.green("dev", 1);
    assert_eq!(since(&mut world), Some(revision(1)));
    world.push("dev", 2);
    assert_eq!(
        since(&mut world),
        Some(revision(2)),
        "it waits for its build"
    );
    world.built(2);
    assert_eq!(since(&mut world), Some(revision(2)), "it runs");
    world.push("dev", 3);
    assert_eq!(since(&mut world), Some(revision(3)));
}

#[test]
fn what_a_rollback_went_back_from_is_new_once_more() {
    let mut world = orders();
    world.green("dev", 1);
    world.pushed(2, &["shared/a"]);
    world.built(2);
    world.deploy("dev");
    world.all_pass("dev");
    let back = Command::Rollback {
        to: None,
        reason: "slow".to_owned(),
    };
    world.command("dev", &operator(), back).expect("granted");
    // The app compares with what runs: 1, and so 3 differs in what 2 changed.
    world.pushed(3, &["README.md", "shared/a"]);
    let head = world.stage("dev").head.clone().expect("it is known");
    assert_eq!((head.revision, head.untouched), (revision(3), None));
}

#[test]
fn a_person_deploys_whatever_it_changes_and_a_schedule_does_not() {
    let text = FILE.replace(
        "    verify: [api, smoke]",
        "    paths: [src/**]\n    verify: [api, smoke]",
    );
    let mut world = World::of(&text);
    world.green("preprod", 1);
    let stage = world.stage("preprod").clone();
    let rule = world.policy("preprod").expect("a stage").rule;
    let since = |by: Option<&str>| {
        let fact = Fact::HeadObserved {
            reference: RefName::new("refs/heads/master"),
            revision: revision(2),
            actor: None,
            cause: Cause::Refresh {
                slot: None,
                by: by.map(str::to_owned),
            },
            at: world.now,
        };
        compared_with(&stage, rule, &fact).cloned()
    };
    assert_eq!(since(Some("olga")), None);
    assert_eq!(since(None), Some(revision(1)));
}

#[test]
fn what_is_not_there_for_long_is_nothing_to_compare_with() {
    let fact = |world: &World| Fact::HeadObserved {
        reference: RefName::new("refs/heads/develop"),
        revision: revision(9),
        actor: None,
        cause: Cause::Poll,
        at: world.now,
    };
    let since = |world: &mut World| {
        let stage = world.stage("dev").clone();
        let rule = world.policy("dev").expect("a stage").rule;
        compared_with(&stage, rule, &fact(world)).cloned()
    };
    let mut world = orders();
    world.green("dev", 1);
    world.push("dev", 2);
    world.build_failed(2);
    assert_eq!(since(&mut world), None, "it cannot be built");
    let mut world = orders();
    world.green("dev", 1);
    world.push("dev", 2);
    world.built(2);
    world.started("dev");
    world.admit("dev").expect("admitted");
    let abort = Command::Abort {
        reason: "not now".to_owned(),
    };
    world.command("dev", &operator(), abort).expect("granted");
    assert_eq!(since(&mut world), None, "it is being stopped");
}
