use greenroom_app::ports::pipelines::Purpose;
use greenroom_app::ports::source::Repository;
use greenroom_core::definition::{Definition, DefinitionHash};
use greenroom_core::name::{Nonce, RepoName, RepositoryId, Revision};

use super::*;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

/// Of a rule that has more than one stage, whose pipeline they share.
fn request(stage: &str) -> StartRequest {
    StartRequest {
        token: stage.to_owned(),
        purpose: Purpose::Deploy {
            app: "1".to_owned(),
            stage: stage.to_owned(),
            run: format!("1/{stage}/1"),
            generation: 1,
            nonce: Nonce::new("n"),
            artifact: None,
        },
        repository: Repository {
            id: RepositoryId(1),
            name: RepoName::new("acme/orders"),
            git: None,
        },
        revision: Revision::new("r"),
        steps: Vec::new(),
        variables: BTreeMap::new(),
        secrets: BTreeMap::new(),
        definition: Definition {
            name: "greenroom-people".to_owned(),
            hash: DefinitionHash::new(""),
        },
        values: Default::default(),
    }
}

fn executor(mode: Mode) -> Executor {
    Executor::new(mode, None, true)
}

/// Started and let through at the fence.
fn admitted(executor: &mut Executor, stage: &str) -> usize {
    let started = executor.start(&request(stage), By::Greenroom, NOW);
    let (index, _) = started.expect("not too many");
    assert_eq!(executor.enter(index), Some(Entry::Inside));
    assert!(executor.is_asking(index));
    assert!(executor.pass(index, true, NOW));
    index
}

fn done() -> Observation {
    Observation::Succeeded {
        artifact: None,
        outputs: BTreeMap::new(),
        at: NOW,
        evidence: None,
    }
}

#[test]
fn what_was_admitted_is_overtaken_by_what_is_admitted_after_it() {
    let mut executor = executor(Mode::Superseded);
    let one = admitted(&mut executor, "alice");
    let two = admitted(&mut executor, "bob");
    assert_eq!(executor.superseded(one), [one]);
    assert_eq!(executor.enter(one), None);
    assert_eq!(executor.enter(two), Some(Entry::Inside));
}

#[test]
fn what_was_admitted_waits_until_the_steps_before_it_have_ended() {
    let mut executor = executor(Mode::Queued);
    let one = admitted(&mut executor, "alice");
    let two = admitted(&mut executor, "bob");
    assert_eq!(executor.enter(two), Some(Entry::Waits));
    assert_eq!(executor.enter(one), Some(Entry::Inside));
    assert!(executor.end(one, done(), NOW));
    assert_eq!(executor.held(one), [two]);
    assert_eq!(executor.enter(two), Some(Entry::Inside));
}

#[test]
fn what_is_abandoned_has_not_ended_before_its_steps_have() {
    let mut executor = executor(Mode::Parallel);
    let one = admitted(&mut executor, "alice");
    assert_eq!(executor.enter(one), Some(Entry::Inside));
    assert!(executor.stop(one, true));
    let id = executor.get(one).id.clone();
    assert!(!executor.observe(&id).is_terminal());
    assert!(executor.end(one, done(), NOW));
    assert_eq!(executor.observe(&id), Observation::Stopped { at: NOW });
}

#[test]
fn a_fence_that_said_no_is_asked_again_and_steps_that_failed_are_not_behind_it() {
    let mut executor = executor(Mode::Parallel);
    let one = admitted(&mut executor, "alice");
    assert_eq!(executor.enter(one), Some(Entry::Inside));
    let why = "the machine went away".to_owned();
    assert!(executor.end(one, Observation::Errored { why, at: NOW }, NOW));
    assert!(executor.again(one));
    assert_eq!(executor.enter(one), Some(Entry::Inside));
    assert!(!executor.is_asking(one) && executor.get(one).is_foreign());

    let started = executor.start(&request("bob"), By::Greenroom, NOW);
    let (two, _) = started.expect("not too many");
    assert_eq!(executor.enter(two), Some(Entry::Inside));
    let why = "another run has the stage".to_owned();
    assert!(executor.end(two, Observation::Refused { why, at: NOW }, NOW));
    assert!(executor.again(two));
    assert_eq!(executor.enter(two), Some(Entry::Inside));
    assert!(executor.is_asking(two));
}
