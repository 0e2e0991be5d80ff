//! What is shown beside commits: the last word, and never at anybody's expense.

use std::sync::Arc;

use greenroom_app::App;
use greenroom_app::keys;
use greenroom_app::ports::Ports as _;
use greenroom_app::ports::store::Store as _;
use greenroom_core::commit_status::StatusState;
use greenroom_core::name::Revision;
use greenroom_testkit::world::World;
use jiff::SignedDuration;

use crate::STAGE_FILE;

fn world() -> World {
    let world = World::new(STAGE_FILE);
    world.ports().source.show_statuses();
    world
}

fn shown(world: &World, revision: &Revision) -> Vec<StatusState> {
    let all = world.ports().source.statuses(revision);
    all.into_iter().map(|status| status.state).collect()
}

fn on_the_board(world: &World) -> bool {
    let key = keys::attention(world.id, "statuses");
    let found = world.now(world.ports().store().get(&key));
    found.expect("the store answers").is_some()
}

#[test]
fn a_push_is_shown_beside_its_commit_until_it_is_green() {
    let mut world = world();
    let revision = world.push("develop", "bob");
    let all = world.ports().source.statuses(&revision);
    assert!(all.iter().all(|status| status.context == "greenroom/dev"));
    let states = shown(&world, &revision);
    let (last, before) = states.split_last().expect("something is shown");
    assert_eq!(*last, StatusState::Success);
    assert!(
        before.iter().all(|state| *state == StatusState::Pending),
        "{states:?}"
    );
    assert_eq!(world.leftovers(), [""; 0]);
}

#[test]
fn while_nothing_can_be_shown_what_is_old_is_left_out() {
    let mut world = world();
    world.ports().pipelines.freeze(true);
    let revision = world.push("feature/x", "alice");
    assert_eq!(shown(&world, &revision), [StatusState::Pending]);
    world.ports().source.set_away(true);
    world.ports().pipelines.freeze(false);
    world.pass(SignedDuration::from_mins(5));
    assert_eq!(world.green("alice"), Some(revision.clone()));
    world.ports().source.set_away(false);
    world.pass(SignedDuration::from_mins(30));
    let states = shown(&world, &revision);
    assert_eq!(states, [StatusState::Pending, StatusState::Success]);
    assert_eq!(world.leftovers(), [""; 0]);
}

#[test]
fn what_can_be_shown_for_hours_no_more_is_given_up_and_nobody_told() {
    let mut world = world();
    world.ports().pipelines.freeze(true);
    world.push("feature/x", "alice");
    world.ports().source.set_away(true);
    world.ports().pipelines.freeze(false);
    let waits = |world: &World| {
        let left = world.leftovers();
        left.iter().any(|left| left.contains("/status/"))
    };
    world.pass(SignedDuration::from_mins(5));
    assert!(waits(&world));
    world.pass(SignedDuration::from_hours(12));
    assert!(!waits(&world));
    assert!(world.ports().channels.told("team").is_empty());
}

#[test]
fn a_credential_that_may_not_is_on_the_board_until_it_may() {
    let mut world = world();
    world.ports().source.refuse_statuses(true);
    let revision = world.push("develop", "bob");
    assert_eq!(world.green("dev"), Some(revision));
    assert!(on_the_board(&world));
    assert_eq!(world.leftovers(), [""; 0]);
    world.ports().source.refuse_statuses(false);
    let revision = world.push("develop", "bob");
    assert_eq!(shown(&world, &revision).last(), Some(&StatusState::Success));
    assert!(!on_the_board(&world));
}

#[test]
fn a_status_leads_to_the_public_address_if_there_is_one() {
    let mut world = world();
    let revision = world.push("feature/x", "alice");
    let leads = |world: &World, revision: &Revision| {
        let last = world.ports().source.statuses(revision).pop();
        last.expect("something is shown").url
    };
    assert_eq!(leads(&world, &revision), None);
    let mut settings = world.app.settings.clone();
    settings.public_url = Some("https://greenroom.example.com/".to_owned());
    world.app = Arc::new(App::new(world.app.ports.clone(), settings));
    let revision = world.push("feature/x", "alice");
    let address = "https://greenroom.example.com/api/v1/stages/alice?app=acme%2Forders";
    assert_eq!(leads(&world, &revision).as_deref(), Some(address));
}
