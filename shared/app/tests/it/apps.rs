//! Stage files that come into force, and repositories that are recognised.

use greenroom_app::Error;
use greenroom_app::apps::NewApp;
use greenroom_app::ports::source::{Access, Mend};
use greenroom_core::message::Kind;
use greenroom_core::name::{RepoName, StageName};
use greenroom_testkit::world::World;
use jiff::SignedDuration;

use crate::STAGE_FILE;

fn attention(world: &World) -> Vec<String> {
    let board = world.now(world.app.board(None)).expect("the board");
    let all = board.apps.into_iter().flat_map(|app| app.attention);
    all.map(|attention| attention.code).collect()
}

fn push_stage_file(world: &mut World, text: &str) {
    let file = world
        .ports()
        .source
        .commit("master", "olga", "x", &[("greenroom.yaml", text)]);
    world.told_of("master", "olga", &file);
    world.settle();
}

fn invalid_told(world: &World) -> usize {
    let told = world.ports().channels.told("team");
    let invalid = |kind: &Kind| matches!(kind, Kind::StageFileInvalid { .. });
    told.iter().filter(|one| invalid(&one.kind)).count()
}

#[test]
fn a_new_stage_file_comes_into_force_with_the_default_branchs_push() {
    let mut world = World::new(STAGE_FILE);
    assert!(world.stage("qa").is_none());
    let more = format!("{STAGE_FILE}  qa: {{ from: {{ branch: qa }}, pipeline: service }}\n");
    push_stage_file(&mut world, &more);
    assert!(world.stage("qa").is_some());
    let revision = world.push("qa", "bob");
    assert_eq!(world.stands("qa"), Some(revision));
}

#[test]
fn an_invalid_stage_file_is_told_once_and_the_old_one_stays() {
    let mut world = World::new(STAGE_FILE);
    push_stage_file(&mut world, "version: 1\nnonsense: true\n");
    assert_eq!(invalid_told(&world), 1);
    assert_eq!(attention(&world), ["stage_file_invalid"]);
    // Another commit that leaves it as it is says nothing new.
    world.push("master", "olga");
    assert_eq!(invalid_told(&world), 1);
    let revision = world.push("develop", "bob");
    assert_eq!(world.green("dev"), Some(revision));
    push_stage_file(&mut world, STAGE_FILE);
    assert_eq!(attention(&world), Vec::<String>::new());
    assert_eq!(world.leftovers(), Vec::<String>::new());
}

#[test]
fn a_default_branch_set_back_to_the_stage_file_in_force_is_valid_again() {
    let mut world = World::new(STAGE_FILE);
    let good = world.ports().source.tip("master").expect("a tip");
    push_stage_file(&mut world, "nonsense");
    assert_eq!(attention(&world), ["stage_file_invalid"]);
    world.ports().source.set("refs/heads/master", Some(&good));
    world.told_of("master", "olga", &good);
    world.settle();
    assert_eq!(attention(&world), Vec::<String>::new());
}

#[test]
fn a_huge_stage_file_is_refused_unread() {
    let mut world = World::new(STAGE_FILE);
    let huge = format!("{STAGE_FILE}#{}", "x".repeat(10 * 1024 * 1024));
    push_stage_file(&mut world, &huge);
    assert_eq!(invalid_told(&world), 1);
    assert!(world.ports().store.largest().value < 200 * 1024);
}

#[test]
fn a_process_that_dies_over_a_new_stage_file_still_makes_its_stages() {
    use greenroom_testkit::world::Fault;
    let more = format!("{STAGE_FILE}  qa: {{ from: {{ branch: qa }}, pipeline: service }}\n");
    for nth in 1..60 {
        let mut world = World::new(STAGE_FILE);
        world.ports().faults.plan(nth, Fault::DieAfter);
        world.hints = false;
        push_stage_file(&mut world, &more);
        assert!(world.stage("qa").is_some(), "death at call {nth}");
        assert_eq!(
            world.leftovers(),
            Vec::<String>::new(),
            "death at call {nth}"
        );
    }
}

#[test]
fn stages_are_planned_again_under_a_new_stage_file_without_any_hint() {
    let mut world = World::new(STAGE_FILE);
    world.push("release/1", "carol");
    assert_eq!(world.green("prod"), None, "it soaks");
    world.hints = false;
    push_stage_file(&mut world, &STAGE_FILE.replace("soak: 10m, ", ""));
    world.pass(SignedDuration::from_mins(1));
    assert!(world.green("prod").is_some());
}

#[test]
fn a_rename_is_survived_and_another_repository_of_that_name_does_not_take_over() {
    let mut world = World::new(STAGE_FILE);
    world.push("develop", "bob");
    world.name = "acme/shop".to_owned();
    let renamed = world.push("develop", "bob");
    assert_eq!(world.green("dev"), Some(renamed.clone()));
    world.name = "acme/orders".to_owned();
    world.repository = 1;
    world.push("develop", "eve");
    assert_eq!(world.green("dev"), Some(renamed));
}

#[test]
fn a_webhook_that_names_another_default_branch_is_checked_with_the_source() {
    let mut world = World::new(STAGE_FILE);
    let more = format!("{STAGE_FILE}  qa: {{ from: {{ branch: qa }}, pipeline: service }}\n");
    let tip = world
        .ports()
        .source
        .commit("main", "olga", "x", &[("greenroom.yaml", &more)]);
    world.default_branch = "main".to_owned();
    world.told_of("main", "olga", &tip);
    world.settle();
    assert!(world.stage("qa").is_none(), "the source says master");
    world.ports().source.set_default("main");
    world.told_of("main", "olga", &tip);
    world.settle();
    assert!(world.stage("qa").is_some());
}

#[test]
fn a_stage_without_a_rule_in_force_has_no_open_gates() {
    let mut world = World::new(STAGE_FILE);
    let pushed = world.push("develop", "bob");
    let dev = StageName::new("dev");
    let asked = |world: &World| {
        let app = world.now(world.app.app(world.id)).expect("an app");
        let gates = world.app.gates(&app, pushed.as_str(), Some(&dev));
        world.now(gates)
    };
    assert_eq!(asked(&world).expect("gates").len(), 1);
    let without = STAGE_FILE.replace("  dev: {", "  other: {");
    push_stage_file(&mut world, &without);
    let none = asked(&world).expect_err("nothing was judged");
    assert!(matches!(none, Error::NotFound { .. }), "{none}");
}

#[test]
fn what_a_credential_lacks_is_told_for_each_app() {
    let world = World::new(STAGE_FILE);
    let access = || {
        let apps = world.now(world.app.apps()).expect("the apps");
        let mut all = world.now(world.app.access(apps));
        all.remove(0)
    };
    assert!(!access().checked, "there is none");
    let mend = Mend {
        what: "it lacks a permission".to_owned(),
        fix: "give it".to_owned(),
    };
    let problems = vec![mend.clone()];
    world.ports().source.set_access(Some(Access {
        problems: problems.clone(),
        warnings: Vec::new(),
    }));
    assert!(access().checked);
    assert_eq!(access().problems, problems);
    // An app that cannot be added says the same, with what to do.
    world.ports().source.hide(true);
    let new = NewApp {
        name: RepoName::new("acme/billing"),
        git: None,
        repository: None,
    };
    match world.now(world.app.add_app(&new)) {
        Err(Error::Unreadable { why, help, .. }) => assert_eq!((why, help), (mend.what, mend.fix)),
        other => panic!("{other:?}"),
    }
    world.ports().source.set_away(true);
    assert_eq!(access().problems.len(), 1, "it cannot be told now");
}
