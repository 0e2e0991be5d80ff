//! Two stages that people use in turn: what is deployed goes to the one that nobody uses, people are led
//! to what is green and to nothing else, and for a while they can be led back.

use greenroom_core::accept::{Rejection, RejectionKind};
use greenroom_core::command::Command;
use greenroom_core::effect::Effect;
use greenroom_core::execution::Observation;
use greenroom_core::fact::Fact;
use greenroom_core::mark::{Mark, Marked};
use greenroom_core::name::*;
use greenroom_core::plan::Plan;
use greenroom_core::stage::{Cause, Outcome};
use greenroom_core::toggle::Toggle;
use jiff::SignedDuration;

use crate::world::*;

const TOGGLE: &str = r#"
version: 1
app: acme/orders
pipelines:
  plain:
    steps: [{ name: deploy, run: make deploy }]
    switch: { steps: [{ name: lead, run: make lead }] }
suites:
  smoke: { files: "t/smoke/*.hurl", base_url: "http://127.0.0.1:1" }
channels:
  team: { console: {} }
stages:
  prod:
    from: { tag: "v*" }
    toggle: { with: backup, keep: 2h }
    pipeline: plain
    verify: [smoke]
    alert: [team]
"#;

fn world() -> World {
    let mut world = World::of(TOGGLE);
    world.replan("prod");
    world.replan("backup");
    world
}

impl World {
    fn toggle(&self) -> Toggle {
        let known = self.toggles.get(&RuleName::new("prod"));
        known.cloned().unwrap_or_default()
    }

    fn live(&self) -> Option<String> {
        self.toggle().live.map(|side| side.to_string())
    }

    fn tag(&mut self, side: &str, n: u32) -> Plan {
        let cause = Cause::Tag { actor: None };
        self.head(side, &format!("refs/tags/v{n}"), n, cause)
    }

    /// Tag `n` is deployed to the side, and green.
    fn side_stands(&mut self, side: &str, n: u32) {
        self.tag(side, n);
        self.deploy(side);
        self.all_pass(side);
    }

    fn flip(&mut self, side: &str) -> Result<Plan, Rejection> {
        self.command(side, &operator(), Command::Toggle)
    }

    /// People are led to the side.
    fn led(&mut self, side: &str) {
        self.flip(side).expect("it is green");
        self.deploy(side);
        assert_eq!(self.last(side).outcome, Some(Outcome::Succeeded));
    }

    /// v1 is live on prod, v2 green on the other side.
    fn both(&mut self) {
        self.side_stands("prod", 1);
        self.led("prod");
        self.side_stands("backup", 2);
    }

    fn handed_over(&self) -> Vec<String> {
        let one = |effect: &Effect| match effect {
            Effect::HandOver {
                stage, reference, ..
            } => Some(format!("{reference} to {stage}")),
            _ => None,
        };
        self.effects.iter().filter_map(one).collect()
    }

    fn switch_failed(&mut self, side: &str) {
        let at = self.now;
        let (step, why) = ("lead".to_owned(), "no route".to_owned());
        self.observe(side, Observation::Failed { step, why, at });
    }
}

#[test]
fn people_are_led_by_a_run_and_the_record_changes_with_its_end() {
    let mut world = world();
    world.side_stands("prod", 1);
    assert_eq!(world.live(), None, "nobody was led anywhere yet");
    let plan = world.flip("prod").expect("it is green");
    assert_eq!(codes(&plan), ["starting"]);
    world.started("prod");
    world.admit("prod").expect("admitted");
    assert_eq!(codes(&world.replan("prod")), ["flipping"]);
    assert_eq!(world.live(), None, "not before its steps have ended well");
    world.succeeded("prod");
    assert_eq!(world.live().as_deref(), Some("prod"));
    assert_eq!(world.toggle().flips, 1);
    let stage = &world.stages["prod"];
    assert!(stage.verified.is_some() && stage.stands().is_some());
    assert!(world.told().is_empty(), "{:?}", world.told());
}

#[test]
fn what_waits_on_the_side_that_people_use_goes_to_the_other() {
    let mut world = world();
    world.side_stands("prod", 1);
    world.led("prod");
    world.tag("prod", 2);
    assert!(world.stages["prod"].candidate.is_none());
    assert!(world.stages["prod"].run.is_none());
    assert_eq!(world.handed_over(), ["refs/tags/v2 to backup"]);
    assert!(world.codes().contains(&"handed_over"));
    world.tag("backup", 2);
    assert_eq!(world.run("backup").release.revision, revision(2));
}

