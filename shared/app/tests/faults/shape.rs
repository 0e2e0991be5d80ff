//! What is gone through is what is said.

use greenroom_testkit::golden::{ALL, Golden, PAIRED, scenario};

#[test]
fn every_scenario_is_tested() {
    let tests = include_str!("main.rs");
    for scenario in ALL {
        let call = format!("every_fault(\"{}\")", scenario.name);
        assert_eq!(tests.matches(&call).count(), 1, "{call}");
    }
}

#[test]
fn pairs_are_of_the_six_shortest() {
    let length = |name: &str| {
        let scenario = scenario(name).expect("a scenario");
        Golden::new(scenario).calm.calls.len()
    };
    let mut all: Vec<(usize, &str)> = ALL
        .iter()
        .map(|scenario| (length(scenario.name), scenario.name))
        .collect();
    all.sort_unstable();
    let mut shortest: Vec<&str> = all.iter().take(6).map(|(_, name)| *name).collect();
    shortest.sort_unstable();
    let mut paired = PAIRED.to_vec();
    paired.sort_unstable();
    assert_eq!(shortest, paired, "{all:?}");
}

#[test]
fn without_hints_the_sweep_alone_gets_there() {
    for scenario in ALL {
        let golden = Golden::changed(scenario, |world| world.hints = false);
        if let Err(failure) = golden.run(&Vec::new()) {
            panic!("{failure}");
        }
    }
}
