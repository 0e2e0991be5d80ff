//! The shapes of the operations' requests, as AWS publishes them.

use super::shape::Need::{May, Must};
use super::shape::{Pattern, Shape};

const ANY_LENGTH: usize = 1 << 20;

fn is_name(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || ".@-_".contains(c);
    !text.is_empty() && text.chars().all(legal)
}
fn is_variable(text: &str) -> bool {
    is_name(text) && !text.contains('.')
}
fn is_artifact(text: &str) -> bool {
    is_variable(text) && !text.contains('@')
}
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}
fn is_role(text: &str) -> bool {
    text.starts_with("arn:aws") && text.contains(":iam::") && text.contains(":role/")
}
fn is_bucket(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || ".-".contains(c))
}
fn is_project(text: &str) -> bool {
    is_artifact(text) && text.starts_with(|c: char| c.is_ascii_alphanumeric())
}
/// Five groups of hexadecimal digits.
fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.chars().all(hex))
}

const NAME_PATTERN: Pattern = (r"[A-Za-z0-9.@\-_]+", is_name);
const UUID_PATTERN: Pattern = (
    "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    is_uuid,
);

static TEXT: Shape = Shape::Text(0, ANY_LENGTH, None);
static NAME: Shape = Shape::Text(1, 100, Some(NAME_PATTERN));
static UUID: Shape = Shape::Text(0, 36, Some(UUID_PATTERN));
static VARIABLE: Shape = Shape::Text(1, 128, Some((r"[A-Za-z0-9@\-_]+", is_variable)));
static VALUE: Shape = Shape::Text(1, 1000, None);
static NAMESPACE: Shape = Shape::Text(1, 100, Some((r"[A-Za-z0-9@\-_]+", is_variable)));
static ROLE: Shape = Shape::Text(
    0,
    1024,
    Some((r"arn:aws(-[\w]+)*:iam::[0-9]{12}:role/.*", is_role)),
);
static MODE: Shape = Shape::OneOf(&["QUEUED", "SUPERSEDED", "PARALLEL"]);
static KIND: Shape = Shape::OneOf(&["V1", "V2"]);
static FLAG: Shape = Shape::Flag;
static ANY: Shape = Shape::Any;
static PAGE: Shape = Shape::Whole(1, 100);
static NEXT: Shape = Shape::Text(1, 2048, None);
static REVISION: Shape = Shape::Text(1, 1500, None);

static CATEGORY: Shape = Shape::OneOf(&[
    "Source", "Build", "Deploy", "Test", "Invoke", "Approval", "Compute",
]);
static OWNER: Shape = Shape::OneOf(&["AWS", "ThirdParty", "Custom"]);
static PROVIDER: Shape = Shape::Text(1, 35, Some(("[0-9A-Za-z_-]+", is_artifact)));
static VERSION: Shape = Shape::Text(1, 9, Some(("[0-9A-Za-z_-]+", is_artifact)));
static ACTION_TYPE: Shape = Shape::Members(&[
    ("category", Must, &CATEGORY),
    ("owner", Must, &OWNER),
    ("provider", Must, &PROVIDER),
    ("version", Must, &VERSION),
]);
static ARTIFACT_NAME: Shape = Shape::Text(1, 100, Some((r"[a-zA-Z0-9_\-]+", is_artifact)));
static ARTIFACT: Shape = Shape::Members(&[("name", Must, &ARTIFACT_NAME)]);
static ARTIFACTS: Shape = Shape::List(&ARTIFACT, 0, 10);
static KEY: Shape = Shape::Text(1, 50, None);
static CONFIGURATION: Shape = Shape::Map(&KEY, &VALUE);
static RUN_ORDER: Shape = Shape::Whole(1, 999);
static ACTION: Shape = Shape::Members(&[
    ("name", Must, &NAME),
    ("actionTypeId", Must, &ACTION_TYPE),
    ("runOrder", May, &RUN_ORDER),
    ("configuration", May, &CONFIGURATION),
    ("inputArtifacts", May, &ARTIFACTS),
    ("outputArtifacts", May, &ARTIFACTS),
    ("roleArn", May, &ROLE),
    ("region", May, &TEXT),
    ("namespace", May, &NAMESPACE),
]);
static ACTIONS: Shape = Shape::List(&ACTION, 0, 50);
static STAGE: Shape = Shape::Members(&[("name", Must, &NAME), ("actions", Must, &ACTIONS)]);
static STAGES: Shape = Shape::List(&STAGE, 0, 50);
static LOCATION: Shape = Shape::Text(3, 63, Some((r"[a-zA-Z0-9\-\.]+", is_bucket)));
static S3: Shape = Shape::OneOf(&["S3"]);
static STORE: Shape = Shape::Members(&[("type", Must, &S3), ("location", Must, &LOCATION)]);
static DESCRIPTION: Shape = Shape::Text(0, 200, None);
static DECLARED: Shape = Shape::Members(&[
    ("name", Must, &VARIABLE),
    ("defaultValue", May, &VALUE),
    ("description", May, &DESCRIPTION),
]);
static DECLARED_ALL: Shape = Shape::List(&DECLARED, 0, 50);
static PIPELINE: Shape = Shape::Members(&[
    ("name", Must, &NAME),
    ("roleArn", Must, &ROLE),
    ("artifactStore", May, &STORE),
    ("stages", Must, &STAGES),
    ("executionMode", May, &MODE),
    ("pipelineType", May, &KIND),
    ("variables", May, &DECLARED_ALL),
]);