#[test]
fn what_waits_when_people_are_led_to_its_side_goes_to_the_other() {
    let mut world = world();
    world.both();
    world.flip("backup").expect("it is green");
    world.tag("backup", 3);
    world.deploy("backup");
    assert_eq!(world.live().as_deref(), Some("backup"));
    assert!(world.stages["backup"].run.is_none(), "people use it");
    assert_eq!(world.handed_over(), ["refs/tags/v3 to prod"]);
}

#[test]
fn the_side_that_people_left_is_kept_and_then_deployed_to() {
    let mut world = world();
    world.both();
    world.led("backup");
    let plan = world.tag("prod", 3);
    assert_eq!(codes(&plan), ["toggle_kept"]);
    assert_eq!(plan.wake, Some(world.now + SignedDuration::from_hours(2)));
    world.pass(minutes(119));
    assert_eq!(codes(&world.replan("prod")), ["toggle_kept"]);
    world.pass(minutes(1));
    world.replan("prod");
    assert_eq!(world.run("prod").release.revision, revision(3));
}

#[test]
fn whoever_is_sure_ends_the_keep() {
    let mut world = world();
    world.both();
    let nothing = world.command("prod", &operator(), Command::Settle);
    assert_eq!(nothing.expect_err("live").kind, RejectionKind::NotFound);
    world.led("backup");
    world.tag("prod", 3);
    let settled = world.command("prod", &person("eve"), Command::Settle);
    settled.expect("granted");
    assert_eq!(world.run("prod").release.revision, revision(3));
    assert!(world.codes().contains(&"settled"));
}

#[test]
fn nobody_is_led_to_what_is_not_green() {
    let mut world = world();
    let empty = world.flip("prod").expect_err("nothing stands there");
    assert!(empty.why.contains("nothing stands there"), "{}", empty.why);
    world.both();
    let live = world.flip("prod").expect_err("they are there");
    assert!(live.why.contains("prod is live"), "{}", live.why);
    assert_eq!(live.help, "greenroom toggle backup");

    world.tag("backup", 3);
    let busy = world.flip("backup").expect_err("it is deployed to");
    assert!(busy.why.contains("run 2 is at it"), "{}", busy.why);
    world.deploy("backup");
    world.verdict("backup", "smoke", failed(&["total"]));
    let red = world.flip("backup").expect_err("it is red");
    assert!(red.why.contains("it is broken (#1)"), "{}", red.why);
    assert_eq!(world.live().as_deref(), Some("prod"));
}

#[test]
fn nobody_is_led_to_what_was_verified_under_other_terms() {
    let mut world = world();
    world.both();
    world.file = stage_file(&TOGGLE.replace("toggle:", "timeout: 30m\n    toggle:"));
    let refused = world.flip("backup").expect_err("it proved something else");
    assert!(
        refused.why.contains("under another stage file"),
        "{}",
        refused.why
    );
}

#[test]
fn nobody_is_led_to_what_is_bad_even_back() {
    let mut world = world();
    world.both();
    world.led("backup");
    let by = || Mark {
        by: "dana".to_owned(),
        at: world.now,
        note: Some("it loses orders".to_owned()),
    };
    let marks = [("bad".to_owned(), by())].into();
    world.marks.insert(Marked {
        revision: revision(1),
        marks,
    });
    let refused = world.flip("prod").expect_err("it is bad");
    assert!(refused.why.contains("bad"), "{}", refused.why);
}

#[test]
fn a_lock_a_pause_or_a_red_verdict_between_claim_and_admission_closes_the_fence_to_a_flip() {
    let mut world = world();
    world.both();
    world.flip("backup").expect("it is green");
    world.started("backup");
    let lock = Command::Lock {
        reason: "audit".to_owned(),
        until: None,
    };
    world.command("backup", &operator(), lock).expect("locked");
    assert!(world.admit("backup").is_err());
    world
        .command("backup", &operator(), Command::Unlock)
        .expect("unlocked");
    let stage = world.stages.get_mut("backup").expect("it is there");
    let verified = stage.verified.take();
    assert!(world.admit("backup").is_err(), "not green any more");
    let stage = world.stages.get_mut("backup").expect("it is there");
    stage.verified = verified;
    world.admit("backup").expect("admitted");
}

