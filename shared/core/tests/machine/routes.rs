//! Who hears of what: by kind of news, and by the team whose suite fails.

use greenroom_core::command::Command;
use greenroom_core::effect::{Effect, News};
use greenroom_core::execution::Observation;
use greenroom_core::name::{ChannelName, SuiteName};
use greenroom_core::stage::{Failing, Run};
use greenroom_core::stage_file::{NewsKind, Route};

use crate::watch::{due, ends, watched};
use crate::world::*;

/// The suite `api` is the API team's, `smoke` the shop's; `boss` hears of breaks only.
const ROUTES: &str = "alert: [{ channel: team, suites: [smoke] }, { channel: mail, suites: [api] }, \
                      { channel: boss, news: [broke] }]";

fn file() -> String {
    FILE.replace(
        "verify: [smoke], alert: [team, mail]",
        "verify: [api, smoke], alert: [team, mail]",
    )
    .replace("alert: [team, mail]", ROUTES)
    .replace("channels:\n", "channels:\n  boss: { console: {} }\n")
}

/// A run of dev, in which these tests fail.
fn red(world: &mut World, n: u32, api: &[&str], smoke: &[&str]) {
    world.push("dev", n);
    world.built(n);
    world.deploy("dev");
    for (suite, tests) in [("api", api), ("smoke", smoke)] {
        let report = if tests.is_empty() {
            passed()
        } else {
            failed(tests)
        };
        world.verdict("dev", suite, report);
    }
}

#[test]
fn a_break_is_told_to_the_team_whose_suite_fails() {
    let mut world = World::of(&file());
    red(&mut world, 1, &["a"], &[]);
    assert_eq!(world.told(), ["mail: broke", "boss: broke"]);
    world.green("dev", 2);
    assert_eq!(world.told()[2..], ["mail: recovered", "boss: recovered"]);
    red(&mut world, 3, &[], &["a"]);
    assert_eq!(world.told()[4..], ["team: broke", "boss: broke"]);
}

#[test]
fn a_break_that_becomes_anothers_too_is_told_to_them_once_and_its_end_to_all() {
    let mut world = World::of(&file());
    red(&mut world, 1, &["a"], &[]);
    red(&mut world, 2, &["a"], &["b"]);
    // The boss hears of breaks, and not of what changes in them.
    assert_eq!(world.told()[2..], ["mail: changed", "team: broke"]);
    red(&mut world, 3, &[], &["c"]);
    assert_eq!(world.told()[4..], ["mail: changed", "team: changed"]);
    red(&mut world, 4, &["a"], &["b"]);
    assert_eq!(world.told().len(), 6, "nothing fails anew");
    world.green("dev", 5);
    let end = ["mail: recovered", "boss: recovered", "team: recovered"];
    assert_eq!(world.told()[6..], end);
}

#[test]
fn a_step_that_says_no_is_everybodys() {
    let mut world = World::of(&file());
    world.push("dev", 1);
    world.built(1);
    world.started("dev");
    world.admit("dev").expect("admitted");
    let failed = Observation::Failed {
        step: "deploy".to_owned(),
        why: "exit 1".to_owned(),
        at: world.now,
    };
    world.observe("dev", failed);
    let all = ["team: broke", "mail: broke", "boss: broke"];
    assert_eq!(world.told(), all);
}

#[test]
fn news_that_nobody_could_tell_goes_to_those_who_want_it() {
    for (news, told) in [("unverified", 1), ("broke", 0)] {
        let routed = format!("alert: [{{ channel: team, news: [{news}] }}]");
        let mut world = watched();
        world.file = stage_file(&crate::watch::file().replace("alert: [team]", &routed));
        due(&mut world);
        ends(&mut world, errored());
        world.pass(minutes(1));
        world.replan("preprod");
        crate::watch::answer(&mut world, 1, "smoke", 2, errored());
        assert!(world.stage("preprod").verified.is_none());
        assert_eq!(world.told().len(), told, "{news}");
    }
}

#[test]
fn a_suite_that_fails_behind_many_tests_of_another_is_told_to_its_team() {
    let mut world = World::of(&file());
    let many: Vec<String> = (0..30).map(|n| format!("t{n:02}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    red(&mut world, 1, &many, &[]);
    red(&mut world, 2, &many, &["b"]);
    assert!(world.told().contains(&"team: broke".to_owned()));
    let brk = world.stage("dev").brk.clone().expect("it is broken");
    let Failing::Tests { tests, suites, .. } = brk.failing else {
        panic!("tests fail");
    };
    assert_eq!(suites, ["api", "smoke"].map(SuiteName::new));
    assert!(tests.len() <= 20);
    assert!(tests.iter().any(|test| test.test == "smoke: b"));
}

#[test]
fn whom_a_break_concerns_while_muted_is_told_afterwards() {
    let mut world = World::of(&file());
    red(&mut world, 1, &["a"], &[]);
    let until = world.now.checked_add(minutes(60)).expect("an instant");
    let reason = "noise".to_owned();
    let mute = Command::Mute { reason, until };
    world.command("dev", &operator(), mute).expect("granted");
    red(&mut world, 2, &["a"], &["b"]);
    assert_eq!(world.told().len(), 2);
    world.pass(minutes(60));
    world.replan("dev");
    assert_eq!(world.told()[2..], ["mail: changed", "team: broke"]);
    let told = |effect: &Effect| match effect {
        Effect::Announce { news, .. } => match news.as_ref() {
            News::Broke { brk, .. } => Some(brk.told.len()),
            _ => None,
        },
        _ => None,
    };
    let last = world.effects.iter().filter_map(told).next_back();
    assert_eq!(last, Some(3));
}

#[test]
fn a_route_for_everything_is_stored_as_the_name_it_was_before() {
    let team = Route::from(ChannelName::new("team"));
    assert_eq!(serde_json::to_string(&team).expect("JSON"), "\"team\"");
    let some = Route {
        news: vec![NewsKind::Broke],
        suites: vec![SuiteName::new("api")],
        ..team.clone()
    };
    for route in [team, some] {
        let stored = serde_json::to_string(&route).expect("JSON");
        let read: Route = serde_json::from_str(&stored).expect("it loads");
        assert_eq!(read, route);
    }
    let mut world = World::new();
    world.push("dev", 1);
    world.built(1);
    let stored = serde_json::to_value(world.run("dev")).expect("JSON");
    assert_eq!(stored["alert"], serde_json::json!(["team", "mail"]));
    let read: Run = serde_json::from_value(stored).expect("it loads");
    assert_eq!(read, *world.run("dev"));
}
