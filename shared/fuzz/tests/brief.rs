//! Every target over its kept inputs and a fixed number of random changes of them: the brief form
//! of `make fuzz`.

use std::fs;
use std::path::Path;

use greenroom_fuzz::{Mutator, TARGETS, Target};

fn target(name: &str) -> &'static Target {
    let found = TARGETS.iter().find(|target| target.name == name);
    found.expect("it is in the list")
}

/// What is kept for a target, its own and what it borrows, always in the same order.
fn kept(target: &Target) -> Vec<Vec<u8>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = here.join("corpus").join(target.name);
    let borrowed = target.borrowed.iter().map(|folder| here.join(folder));
    let mut all = Vec::new();
    for folder in std::iter::once(own).chain(borrowed) {
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
        let mut files: Vec<_> = entries
            .map(|entry| entry.expect("a folder can be read").path())
            .filter(|path| path.is_file())
            .collect();
        files.sort();
        all.extend(
            files
                .iter()
                .map(|file| fs::read(file).expect("a file can be read")),
        );
    }
    all
}

/// Runs one input; which one is said when it fails.
fn run(target: &Target, input: &[u8]) {
    let outcome = std::panic::catch_unwind(|| (target.run)(input));
    if let Err(cause) = outcome {
        eprintln!("{} fails on:\n{}", target.name, input.escape_ascii());
        std::panic::resume_unwind(cause);
    }
}

fn briefly(name: &str) {
    let target = target(name);
    let kept = kept(target);
    assert!(!kept.is_empty(), "nothing is kept for {name}");
    kept.iter().for_each(|input| run(target, input));
    let mut mutator = Mutator::new(0);
    for _ in 0..target.brief {
        run(target, &mutator.next(&kept));
    }
}

#[test]
fn webhooks_are_kept_whole_or_not_at_all() {
    briefly("webhook");
}

#[test]
fn stage_files_hold_or_are_refused_in_their_places() {
    briefly("stage_file");
}

#[test]
fn patterns_agree_with_a_naive_matcher() {
    briefly("glob");
}

#[test]
fn hurl_files_can_be_run_or_are_refused_in_their_places() {
    briefly("hurl");
}

#[test]
fn messages_keep_their_structure_on_every_sink() {
    briefly("escape");
}

#[test]
fn schedules_go_forward_and_back_the_same_way() {
    briefly("cron");
}

#[test]
fn requests_to_the_api_are_answered_in_its_words() {
    briefly("api_query");
}

#[test]
fn a_record_that_cannot_be_read_stops_no_neighbour() {
    briefly("stored_record");
}

#[test]
fn reports_are_read_or_refused_and_stay_small() {
    briefly("reports");
}

#[test]
fn every_target_has_a_binary_for_the_fuzzer() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    for target in TARGETS {
        let file = here.join(format!("fuzz_targets/{}.rs", target.name));
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file:?}: {error}"));
        assert!(text.contains(&format!("greenroom_fuzz::{}::run", target.name)));
    }
}

#[test]
fn a_seed_always_makes_the_same_inputs() {
    let kept = [b"one".to_vec(), b"two\nlines".to_vec()];
    let made = |seed| {
        let mut mutator = Mutator::new(seed);
        (0..100).map(|_| mutator.next(&kept)).collect::<Vec<_>>()
    };
    assert_eq!(made(1), made(1));
    assert_ne!(made(1), made(2));
}