pub(super) static PIPELINE_ONLY: Shape = Shape::Members(&[("pipeline", Must, &PIPELINE)]);
pub(super) static NAME_ONLY: Shape = Shape::Members(&[("name", Must, &NAME)]);
pub(super) static LIST_PIPELINES: Shape = Shape::Members(&[
    ("nextToken", May, &NEXT),
    ("maxResults", May, &Shape::Whole(1, 1000)),
]);

static TOKEN: Shape = Shape::Text(1, 128, Some(("^[a-zA-Z0-9-]+$", is_token)));
static GIVEN: Shape = Shape::Members(&[("name", Must, &VARIABLE), ("value", Must, &VALUE)]);
static GIVEN_ALL: Shape = Shape::List(&GIVEN, 1, 50);
static REVISION_TYPE: Shape = Shape::OneOf(&[
    "COMMIT_ID",
    "IMAGE_DIGEST",
    "S3_OBJECT_VERSION_ID",
    "S3_OBJECT_KEY",
]);
static OVERRIDE: Shape = Shape::Members(&[
    ("actionName", Must, &NAME),
    ("revisionType", Must, &REVISION_TYPE),
    ("revisionValue", Must, &REVISION),
]);
static OVERRIDES: Shape = Shape::List(&OVERRIDE, 0, 50);
pub(super) static START_PIPELINE_EXECUTION: Shape = Shape::Members(&[
    ("name", Must, &NAME),
    ("variables", May, &GIVEN_ALL),
    ("clientRequestToken", May, &TOKEN),
    ("sourceRevisions", May, &OVERRIDES),
]);
static REASON: Shape = Shape::Text(0, 200, None);
pub(super) static STOP_PIPELINE_EXECUTION: Shape = Shape::Members(&[
    ("pipelineName", Must, &NAME),
    ("pipelineExecutionId", Must, &UUID),
    ("abandon", May, &FLAG),
    ("reason", May, &REASON),
]);
pub(super) static ONE_EXECUTION: Shape = Shape::Members(&[
    ("pipelineName", Must, &NAME),
    ("pipelineExecutionId", Must, &UUID),
]);
pub(super) static LIST_PIPELINE_EXECUTIONS: Shape = Shape::Members(&[
    ("pipelineName", Must, &NAME),
    ("maxResults", May, &PAGE),
    ("filter", May, &ANY),
    ("nextToken", May, &NEXT),
]);
static RANGE: Shape = Shape::OneOf(&["Latest", "All"]);
static LATEST: Shape = Shape::Members(&[
    ("pipelineExecutionId", Must, &UUID),
    ("startTimeRange", Must, &RANGE),
]);
static ACTION_FILTER: Shape = Shape::Members(&[
    ("pipelineExecutionId", May, &UUID),
    ("latestInPipelineExecution", May, &LATEST),
]);
pub(super) static LIST_ACTION_EXECUTIONS: Shape = Shape::Members(&[
    ("pipelineName", Must, &NAME),
    ("filter", May, &ACTION_FILTER),
    ("maxResults", May, &PAGE),
    ("nextToken", May, &NEXT),
]);
static RETRY_MODE: Shape = Shape::OneOf(&["FAILED_ACTIONS", "ALL_ACTIONS"]);
pub(super) static RETRY_STAGE_EXECUTION: Shape = Shape::Members(&[
    ("pipelineName", Must, &NAME),
    ("stageName", Must, &NAME),
    ("pipelineExecutionId", Must, &UUID),
    ("retryMode", Must, &RETRY_MODE),
]);

