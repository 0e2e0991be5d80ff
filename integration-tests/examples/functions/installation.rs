//! What the functions need of AWS, in MiniStack: a table, queues, secrets, and their names.

use std::path::Path;
use std::process::Command;

use greenroom_emulators::ministack::{MiniStack, REGION, ROOT};

/// What GitHub signs with.
pub const SECRET: &str = "what GitHub signs with";
/// The token of the API.
pub const TOKEN: &str = "the token of this installation";

/// The environment of a function; each takes what it knows.
pub type Environment = Vec<(&'static str, String)>;

/// Creates it all; answers the environment of the functions, whose calls go to `endpoint`.
pub fn create(root: &Path, stack: &MiniStack, endpoint: &str) -> Environment {
    let aws = |arguments: &[&str]| -> String {
        let program = root.join(".tools/bin/aws");
        let ran = Command::new(&program)
            .args(arguments)
            .args(["--endpoint-url", stack.url(), "--output", "text"])
            .env("AWS_ACCESS_KEY_ID", ROOT.0)
            .env("AWS_SECRET_ACCESS_KEY", ROOT.1)
            .env("AWS_DEFAULT_REGION", REGION)
            .output();
        let ran = ran.expect("`make setup` has installed the AWS command line");
        let said = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "aws {arguments:?}: {said}");
        String::from_utf8_lossy(&ran.stdout).trim().to_owned()
    };
    let table = "greenroom";
    aws(&[
        "dynamodb",
        "create-table",
        "--table-name",
        table,
        "--billing-mode",
        "PAY_PER_REQUEST",
        "--attribute-definitions",
        "AttributeName=pk,AttributeType=S",
        "AttributeName=sk,AttributeType=S",
        "--key-schema",
        "AttributeName=pk,KeyType=HASH",
        "AttributeName=sk,KeyType=RANGE",
    ]);
    for (name, value) in [
        ("webhook", SECRET),
        ("token", TOKEN),
        ("github", "github_pat_11ABCDEFG0123456789"),
    ] {
        let create = ["secretsmanager", "create-secret", "--name", name];
        aws(&[&create[..], &["--secret-string", value]].concat());
    }
    let queue = |name| {
        aws(&[
            "sqs",
            "create-queue",
            "--queue-name",
            name,
            "--query",
            "QueueUrl",
        ])
    };
    let fixed = [
        ("AWS_REGION", REGION),
        ("AWS_ACCESS_KEY_ID", ROOT.0),
        ("AWS_SECRET_ACCESS_KEY", ROOT.1),
        ("AWS_ENDPOINT_URL", endpoint),
        ("GREENROOM_TABLE", table),
        ("GREENROOM_WEBHOOK_SECRET_ID", "webhook"),
        ("GREENROOM_TOKEN_SECRET_ID", "token"),
        ("GREENROOM_GITHUB_SECRET_ID", "github"),
        ("GREENROOM_SECRET_PREFIX", "greenroom/stages/"),
        ("GREENROOM_ARTIFACTS", "artifacts"),
        ("AWS_LAMBDA_FUNCTION_NAME", "measured"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "measured"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "measured"),
    ];
    let fixed = fixed.map(|(name, value)| (name, value.to_owned()));
    fixed
        .into_iter()
        .chain([
            ("GREENROOM_TESTS_QUEUE", queue("tests")),
            ("GREENROOM_ALERTS_QUEUE", queue("alerts")),
        ])
        .collect()
}
