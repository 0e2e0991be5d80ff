//! What is shown beside commits, followed through what happens to them.

use greenroom_core::commit_status::{STATUSES_MAX, StatusState, between, of};
use greenroom_core::effect::Effect;
use greenroom_core::execution::Observation;
use greenroom_core::stage::Stage;

use crate::world::*;

/// `1 pending: waits for dev`, for each status that has changed since `before`.
fn changed(before: Option<&Stage>, after: &Stage) -> Vec<String> {
    let effects = between(before, after).into_iter();
    let statuses = effects.map(|effect| match effect {
        Effect::ReportStatus {
            revision: of,
            status,
            ..
        } => {
            let n = (0..40)
                .find(|n| revision(*n) == of)
                .expect("a revision of the test");
            let state = match status.state {
                StatusState::Pending => "pending",
                StatusState::Success => "success",
                StatusState::Failure => "failure",
                StatusState::Error => "error",
            };
            format!("{n} {state}: {}", status.sentence)
        }
        other => panic!("{other:?}"),
    });
    statuses.collect()
}

/// Statuses as they change, one step after the other.
struct Shown {
    world: World,
    before: Option<Stage>,
}

impl Shown {
    fn new() -> Self {
        let (world, before) = (World::new(), None);
        Self { world, before }
    }

    fn after(&mut self, step: impl FnOnce(&mut World)) -> Vec<String> {
        step(&mut self.world);
        let after = self.world.stage("dev").clone();
        let changed = changed(self.before.as_ref(), &after);
        assert!(self::changed(Some(&after), &after).is_empty());
        self.before = Some(after);
        changed
    }
}

#[test]
fn a_commit_is_shown_on_its_way_to_green() {
    let mut dev = Shown::new();
    let waits = dev.after(|world| drop(world.push("dev", 1)));
    assert_eq!(waits, ["1 pending: waits for dev; greenroom why dev"]);
    let deploys = dev.after(|world| world.built(1));
    assert_eq!(deploys, ["1 pending: is being deployed to dev"]);
    let tested = dev.after(|world| drop(world.deploy("dev")));
    assert_eq!(tested, ["1 pending: is deployed to dev and being tested"]);
    let green = dev.after(|world| drop(world.verdict("dev", "smoke", passed())));
    assert_eq!(green, ["1 success: green on dev"]);
    assert!(dev.after(|world| drop(world.replan("dev"))).is_empty());
}

#[test]
fn a_failure_says_why_and_an_error_is_none() {
    let mut dev = Shown::new();
    dev.after(|world| {
        world.push("dev", 1);
        world.built(1);
        world.deploy("dev");
    });
    let red = dev.after(|world| drop(world.verdict("dev", "smoke", failed(&["a"]))));
    assert_eq!(red.len(), 1);
    assert!(red[0].starts_with("1 failure: failed on dev: "), "{red:?}");
    let mut dev = Shown::new();
    dev.after(|world| drop(world.push("dev", 1)));
    let unbuilt = dev.after(|world| world.build_failed(1));
    assert_eq!(unbuilt.len(), 1);
    assert!(
        unbuilt[0].starts_with("1 error: its build gave nothing"),
        "{unbuilt:?}"
    );
}

#[test]
fn a_commit_that_a_newer_one_contains_shares_its_fate() {
    let mut dev = Shown::new();
    dev.after(|world| drop(world.push("dev", 1)));
    let short = revision(2).short().to_owned();
    let replaced = dev.after(|world| drop(world.push("dev", 2)));
    let waits = "waits for dev; greenroom why dev";
    assert_eq!(
        replaced,
        [
            format!("2 pending: {waits}"),
            format!("1 pending: contained in {short}: {waits}")
        ]
    );
    dev.after(|world| {
        world.built(2);
        world.deploy("dev");
    });
    let green = dev.after(|world| drop(world.verdict("dev", "smoke", passed())));
    let contained = format!("1 success: contained in {short}: green on dev");
    assert_eq!(green, ["2 success: green on dev".to_owned(), contained]);
}

#[test]
fn marks_decided_at_once_are_few_and_the_stages_own_first() {
    let mut dev = Shown::new();
    let all = dev.after(|world| {
        for n in 1..=12 {
            world.push("dev", n);
        }
    });
    assert_eq!(all.len(), STATUSES_MAX);
    assert!(all[0].starts_with("12 pending: waits"), "{all:?}");
}

#[test]
fn what_leaves_the_queue_is_on_its_way_no_more() {
    let mut dev = Shown::new();
    dev.after(|world| drop(world.push("dev", 1)));
    let before = dev.before.clone();
    let mut after = before.clone().expect("a stage");
    after.candidate = None;
    assert_eq!(of(&after, &revision(1)), None);
    let gone = changed(before.as_ref(), &after);
    assert_eq!(gone, ["1 error: no longer on its way to dev"]);
}

#[test]
fn what_has_ended_keeps_its_mark_when_the_stage_forgets_it() {
    let mut dev = Shown::new();
    dev.after(|world| {
        world.green("dev", 1);
        world.push("dev", 2);
        world.built(2);
        world.started("dev");
        world.admit("dev").expect("admitted");
    });
    let red = dev.after(|world| {
        let at = world.now;
        let (step, why) = ("deploy".to_owned(), "exit 1".to_owned());
        drop(world.observe("dev", Observation::Failed { step, why, at }));
    });
    assert_eq!(red.len(), 1);
    assert!(red[0].starts_with("2 failure: "), "{red:?}");
}
