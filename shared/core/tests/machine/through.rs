//! A release that passes another stage first.

use greenroom_core::accept::RejectionKind;
use greenroom_core::command::Command;
use greenroom_core::effect::Effect;
use greenroom_core::fact::Fact;
use greenroom_core::plan::Plan;
use greenroom_core::stage::Cause;
use greenroom_core::stage_file::StageFile;

use crate::world::*;

/// `live` takes the head of main once `dev` has verified it.
fn world() -> World {
    let live =
        "  live: { from: { branch: main }, through: dev, pipeline: service, verify: [api] }\n";
    let mut world = World::of(&format!("{FILE}{live}"));
    world.replan("dev");
    world
}

impl World {
    /// A push to main.
    pub fn main(&mut self, n: u32) -> Plan {
        let actor = None;
        self.head("live", "refs/heads/main", n, Cause::Push { actor });
        if self
            .stage("live")
            .candidate
            .as_ref()
            .is_some_and(|it| it.revision == revision(n))
        {
            self.built(n);
        }
        self.replan("live")
    }

    pub fn asks(&self) -> Vec<Effect> {
        let is_ask = |effect: &&Effect| matches!(effect, Effect::Redeploy { .. });
        self.effects.iter().filter(is_ask).cloned().collect()
    }

    /// The newest ask comes to its stage.
    pub fn hear(&mut self) -> Plan {
        let ask = self.asks().pop().expect("an ask");
        self.hear_that(ask)
    }

    fn hear_that(&mut self, ask: Effect) -> Plan {
        let Effect::Redeploy {
            stage,
            by,
            number,
            asked,
            after,
            release,
            reference,
        } = ask
        else {
            panic!("not an ask");
        };
        let fact = Fact::RedeployAsked {
            by,
            number,
            asked,
            after,
            release,
            reference,
            at: self.now,
        };
        self.fact(stage.as_str(), fact)
    }

    fn sentence(&mut self, name: &str) -> String {
        let plan = self.replan(name);
        plan.waiting_on[0].explain(&name.into()).sentence
    }

    /// The run of dev ends green.
    pub fn dev_green(&mut self) {
        self.deploy("dev");
        self.all_pass("dev");
    }
}

#[test]
fn it_is_deployed_there_with_all_checks_before_it_comes_here() {
    let mut world = world();
    let plan = world.main(1);
    assert_eq!(codes(&plan), ["through"]);
    assert_eq!(
        world.sentence("live"),
        "00000001 has to be verified on dev first, with all its checks"
    );
    assert_eq!(world.asks().len(), 1);
    world.hear();
    let run = world.run("dev").clone();
    assert_eq!(run.release, world.release(1), "the very same bytes");
    assert_eq!(run.cause.sentence(), "asked for by live");
    assert!(run.suites.keys().any(|suite| suite.as_str() == "smoke"));
    world.deploy("dev");
    assert_eq!(
        codes(&world.replan("live")),
        ["through"],
        "not before its checks"
    );
    world.all_pass("dev");
    let told =
        |effect: &Effect| matches!(effect, Effect::Ask { stage, .. } if stage.as_str() == "live");
    assert!(world.count(told) > 0, "it is asked to look");
    world.replan("live");
    assert_eq!(world.run("live").release, world.release(1));
    world.deploy("live");
    world.all_pass("live");
    assert_eq!(world.stage("live").passage, None, "it is over");
}

#[test]
fn what_was_green_there_before_the_candidate_came_proves_nothing() {
    let mut world = world();
    world.green("dev", 1);
    assert_eq!(codes(&world.main(1)), ["through"]);
    world.hear();
    assert_eq!(world.run("dev").generation, 2, "deployed once more");
    world.dev_green();
    assert_eq!(codes(&world.replan("live")), ["starting"]);
}

#[test]
fn red_there_keeps_it_and_says_so_until_it_is_green_there() {
    let mut world = world();
    world.main(1);
    world.hear();
    world.deploy("dev");
    world.verdict("dev", "smoke", failed(&["a"]));
    let plan = world.replan("live");
    assert_eq!(codes(&plan), ["through"]);
    let told = plan.waiting_on[0].explain(&"live".into());
    assert_eq!(
        told.sentence,
        "00000001 did not pass dev, which it has to before it comes here"
    );
    assert_eq!(told.command.as_deref(), Some("greenroom retry dev"));
    assert_eq!(world.asks().len(), 1, "it is not asked for again");
    world
        .command("dev", &operator(), Command::Retry)
        .expect("granted");
    world.dev_green();
    assert_eq!(codes(&world.replan("live")), ["starting"]);
}

