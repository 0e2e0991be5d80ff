//! A stage that was made to go again: warned of, torn down by a run like any other, proven to be
//! gone or an orphan, and brought back by whatever leads to it.

use greenroom_core::accept::{Rejection, RejectionKind};
use greenroom_core::command::Command;
use greenroom_core::effect::Effect;
use greenroom_core::execution::Observation;
use greenroom_core::fact::Fact;
use greenroom_core::name::*;
use greenroom_core::plan::Plan;
use greenroom_core::principal::Principal;
use greenroom_core::stage::{Cause, Health, Outcome, Stage};
use jiff::SignedDuration;

use crate::world::*;

const LIFE: &str = r#"
version: 1
app: acme/orders
pipelines:
  plain:
    steps: [{ name: deploy, run: make deploy }]
    teardown: { steps: [{ name: remove, run: make remove }], leftovers: make leftovers }
channels:
  team: { console: {} }
roles:
  owner: [carol]
stages:
  own:
    name: "${actor}"
    from: { branch: "feature/**" }
    pipeline: plain
    expires: { idle: 7d, warn: 1d, with_branch: true, by: [owner], tell: [team] }
"#;
/// The default branch when a teardown reads it.
const MASTER: u32 = 900;

fn days(n: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * n)
}

fn destroy() -> Command {
    Command::Destroy {
        reason: "not needed".to_owned(),
    }
}

fn world() -> World {
    let mut world = World::of(LIFE);
    world.stage("own");
    let stage = world.stages.get_mut("own").expect("it is there");
    stage.spec.actor = Some(Actor::new("alice"));
    world
}

impl World {
    fn feature(&mut self, branch: &str, n: u32) -> Plan {
        let reference = format!("refs/heads/feature/{branch}");
        let actor = Some(Actor::new("alice"));
        self.head("own", &reference, n, Cause::Push { actor })
    }

    fn gone(&mut self, branch: &str) -> Plan {
        let reference = RefName::new(format!("refs/heads/feature/{branch}"));
        let at = self.now;
        self.fact("own", Fact::HeadGone { reference, at })
    }

    /// Revision 1 of feature/x stands there.
    fn stands(&mut self) {
        self.feature("x", 1);
        self.deploy("own");
        assert_eq!(self.own().health, Health::Green);
    }

    fn own(&self) -> &Stage {
        &self.stages["own"]
    }

    /// Days pass, with a look at the end of each.
    fn days(&mut self, n: i64) -> Plan {
        for _ in 0..n {
            self.pass(days(1));
            self.replan("own");
        }
        self.replan("own")
    }

    /// The default branch is read for the teardown that is wished for.
    fn read_master(&mut self) -> Plan {
        let wish = self.own().life.wish.clone().expect("a wish");
        let at = self.now;
        self.fact(
            "own",
            Fact::TeardownHeadRead {
                number: wish.number,
                revision: revision(MASTER),
                at,
            },
        )
    }

    fn ask(&mut self, who: &Principal, command: Command) -> Result<Plan, Rejection> {
        self.command("own", who, command)
    }

    fn told_life(&self) -> Vec<String> {
        let told = self.told().into_iter();
        told.filter(|line| {
            line.ends_with("expiring") || line.ends_with("gone") || line.ends_with("orphan")
        })
        .collect()
    }

    fn failed_step(&mut self, step: &str, why: &str) -> Plan {
        let at = self.now;
        self.observe(
            "own",
            Observation::Failed {
                step: step.to_owned(),
                why: why.to_owned(),
                at,
            },
        )
    }

    /// Idle for long enough, claimed and admitted.
    fn being_torn_down(&mut self) {
        self.days(8);
        self.read_master();
        self.started("own");
        self.admit("own").expect("admitted");
    }
}

