//! Where what people say of releases, what they select and what passes another stage first meets
//! windows, pauses and evidence.

use greenroom_core::accept::RejectionKind;
use greenroom_core::name::StageName;
use greenroom_core::plan::Plan;
use greenroom_core::stage_file::StageFile;

use crate::gates::{rows, shown};
use crate::marks::given;
use crate::windows::{overridden, paused, through};
use crate::world::*;

/// `night` denies the first hour of each day, UTC.
const NIGHT: &str = r#"
windows:
  night:
    deny: { cron: "0 0 * * *", for: 1h, timezone: UTC }
    reason: nobody is awake
    override: [owner]
"#;

/// What `dev` and `live` demand besides, `live` taking the head of main once `dev` has verified it.
fn file(dev: &str, live: &str) -> StageFile {
    let own = "dev: { from: { branch: develop },";
    let text = FILE.replace(own, &format!("{own} {dev}"));
    let live = format!(
        "  live: {{ from: {{ branch: main }}, through: dev, pipeline: service, verify: [api], {live} }}\n"
    );
    let marks = "marks:\n  seen: {}\nstages:\n";
    stage_file(&format!(
        "{}{live}{NIGHT}",
        text.replace("stages:\n", marks)
    ))
}

/// Something of main wants to go live at night.
fn at_night(dev: &str, live: &str) -> (World, Plan) {
    let mut world = World::new();
    world.file = file(dev, live);
    world.now = at("2026-03-03T00:10:00Z");
    world.replan("dev");
    let plan = world.main(1);
    (world, plan)
}

fn morning(world: &mut World) {
    world.now = at("2026-03-03T01:00:00Z");
}

#[test]
fn a_passage_is_begun_only_when_the_windows_of_its_own_stage_are_open() {
    let (mut world, plan) = at_night("", "windows: [night]");
    assert_eq!(codes(&plan), ["frozen", "through"]);
    assert!(world.asks().is_empty(), "the other stage is left alone");
    morning(&mut world);
    assert_eq!(codes(&world.replan("live")), ["through"]);
    assert_eq!(world.asks().len(), 1);
}

#[test]
fn an_override_begins_a_passage_and_opens_no_window_of_the_other_stage() {
    let (mut world, _) = at_night("windows: [night],", "windows: [night]");
    let plan = world.command("live", &operator(), through(None));
    assert_eq!(codes(&plan.expect("granted")), ["through"]);
    let plan = world.hear();
    assert_eq!(codes(&plan), ["frozen"], "an ask is no override");
    assert_eq!(codes(&world.replan("live")), ["through"]);
    let plan = overridden(&mut world, &person("alice")).expect("an owner may");
    assert_eq!(codes(&plan), ["starting"]);
    world.dev_green();
    world.replan("live");
    let run = world.run("live");
    assert_eq!(run.release, world.release(1));
    let by = run.overridden.as_ref().map(|it| it.by.as_str());
    assert_eq!(by, Some("olga"), "what was let through stayed so");
}

#[test]
fn what_is_asked_of_a_stage_waits_for_its_windows_and_goes_on_by_itself() {
    let (mut world, plan) = at_night("windows: [night],", "");
    assert_eq!(codes(&plan), ["through"]);
    let plan = world.hear();
    let told = plan.waiting_on[0].explain(&StageName::new("dev"));
    assert_eq!(told.code, "frozen");
    assert_eq!(told.until, Some(at("2026-03-03T01:00:00Z")));
    assert_eq!(plan.wake, told.until);
    morning(&mut world);
    assert_eq!(codes(&world.replan("dev")), ["starting"]);
}

#[test]
fn a_pause_asks_nobody_for_a_passage_and_stops_what_was_asked() {
    let (mut world, _) = at_night("", "");
    world.pause = paused(None);
    assert_eq!(codes(&world.hear()), ["paused"]);
    assert_eq!(codes(&world.replan("live")), ["paused", "through"]);
    world.main(2);
    assert_eq!(world.asks().len(), 1, "the newer one is asked for later");
    world.pause = None;
    assert_eq!(codes(&world.replan("dev")), ["starting"]);
    world.dev_green();
    world.replan("live");
    assert_eq!(world.asks().len(), 2);
}

#[test]
fn what_has_passed_is_not_admitted_once_a_window_or_a_pause_closes() {
    let (mut world, _) = at_night("", "windows: [night]");
    morning(&mut world);
    world.replan("live");
    world.hear();
    world.dev_green();
    world.replan("live");
    world.started("live");
    world.pause = paused(None);
    let refused = world.admit("live").expect_err("it is paused");
    assert_eq!(refused.kind, RejectionKind::Closed);
    world.pause = None;
    world.now = at("2026-03-04T00:00:00Z");
    world.admit("live").expect_err("it is night again");
}

#[test]
fn what_shows_too_little_here_is_not_sent_through_another_stage() {
    let (mut world, plan) = at_night("", "gates: { coverage: 90 }");
    assert_eq!(codes(&plan), ["gate_coverage", "through"]);
    assert!(world.asks().is_empty());
    world.file = file("", "gates: { coverage: 80 }");
    assert_eq!(codes(&world.replan("live")), ["through"]);
    assert_eq!(world.asks().len(), 1, "83 % are enough now");
}

