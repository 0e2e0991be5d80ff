use std::collections::BTreeMap;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a time")
}

fn action(name: &str, kind: Kind, status: ActionStatus) -> Action {
    Action {
        stage: name.to_owned(),
        name: name.to_owned(),
        kind,
        status,
        began: at(1),
        at: at(2),
        external: Some("project:1".to_owned()),
        error: ("JobFailed".to_owned(), "why".to_owned()),
        outputs: BTreeMap::new(),
    }
}

fn ended(status: Status, actions: Vec<Action>) -> Execution {
    Execution {
        status,
        summary: None,
        deploys: true,
        actions,
        again: None,
    }
}

fn build(status: BuildStatus, exported: &[(&str, &str)]) -> Build {
    let exported = exported
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Build {
        status,
        exported: exported.collect(),
        failed: None,
        timeout_minutes: 30,
        log: None,
    }
}

fn judged(build: &Build) -> Observation {
    let action = action("Deploy", Kind::Build, ActionStatus::Failed);
    let execution = ended(Status::Failed, vec![action]);
    assert_eq!(asks_for(&execution), Some("project:1"));
    of(&execution, Some(build), at(9))
}

#[test]
fn each_word_of_a_buildspec_has_its_verdict() {
    let told = |failure: &str| {
        let exported = [
            ("GREENROOM_STEP", "migrate"),
            ("GREENROOM_FAILURE", failure),
        ];
        judged(&build(BuildStatus::Failed, &exported))
    };
    let step = || "migrate".to_owned();
    let failed = |why: &str| Observation::Failed {
        step: step(),
        why: why.to_owned(),
        at: at(9),
    };
    assert_eq!(told("step: exit code 3"), failed("exit code 3"));
    assert_eq!(told("step: a: b"), failed("a: b"));
    assert_eq!(told("something else"), failed("something else"));
    assert_eq!(told("timeout: x"), failed("timeout: x"));
    let after = Duration::from_secs(90);
    assert_eq!(
        told("timeout: 90"),
        Observation::TimedOut {
            step: step(),
            after,
            at: at(9)
        }
    );
    assert!(matches!(told("digest"), Observation::Refused { .. }));
    let errored = Observation::Errored {
        why: "it cannot be had".to_owned(),
        at: at(9),
    };
    assert_eq!(told("artifact: it cannot be had"), errored);
}

#[test]
fn a_build_that_says_nothing_is_judged_by_what_codebuild_says() {
    let with = |status, failed: Option<(bool, &str)>| {
        let mut build = build(status, &[]);
        build.failed = failed.map(|(ours, told)| (ours, told.to_owned()));
        judged(&build)
    };
    let commands = with(BuildStatus::Failed, Some((true, "exit status 1")));
    assert!(matches!(commands, Observation::Failed { step, .. } if step == "Deploy"));
    let download = with(BuildStatus::Failed, Some((false, "no secret")));
    assert!(matches!(download, Observation::Errored { why, .. } if why == "no secret"));
    assert!(matches!(
        with(BuildStatus::Fault, None),
        Observation::Errored { .. }
    ));
    assert!(matches!(
        with(BuildStatus::Stopped, None),
        Observation::Stopped { .. }
    ));
    assert!(matches!(
        with(BuildStatus::UnderWay, None),
        Observation::Running { .. }
    ));
    let limit = Duration::from_secs(30 * 60);
    assert!(
        matches!(with(BuildStatus::TimedOut, None), Observation::TimedOut { after, .. } if after == limit)
    );
}

#[test]
fn a_log_is_named_and_all_of_it_is_bounded() {
    let why = format!("step: {}", "x".repeat(5_000));
    let mut build = build(
        BuildStatus::Failed,
        &[("GREENROOM_STEP", "s"), ("GREENROOM_FAILURE", &why)],
    );
    build.log = Some("https://console/log".to_owned());
    let Observation::Failed { why, .. } = judged(&build) else {
        panic!("it failed");
    };
    assert!(
        why.len() <= WHY_MAX + 4 && why.ends_with("\nlog: https://console/log"),
        "{why}"
    );
}