#[test]
fn a_retry_here_asks_there_once_more() {
    let mut world = world();
    world.main(1);
    world.hear();
    world.deploy("dev");
    world.verdict("dev", "smoke", failed(&["a"]));
    world.replan("live");
    world
        .command("live", &operator(), Command::Retry)
        .expect("granted");
    assert_eq!(world.asks().len(), 2);
    world.hear();
    assert_eq!(world.run("dev").release, world.release(1));
}

#[test]
fn a_push_there_takes_the_stage_over_and_it_is_asked_for_again() {
    let mut world = world();
    world.main(1);
    world.hear();
    world.deploy("dev");
    world.push("dev", 2);
    world.all_pass("dev");
    assert_eq!(
        codes(&world.replan("live")),
        ["starting"],
        "verified in between"
    );
    world.built(2);
    world.dev_green();
    let no = world.admit("live").expect_err("dev has something else now");
    assert_eq!(no.kind, RejectionKind::Closed);
}

#[test]
fn what_waits_there_is_not_pushed_aside() {
    let mut world = world();
    world.push("dev", 2);
    world.main(1);
    assert_eq!(
        world.sentence("live"),
        "00000001 has to be verified on dev first, where 00000002 waits"
    );
    assert_eq!(world.asks(), [], "nothing of dev's own is lost");
    world.built(2);
    world.replan("live");
    world.hear();
    assert_eq!(world.run("dev").release, world.release(2));
    world.dev_green();
    assert_eq!(world.run("dev").release, world.release(1));
}

#[test]
fn a_stage_that_is_taken_over_each_time_is_asked_only_so_often() {
    let mut world = world();
    world.green("dev", 100);
    world.main(1);
    for n in 2..20 {
        // It is locked, so that what is pushed there takes the place of what was asked for.
        let lock = Command::Lock {
            reason: "busy".to_owned(),
            until: None,
        };
        world.command("dev", &operator(), lock).expect("locked");
        let asked = world.asks().len();
        world.hear();
        world.push("dev", n);
        world.replan("live");
        world
            .command("dev", &operator(), Command::Unlock)
            .expect("unlocked");
        world.built(n);
        world.dev_green();
        let plan = world.replan("live");
        assert_eq!(codes(&plan), ["through"]);
        if world.asks().len() == asked {
            break;
        }
    }
    assert_eq!(world.asks().len(), 5);
    let plan = world.replan("live");
    let told = plan.waiting_on[0].explain(&"live".into());
    assert_eq!(
        told.sentence,
        "dev was asked 5 times for 00000001, and others took it over"
    );
    assert_eq!(told.command.as_deref(), Some("greenroom retry live"));
    world
        .command("live", &operator(), Command::Retry)
        .expect("granted");
    world.hear();
    world.dev_green();
    assert_eq!(codes(&world.replan("live")), ["starting"]);
}

#[test]
fn an_ask_counts_once_and_none_that_is_older() {
    let mut world = world();
    world.main(1);
    let first = world.asks().pop().expect("an ask");
    world.main(2);
    world.hear();
    let run = world.run("dev").release.clone();
    assert_eq!(run, world.release(2));
    let plan = world.hear_that(first);
    assert_eq!(plan.next.candidate, None);
    let plan = world.hear();
    assert_eq!(plan.next.candidate, None);
    assert_eq!(plan.next.heard.len(), 1);
}

#[test]
fn a_change_of_what_is_demanded_there_counts_as_it_does_for_promotions() {
    let mut world = world();
    world.main(1);
    world.hear();
    world.dev_green();
    let text = format!(
        "{FILE}  live: {{ from: {{ branch: main }}, through: dev, pipeline: service, verify: [api] }}\n"
    );
    let other = text.replace("alert: [team, mail] }", "alert: [team] }");
    assert!(StageFile::parse("x", other.as_bytes()).is_ok());
    world.file = stage_file(&other);
    assert_eq!(codes(&world.replan("live")), ["upstream_outdated"]);
}

#[test]
fn a_rollback_passes_nothing() {
    let mut world = world();
    for n in [1, 2] {
        world.main(n);
        world.hear();
        world.dev_green();
        world.replan("live");
        world.deploy("live");
        world.all_pass("live");
    }
    let back = Command::Rollback {
        to: None,
        reason: "slow".to_owned(),
    };
    world.command("live", &operator(), back).expect("granted");
    world.admit("live").expect("admitted");
    assert_eq!(world.run("live").release, world.release(1));
}
