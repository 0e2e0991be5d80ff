//! Two stages that people use in turn: where a tag goes, how people are led, and what of it is written
//! in which commit.

use greenroom_app::keys;
use greenroom_app::ports::Ports as _;
use greenroom_app::ports::pipelines::Purpose;
use greenroom_app::ports::store::{Condition, Store as _, Write};
use greenroom_app::stages::Input;
use greenroom_core::accept::Rejection;
use greenroom_core::command::Command;
use greenroom_core::message::Kind;
use greenroom_core::name::{Revision, RuleName};
use greenroom_core::toggle::Toggle;
use greenroom_testkit::world::World;
use jiff::SignedDuration;

const FILE: &str = r#"
version: 1
app: acme/orders
pipelines:
  plain:
    steps: [{ name: deploy, run: make deploy }]
    switch: { steps: [{ name: lead, run: make lead }] }
channels:
  team: { console: {} }
stages:
  prod: { from: { tag: "v*" }, toggle: { with: backup, keep: 2h }, pipeline: plain, alert: [team] }
"#;

/// A commit that somebody tags.
fn tag(world: &mut World, tag: &str) -> Revision {
    let revision = world.ports().source.commit("alpha", "alice", tag, &[]);
    let reference = format!("refs/tags/{tag}");
    world.ports().source.set(&reference, Some(&revision));
    let body = world
        .push_body("alpha", "alice", &revision)
        .replace("refs/heads/alpha", &reference);
    let id = world.delivery();
    assert_eq!(world.post("push", &id, &body).status, 202);
    world.settle();
    revision
}

fn toggle(world: &World) -> Toggle {
    let key = keys::toggle(world.id, &RuleName::new("prod"));
    let read = world.now(world.ports().store().get(&key));
    let item = read.expect("it is read");
    item.map(|item| serde_json::from_slice(&item.value).expect("a toggle"))
        .unwrap_or_default()
}

fn live(world: &World) -> Option<String> {
    toggle(world).live.map(|side| side.to_string())
}

fn stands(world: &World, side: &str) -> Option<Revision> {
    let stage = world.stage(side)?;
    Some(stage.stands()?.release.revision.clone())
}

fn ask(world: &mut World, side: &str, command: &Command) -> Result<(), Rejection> {
    let id = world.stage_id(side);
    let principal = World::operator();
    let asked = world.app.command(&id, &principal, command);
    let answer = world.now(asked).expect("it is decided").map(drop);
    world.settle();
    answer
}

fn steps(world: &World, side: &str) -> Vec<String> {
    let all = world.ports().pipelines.executions().into_iter();
    all.filter(|it| matches!(&it.request.purpose, Purpose::Deploy { stage, .. } if stage == side))
        .flat_map(|it| it.request.steps)
        .map(|step| step.name)
        .collect()
}

#[test]
fn a_tag_goes_to_the_side_that_nobody_uses_and_people_are_led_there() {
    let mut world = World::new(FILE);
    let first = tag(&mut world, "v1");
    assert_eq!(stands(&world, "prod"), Some(first.clone()));
    assert_eq!(live(&world), None);
    ask(&mut world, "prod", &Command::Toggle).expect("it is green");
    assert_eq!(live(&world).as_deref(), Some("prod"));
    assert_eq!(steps(&world, "prod"), ["deploy", "lead"]);

    let second = tag(&mut world, "v2");
    assert_eq!(stands(&world, "backup"), Some(second.clone()));
    assert_eq!(stands(&world, "prod"), Some(first));
    ask(&mut world, "backup", &Command::Toggle).expect("it is green");
    assert_eq!(live(&world).as_deref(), Some("backup"));

    // Kept for two hours, then deployed to by itself.
    let third = tag(&mut world, "v3");
    world.pass(SignedDuration::from_mins(110));
    assert_ne!(stands(&world, "prod"), Some(third.clone()));
    world.pass(SignedDuration::from_mins(15));
    assert_eq!(stands(&world, "prod"), Some(third));
    assert_eq!(stands(&world, "backup"), Some(second));
    assert_eq!(world.leftovers(), Vec::<String>::new());
    let board = world.now(world.app.board(None)).expect("a board");
    let shown: Vec<_> = board.apps[0]
        .stages
        .iter()
        .map(|card| (card.stage.as_str(), card.toggle.as_ref()))
        .map(|(stage, toggle)| (stage, toggle.map(|it| it.is_live)))
        .collect();
    assert_eq!(shown, [("backup", Some(true)), ("prod", Some(false))]);
}