#[test]
fn nothing_else_goes_on_while_people_are_led() {
    let mut world = world();
    world.both();
    world.flip("backup").expect("it is green");
    let other = world.flip("prod").expect_err("one at a time");
    assert!(
        other.why.contains("of backup leads people"),
        "{}",
        other.why
    );
    // A claim of before is not let in either.
    world.started("backup");
    let toggle = world.toggles.get_mut(&RuleName::new("prod"));
    toggle.expect("it is written").flip = None;
    assert!(world.admit("backup").is_err(), "not the one under way");
}

#[test]
fn a_flip_that_fails_leaves_people_where_they_were_and_is_told() {
    let mut world = world();
    world.both();
    world.flip("backup").expect("it is green");
    world.started("backup");
    world.admit("backup").expect("admitted");
    world.switch_failed("backup");
    assert_eq!(world.live().as_deref(), Some("prod"));
    assert_eq!(world.told(), ["team: flip failed"]);
    assert!(
        world.stages["backup"].brk.is_none(),
        "what stands is as good"
    );
    assert_eq!(codes(&world.replan("prod")), ["flip_failed"]);

    // Nobody can say where they are: nothing is deployed until they were led to one side.
    assert_eq!(codes(&world.tag("backup", 3)), ["flip_failed"]);
    world.led("prod");
    assert_eq!(world.toggle().flips, 1, "they were there before");
    assert_eq!(world.toggle().doubt, None);
    world.replan("backup");
    assert_eq!(world.run("backup").release.revision, revision(3));
}

#[test]
fn whoever_has_looked_where_people_are_ends_the_doubt() {
    let mut world = world();
    world.side_stands("prod", 1);
    world.flip("prod").expect("it is green");
    world.started("prod");
    world.admit("prod").expect("admitted");
    world.switch_failed("prod");
    // The switch itself is broken: a release with a mended one has to get there.
    assert_eq!(codes(&world.tag("prod", 2)), ["flip_failed"]);
    let settled = world.command("prod", &operator(), Command::Settle);
    settled.expect("granted");
    assert_eq!(world.toggle().doubt, None);
    assert_eq!(world.run("prod").release.revision, revision(2));
}

#[test]
fn whoever_ends_the_doubt_keeps_the_way_back_and_wakes_the_other_side() {
    let mut world = world();
    world.both();
    world.led("backup");
    world.flip("prod").expect("it is kept");
    world.started("prod");
    world.admit("prod").expect("admitted");
    world.switch_failed("prod");
    let settled = world.command("prod", &operator(), Command::Settle);
    let plan = settled.expect("granted");
    assert_eq!(world.toggle().doubt, None);
    assert!(world.toggle().kept.is_some(), "people may still go back");
    let asks = |it: &Effect| matches!(it, Effect::Ask { stage, .. } if stage.as_str() == "backup");
    assert!(plan.effects.iter().any(asks), "{:?}", plan.effects);
}

#[test]
fn what_somebody_ran_on_a_side_is_told_though_people_were_led_there_since() {
    for during in [true, false] {
        let mut world = world();
        world.both();
        world.pass(SignedDuration::from_mins(1));
        let before = world.now;
        let seen = |world: &mut World, at| {
            let fact = Fact::ForeignSeen {
                execution: ExecutionId::new("pipeline/exec-9"),
                what: "stage Deploy was run again by hand".to_owned(),
                at,
            };
            world.fact("backup", fact);
        };
        world.pass(SignedDuration::from_mins(1));
        world.flip("backup").expect("it is green");
        world.started("backup");
        world.admit("backup").expect("admitted");
        if during {
            let at = world.now;
            seen(&mut world, at);
        }
        world.succeeded("backup");
        if !during {
            seen(&mut world, before);
        }
        assert_eq!(world.live().as_deref(), Some("backup"));
        assert_eq!(world.stage("backup").verified, None, "during: {during}");
        assert_eq!(world.told(), ["team: unverified"], "during: {during}");
    }
}

