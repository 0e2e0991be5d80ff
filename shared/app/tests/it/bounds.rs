//! The largest transactions and values there are stay within the store's limits.

use greenroom_app::ports::store::{
    COMMIT_MAX, Condition, Key, VALUE_MAX, Write, check_commit, near_limit,
};
use greenroom_testkit::world::World;
use jiff::SignedDuration;

/// Eight channels, ten suites, three stages downstream.
fn large_stage_file() -> String {
    let suites: String = (0..10)
        .map(|n| format!("  s{n}: {{ files: \"tests/*.hurl\", base_url: \"${{outputs.URL}}\" }}\n"))
        .collect();
    let channels: String = (0..8)
        .map(|n| format!("  c{n}: {{ console: {{}} }}\n"))
        .collect();
    let verify: Vec<_> = (0..10).map(|n| format!("s{n}")).collect();
    let alert: Vec<_> = (0..8).map(|n| format!("c{n}")).collect();
    let common = format!(
        "pipeline: service, verify: [{}], alert: [{}]",
        verify.join(", "),
        alert.join(", ")
    );
    let downstream: String = (0..3)
        .map(|n| format!("  down{n}: {{ from: {{ promote: dev }}, {common} }}\n"))
        .collect();
    format!(
        "version: 1\napp: acme/orders\npipelines:\n  service:\n    steps:\n\
         \x20     - {{ name: build, run: make, once: true, artifact: dist/ }}\n\
         \x20     - {{ name: deploy, run: make deploy, outputs: [URL] }}\n\
         suites:\n{suites}channels:\n{channels}stages:\n  dev: {{ from: {{ branch: develop }}, {common} }}\n{downstream}"
    )
}

#[test]
fn the_largest_commit_fits_the_store() {
    let mut world = World::new(&large_stage_file());
    world.push("develop", "bob");
    // A run under way, behind which thirty commits come and go, and which then breaks.
    for round in 0..3 {
        let bad = world
            .ports()
            .source
            .commit("develop", "bob", "Break it", &[]);
        world.ports().suites.fail(&bad);
        world.told_of("develop", "bob", &bad);
        world.settle();
        world.ports().pipelines.freeze(true);
        for n in 0..30 {
            let subject = format!("{round} {n} {}", "long ".repeat(60));
            let next = world.ports().source.commit("develop", "bob", &subject, &[]);
            if n == 15 {
                world.ports().suites.fail(&next);
            }
            world.told_of("develop", "bob", &next);
            world.settle();
        }
        world.ports().pipelines.freeze(false);
        world.pass(SignedDuration::from_mins(5));
    }
    assert!(world.green("down2").is_some());
    let largest = world.ports().store.largest();
    assert!(largest.writes < COMMIT_MAX, "{largest:?}");
    assert!(largest.value < VALUE_MAX, "{largest:?}");
    assert_eq!(world.leftovers(), Vec::<String>::new());
}

#[test]
fn what_comes_near_a_limit_of_the_table_is_known_before_it_is_refused() {
    let of = |count: usize, bytes: usize| -> Vec<Write> {
        let write = |n: usize| Write::Put {
            key: Key::new("app#1", format!("run#{n}")),
            value: vec![b' '; bytes],
            condition: Condition::Any,
        };
        (0..count).map(write).collect()
    };
    let limit = |count, bytes| {
        let writes = of(count, bytes);
        check_commit(&writes).expect("it is taken");
        near_limit(&writes).map(|near| near.limit)
    };
    assert_eq!(limit(39, 1_000), None);
    assert_eq!(limit(40, 1_000), Some("writes of a commit"));
    assert_eq!(limit(1, VALUE_MAX / 5 * 4 - 1), None);
    assert_eq!(limit(1, VALUE_MAX / 5 * 4), Some("value bytes"));
    assert_eq!(limit(17, VALUE_MAX / 2), Some("commit bytes"));
    assert!(
        check_commit(&of(51, 1)).is_err(),
        "at the limit it is refused"
    );
}
