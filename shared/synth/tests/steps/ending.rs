//! How steps end.

use std::path::Path;

use crate::codebuild::Machine;

fn steps(steps: &[(&str, &str, &str)]) -> Machine {
    let list: String = steps
        .iter()
        .map(|(name, run, rest)| format!("      - {{ name: {name}, run: {run:?}{rest} }}\n"))
        .collect();
    let file = format!(
        "version: 1\napp: acme/orders\npipelines:\n  service:\n    steps:\n{list}stages:\n  dev: {{ from: {{ branch: main }}, pipeline: service }}\n"
    );
    Machine::new(&file, "ProjectStageDev")
}

#[test]
fn steps_run_in_order_in_one_checkout() {
    let machine = steps(&[
        (
            "one",
            "cd /; printf one >$OLDPWD/said; export LEAK=1; umask 0",
            "",
        ),
        (
            "two",
            "printf two${LEAK-none} >>said; printf $GREENROOM_STEP >>said",
            "",
        ),
    ]);
    let ended = machine.run();
    assert!(ended.succeeded, "{}", ended.log);
    assert_eq!(machine.read("said").as_deref(), Some("onetwononetwo"));
    assert_eq!(
        (
            ended.told("GREENROOM_STEP"),
            ended.told("GREENROOM_FAILURE")
        ),
        ("two", "")
    );
    assert_eq!(machine.litter(), 0);
}

#[test]
fn the_first_step_that_fails_is_the_last_one() {
    let machine = steps(&[
        ("one", "echo A=1 >$GREENROOM_OUTPUT", ", outputs: [A]"),
        ("two", "exit 3", ""),
        ("three", "touch ran", ""),
    ]);
    let ended = machine.run();
    assert!(!ended.succeeded);
    assert_eq!(
        (
            ended.told("GREENROOM_STEP"),
            ended.told("GREENROOM_FAILURE")
        ),
        ("two", "step: exit code 3")
    );
    assert_eq!(machine.read("ran"), None);
    assert!(
        !ended.told.contains_key("A"),
        "outputs are those of what succeeded"
    );
    assert_eq!(machine.litter(), 0);
}

#[test]
fn ways_to_end_are_told_apart() {
    let cases = [
        ("exit 124", "step: exit code 124"),
        ("exit 137", "step: exit code 137"),
        ("kill -9 $$", "step: exit code 137"),
        ("if", "step: exit code 2"),
        ("exec /nonexistent", "step: exit code 127"),
    ];
    for (run, failure) in cases {
        let ended = steps(&[("one", run, "")]).run();
        assert_eq!(
            ended.told("GREENROOM_FAILURE"),
            failure,
            "{run}: {}",
            ended.log
        );
    }
}

/// The pid a step wrote.
fn lives(machine: &Machine, name: &str) -> bool {
    let pid = machine.read(name).expect("a pid");
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid.trim()).join("stat"));
    // One that ended and was not waited for is as good as gone.
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

#[test]
fn a_step_that_takes_too_long_goes_with_all_its_children() {
    let machine = steps(&[(
        "one",
        "sleep 1000 & echo $! >child; echo $$ >own; wait",
        ", timeout: 1s",
    )]);
    let ended = machine.run();
    assert!(!ended.succeeded);
    assert_eq!(
        (
            ended.told("GREENROOM_STEP"),
            ended.told("GREENROOM_FAILURE")
        ),
        ("one", "timeout: 1")
    );
    assert!(!lives(&machine, "child") && !lives(&machine, "own"));
}

#[test]
fn a_step_that_will_not_end_is_ended() {
    let machine = steps(&[(
        "one",
        "trap '' TERM; echo $$ >own; while :; do sleep 0.1; done",
        ", timeout: 1s",
    )]);
    let ended = machine.run();
    assert_eq!(
        ended.told("GREENROOM_FAILURE"),
        "timeout: 1",
        "{}",
        ended.log
    );
    assert!(!lives(&machine, "own"));
}

#[test]
fn what_a_good_step_leaves_running_is_left_alone_and_a_bad_one_takes_it_along() {
    let background = "sleep 1000 >/dev/null 2>&1 & echo $! >child";
    let machine = steps(&[("one", background, "")]);
    assert!(machine.run().succeeded);
    assert!(lives(&machine, "child"));
    let pid = machine.read("child").expect("a pid");
    let killed = std::process::Command::new("kill").arg(pid.trim()).status();
    assert!(killed.expect("kill").success());

    let machine = steps(&[("one", &format!("{background}; exit 1"), "")]);
    assert!(!machine.run().succeeded);
    assert!(!lives(&machine, "child"));
}

#[test]
fn it_is_the_same_where_sh_is_bash() {
    let good = steps(&[(
        "one",
        "printf 'A<<E\\n1\\n2\\nE\\n' >$GREENROOM_OUTPUT",
        ", outputs: [A]",
    )]);
    let ended = good.with_bash().run();
    assert!(ended.succeeded, "{}", ended.log);
    assert_eq!(ended.told("A"), "1\n2");
    let cases = [
        ("exit 3", "", "step: exit code 3"),
        ("sleep 1000 & wait", ", timeout: 1s", "timeout: 1"),
        (
            "echo x >$GREENROOM_OUTPUT",
            "",
            "step: line 1 of the output file is neither `NAME=value` nor `NAME<<END`",
        ),
    ];
    for (run, rest, failure) in cases {
        let ended = steps(&[("one", run, rest)]).with_bash().run();
        assert!(!ended.succeeded, "{run}");
        assert_eq!(ended.told("GREENROOM_FAILURE"), failure, "{}", ended.log);
    }
}
