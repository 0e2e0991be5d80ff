//! Jobs of CodePipeline, over a world in memory.

use std::sync::Mutex;
use std::time::Duration;

use greenroom_app::ports::pipelines::Purpose;
use greenroom_aws::pipelines::admission::Answer;
use greenroom_lambda::Until;
use greenroom_testkit::golden::DEV;
use greenroom_testkit::world::{TestPorts, World};
use pipeline_admission::handler::{Handler, Jobs, NotAnswered};
use serde_json::{Value, json};

const JOB: &str = "11111111-abcd-1111-abcd-111111abcdef";

/// What jobs were answered, and how often an answer is lost on its way.
#[derive(Debug, Default)]
struct Answers {
    given: Mutex<Vec<Answer>>,
    lost: Mutex<u32>,
    refused: bool,
}

impl Answers {
    fn only(&self) -> Answer {
        let given = self.given.lock().expect("nobody panicked");
        assert_eq!(given.len(), 1, "{given:?}");
        given[0].clone()
    }
}

impl Jobs for &Answers {
    async fn answer(&self, job: &str, answer: &Answer) -> Result<(), NotAnswered> {
        assert_eq!(job, JOB);
        let why = "it is away".to_owned();
        if self.refused {
            return Err(NotAnswered {
                why,
                retryable: false,
            });
        }
        let mut lost = self.lost.lock().expect("nobody panicked");
        if *lost > 0 {
            *lost -= 1;
            return Err(NotAnswered {
                why,
                retryable: true,
            });
        }
        let mut given = self.given.lock().expect("nobody panicked");
        given.push(answer.clone());
        Ok(())
    }
}

fn handler<'a>(world: &World, jobs: &'a Answers) -> Handler<TestPorts, &'a Answers> {
    Handler::new(world.another(), jobs)
}

fn soon() -> Until {
    Until::within(Duration::from_secs(60))
}

/// The captured event with these UserParameters.
fn job(parameters: &str) -> String {
    let mut event: Value =
        serde_json::from_str(include_str!("events/job.json")).expect("it is JSON");
    event["CodePipeline.job"]["data"]["actionConfiguration"]["configuration"]["UserParameters"] =
        parameters.into();
    event.to_string()
}

/// A run that waits at the fence, and what its execution passes on.
fn at_the_fence() -> (World, Value) {
    let mut world = World::new(DEV);
    world.ports().pipelines.freeze(true);
    world.push("develop", "bob");
    let build = world.ports().pipelines.executions()[0].id.clone();
    let now = world.until(jiff::SignedDuration::ZERO);
    world.ports().pipelines.run_to_end(&build, now);
    // Nobody knows the execution before it asks.
    world.ports().pipelines.lose_answers(1_000);
    world.pass(jiff::SignedDuration::from_mins(2));
    let deploy = world.ports().pipelines.executions()[1].clone();
    let Purpose::Deploy { run, nonce, .. } = &deploy.request.purpose else {
        panic!("the second execution deploys");
    };
    let parameters = json!({
        "run": run,
        "nonce": nonce,
        "pipeline": "greenroom-acme-orders-dev",
        "execution": "0f8fad5b-d9cb-469f-a165-70867728950e",
        "revision": deploy.request.revision,
        "definition": deploy.request.definition.hash,
    });
    (world, parameters)
}

fn is_admitted(world: &World) -> bool {
    let stage = world.stage("dev").expect("there is a stage");
    stage.run.is_some_and(|run| run.is_admitted())
}

#[tokio::test]
async fn the_claimed_execution_is_admitted_however_often_it_asks() {
    let (world, parameters) = at_the_fence();
    for _ in 0..2 {
        let answers = Answers::default();
        handler(&world, &answers)
            .handle(&job(&parameters.to_string()), soon())
            .await
            .expect("it is answered");
        assert_eq!(answers.only(), Answer::Admitted);
        assert!(is_admitted(&world));
    }
}

#[tokio::test]
async fn any_other_is_refused_and_that_is_no_error() {
    let (world, parameters) = at_the_fence();
    for (name, value) in [
        ("nonce", json!("00000000000000000000000000000000")),
        (
            "revision",
            json!("1111111111111111111111111111111111111111"),
        ),
        ("run", json!(format!("{}/dev/99", world.id))),
        ("definition", json!("0000000000000000")),
    ] {
        let mut parameters = parameters.clone();
        parameters[name] = value;
        let answers = Answers::default();
        handler(&world, &answers)
            .handle(&job(&parameters.to_string()), soon())
            .await
            .expect("a refusal is an answer");
        assert!(matches!(answers.only(), Answer::Refused { .. }), "{name}");
        assert!(!is_admitted(&world));
    }
}

#[tokio::test]
async fn a_pipeline_that_says_too_little_is_refused() {
    let (world, parameters) = at_the_fence();
    let nonce = parameters["nonce"].as_str().expect("a text").to_owned();
    let mut by_hand = parameters.clone();
    by_hand["run"] = json!("none");
    let mut incomplete = parameters;
    incomplete
        .as_object_mut()
        .expect("an object")
        .remove("nonce");
    for text in [
        by_hand.to_string(),
        incomplete.to_string(),
        "no JSON".to_owned(),
    ] {
        let answers = Answers::default();
        handler(&world, &answers)
            .handle(&job(&text), soon())
            .await
            .expect("it is answered");
        let Answer::Refused { why } = answers.only() else {
            panic!("nobody can tell what it is: {text}");
        };
        assert!(
            !why.contains(&nonce),
            "the nonce is nobody's business: {why}"
        );
    }
}

#[tokio::test]
async fn what_is_no_job_is_passed_over() {
    let world = World::new(DEV);
    let answers = Answers::default();
    for event in ["{}", "[]", "", r#"{"CodePipeline.job":{}}"#] {
        handler(&world, &answers)
            .handle(event, soon())
            .await
            .expect("there is nobody to answer");
    }
    assert!(answers.given.lock().expect("nobody panicked").is_empty());
}

#[tokio::test]
async fn an_answer_that_is_lost_is_given_again_and_one_refused_is_an_error() {
    let (world, parameters) = at_the_fence();
    let answers = Answers {
        lost: Mutex::new(1),
        ..Answers::default()
    };
    let event = job(&parameters.to_string());
    handler(&world, &answers)
        .handle(&event, soon())
        .await
        .expect("it is answered");
    assert_eq!(answers.only(), Answer::Admitted);
    let refused = Answers {
        refused: true,
        ..Answers::default()
    };
    assert!(
        handler(&world, &refused)
            .handle(&event, soon())
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_table_that_stays_away_is_said_to_be_the_reason() {
    let (world, parameters) = at_the_fence();
    world.ports().store.set_away(true);
    let answers = Answers::default();
    // Hardly more than is kept for the answer.
    let until = Until::within(Duration::from_millis(10_100));
    handler(&world, &answers)
        .handle(&job(&parameters.to_string()), until)
        .await
        .expect("it is answered");
    assert!(matches!(answers.only(), Answer::Undecided { .. }));
}