#[test]
fn an_idle_stage_is_warned_of_once_and_torn_down_with_the_default_branch() {
    let mut world = world();
    world.stands();
    world.days(5);
    assert_eq!(world.told_life(), Vec::<String>::new());
    let plan = world.days(1);
    assert_eq!(world.told_life(), ["team: expiring"]);
    assert_eq!(codes(&plan), ["expires"]);
    let plan = world.days(1);
    assert_eq!(world.told_life(), ["team: expiring"], "once");
    assert_eq!(codes(&plan), ["tearing_down"]);
    let reads = |effect: &Effect| matches!(effect, Effect::ReadTeardownHead { .. });
    assert_eq!(world.count(reads), 1);

    let plan = world.read_master();
    assert_eq!(codes(&plan), ["starting"]);
    let run = world.run("own").clone();
    assert_eq!(
        run.release.revision,
        revision(MASTER),
        "never the branch's code"
    );
    assert_eq!(run.release.artifact, None);
    let start = world.effects.last().cloned();
    assert_eq!(
        start,
        Some(Effect::StartTeardown {
            stage: StageName::new("own"),
            generation: run.generation,
            nonce: run.nonce.clone(),
            revision: revision(MASTER),
            config: world.file.hash.clone(),
        })
    );
    let plan = world.admit("own").expect("admitted");
    assert_eq!(codes(&plan), ["tearing_down"]);
    assert!(
        world.own().stands().is_none(),
        "nobody can say what stands there"
    );
    let plan = world.succeeded("own");
    assert_eq!(codes(&plan), ["torn_down"]);
    let stage = world.own();
    assert_eq!((&stage.deployed, &stage.verified), (&None, &None));
    assert_eq!(stage.health, Health::Unknown);
    assert_eq!(
        stage.last.as_ref().and_then(|run| run.outcome),
        Some(Outcome::Succeeded)
    );
    assert_eq!(world.told_life(), ["team: expiring", "team: gone"]);
    let plan = world.days(30);
    assert_eq!(codes(&plan), ["torn_down"], "and it stays gone");
    assert_eq!(world.told_life().len(), 2);
}

#[test]
fn the_fence_admits_a_teardown_with_the_claimed_commit_only() {
    let mut world = world();
    world.stands();
    world.days(7);
    world.read_master();
    world.started("own");
    let run = world.run("own").clone();
    let ask = |revision: Revision| Command::Admit {
        generation: run.generation,
        nonce: run.nonce.clone(),
        execution: ExecutionId::new(format!("own-{}", run.generation)),
        revision,
    };
    let dead = ask(revision(1));
    let no = world
        .ask(&Principal::Pipeline, dead)
        .expect_err("the branch's code");
    assert_eq!(no.kind, RejectionKind::Conflict);
    let yes = world.ask(&Principal::Pipeline, ask(revision(MASTER)));
    assert!(yes.is_ok(), "the default branch's");
}

#[test]
fn activity_begins_the_time_anew() {
    let mut world = world();
    world.stands();
    world.days(6);
    assert_eq!(world.told_life(), ["team: expiring"]);
    world.feature("x", 2);
    world.deploy("own");
    let plan = world.days(5);
    assert_eq!(codes(&plan), ["up_to_date"]);
    world.days(1);
    assert_eq!(world.told_life(), ["team: expiring", "team: expiring"]);
    // A poll that finds what is known is no activity.
    world.head("own", "refs/heads/feature/x", 2, Cause::Poll);
    let plan = world.days(1);
    assert_eq!(codes(&plan), ["tearing_down"]);
}

#[test]
fn an_end_that_was_noticed_late_is_warned_of_first() {
    let mut world = world();
    world.stands();
    world.pass(days(40));
    let plan = world.replan("own");
    assert_eq!(codes(&plan), ["expires"]);
    assert_eq!(
        plan.waiting_on[0].explain(&StageName::new("own")).until,
        Some(world.now + days(1))
    );
    world.pass(SignedDuration::from_hours(23));
    assert_eq!(codes(&world.replan("own")), ["expires"]);
    world.pass(SignedDuration::from_hours(1));
    assert_eq!(codes(&world.replan("own")), ["tearing_down"]);
}

#[test]
fn clocks_that_are_wrong_end_no_stage_early() {
    let mut world = world();
    world.clock_error = minutes(5);
    world.stands();
    world.days(6);
    world.pass(days(1));
    world.pass(minutes(9));
    assert_eq!(codes(&world.replan("own")), ["expires"]);
    world.pass(minutes(1));
    assert_eq!(codes(&world.replan("own")), ["tearing_down"]);
}

