//! What is broken is noticed: the check itself can fail.

use std::sync::atomic::AtomicUsize;

use greenroom_app::ports::Ports as _;
use greenroom_app::ports::channels::{ChannelTarget, Channels as _};
use greenroom_app::ports::store::{Condition, Store as _};
use greenroom_app::{keys, records::StageRecord, table};
use greenroom_core::command::Command;
use greenroom_core::message::Announcement;
use greenroom_core::stage::{Lock, Outcome, Phase, Stage};
use greenroom_core::stage_file::Channel;
use greenroom_testkit::golden::{Golden, Scenario, scenario};
use greenroom_testkit::world::{Fault, World};

fn known(name: &str) -> &'static Scenario {
    scenario(name).expect("a scenario")
}

#[test]
fn a_store_that_ignores_conditions_is_noticed() {
    let golden = Golden::changed(known("unlock"), |world| {
        world.ports().store.ignore_conditions(true);
    });
    let (runs, failures) = golden.singles(&AtomicUsize::new(0));
    assert!(!failures.is_empty(), "none of {runs} runs shows it");
}

#[test]
fn pipelines_that_do_not_ask_the_fence_are_noticed() {
    let golden = Golden::changed(known("lock-during-start"), |world| {
        world.ports().pipelines.ask_nobody(true);
    });
    let failure = golden.run(&Vec::new()).expect_err("it is deployed");
    assert!(failure.why.contains("deployed"), "{failure}");
}

/// Somebody who asks once and never looks.
static CARELESS: Scenario = Scenario {
    name: "careless",
    act: |world| {
        let id = world.stage_id("dev");
        let _ = world.attempt(|app| {
            Box::pin(async move {
                let asked = Command::Unlock;
                drop(Box::pin(app.command(&id, &World::operator(), &asked)).await);
            })
        });
    },
    ..*UNLOCK
};
const UNLOCK: &Scenario = &greenroom_testkit::golden::UNLOCK;

#[test]
fn another_end_is_noticed_and_its_plan_is_printed() {
    let golden = Golden::new(&CARELESS);
    let failure = golden.run(&vec![(1, Fault::FailBefore)]);
    let told = failure.expect_err("it stays locked").to_string();
    assert!(told.starts_with("faults careless 1:FailBefore (store.get):"));
    assert!(told.contains("locked: true"), "{told}");
    assert!(golden.run(&vec![(100, Fault::FailBefore)]).is_err());
}

#[test]
fn a_fault_that_does_not_happen_is_noticed() {
    let golden = Golden::new(known("unlock"));
    let never = golden.run(&vec![(100_000, Fault::DieBefore)]);
    assert!(never.is_err_and(|failure| failure.why.contains("did not happen")));
    let unfit = golden.run(&vec![(1, Fault::Echo)]);
    assert!(unfit.is_err(), "a read is no commit");
}

/// What people or a program might do to a record.
type Change = fn(&mut Stage);

/// What the watch says when the record of `dev`, green, is changed like that.
fn after(change: Change) -> Vec<String> {
    let mut world = World::new(UNLOCK.file);
    world.push("develop", "bob");
    assert_eq!(world.ports().watch.broken(), Vec::<String>::new());
    let mut stage = world.stage("dev").expect("a stage");
    change(&mut stage);
    let key = keys::stage(&stage.id);
    let record = StageRecord {
        stage: Box::new(stage),
        due: None,
        commits: 100,
    };
    let write = table::put(key, &record, Condition::Any).expect("a record");
    let done = world.now(world.ports().store().commit(vec![write]));
    done.expect("the store answers");
    world.ports().watch.broken()
}

fn admitted_in_spite_of_a_lock(stage: &mut Stage) {
    stage.generation += 1;
    stage.run.clone_from(&stage.last);
    if let Some(run) = &mut stage.run {
        run.generation = stage.generation;
        run.phase = Phase::Deploying;
    }
    stage.lock = Some(Lock {
        by: "olga".to_owned(),
        reason: "a demo".to_owned(),
        since: stage.refresh.enabled_at,
        until: None,
    });
}

fn another_outcome(stage: &mut Stage) {
    let last = stage.last.as_mut().expect("a run that ended");
    last.outcome = Some(Outcome::Failed);
}

fn green_by_a_run_that_never_was(stage: &mut Stage) {
    let green = stage.verified.as_mut().expect("it is green");
    green.generation = 7;
}

#[test]
fn a_state_that_should_not_follow_is_noticed() {
    let changes: [(Change, &str); 5] = [
        (|stage| stage.generation -= 1, "G3"),
        (|stage| stage.deployed = None, "D1"),
        (another_outcome, "C5"),
        (green_by_a_run_that_never_was, "D1"),
        (admitted_in_spite_of_a_lock, "D6"),
    ];
    for (change, number) in changes {
        let broken = after(change);
        let told = broken.iter().any(|what| what.starts_with(number));
        assert!(told, "{number} is not among {broken:?}");
    }
}

#[test]
fn messages_without_their_state_and_copies_that_do_not_say_so_are_noticed() {
    let mut world = World::new(UNLOCK.file);
    world.push("develop", "bob");
    let bad = world.ports().source.commit("develop", "bob", "x", &[]);
    world.ports().suites.fail(&bad);
    world.told_of("develop", "bob", &bad);
    world.settle();
    let mut told = world.ports().channels.told("team").remove(0);
    assert_eq!(world.ports().watch.broken(), Vec::<String>::new());
    let target = ChannelTarget {
        name: "team".into(),
        channel: Channel::Console {},
    };
    let key = world.ports().channels.tries()[0].key.clone();
    let send = |told: &Announcement, key: &str| {
        let sent = world.now(world.ports().channels().send(&target, told, key));
        assert!(sent.is_ok(), "the channel works");
        world.ports().watch.broken()
    };
    assert!(send(&told, &key).iter().any(|what| what.starts_with("E2")));
    told.episode = Some(7);
    assert!(send(&told, "x").iter().any(|what| what.starts_with("E3")));
}
