//! What steps tell, and what is kept of what they write.

use super::*;

fn telling(run: &str) -> Step {
    Step {
        outputs: vec!["URL".to_owned(), "NOTES".to_owned(), "TOKEN".to_owned()],
        ..step("deploy", run)
    }
}

#[tokio::test]
async fn only_declared_outputs_without_secrets_are_taken() {
    let (data, (origin, revision)) = (folder(), origin());
    let house = House::new(data.path(), |_| {});
    let run = "{ echo URL=http://127.0.0.1:1/; printf 'NOTES<<E\\none\\ntwo\\nE\\n'
        echo OTHER=1; echo \"TOKEN=x $DB\"; } >> $GREENROOM_OUTPUT";
    let mut request = deploy(origin.repository(), &revision, &[telling(run)]);
    request.secrets.insert("DB".to_owned(), "orders/db".into());
    let end = house.run(&request).await;
    let Observation::Succeeded { outputs, .. } = end else {
        panic!("{end:?}");
    };
    let outputs: Vec<_> = outputs
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    assert_eq!(
        outputs,
        [("NOTES", "one\ntwo"), ("URL", "http://127.0.0.1:1/")]
    );
    let log = house.log(&request).await;
    assert!(log.contains("output OTHER is not taken"), "{log}");
    assert!(
        log.contains("output TOKEN is not taken, it holds a secret"),
        "{log}"
    );
}

#[tokio::test]
async fn an_output_file_of_the_wrong_form_fails_the_step() {
    let (data, (origin, revision)) = (folder(), origin());
    let house = House::new(data.path(), |_| {});
    let step = telling("echo fine; echo hello world > $GREENROOM_OUTPUT");
    let end = house
        .run(&deploy(origin.repository(), &revision, &[step]))
        .await;
    let Observation::Failed { why, .. } = end else {
        panic!("{end:?}");
    };
    assert!(why.starts_with("line 1 of the output file"), "{why}");
}

#[tokio::test]
async fn a_failure_tells_how_it_ended_and_its_last_words_without_colours() {
    let (data, (origin, revision)) = (folder(), origin());
    let house = House::new(data.path(), |_| {});
    let run = "seq 1 5000; printf '\\033[31mno such table\\033[0m\\n'; exit 3";
    let end = house.run(&deploy_of(&origin, &revision, run)).await;
    let Observation::Failed { step, why, .. } = end else {
        panic!("{end:?}");
    };
    assert_eq!(step, "deploy");
    assert!(why.starts_with("exit code 3\n"), "{why}");
    assert!(
        why.ends_with("\n5000\nno such table") && why.len() < 1100,
        "{why}"
    );
    let mut request = deploy_of(&origin, &revision, "kill -9 $$");
    request.token = "killed".to_owned();
    let end = house.run(&request).await;
    assert!(
        matches!(&end, Observation::Failed { why, .. } if why == "killed by signal 9"),
        "{end:?}"
    );
}

#[tokio::test]
async fn a_step_that_never_stops_talking_costs_a_bounded_log() {
    let (data, (origin, revision)) = (folder(), origin());
    let house = House::new(data.path(), |settings| settings.log_max = 64 * 1024);
    let run = "echo first; yes | head -c 20000000; echo last";
    let request = deploy_of(&origin, &revision, run);
    let end = house.run(&request).await;
    assert!(matches!(end, Observation::Succeeded { .. }), "{end:?}");
    let log = house.log(&request).await;
    let log = log.split("== deploy\n").nth(1).expect("a log");
    assert!(log.len() < 66 * 1024, "{}", log.len());
    assert!(log.starts_with("first\ny\n") && log.ends_with("y\nlast\n"));
    assert!(log.contains("bytes left out"));
}