#[test]
fn a_push_before_the_teardown_is_admitted_stops_it() {
    let mut world = world();
    world.stands();
    world.days(7);
    world.read_master();
    world.started("own");
    world.feature("x", 2);
    let no = world.admit("own").expect_err("somebody uses it");
    assert_eq!(no.kind, RejectionKind::Closed);
    let at = world.now;
    let why = "the fence said no".to_owned();
    let plan = world.observe("own", Observation::Refused { why, at });
    assert_eq!(world.run("own").release.revision, revision(2), "{plan:?}");
    assert!(world.own().life.orphan.is_none());
    assert_eq!(world.told_life(), ["team: expiring"]);
}

#[test]
fn a_push_during_the_teardown_comes_after_it() {
    let mut world = world();
    world.stands();
    world.being_torn_down();
    let plan = world.feature("x", 2);
    assert!(plan.next.candidate.is_some());
    assert!(
        world.run("own").cause.is_teardown(),
        "nothing is deployed beside it"
    );
    world.succeeded("own");
    let run = world.run("own");
    assert_eq!(run.release.revision, revision(2));
    world.deploy("own");
    let stage = world.own();
    assert_eq!(stage.health, Health::Green);
    assert_eq!(stage.life.gone, None);
}

#[test]
fn what_was_known_before_it_went_does_not_come_back_by_itself() {
    let mut world = world();
    world.stands();
    world.being_torn_down();
    world.succeeded("own");
    let plan = world.head("own", "refs/heads/feature/x", 1, Cause::Poll);
    assert_eq!(codes(&plan), ["torn_down"]);
    // The same commit on another branch is somebody's wish.
    world.feature("y", 1);
    assert_eq!(world.run("own").release.revision, revision(1));
}

#[test]
fn what_is_left_makes_an_orphan_that_is_told_once_and_stays() {
    let mut world = world();
    world.stands();
    world.being_torn_down();
    let plan = world.failed_step(
        "leftovers",
        "exit code 1\nleft behind:\nbucket photos-alice",
    );
    assert_eq!(codes(&plan), ["orphan"]);
    let said = plan.waiting_on[0].explain(&StageName::new("own"));
    assert!(
        said.sentence.contains("bucket photos-alice"),
        "{}",
        said.sentence
    );
    assert_eq!(
        said.command.as_deref(),
        Some("greenroom destroy own --reason WHY")
    );
    let plan = world.days(60);
    assert_eq!(codes(&plan), ["orphan"]);
    let told = ["team: expiring", "team: orphan"];
    assert_eq!(world.told_life(), told);
    for command in [Command::Extend { until: None }, Command::Retry] {
        let no = world
            .ask(&operator(), command)
            .expect_err("it is an orphan");
        assert_eq!(no.kind, RejectionKind::Conflict);
        assert_eq!(no.help, "greenroom destroy own --reason WHY");
    }
    // Once more, and once more in vain: known already.
    world.ask(&operator(), destroy()).expect("granted");
    world.read_master();
    world.deploy_teardown();
    world.failed_step(
        "leftovers",
        "exit code 1\nleft behind:\nbucket photos-alice",
    );
    assert_eq!(world.told_life(), told);
    world.ask(&operator(), destroy()).expect("granted");
    world.read_master();
    world.deploy_teardown();
    let plan = world.succeeded("own");
    assert_eq!(codes(&plan), ["torn_down"]);
    assert_eq!(
        world.told_life(),
        ["team: expiring", "team: orphan", "team: gone"]
    );
}

impl World {
    fn deploy_teardown(&mut self) {
        assert!(self.run("own").cause.is_teardown());
        self.started("own");
        self.admit("own").expect("admitted");
    }
}

#[test]
fn an_orphan_that_is_pushed_to_is_in_use_again() {
    let mut world = world();
    world.stands();
    world.being_torn_down();
    world.failed_step("remove", "exit code 2");
    world.feature("x", 2);
    assert!(
        world.own().life.orphan.is_some(),
        "until something is deployed"
    );
    world.deploy("own");
    assert_eq!(world.own().life.orphan, None);
    assert_eq!(world.own().health, Health::Green);
}