#[test]
fn a_side_whose_rule_takes_turns_no_more_is_left_to_people() {
    let mut world = World::new(FILE);
    tag(&mut world, "v1");
    ask(&mut world, "prod", &Command::Toggle).expect("it is green");
    tag(&mut world, "v2");
    ask(&mut world, "backup", &Command::Toggle).expect("it is green");
    let without = FILE.replace("toggle: { with: backup, keep: 2h }, ", "");
    let files = [("greenroom.yaml", &*without)];
    let source = &world.ports().source;
    let revision = source.commit("master", "alice", "one", &files);
    world.told_of("master", "alice", &revision);
    world.settle();
    let board = world.now(world.app.board(None)).expect("a board");
    let mut cards = board.apps[0].stages.iter();
    let backup = cards
        .find(|card| card.stage.as_str() == "backup")
        .expect("it is there");
    let codes: Vec<_> = backup.waiting_on.iter().map(|wait| wait.code).collect();
    assert_eq!(codes, ["rule_gone"]);
}

#[test]
fn what_waits_where_people_are_led_is_deployed_to_the_other_side() {
    let mut world = World::new(FILE);
    tag(&mut world, "v1");
    ask(&mut world, "prod", &Command::Toggle).expect("it is green");
    tag(&mut world, "v2");
    let lock = Command::Lock {
        reason: "audit".to_owned(),
        until: None,
    };
    // It waits there when people are led to it.
    ask(&mut world, "backup", &Command::Toggle).expect("it is green");
    ask(&mut world, "prod", &lock).expect("locked");
    let third = tag(&mut world, "v3");
    ask(&mut world, "prod", &Command::Unlock).expect("unlocked");
    assert_ne!(stands(&world, "prod"), Some(third.clone()), "it is kept");
    ask(&mut world, "prod", &Command::Toggle).expect("back");
    assert_eq!(live(&world).as_deref(), Some("prod"));
    assert_eq!(stands(&world, "backup"), Some(third));
}

#[test]
fn a_switch_that_cannot_be_started_is_told_and_leads_nobody_anywhere() {
    let mut world = World::new(FILE);
    tag(&mut world, "v1");
    world.ports().pipelines.refuse(Some("no such pipeline"));
    ask(&mut world, "prod", &Command::Toggle).expect("it is green");
    world.pass(SignedDuration::from_mins(10));
    let known = toggle(&world);
    assert_eq!((known.live, known.flip, known.doubt), (None, None, None));
    let told = world.ports().channels.told("team");
    let kinds: Vec<_> = told.into_iter().map(|it| it.kind).collect();
    assert!(matches!(kinds[..], [Kind::FlipFailed { .. }]), "{kinds:?}");
    world.ports().pipelines.refuse(None);
    ask(&mut world, "prod", &Command::Toggle).expect("it is green");
    assert_eq!(live(&world).as_deref(), Some("prod"));
}

#[test]
fn a_record_that_changed_voids_the_claim_and_the_end_of_a_flip() {
    let mut world = World::new(FILE);
    tag(&mut world, "v1");
    let id = world.stage_id("prod");
    let loaded = world.now(world.app.load_stage(&id, None)).expect("loaded");
    let key = keys::toggle(world.id, &RuleName::new("prod"));
    let other = Toggle {
        flips: 7,
        ..Toggle::default()
    };
    let write = Write::Put {
        key,
        value: serde_json::to_vec(&other).expect("it is written"),
        condition: Condition::Absent,
    };
    let store = world.ports().store();
    world.now(store.commit(vec![write])).expect("written");
    let principal = World::operator();
    let input = Input::Command {
        principal: &principal,
        command: &Command::Toggle,
    };
    let stepped = world.now(world.app.try_step(&loaded, &input, &[]));
    assert!(stepped.is_err(), "it has seen another record: {stepped:?}");
    assert_eq!(toggle(&world).flips, 7);
    ask(&mut world, "prod", &Command::Toggle).expect("it is green");
    assert_eq!(toggle(&world).flips, 8);
}