static SUMMARY: Shape = Shape::Text(1, 2048, None);
static DETAILS: Shape = Shape::Members(&[
    ("summary", May, &SUMMARY),
    ("externalExecutionId", May, &REVISION),
    ("percentComplete", May, &Shape::Whole(0, 100)),
]);
static OUTPUTS: Shape = Shape::Map(
    &Shape::Text(0, ANY_LENGTH, Some((r"[A-Za-z0-9@\-_]+", is_variable))),
    &TEXT,
);
pub(super) static PUT_JOB_SUCCESS_RESULT: Shape = Shape::Members(&[
    ("jobId", Must, &UUID),
    ("continuationToken", May, &NEXT),
    ("executionDetails", May, &DETAILS),
    ("outputVariables", May, &OUTPUTS),
]);
static FAILURE_TYPE: Shape = Shape::OneOf(&[
    "JobFailed",
    "ConfigurationError",
    "PermissionError",
    "RevisionOutOfSync",
    "RevisionUnavailable",
    "SystemUnavailable",
]);
static FAILURE: Shape = Shape::Members(&[
    ("type", Must, &FAILURE_TYPE),
    ("message", Must, &Shape::Text(1, 5000, None)),
    ("externalExecutionId", May, &REVISION),
]);
pub(super) static PUT_JOB_FAILURE_RESULT: Shape =
    Shape::Members(&[("jobId", Must, &UUID), ("failureDetails", Must, &FAILURE)]);
pub(super) static JOB_ONLY: Shape = Shape::Members(&[("jobId", Must, &UUID)]);

static PROJECT_NAME: Shape = Shape::Text(
    2,
    150,
    Some((r"[A-Za-z0-9][A-Za-z0-9\-_]{1,149}", is_project)),
);
static SOURCE: Shape = Shape::Members(&[
    (
        "type",
        Must,
        &Shape::OneOf(&[
            "CODECOMMIT",
            "CODEPIPELINE",
            "GITHUB",
            "GITLAB",
            "GITLAB_SELF_MANAGED",
            "S3",
            "BITBUCKET",
            "GITHUB_ENTERPRISE",
            "NO_SOURCE",
        ]),
    ),
    ("buildspec", May, &TEXT),
]);
static ARTIFACTS_TYPE: Shape = Shape::Members(&[(
    "type",
    Must,
    &Shape::OneOf(&["CODEPIPELINE", "S3", "NO_ARTIFACTS"]),
)]);
static NOT_EMPTY: Shape = Shape::Text(1, ANY_LENGTH, None);
static BUILD_VARIABLE: Shape = Shape::Members(&[
    ("name", Must, &NOT_EMPTY),
    ("value", Must, &TEXT),
    (
        "type",
        May,
        &Shape::OneOf(&["PLAINTEXT", "PARAMETER_STORE", "SECRETS_MANAGER"]),
    ),
]);
static BUILD_VARIABLES: Shape = Shape::List(&BUILD_VARIABLE, 0, ANY_LENGTH);
static ENVIRONMENT: Shape = Shape::Members(&[
    ("type", Must, &NOT_EMPTY),
    ("image", Must, &NOT_EMPTY),
    ("computeType", Must, &NOT_EMPTY),
    ("environmentVariables", May, &BUILD_VARIABLES),
]);
static TIMEOUT: Shape = Shape::Whole(5, 2160);
pub(super) static CREATE_PROJECT: Shape = Shape::Members(&[
    ("name", Must, &PROJECT_NAME),
    ("source", Must, &SOURCE),
    ("artifacts", Must, &ARTIFACTS_TYPE),
    ("environment", Must, &ENVIRONMENT),
    ("serviceRole", Must, &NOT_EMPTY),
    ("timeoutInMinutes", May, &TIMEOUT),
]);
pub(super) static UPDATE_PROJECT: Shape = Shape::Members(&[
    ("name", Must, &NOT_EMPTY),
    ("source", May, &SOURCE),
    ("artifacts", May, &ARTIFACTS_TYPE),
    ("environment", May, &ENVIRONMENT),
    ("timeoutInMinutes", May, &TIMEOUT),
]);
pub(super) static NAMES: Shape =
    Shape::Members(&[("names", Must, &Shape::List(&NOT_EMPTY, 1, 100))]);
pub(super) static IDS: Shape = Shape::Members(&[("ids", Must, &Shape::List(&NOT_EMPTY, 1, 100))]);
pub(super) static ID_ONLY: Shape = Shape::Members(&[("id", Must, &NOT_EMPTY)]);