#[test]
fn a_teardown_without_an_answer_is_tried_again_and_then_an_orphan() {
    let mut world = world();
    world.stands();
    world.days(7);
    for attempt in 0..3 {
        world.read_master();
        assert_eq!(world.run("own").attempt, attempt);
        world.deploy_teardown();
        let (why, at) = ("its server went away".to_owned(), world.now);
        world.observe("own", Observation::Errored { why, at });
        world.pass(minutes(1));
        world.replan("own");
    }
    assert_eq!(world.told_life(), ["team: expiring", "team: orphan"]);
    assert!(world.own().run.is_none());
    assert!(world.own().life.wish.is_none());
}

#[test]
fn a_lock_and_a_pause_keep_the_stage_standing() {
    let mut world = world();
    world.stands();
    let lock = Command::Lock {
        reason: "the fair".to_owned(),
        until: None,
    };
    world.ask(&person("bob"), lock).expect("granted");
    let plan = world.days(9);
    assert_eq!(codes(&plan), ["locked"]);
    let no = world.ask(&operator(), destroy()).expect_err("locked");
    assert_eq!(no.kind, RejectionKind::Closed);
    let plan = world.ask(&person("bob"), Command::Unlock).expect("granted");
    assert_eq!(codes(&plan), ["tearing_down"]);
}

#[test]
fn the_default_branch_is_read_at_that_moment() {
    let mut world = world();
    world.stands();
    world.days(7);
    let lock = Command::Lock {
        reason: "the fair".to_owned(),
        until: None,
    };
    world.ask(&person("bob"), lock).expect("granted");
    world.read_master();
    assert!(world.own().run.is_none(), "it is locked");
    world.pass(days(1));
    let plan = world.ask(&person("bob"), Command::Unlock).expect("granted");
    assert_eq!(codes(&plan), ["tearing_down"], "what was read is old");
    world.read_master();
    assert!(world.run("own").cause.is_teardown());
}

#[test]
fn extend_park_and_pin_keep_it() {
    let mut world = world();
    world.stands();
    world.days(6);
    let until = Some(world.now + days(20));
    world
        .ask(&person("bob"), Command::Extend { until })
        .expect("granted");
    let plan = world.days(18);
    assert_eq!(codes(&plan), ["up_to_date"]);
    let plan = world.days(1);
    assert_eq!(codes(&plan), ["expires"]);

    let park = Command::Park {
        reason: "on holiday".to_owned(),
        until: Some(world.now + days(10)),
    };
    world.ask(&person("alice"), park).expect("granted");
    let plan = world.feature("x", 2);
    assert_eq!(codes(&plan), ["parked"], "nothing is deployed to it");
    let plan = world.gone("x");
    assert_eq!(codes(&plan), ["parked"]);
    let plan = world.days(9);
    assert_eq!(codes(&plan), ["parked"]);
    world.feature("x", 3);
    world.pass(days(1));
    world.replan("own");
    assert_eq!(
        world.run("own").release.revision,
        revision(3),
        "the park is over"
    );
    world.deploy("own");

    let pin = || Command::Pin {
        reason: "shown to customers".to_owned(),
    };
    let no = world.ask(&person("alice"), pin()).expect_err("no right");
    assert_eq!(no.kind, RejectionKind::Forbidden);
    world.ask(&person("carol"), pin()).expect("granted");
    let plan = world.days(100);
    assert_eq!(codes(&plan), ["up_to_date"]);
    world
        .ask(&person("carol"), Command::Unpin)
        .expect("granted");
    let plan = world.days(6);
    assert_eq!(codes(&plan), ["expires"], "idle time counts from the unpin");
}

#[test]
fn nobody_keeps_a_stage_for_long_without_a_right() {
    let mut world = world();
    world.stands();
    let far = Some(world.now + days(91));
    let near = Some(world.now + days(3));
    let asked = [
        Command::Extend { until: far },
        Command::Extend { until: near },
        Command::Park {
            reason: "r".to_owned(),
            until: far,
        },
        Command::Park {
            reason: " ".to_owned(),
            until: None,
        },
    ];
    for command in asked {
        let no = world.ask(&operator(), command).expect_err("too much");
        assert_eq!(no.kind, RejectionKind::Invalid, "{no:?}");
    }
}