#[test]
fn the_other_stage_judges_what_passes_by_its_own_gates_and_marks() {
    let (mut world, _) = at_night("marks: [seen], gates: { coverage: 90 },", "");
    let plan = world.hear();
    assert_eq!(codes(&plan), ["mark_missing", "gate_coverage"]);
    assert_eq!(codes(&world.replan("live")), ["through"]);
    world
        .say(1, &person("alice"), &given("seen", None))
        .expect("anybody may");
    world.file = file("marks: [seen], gates: { coverage: 83 },", "");
    assert_eq!(
        codes(&world.replan("dev")),
        ["starting"],
        "by what its own build told"
    );
}

#[test]
fn an_override_lets_nothing_bad_through() {
    let (mut world, _) = at_night("", "windows: [night]");
    world.bad(1);
    assert_eq!(codes(&world.replan("live")), ["frozen", "marked_bad"]);
    let refused = world
        .command("live", &operator(), through(None))
        .expect_err("nobody");
    assert_eq!(refused.kind, RejectionKind::Closed);
    assert!(refused.why.contains("dana marked"), "{refused:?}");
    world.good_again(1);
    world
        .command("live", &operator(), through(None))
        .expect("granted");
    world.bad(1);
    assert_eq!(codes(&world.replan("live")), ["marked_bad"]);
}

#[test]
fn an_override_stands_in_for_no_mark() {
    let (mut world, plan) = at_night("", "windows: [night], marks: [seen]");
    assert_eq!(codes(&plan), ["frozen", "mark_missing", "through"]);
    let plan = world.command("live", &operator(), through(None));
    assert_eq!(codes(&plan.expect("granted")), ["mark_missing", "through"]);
    assert!(world.asks().is_empty());
}

/// `dev` takes what people select, in the daytime, if it is covered well enough.
fn selecting(coverage: u32) -> World {
    let from = format!("{{ select: \"*\" }}, windows: [night], gates: {{ coverage: {coverage} }}");
    let text = FILE.replace("{ branch: develop }", &from);
    let mut world = World::of(&format!("{text}{NIGHT}"));
    world.now = at("2026-03-03T00:10:00Z");
    world
}

#[test]
fn a_selection_waits_for_windows_and_pauses_although_a_person_wants_it() {
    let mut world = selecting(80);
    world.select("alice", 1, "x");
    world.built(1);
    assert_eq!(codes(&world.replan("dev")), ["frozen"]);
    overridden(&mut world, &person("alice")).expect("an owner may");
    assert_eq!(world.run("dev").release, world.release(1));
    world.dev_green();
    morning(&mut world);
    world.pause = paused(None);
    world.select("alice", 2, "y");
    world.built(2);
    assert_eq!(codes(&world.replan("dev")), ["paused"]);
}

#[test]
fn another_selection_voids_an_override() {
    let mut world = selecting(80);
    world.select("alice", 1, "x");
    world.built(1);
    world.pause = paused(None);
    overridden(&mut world, &person("alice")).expect("an owner may");
    world.select("bob", 2, "y");
    world.built(2);
    world.pause = None;
    assert_eq!(codes(&world.replan("dev")), ["frozen"]);
    world.select("alice", 1, "x");
    assert_eq!(codes(&world.replan("dev")), ["frozen"]);
}

#[test]
fn a_selection_shows_what_the_stage_demands_of_its_build() {
    let mut world = selecting(90);
    morning(&mut world);
    world.select("alice", 1, "x");
    world.built(1);
    assert_eq!(codes(&world.replan("dev")), ["gate_coverage"]);
}

#[test]
fn the_table_shows_marks_and_the_passage_open_and_closed() {
    let (mut world, plan) = at_night("", "marks: [seen]");
    let all = rows(&world, "live", 1);
    assert_eq!(
        shown(&all),
        [
            "build: built once / built at 2026-03-03T00:10:00Z / open",
            "mark seen: by anybody / not given / closed",
            "through: verified on dev since it came / not verified there yet / closed",
            "lock: not locked / not locked / open",
            "hold: not on hold / not on hold / open",
        ]
    );
    let closed = all.iter().filter_map(|row| row.why.clone());
    let waits = plan.waiting_on.iter();
    let told: Vec<_> = waits
        .map(|wait| wait.explain(&StageName::new("live")).sentence)
        .collect();
    assert_eq!(closed.collect::<Vec<_>>(), told);
    world
        .say(1, &person("alice"), &given("seen", None))
        .expect("anybody may");
    world.replan("live");
    world.hear();
    world.dev_green();
    assert_eq!(
        shown(&rows(&world, "live", 1))[1..3],
        [
            "mark seen: by anybody / by alice / open",
            "through: verified on dev since it came / verified there / open",
        ]
    );
    world.bad(1);
    let all = shown(&rows(&world, "live", 1));
    let bad = "marked_bad: open / marked bad by dana / closed";
    assert!(all.iter().any(|row| row == bad), "{all:?}");
}

#[test]
fn what_passed_under_an_older_stage_file_closes_the_line_of_its_passage() {
    let (mut world, _) = at_night("", "");
    world.hear();
    world.dev_green();
    world.file = file("timeout: 2h,", "");
    let all = rows(&world, "live", 1);
    let closed: Vec<_> = all.iter().filter(|row| !row.open).collect();
    assert_eq!(closed.len(), 1, "{all:?}");
    assert_eq!(closed[0].gate, "through");
    assert_eq!(closed[0].found, "verified under an older stage file");
}
