//! What a step finds: the commit, the environment, the secrets.

use std::collections::BTreeSet;

use super::*;

#[tokio::test]
async fn steps_run_in_order_in_a_clean_checkout_of_exactly_the_commit() {
    let (data, (origin, first)) = (folder(), origin());
    origin.write("app.sh", "echo later\n");
    origin.commit("two");
    let house = House::new(data.path(), |_| {});
    let steps = [
        step(
            "look",
            "sh app.sh; git rev-parse HEAD; git status --porcelain; ls -A",
        ),
        step("then", "echo second"),
    ];
    let request = deploy(origin.repository(), &first, &steps);
    let end = house.run(&request).await;
    assert!(matches!(end, Observation::Succeeded { .. }), "{end:?}");
    let log = house.log(&request).await;
    let expected = format!("== look\nhello\n{first}\n.git\napp.sh\n== then\nsecond\n");
    assert!(log.contains(&expected), "{log}");
    let asked = house.fence.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!((asked[0].generation, &asked[0].revision), (7, &first));
    let work = data
        .path()
        .join("executions")
        .join(asked[0].execution.as_str())
        .join("work");
    assert!(
        !work.exists(),
        "a finished execution keeps its logs and nothing else"
    );
}

#[tokio::test]
async fn a_step_finds_nothing_of_the_servers_environment() {
    // Set by whoever runs the tests; stands for the server's tokens.
    assert!(std::env::var("CARGO_MANIFEST_DIR").is_ok());
    let (data, (origin, revision)) = (folder(), origin());
    let house = House::new(data.path(), |_| {});
    let mut request = deploy_of(
        &origin,
        &revision,
        "env -0 | cut -z -d= -f1 | tr '\\0' '\\n'; env",
    );
    request
        .variables
        .insert("LOG_LEVEL".to_owned(), "two\nlines".to_owned());
    request
        .secrets
        .insert("DB_PASSWORD".to_owned(), "orders/db".into());
    house.run(&request).await;
    let log = house.log(&request).await;
    let names = log.split("== deploy\n").nth(1).expect("a log").lines();
    let names: BTreeSet<&str> = names.take_while(|line| !line.contains('=')).collect();
    let expected = BTreeSet::from([
        "PATH",
        "HOME",
        "LANG",
        "TMPDIR",
        "PWD",
        "LOG_LEVEL",
        "DB_PASSWORD",
        "GREENROOM_APP",
        "GREENROOM_STAGE",
        "GREENROOM_REVISION",
        "GREENROOM_RUN",
        "GREENROOM_OUTPUT",
        "GREENROOM_EXECUTION",
    ]);
    let by_the_shell = BTreeSet::from(["OLDPWD", "SHLVL", "_"]);
    let names: BTreeSet<_> = names.difference(&by_the_shell).copied().collect();
    assert_eq!(names, expected, "{log}");
    assert!(log.contains("GREENROOM_STAGE=dev\n"), "{log}");
    assert!(!log.contains("CARGO"), "{log}");
}

#[tokio::test]
async fn a_build_gets_no_variable_and_no_secret_of_a_stage_and_asks_no_fence() {
    let (data, (origin, revision)) = (folder(), origin());
    let house = House::new(data.path(), |_| {});
    let mut request = build(origin.repository(), &revision, &[step("build", "env; cat")]);
    request
        .variables
        .insert("LOG_LEVEL".to_owned(), "x".to_owned());
    request
        .secrets
        .insert("DB_PASSWORD".to_owned(), "no/such".into());
    let end = house.run(&request).await;
    assert!(
        matches!(end, Observation::Succeeded { artifact: None, .. }),
        "{end:?}"
    );
    let log = house.log(&request).await;
    for absent in [
        "LOG_LEVEL",
        "DB_PASSWORD",
        "GREENROOM_STAGE",
        "GREENROOM_RUN",
    ] {
        assert!(!log.contains(absent), "{absent}: {log}");
    }
    assert!(house.fence.asked().is_empty());
}

