//! Where a commit is, and how two stages differ.

use greenroom_app::Error;
use greenroom_app::query::diff::{Difference, Value};
use greenroom_app::query::journey::{Leg, Way, Where};
use greenroom_core::command::Command;
use greenroom_core::name::{Revision, SecretName, StageName};
use greenroom_testkit::world::World;
use jiff::SignedDuration;

use crate::STAGE_FILE;

fn way(world: &World, typed: &str) -> Way {
    let app = world.now(world.app.app(world.id)).expect("an app");
    world.now(world.app.journey(&app, typed)).expect("a way")
}

fn leg(world: &World, typed: &str, stage: &str) -> Leg {
    let legs = way(world, typed).stages.into_iter();
    let mut legs = legs.filter(|leg| leg.stage.as_str() == stage);
    legs.next().expect("the stage is listed")
}

#[test]
fn a_commit_is_there_since_it_came_though_newer_ones_followed() {
    let mut world = World::new(STAGE_FILE);
    let one = world.push("develop", "bob");
    let first = leg(&world, one.as_str(), "dev");
    assert_eq!((first.state, first.generation), (Where::Here, Some(1)));
    world.pass(SignedDuration::from_hours(2));
    let two = world.push("develop", "bob");
    world.pass(SignedDuration::from_hours(2));
    let three = world.push("develop", "bob");
    let now = leg(&world, one.as_str(), "dev");
    assert_eq!((now.state, now.revision), (Where::Here, Some(three)));
    assert_eq!((now.since, now.generation), (first.since, Some(1)));
    let later = leg(&world, two.as_str(), "dev");
    assert_eq!(later.generation, Some(2));
    assert!(later.since > first.since);
    let other = leg(&world, one.as_str(), "preprod");
    assert_eq!(other.state, Where::NotOnTheWay);
}

#[test]
fn what_waits_says_for_what_and_what_comes_after_which_stage() {
    let mirror = "  mirror: { from: { promote: prod }, pipeline: service, verify: [smoke] }\n";
    let mut world = World::new(&format!("{STAGE_FILE}{mirror}"));
    let one = world.push("release/1", "bob");
    assert_eq!(leg(&world, "release/1", "preprod").state, Where::Here);
    let prod = leg(&world, one.as_str(), "prod");
    assert_eq!(prod.state, Where::Waiting);
    assert_eq!(prod.why.map(|why| why.code), Some("soaking"));
    let mirror = leg(&world, one.as_str(), "mirror");
    assert_eq!(mirror.state, Where::Comes);
    assert_eq!(mirror.after, Some(StageName::new("prod")));
}

#[test]
fn what_another_branch_took_away_is_gone() {
    let mut world = World::new(STAGE_FILE);
    let one = world.push("feature/a", "bob");
    world.push("feature/b", "bob");
    let gone = leg(&world, one.as_str(), "bob");
    assert_eq!((gone.state, gone.generation), (Where::Gone, Some(1)));
    assert_eq!(leg(&world, "feature/b", "bob").state, Where::Here);
}

#[test]
fn a_refresh_brings_what_its_branch_has_already() {
    let mut world = World::new(STAGE_FILE);
    let one = world.push("master", "bob");
    let nightly = leg(&world, one.as_str(), "nightly");
    assert_eq!(nightly.state, Where::Comes);
    assert!(nightly.until.is_some(), "{nightly:?}");
}

#[test]
fn what_did_not_succeed_or_is_not_wanted_is_kept_out() {
    let mut world = World::new(&STAGE_FILE.replace("soak: 10m,", "approvals: { count: 1 },"));
    let one = world.push("release/1", "bob");
    let no = Command::Reject {
        reason: "not now".to_owned(),
        revision: None,
    };
    let id = world.stage_id("prod");
    let principal = World::operator();
    let answer = world.now(world.app.command(&id, &principal, &no));
    assert!(answer.expect("decided").is_ok());
    world.settle();
    let prod = leg(&world, one.as_str(), "prod");
    assert_eq!(prod.state, Where::KeptOut);
    assert_eq!(prod.why.map(|why| why.code), Some("rejected"));
}

#[test]
fn a_build_that_nobody_selected_yet_can_be_selected() {
    let file = STAGE_FILE.replace("{ branch: develop }", "{ select: \"topic/**\" }");
    let mut world = World::new(&file);
    world.push("topic/a", "bob");
    assert_eq!(leg(&world, "topic/a", "dev").state, Where::Selectable);
}

#[test]
fn what_names_nothing_is_not_found() {
    let world = World::new(STAGE_FILE);
    let app = world.now(world.app.app(world.id)).expect("an app");
    let nothing = world.now(world.app.journey(&app, "topic/none"));
    assert!(
        matches!(nothing, Err(Error::NotFound { .. })),
        "{nothing:?}"
    );
}

fn difference(world: &World, from: &str, to: &str) -> Difference {
    let (from, to) = (world.stage_id(from), world.stage_id(to));
    let differs = world.now(world.app.difference(&from, &to));
    differs.expect("they are compared")
}

fn with_variables() -> String {
    let sets = "variables:\n  low: { LOG: debug, TABLE: \"orders-${stage}\", TOKEN: \"${secret:sandbox}\" }\n  \
                high: { LOG: warning, TABLE: \"orders-${stage}\", TOKEN: \"${secret:bank}\", PAGER: yes }\nstages:";
    STAGE_FILE
        .replace("stages:", sets)
        .replace(
            "{ branch: develop },",
            "{ branch: develop }, variables: [low],",
        )
        .replace(
            "{ promote: preprod },",
            "{ promote: preprod }, variables: [high],",
        )
}

#[test]
fn two_stages_differ_in_commits_bytes_and_variables_but_no_secret_is_told() {
    let mut world = World::new(&with_variables());
    world.push("release/1", "carol");
    world.pass(SignedDuration::from_hours(1));
    world.settle();
    let one = world.push("develop", "bob");
    let two = world.push("develop", "bob");
    let told = difference(&world, "dev", "prod");
    let ahead = |commits: &[greenroom_app::query::diff::Ahead]| -> Vec<Revision> {
        commits.iter().map(|it| it.revision.clone()).collect()
    };
    assert_eq!(ahead(&told.from.commits), [two, one]);
    assert_eq!(told.to.commits.len(), 1);
    assert_eq!((told.unknown, told.same_artifact), (None, Some(false)));
    let names: Vec<_> = told.variables.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(
        names,
        ["LOG", "PAGER", "TOKEN"],
        "what is written alike is the same"
    );
    assert_eq!(told.variables[1].from, None);
    let secret = told.variables[2].to.clone();
    assert_eq!(secret, Some(Value::Secret(SecretName::new("bank"))));
    let same = difference(&world, "preprod", "prod");
    assert_eq!(same.same_artifact, Some(true));
    assert!(same.from.commits.is_empty() && same.to.commits.is_empty());
}

#[test]
fn where_nothing_stands_no_commits_are_compared() {
    let mut world = World::new(STAGE_FILE);
    world.push("develop", "bob");
    let told = difference(&world, "dev", "preprod");
    assert_eq!(told.unknown.as_deref(), Some("nothing stands on preprod"));
    assert_eq!(told.same_artifact, None);
}
