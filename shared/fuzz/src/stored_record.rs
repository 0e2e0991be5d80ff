//! Records as they should never be: one that cannot be read, or says what cannot be, stops neither
//! the process nor anything that does not depend on it.
//!
//! An input names a record in its line `record` (by number among those of one stage and of what led
//! to it), says how it is spoiled in `how` (`raw`: the body takes its place; else the body's lines
//! are changes of it), and has the body.

use greenroom_app::keys;
use greenroom_app::ports::store::{Condition, Item, Store as _, Write};
use greenroom_testkit::world::World;
use jiff::SignedDuration;
use serde_json::Value;

use crate::json::edit;
use crate::number_of;
use crate::sections::Sections;

const STAGE_FILE: &str = include_str!("../corpus/stage_file/every-kind.yaml");

/// # Panics
/// When a promise is broken.
pub fn run(data: &[u8]) {
    let sections = Sections::of(data);
    let mut world = World::new(STAGE_FILE);
    world.push("develop", "bob");
    let spoiled = chosen(&world, sections.bytes("record").unwrap_or_default());
    let value = match sections.text("how") {
        Some("raw") => sections.body.to_vec(),
        _ => {
            let mut value: Value = serde_json::from_slice(&spoiled.value).unwrap_or_default();
            edit(&mut value, sections.body);
            value.to_string().into_bytes()
        }
    };
    let write = Write::Put {
        key: spoiled.key,
        value,
        condition: Condition::Version(spoiled.version),
    };
    if world.now(world.ports().store.commit(vec![write])).is_err() {
        // Larger than the store takes.
        return;
    }
    // What meets the spoiled record, and what has nothing to do with it.
    world.push("develop", "bob");
    let revision = world.push("feature/x", "ana");
    world.pass(SignedDuration::from_mins(20));
    assert_eq!(world.stands("ana"), Some(revision));
}

/// One of the records that belong to the stage `dev` alone.
fn chosen(world: &World, name: &[u8]) -> Item {
    let store = &world.ports().store;
    let mut found = Vec::new();
    let mut look = |partition: &str, prefix: &str| {
        let page = world.now(store.query(partition, prefix, None, 100));
        found.extend(page.expect("the store answers").items);
    };
    let app = keys::app_partition(world.id);
    look(&keys::stage_partition(&world.stage_id("dev")), "");
    look(&app, "head#refs/heads/develop");
    look(&app, "build#");
    look(&app, "release#");
    look(&app, "stage#dev");
    look("delivery#00000000-0000-4000-8000-000000000001", "");
    look("execution#exec-1", "");
    look("execution#exec-2", "");
    let number = std::str::from_utf8(name)
        .ok()
        .and_then(|name| name.parse().ok());
    let number = number.unwrap_or_else(|| usize::try_from(number_of(name)).unwrap_or(0));
    found.swap_remove(number % found.len())
}
