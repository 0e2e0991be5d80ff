use super::*;

fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

fn started(machine: &mut Machine, token: &str) -> usize {
    match machine.start(token, now()) {
        Started::New(index) => index,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_token_starts_one_execution_until_it_is_forgotten() {
    let memory = Some(SignedDuration::from_secs(60));
    let mut machine = Machine::new(Mode::Parallel, memory);
    let first = started(&mut machine, "a");
    assert_eq!(machine.start("a", now()), Started::Known(first));
    let later = now() + SignedDuration::from_secs(60);
    assert_eq!(machine.start("a", later), Started::New(1));
}

#[test]
fn parallel_executions_do_not_mind_each_other_up_to_fifty() {
    let mut machine = Machine::new(Mode::Parallel, None);
    for number in 0..ACTIVE_MAX {
        let index = started(&mut machine, &number.to_string());
        assert_eq!(machine.enter(index), Entry::Inside);
    }
    assert_eq!(machine.start("more", now()), Started::TooMany);
    assert_eq!(machine.start("7", now()), Started::Known(7));
    assert!(machine.leave(3, false, 2));
    assert_eq!(machine.start("more", now()), Started::New(ACTIVE_MAX));
}

#[test]
fn queued_executions_go_into_a_stage_in_their_order() {
    let mut machine = Machine::new(Mode::Queued, None);
    let [a, b, c] = ["a", "b", "c"].map(|token| started(&mut machine, token));
    assert_eq!(machine.enter(a), Entry::Inside);
    assert_eq!(machine.enter(c), Entry::Waits);
    assert!(machine.leave(a, true, 2));
    assert_eq!(machine.enter(c), Entry::Waits, "b was first");
    assert_eq!(machine.enter(b), Entry::Inside);
    assert_eq!(machine.enter(a), Entry::Inside, "the next stage is free");
}

#[test]
fn a_newer_execution_overtakes_one_that_waits_between_stages() {
    let mut machine = Machine::new(Mode::Superseded, None);
    let a = started(&mut machine, "a");
    assert_eq!(machine.enter(a), Entry::Inside);
    assert!(machine.leave(a, true, 2));
    assert_eq!(machine.enter(a), Entry::Inside);
    let b = started(&mut machine, "b");
    assert_eq!(machine.enter(b), Entry::Inside);
    assert!(machine.leave(b, true, 2));
    assert_eq!(machine.enter(b), Entry::Waits);
    let c = started(&mut machine, "c");
    assert_eq!(machine.enter(c), Entry::Inside);
    assert!(machine.leave(c, true, 2));
    assert_eq!(machine.get(b).status, Status::Superseded);
    assert_eq!(machine.enter(b), Entry::Over);
    assert!(machine.leave(a, true, 2));
    assert_eq!(machine.enter(c), Entry::Inside);
    assert_eq!(machine.get(a).status, Status::Succeeded);
}

#[test]
fn a_stop_waits_for_what_runs_and_an_abandonment_does_not() {
    let mut machine = Machine::new(Mode::Parallel, None);
    let [a, b, c] = ["a", "b", "c"].map(|token| started(&mut machine, token));
    for index in [a, b] {
        assert_eq!(machine.enter(index), Entry::Inside);
    }
    assert_eq!(machine.stop(a, false), Ok(()));
    assert_eq!(machine.stop(a, false), Err(NoStop::Duplicated));
    assert_eq!(machine.get(a).status, Status::Stopping);
    assert!(machine.leave(a, true, 2));
    assert_eq!(machine.get(a).status, Status::Stopped);
    assert_eq!(machine.stop(a, false), Err(NoStop::NotStoppable));
    assert_eq!(machine.stop(b, false), Ok(()));
    assert_eq!(machine.stop(b, true), Ok(()));
    assert!(!machine.leave(b, true, 2), "nobody waits for it any more");
    assert_eq!(machine.get(b).status, Status::Stopped);
    assert_eq!(machine.stop(c, false), Ok(()));
    assert_eq!(
        machine.enter(c),
        Entry::Over,
        "it does not begin another stage"
    );
}

#[test]
fn only_the_stage_an_execution_failed_in_is_run_again() {
    let mut machine = Machine::new(Mode::Parallel, None);
    let a = started(&mut machine, "a");
    assert_eq!(machine.retry(a, 0), Err(NoRetry::NotRetryable));
    assert_eq!(machine.enter(a), Entry::Inside);
    assert!(machine.leave(a, true, 2));
    assert_eq!(machine.enter(a), Entry::Inside);
    assert!(machine.leave(a, false, 2));
    assert_eq!(machine.get(a).status, Status::Failed);
    assert_eq!(machine.retry(a, 0), Err(NoRetry::NotRetryable));
    assert_eq!(machine.retry(a, 1), Ok(2));
    assert_eq!(machine.enter(a), Entry::Inside);
    assert!(machine.leave(a, true, 2));
    assert_eq!(machine.get(a).status, Status::Succeeded);
}

#[test]
fn what_newer_executions_have_passed_is_not_run_again() {
    let mut machine = Machine::new(Mode::Queued, None);
    let a = started(&mut machine, "a");
    assert_eq!(machine.enter(a), Entry::Inside);
    assert!(machine.leave(a, false, 2));
    let b = started(&mut machine, "b");
    assert_eq!(machine.enter(b), Entry::Inside);
    assert_eq!(machine.retry(a, 0), Err(NoRetry::NotLatest));
}

#[test]
fn what_waits_before_a_closed_stage_is_overtaken_in_its_mode() {
    for (mode, over) in [(Mode::Superseded, true), (Mode::Queued, false)] {
        let mut machine = Machine::new(mode, None);
        machine.transition(1, false);
        let [a, b] = ["a", "b"].map(|token| {
            let index = started(&mut machine, token);
            assert_eq!(machine.enter(index), Entry::Inside);
            assert!(machine.leave(index, true, 2));
            assert_eq!(machine.enter(index), Entry::Waits);
            index
        });
        assert_eq!(machine.get(a).status == Status::Superseded, over);
        machine.transition(1, true);
        let first = if over { b } else { a };
        assert_eq!(machine.enter(first), Entry::Inside);
    }
}