#[test]
fn other_ends_say_what_they_mean() {
    let source = |status| vec![action("Source", Kind::Source, status)];
    let gone = ended(Status::Failed, source(ActionStatus::Failed));
    assert_eq!(asks_for(&gone), None);
    assert!(matches!(
        of(&gone, None, at(9)),
        Observation::Errored { .. }
    ));
    let mut fence = action("Admit", Kind::Fence, ActionStatus::Failed);
    let refused = ended(Status::Failed, vec![fence.clone()]);
    assert!(matches!(of(&refused, None, at(9)), Observation::Refused { why, .. } if why == "why"));
    fence.error.0 = "SystemUnavailable".to_owned();
    let undecided = ended(Status::Failed, vec![fence]);
    assert!(matches!(
        of(&undecided, None, at(9)),
        Observation::Errored { .. }
    ));
    for status in [
        Status::Superseded,
        Status::Cancelled,
        Status::Other,
        Status::Failed,
    ] {
        let end = of(&ended(status, Vec::new()), None, at(9));
        assert!(
            matches!(end, Observation::Errored { .. }),
            "{status:?}: {end:?}"
        );
    }
    let stopped = ended(Status::Stopped, source(ActionStatus::Succeeded));
    assert_eq!(
        of(&stopped, None, at(9)),
        Observation::Stopped { at: at(9) }
    );
}

#[test]
fn an_abandoned_build_that_lives_is_still_running() {
    let abandoned = vec![action("Deploy", Kind::Build, ActionStatus::Abandoned)];
    let execution = ended(Status::Stopped, abandoned);
    assert_eq!(asks_for(&execution), Some("project:1"));
    let living = of(&execution, Some(&build(BuildStatus::UnderWay, &[])), at(9));
    assert_eq!(
        living,
        Observation::Running {
            step: None,
            since: at(1)
        }
    );
    let dead = of(&execution, Some(&build(BuildStatus::Stopped, &[])), at(9));
    assert_eq!(dead, Observation::Stopped { at: at(9) });
}

#[test]
fn a_build_must_say_what_it_made() {
    let said = |outputs: &[(&str, &str)]| {
        let mut action = action("Build", Kind::Build, ActionStatus::Succeeded);
        let outputs = outputs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        action.outputs = outputs.collect();
        let mut execution = ended(Status::Succeeded, vec![action]);
        execution.deploys = false;
        assert_eq!(asks_for(&execution), None);
        of(&execution, None, at(9))
    };
    let digest = format!("sha256:{}", "0a".repeat(32));
    let made = said(&[(DIGEST, &digest), (SIZE, "12"), ("VERSION", "1")]);
    let Observation::Succeeded {
        artifact: Some(artifact),
        outputs,
        ..
    } = made
    else {
        panic!("it went well: {made:?}");
    };
    assert_eq!(
        (artifact.size, artifact.digest.as_str()),
        (12, digest.as_str())
    );
    assert_eq!(outputs.len(), 1);
    assert!(matches!(
        said(&[(DIGEST, NOTHING)]),
        Observation::Succeeded { artifact: None, .. }
    ));
    let cases: [&[(&str, &str)]; 4] = [
        &[],
        &[(DIGEST, &digest)],
        &[(DIGEST, &digest[..70]), (SIZE, "12")],
        &[(DIGEST, "sha1:00"), (SIZE, "12")],
    ];
    for case in cases {
        assert!(
            matches!(said(case), Observation::Errored { .. }),
            "{case:?}"
        );
    }
}

#[test]
fn what_somebody_ran_again_came_to_nothing_anybody_can_tell() {
    let what = "stage Deploy was run again by hand";
    for status in [Status::Succeeded, Status::Failed, Status::Stopped] {
        let execution = Execution {
            again: Some(what.to_owned()),
            ..ended(status, Vec::new())
        };
        let seen = of(&execution, None, Timestamp::UNIX_EPOCH);
        let Observation::Errored { why, .. } = seen else {
            panic!("{seen:?}");
        };
        assert!(why.starts_with(what), "{why}");
    }
    let goes_on = Execution {
        again: Some(what.to_owned()),
        ..ended(Status::UnderWay, Vec::new())
    };
    let seen = of(&goes_on, None, Timestamp::UNIX_EPOCH);
    assert!(!seen.is_terminal(), "{seen:?}");
}