#[test]
fn a_flip_that_was_never_let_in_puts_nothing_in_doubt() {
    let mut world = world();
    world.both();
    world.flip("backup").expect("it is green");
    world.command(
        "backup",
        &operator(),
        Command::Abort {
            reason: "not now".to_owned(),
        },
    );
    assert_eq!(world.last("backup").outcome, Some(Outcome::Aborted));
    assert_eq!(world.toggle().doubt, None);
    assert_eq!(world.toggle().flip, None);
    assert!(world.told().is_empty(), "{:?}", world.told());
    world.led("backup");
}

#[test]
fn people_go_back_as_long_as_the_other_side_is_kept() {
    let mut world = world();
    world.both();
    world.led("backup");
    // What it proved then is enough, whatever the file says now.
    world.file = stage_file(&TOGGLE.replace("toggle:", "timeout: 30m\n    toggle:"));
    world.led("prod");
    assert_eq!(world.live().as_deref(), Some("prod"));
    assert_eq!(
        world.toggle().kept,
        None,
        "nobody wants back to what they fled"
    );
    assert!(world.log.iter().any(|line| line.text.contains("led back")));
    world.tag("backup", 3);
    assert_eq!(world.run("backup").release.revision, revision(3));
}

#[test]
fn once_it_is_kept_no_more_it_is_a_side_like_any_other() {
    let mut world = world();
    world.both();
    world.led("backup");
    world.file = stage_file(&TOGGLE.replace("toggle:", "timeout: 30m\n    toggle:"));
    world.pass(minutes(120));
    let refused = world.flip("prod").expect_err("it proved something else");
    assert_eq!(refused.kind, RejectionKind::Closed);
}

#[test]
fn a_window_closes_a_flip_and_not_the_way_back() {
    let text = TOGGLE.replace("toggle:", "windows: [audit]\n    toggle:");
    let audit = "windows:\n  audit: { deny: { cron: \"0 10 * * *\", for: 1h, timezone: UTC }, reason: audit }\n";
    let mut world = World::of(&format!("{text}{audit}"));
    world.replan("prod");
    world.both();
    world.pass(minutes(125));
    let closed = world.flip("backup").expect_err("it is ten o'clock");
    assert!(closed.why.contains("closed during audit"), "{}", closed.why);
    world.pass(minutes(60));
    world.led("backup");
    world.pass(SignedDuration::from_hours(0));
    world.now = at("2026-03-03T10:05:00Z");
    let kept = world.toggles.get_mut(&RuleName::new("prod"));
    let kept = kept.and_then(|toggle| toggle.kept.as_mut());
    kept.expect("it is kept").until = at("2026-03-03T11:00:00Z");
    world.led("prod");
}

#[test]
fn what_people_use_is_neither_rolled_back_nor_tried_again() {
    let mut world = world();
    world.both();
    let back = Command::Rollback {
        to: None,
        reason: "slow".to_owned(),
    };
    for command in [back, Command::Retry] {
        let refused = world.command("prod", &operator(), command);
        let refused = refused.expect_err("people use it");
        assert!(refused.why.contains("prod is live"), "{}", refused.why);
    }
}

#[test]
fn only_a_side_of_a_toggle_is_led_to() {
    let mut world = World::new();
    for command in [Command::Toggle, Command::Settle] {
        let refused = world.command("dev", &operator(), command);
        let refused = refused.expect_err("dev takes turns with nobody");
        assert_eq!(refused.kind, RejectionKind::Invalid);
    }
}

#[test]
fn what_is_promoted_goes_to_the_side_that_nobody_uses() {
    let text = TOGGLE
        .replace("from: { tag: \"v*\" }", "from: { promote: dev }")
        .replace(
            "stages:\n",
            "stages:\n  dev: { from: { branch: develop }, pipeline: plain, verify: [smoke] }\n",
        );
    let mut world = World::of(&text);
    world.push("dev", 1);
    world.deploy("dev");
    world.all_pass("dev");
    world.replan("prod");
    assert!(world.replan("backup").next.run.is_none(), "not its turn");
    world.deploy("prod");
    world.all_pass("prod");
    world.led("prod");
    world.push("dev", 2);
    world.deploy("dev");
    world.all_pass("dev");
    assert!(world.replan("prod").next.run.is_none(), "people use it");
    world.replan("backup");
    assert_eq!(world.run("backup").release.revision, revision(2));
}