#[test]
fn whoever_owns_a_stage_or_holds_the_role_may_destroy_it() {
    let mut world = world();
    world.stands();
    let no = world.ask(&person("bob"), destroy()).expect_err("not his");
    assert_eq!(no.kind, RejectionKind::Forbidden);
    assert_eq!(no.help, "ask alice, or a holder of owner");
    for who in [person("Alice"), person("carol"), operator()] {
        assert!(
            world.try_command("own", &who, &destroy()).is_ok(),
            "{who:?}"
        );
    }
}

#[test]
fn whoever_pushed_last_to_a_stage_that_many_share_does_not_own_it() {
    let shared = LIFE.replace("name: \"${actor}\"", "name: \"of-${branch.slug}\"");
    let mut world = World::of(&shared);
    world.stage("own");
    let stage = world.stages.get_mut("own").expect("it is there");
    stage.spec.actor = Some(Actor::new("alice"));
    world.stands();
    let no = world.ask(&person("alice"), destroy()).expect_err("shared");
    assert_eq!(no.kind, RejectionKind::Forbidden);
    assert_eq!(no.help, "ask a holder of owner");
    assert!(world.ask(&person("carol"), destroy()).is_ok());
}

#[test]
fn destroy_stops_what_runs_drops_what_waits_and_tears_down() {
    let mut world = world();
    world.stands();
    world.feature("x", 2);
    world.started("own");
    world.admit("own").expect("admitted");
    world.feature("x", 3);
    world.ask(&person("alice"), destroy()).expect("granted");
    let stops = |effect: &Effect| matches!(effect, Effect::StopExecution { .. });
    assert_eq!(world.count(stops), 1);
    assert_eq!(world.own().candidate, None);
    let at = world.now;
    let plan = world.observe("own", Observation::Stopped { at });
    assert_eq!(codes(&plan), ["tearing_down"]);
    // What is pushed now comes after it.
    let plan = world.feature("x", 4);
    assert_eq!(codes(&plan), ["tearing_down", "tearing_down"]);
    world.read_master();
    world.deploy_teardown();
    let no = world
        .ask(&operator(), destroy())
        .expect_err("at it already");
    assert_eq!(no.kind, RejectionKind::Conflict);
    world.succeeded("own");
    assert_eq!(world.run("own").release.revision, revision(4));
}

#[test]
fn a_stage_goes_with_its_last_branch_and_not_before() {
    let mut world = world();
    world.stands();
    world.feature("y", 2);
    world.deploy("own");
    let plan = world.gone("y");
    assert_eq!(codes(&plan), ["up_to_date"], "feature/x lives");
    let plan = world.gone("x");
    assert_eq!(codes(&plan), ["tearing_down"]);
    // Another branch leads there before it is read.
    world.feature("z", 3);
    assert_eq!(world.run("own").release.revision, revision(3));
    world.deploy("own");
    world.gone("z");
    world.read_master();
    world.deploy_teardown();
    world.succeeded("own");
    assert_eq!(world.told_life(), ["team: gone"], "without a warning");
}

#[test]
fn a_stage_that_does_not_expire_is_never_torn_down() {
    let text = LIFE.replace(
        "    expires: { idle: 7d, warn: 1d, with_branch: true, by: [owner], tell: [team] }\n",
        "",
    );
    let mut world = World::of(&text);
    world.stands();
    let plan = world.days(400);
    assert_eq!(codes(&plan), ["up_to_date"]);
    let plan = world.gone("x");
    assert_eq!(codes(&plan), ["up_to_date"]);
    for command in [destroy(), Command::Extend { until: None }] {
        let no = world.ask(&operator(), command).expect_err("it stays");
        assert_eq!(no.kind, RejectionKind::Invalid);
    }
}

#[test]
fn a_record_of_an_older_version_has_a_life_as_well() {
    let mut world = world();
    world.stands();
    let stage = world.own().clone();
    let mut json = serde_json::to_value(&stage).expect("it can be written");
    json.as_object_mut().expect("an object").remove("life");
    let older: Stage = serde_json::from_value(json).expect("it can be read");
    world.stages.insert("own".to_owned(), older);
    // Whether other branches lead there nobody has written down.
    let plan = world.gone("x");
    assert_eq!(codes(&plan), ["up_to_date"]);
    let plan = world.days(7);
    assert_eq!(codes(&plan), ["tearing_down"]);
}
