//! What a function's code calls, by the adapters that its configuration puts together.

use std::collections::BTreeSet;
use std::path::Path;

use super::read::{Right, Template, logical};

/// Adapter by adapter: how its making reads in a function's source, and what it calls on AWS.
const ADAPTERS: &[(&str, &[(&str, &str)])] = &[
    (
        ".store(",
        &[
            ("dynamodb:GetItem", "Table.Arn"),
            ("dynamodb:Query", "Table.Arn"),
            ("dynamodb:PutItem", "Table.Arn"),
            ("dynamodb:UpdateItem", "Table.Arn"),
            ("dynamodb:DeleteItem", "Table.Arn"),
            ("dynamodb:ConditionCheckItem", "Table.Arn"),
        ],
    ),
    (
        ".github(",
        &[("secretsmanager:GetSecretValue", "secret:GitHubSecret")],
    ),
    (
        ".stage_secrets(",
        &[(
            "secretsmanager:GetSecretValue",
            "arn:aws:secretsmanager::secret:${SecretPrefix}*",
        )],
    ),
    (
        "\"GREENROOM_WEBHOOK_SECRET_ID\"",
        &[("secretsmanager:GetSecretValue", "secret:WebhookSecret")],
    ),
    (
        "\"GREENROOM_TOKEN_SECRET_ID\"",
        &[("secretsmanager:GetSecretValue", "secret:TokenSecret")],
    ),
    (
        "CodePipelines::",
        &[
            ("codepipeline:GetPipelineExecution", PIPELINES),
            ("codepipeline:ListActionExecutions", PIPELINES),
            ("codepipeline:ListPipelineExecutions", PIPELINES),
            ("codebuild:BatchGetBuilds", BUILDS),
            ("s3:GetObject", "${Artifacts.Arn}/reports/*"),
        ],
    ),
    (
        ".queues(",
        &[
            ("sqs:SendMessage", "Tests.Arn"),
            ("sqs:SendMessage", "Alerts.Arn"),
        ],
    ),
    (
        "AwsChannels::",
        &[
            ("sns:Publish", "Breaks"),
            ("sns:Publish", "arn:aws:sns::${Name}-*"),
        ],
    ),
    (
        "Topics::new",
        &[
            ("sns:ListSubscriptionsByTopic", "Breaks"),
            ("sns:ListSubscriptionsByTopic", "arn:aws:sns::${Name}-*"),
        ],
    ),
    (
        "CodePipelineJobs::new",
        &[
            ("codepipeline:PutJobSuccessResult", "*"),
            ("codepipeline:PutJobFailureResult", "*"),
        ],
    ),
];

const BUILDS: &str = "arn:aws:codebuild::project/greenroom-*";
const PIPELINES: &str = "arn:aws:codepipeline::greenroom-*";

/// Rights that only some functions with an adapter use: who performs effects starts and stops, who
/// sweeps asks for the lengths of queues.
const ALSO: &[(&str, &str, &str)] = &[
    (
        "effect-dispatcher",
        "codepipeline:StartPipelineExecution",
        PIPELINES,
    ),
    (
        "effect-dispatcher",
        "codepipeline:StopPipelineExecution",
        PIPELINES,
    ),
    ("effect-dispatcher", "codebuild:StopBuild", BUILDS),
    (
        "clock-tick",
        "codepipeline:StartPipelineExecution",
        PIPELINES,
    ),
    (
        "clock-tick",
        "codepipeline:StopPipelineExecution",
        PIPELINES,
    ),
    ("clock-tick", "codebuild:StopBuild", BUILDS),
    ("control-api", "codepipeline:GetPipeline", PIPELINES),
    ("clock-tick", "sqs:GetQueueAttributes", "Tests.Arn"),
    ("clock-tick", "sqs:GetQueueAttributes", "Alerts.Arn"),
];

/// What a function has an adapter for and never does: the door looks through nothing and relies on
/// nothing but what it writes.
const NEVER: &[(&str, &str)] = &[
    ("webhook-receiver", "dynamodb:Query"),
    ("webhook-receiver", "dynamodb:ConditionCheckItem"),
];

/// Everything a function calls, itself or through what brings its events.
pub fn of(function: &str, template: &Template) -> BTreeSet<Right> {
    let source = source(function);
    let made = ADAPTERS
        .iter()
        .filter(|(making, _)| source.contains(making));
    let mut calls: BTreeSet<Right> = made
        .flat_map(|(_, calls)| calls.iter())
        .map(|(action, on)| right(action, on))
        .collect();
    let also = ALSO.iter().filter(|(of, ..)| *of == function);
    calls.extend(also.map(|(_, action, on)| right(action, on)));
    calls.retain(|(action, _)| !NEVER.contains(&(function, action.as_str())));
    let name = logical(function);
    for action in ["logs:CreateLogStream", "logs:PutLogEvents"] {
        calls.insert(right(action, &format!("{name}Log.Arn")));
    }
    for (source, part) in template.sources_of(&name) {
        let on = format!("{source}.{part}");
        if part == "StreamArn" {
            for action in ["DescribeStream", "GetRecords", "GetShardIterator"] {
                calls.insert(right(&format!("dynamodb:{action}"), &on));
            }
            calls.insert(right("dynamodb:ListStreams", "*"));
        } else {
            for action in [
                "ReceiveMessage",
                "DeleteMessage",
                "ChangeMessageVisibility",
                "GetQueueAttributes",
            ] {
                calls.insert(right(&format!("sqs:{action}"), &on));
            }
        }
    }
    if template.leaves_failures(&name) {
        calls.insert(right("sqs:SendMessage", "Failures.Arn"));
    }
    calls
}

/// The variables of Greenroom's own that a function's code names, and those its adapters read.
pub fn variables(function: &str) -> BTreeSet<String> {
    let source = source(function);
    let mut names: BTreeSet<String> = source
        .split('"')
        .filter(|part| part.starts_with("GREENROOM_"))
        .filter(|part| {
            part.bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte == b'_')
        })
        .map(str::to_owned)
        .collect();
    names.insert("GREENROOM_TABLE".to_owned());
    if source.contains(".settings(") {
        names.insert("GREENROOM_CLOCK_ERROR".to_owned());
    }
    if source.contains(".github(") {
        names.insert("GREENROOM_GITHUB_URL".to_owned());
        names.insert("GREENROOM_GITHUB_SECRET_ID".to_owned());
    }
    if source.contains(".stage_secrets(") {
        names.insert("GREENROOM_SECRET_PREFIX".to_owned());
    }
    if source.contains(".queues(") {
        names.insert("GREENROOM_TESTS_QUEUE".to_owned());
        names.insert("GREENROOM_ALERTS_QUEUE".to_owned());
    }
    names
}

fn right(action: &str, on: &str) -> Right {
    let on = match on.strip_prefix("secret:") {
        Some(parameter) => format!("arn:aws:secretsmanager::secret:${{{parameter}}}-??????"),
        None => on.to_owned(),
    };
    (action.to_owned(), on)
}

/// Where a function's outside is put together.
fn source(function: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../functions");
    let path = folder.join(function).join("src/config.rs");
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
