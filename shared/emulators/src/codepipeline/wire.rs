//! The door: awsJson1.1 over HTTP.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::{AwsError, answer};
use super::faults::{EventFault, Fault};
use super::service::Service;
use super::shape::Shape;
use super::{executions, jobs, listing, pipelines, projects, shapes, start, states};

pub(super) fn router(service: Service) -> Router {
    Router::new()
        .route("/", post(call))
        .route("/_stand-in/calls", get(calls))
        .route("/_stand-in/faults", post(plan))
        .with_state(service)
}

async fn call(State(service): State<Service>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers
        .get("x-amz-target")
        .and_then(|value| value.to_str().ok());
    let operation = target.and_then(|target| target.split_once('.'));
    let Some((prefix, operation)) = operation else {
        return AwsError::new("UnknownOperationException", "").into_response();
    };
    let fault = service.faults.of_call(operation);
    match fault {
        Some(Fault::Throttle) => {
            return AwsError::new("ThrottlingException", "Rate exceeded").into_response();
        }
        Some(Fault::Broken) => {
            let mut error = AwsError::new("InternalFailure", "");
            error.status = 500;
            return error.into_response();
        }
        Some(Fault::Dropped) => return broken_off(),
        Some(Fault::AnswerLost) | None => {}
    }
    let done = perform(&service, prefix, operation, &body);
    if fault == Some(Fault::AnswerLost) {
        return broken_off();
    }
    let mut response = match done {
        Ok(body) => answer(StatusCode::OK, &body),
        Err(error) => error.into_response(),
    };
    if let Ok(id) = service.new_id().parse() {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}

/// An answer whose body breaks off, and the connection with it.
fn broken_off() -> Response {
    let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    let body = futures_util::stream::once(async { Err::<Bytes, _>(Arc::new(broken)) });
    Response::new(Body::from_stream(body))
}

type Operation = fn(&Service, &Value) -> Result<Value, AwsError>;

fn perform(
    service: &Service,
    prefix: &str,
    operation: &str,
    body: &[u8],
) -> Result<Value, AwsError> {
    let found = match prefix {
        "CodePipeline_20150709" => of_codepipeline(operation),
        "CodeBuild_20161006" => of_codebuild(operation),
        _ => None,
    };
    let (shape, perform) = found.ok_or_else(|| AwsError::new("UnknownOperationException", ""))?;
    let body: Value = if body.is_empty() {
        json!({})
    } else {
        serde_json::from_slice(body)
            .map_err(|error| AwsError::new("SerializationException", error.to_string()))?
    };
    let done = shape.check(&body).and_then(|()| perform(service, &body));
    done.map_err(|mut error| {
        if prefix.starts_with("CodeBuild") && error.kind == "ValidationException" {
            error.kind = "InvalidInputException";
        }
        error
    })
}

fn of_codepipeline(operation: &str) -> Option<(&'static Shape, Operation)> {
    Some(match operation {
        "CreatePipeline" => (&shapes::PIPELINE_ONLY, pipelines::create),
        "UpdatePipeline" => (&shapes::PIPELINE_ONLY, pipelines::update),
        "GetPipeline" => (&shapes::NAME_ONLY, pipelines::get),
        "ListPipelines" => (&shapes::LIST_PIPELINES, pipelines::list),
        "DeletePipeline" => (&shapes::NAME_ONLY, pipelines::delete),
        "StartPipelineExecution" => (&shapes::START_PIPELINE_EXECUTION, start::start),
        "StopPipelineExecution" => (&shapes::STOP_PIPELINE_EXECUTION, executions::stop),
        "RetryStageExecution" => (&shapes::RETRY_STAGE_EXECUTION, executions::retry),
        "GetPipelineExecution" => (&shapes::ONE_EXECUTION, executions::get),
        "ListPipelineExecutions" => (&shapes::LIST_PIPELINE_EXECUTIONS, listing::executions),
        "ListActionExecutions" => (&shapes::LIST_ACTION_EXECUTIONS, listing::actions),
        "GetPipelineState" => (&shapes::NAME_ONLY, states::get),
        "PutJobSuccessResult" => (&shapes::PUT_JOB_SUCCESS_RESULT, jobs::succeeded),
        "PutJobFailureResult" => (&shapes::PUT_JOB_FAILURE_RESULT, jobs::failed),
        "GetJobDetails" => (&shapes::JOB_ONLY, jobs::details),
        _ => return None,
    })
}

fn of_codebuild(operation: &str) -> Option<(&'static Shape, Operation)> {
    Some(match operation {
        "CreateProject" => (&shapes::CREATE_PROJECT, projects::create),
        "UpdateProject" => (&shapes::UPDATE_PROJECT, projects::update),
        "BatchGetProjects" => (&shapes::NAMES, projects::get),
        "BatchGetBuilds" => (&shapes::IDS, projects::builds),
        "StopBuild" => (&shapes::ID_ONLY, projects::stop_build),
        _ => return None,
    })
}

async fn calls(State(service): State<Service>) -> Response {
    answer(StatusCode::OK, &json!(service.faults.counted()))
}

/// What a test in another process asks for.
#[derive(Debug, Deserialize)]
struct Plan {
    #[serde(default)]
    calls: Vec<PlannedCall>,
    #[serde(default)]
    events: Vec<EventFault>,
    #[serde(default)]
    down: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct PlannedCall {
    operation: String,
    fault: Fault,
    times: usize,
}

async fn plan(State(service): State<Service>, body: Bytes) -> Response {
    let plan: Plan = match serde_json::from_slice(&body) {
        Ok(plan) => plan,
        Err(error) => return (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    };
    for call in &plan.calls {
        service.faults.plan(&call.operation, call.fault, call.times);
    }
    service.faults.plan_events(plan.events);
    if let Some(down) = plan.down {
        service.faults.set_down(down);
    }
    StatusCode::NO_CONTENT.into_response()
}
