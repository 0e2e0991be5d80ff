//! Invoke actions: a job is asked of a function, which answers through the API.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::declaration::{Action, Named};
use super::error::ACCOUNT;
use super::run::{Failure, Outcome, Place};
use super::service::Service;
use super::state::{Answer, Job, Source};
use super::wire_out;

/// Until an invocation that Lambda did not take is tried once more; CodePipeline does not say.
const RETRIES: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(500)];

/// Asks until there is an answer that is not "again".
pub(super) async fn perform(
    service: &Service,
    place: &Place,
    action: &Action,
    action_id: &str,
    configuration: &BTreeMap<String, String>,
    artifacts: &BTreeMap<String, Source>,
) -> Result<Outcome, Failure> {
    let function = configuration.get("FunctionName").map_or("", String::as_str);
    let mut token = None;
    loop {
        let id = service.new_id();
        let job = Job {
            pipeline: place.pipeline.clone(),
            stage: place.stage.clone(),
            action: action.clone(),
            action_id: action_id.to_owned(),
            configuration: configuration.clone(),
            asked: false,
            answer: None,
        };
        let event = event(service, place, &job, &id, token.as_deref(), artifacts);
        service.change(|state| state.jobs.insert(id.clone(), job));
        call(service, function, event).await?;
        service.change(|state| {
            if let Some(job) = state.jobs.get_mut(&id) {
                job.asked = true;
            }
        });
        let answered = service.until(|state| state.jobs.get(&id)?.answer.clone());
        match tokio::time::timeout(service.options.job_timeout, answered).await {
            Ok(Answer::Done {
                outputs,
                summary,
                external_id,
            }) => {
                return Ok(Outcome {
                    outputs,
                    external_id,
                    summary,
                });
            }
            Ok(Answer::Failed {
                kind,
                message,
                external_id,
            }) => {
                return Err(Failure {
                    code: kind,
                    message,
                    external_id,
                });
            }
            Ok(Answer::Again(next)) => {
                token = Some(next);
                tokio::time::sleep(service.options.continuation).await;
            }
            Err(_) => {
                // Too late for an answer.
                service.change(|state| state.jobs.remove(&id));
                return Err(Failure::job(format!(
                    "The AWS Lambda function {function} failed to return a result. Check the function to verify that it has permission to call the PutJobSuccessResult action and that it made a call to PutJobSuccessResult."
                )));
            }
        }
    }
}

async fn call(service: &Service, function: &str, event: Value) -> Result<(), Failure> {
    let mut waits = RETRIES.into_iter();
    loop {
        match wire_out::perform(service, function, event.clone()).await {
            Ok(()) => return Ok(()),
            Err(why) => match waits.next() {
                Some(wait) => tokio::time::sleep(wait).await,
                None => {
                    return Err(Failure {
                        code: "ConfigurationError".to_owned(),
                        message: format!(
                            "The AWS Lambda function {function} could not be invoked: {why}"
                        ),
                        external_id: None,
                    });
                }
            },
        }
    }
}

/// Neither pipeline nor stage nor execution is in it; a function must be told by its parameters.
fn event(
    service: &Service,
    place: &Place,
    job: &Job,
    id: &str,
    token: Option<&str>,
    artifacts: &BTreeMap<String, Source>,
) -> Value {
    let location = |name: &str| {
        json!({"type": "S3", "s3Location": {
            "bucketName": place.bucket, "objectKey": format!("{}/{name}", place.pipeline)}})
    };
    let of = |named: &[Named]| -> Vec<Value> {
        named
            .iter()
            .map(|one| {
                let revision = artifacts.get(&one.name).map(|source| &source.revision);
                json!({"name": one.name, "revision": revision, "location": location(&one.name)})
            })
            .collect()
    };
    let expires = service.now().as_millisecond() + 3_600_000;
    let mut data = json!({
        "actionConfiguration": {"configuration": job.configuration},
        "inputArtifacts": of(&job.action.input_artifacts),
        "outputArtifacts": of(&job.action.output_artifacts),
        "artifactCredentials": {
            "accessKeyId": "ASIAEXAMPLE", "secretAccessKey": "not-a-secret",
            "sessionToken": "not-a-token", "expirationTime": expires},
    });
    if let Some(token) = token {
        data["continuationToken"] = json!(token);
    }
    json!({"CodePipeline.job": {"id": id, "accountId": ACCOUNT, "data": data}})
}