#[tokio::test]
async fn secrets_reach_the_step_and_never_a_log_or_a_result() {
    let (data, (origin, revision)) = (folder(), origin());
    let house = House::new(data.path(), |_| {});
    let run = "test ${#DB} = 13 || exit 9; set -- $DB; printf \"$1 \"; sleep 0.1; echo $2
        echo \"$KEY\" | sed 's/^/> /'; echo \"bad password $DB\" >&2; exit 4";
    let mut request = deploy_of(&origin, &revision, run);
    request.secrets.insert("DB".to_owned(), "orders/db".into());
    request.secrets.insert("KEY".to_owned(), "key".into());
    let end = house.run(&request).await;
    let Observation::Failed { why, .. } = end else {
        panic!("{end:?}");
    };
    assert_eq!(why.lines().next(), Some("exit code 4"));
    assert!(why.ends_with("bad password ***"), "{why}");
    let log = house.log(&request).await;
    assert!(
        log.contains("***\n> ***\n> ***\n> ***\nbad password ***\n"),
        "{log}"
    );
    let kept = std::process::Command::new("grep")
        .args(["-r", "-e", "correct", "-e", "AAAABBBB"])
        .arg(data.path().join("executions"))
        .output()
        .expect("grep runs");
    assert_eq!(
        String::from_utf8_lossy(&kept.stdout),
        "",
        "nothing on disk holds a value"
    );
}

#[tokio::test]
async fn a_secret_that_is_not_set_ends_the_execution_before_any_step() {
    let (data, (origin, revision)) = (folder(), origin());
    let house = House::new(data.path(), |_| {});
    let mut request = deploy_of(&origin, &revision, "echo ran");
    request
        .secrets
        .insert("DB".to_owned(), "orders/other".into());
    let end = house.run(&request).await;
    let Observation::Errored { why, .. } = end else {
        panic!("{end:?}");
    };
    assert!(why.contains("GREENROOM_SECRET_ORDERS_OTHER"), "{why}");
    assert!(!house.log(&request).await.contains("== deploy"));
}

#[tokio::test]
async fn the_fence_is_asked_before_the_first_step_and_its_no_is_final() {
    let (data, (origin, revision)) = (folder(), origin());
    let house = House::new(data.path(), |_| {});
    house.fence.says([Err(AdmissionError::Refused {
        why: "generation 8 took its place".to_owned(),
    })]);
    let request = deploy_of(&origin, &revision, "echo ran");
    let end = house.run(&request).await;
    assert!(
        matches!(&end, Observation::Refused { why, .. } if why == "generation 8 took its place"),
        "{end:?}"
    );
    assert!(!house.log(&request).await.contains("== deploy"));
}

#[tokio::test]
async fn a_fence_that_cannot_be_reached_is_asked_again_and_then_given_up() {
    let (data, (origin, revision)) = (folder(), origin());
    let house = House::new(data.path(), |_| {});
    let away = || {
        Err(AdmissionError::Unavailable {
            why: "no route".to_owned(),
        })
    };
    house.fence.says([away(), away()]);
    let mut request = deploy_of(&origin, &revision, "echo ran");
    let end = house.run(&request).await;
    assert!(matches!(end, Observation::Succeeded { .. }), "{end:?}");
    assert_eq!(house.fence.asked().len(), 3);
    house.fence.says([away(), away(), away(), away()]);
    request.token = "again".to_owned();
    let end = house.run(&request).await;
    assert!(
        matches!(&end, Observation::Errored { why, .. } if why.contains("no route")),
        "{end:?}"
    );
}

#[tokio::test]
async fn a_commit_that_does_not_exist_is_errored_with_a_sentence() {
    let (data, (origin, _)) = (folder(), origin());
    let house = House::new(data.path(), |_| {});
    let absent = Revision::new("0123456789012345678901234567890123456789");
    let end = house.run(&deploy_of(&origin, &absent, "echo ran")).await;
    let Observation::Errored { why, .. } = end else {
        panic!("{end:?}");
    };
    assert_eq!(
        why,
        format!("commit {absent} does not exist in acme/orders")
    );
}
