//! Stage files that change.

use greenroom_core::stage::Health;

use super::DEV;
use crate::golden::act::{deploys, rest, until};
use crate::golden::{Ends, Scenario};

/// A run is judged by the file it was claimed under.
pub const CHANGED_IN_MID_RUN: Scenario = Scenario {
    name: "changed-in-mid-run",
    file: DEV,
    prepare: |world| {
        world.push("develop", "bob");
        world.ports().pipelines.take_long(true);
        let bad = world
            .ports()
            .source
            .commit("develop", "bob", "Break it", &[]);
        world.ports().suites.fail(&bad);
        world.told_of("develop", "bob", &bad);
        world.settle();
        assert!(deploys(world, "dev"), "it is under way");
    },
    act: |world| {
        let other = DEV
            .replace("verify: [smoke], alert: [team]", "alert: [mail]")
            .replace(
                "stages:",
                "stages:\n  qa: { from: { branch: qa }, pipeline: service }",
            );
        let files = [("greenroom.yaml", other.as_str())];
        let file = world
            .ports()
            .source
            .commit("master", "olga", "No tests", &files);
        world.told_of("master", "olga", &file);
        until(world, "it is in force", |world| {
            let app = world.now(world.app.app(world.id)).expect("the app");
            app.stages_of == app.config && world.stage("qa").is_some()
        });
        world.ports().pipelines.take_long(false);
        rest(world);
    },
    ends: Ends::Alike,
    golden: |end| {
        let heard = end.heard("team");
        let told = matches!(heard[..], [one] if one.starts_with("broke dev"));
        told && end.stage("dev").health == Health::Red
    },
};
