//! The AWS CLI, which has the credentials and the patience that a stack needs.

use std::io::{self, Write};
use std::process::{ExitStatus, Stdio};

use greenroom_core::name::RepoName;
use greenroom_synth::Rendered;
use sha2::{Digest, Sha256};
use tokio::process::Command;

use crate::args::ApplyArgs;
use crate::exit::{Exit, Failure, Stop};
use crate::output::Output;

/// What CloudFormation takes of a template without a bucket, in bytes.
const TEMPLATE_MAX: usize = 51_200;
/// Characters of an app's name in that of its stack, which may have 128.
const NAME_MAX: usize = 80;
/// Bytes of the hash that a stack's name ends in.
const HASH_BYTES: usize = 6;

/// The stack of an app's pipelines. It ends in a hash: `a-b/c` and `a/b-c` would read the same, and
/// the pipelines of the one would take the place of the other's.
pub fn stack(app: &RepoName) -> String {
    let app = app.as_str().to_ascii_lowercase();
    let hash = Sha256::digest(app.as_bytes());
    let hash: String = hash[..HASH_BYTES]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let legal = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = app.chars().map(legal).take(NAME_MAX).collect();
    format!("greenroom-pipelines-{name}-{hash}")
}

/// Deploys the template, and returns when the stack has it. What `aws` says goes to stderr.
pub async fn deploy(
    args: &ApplyArgs,
    app: &RepoName,
    rendered: &Rendered,
    output: &mut Output,
) -> Result<(), Stop> {
    let text = rendered.template.to_string();
    if text.len() > TEMPLATE_MAX && args.s3_bucket.is_none() {
        return Err(
            Failure::usage("the template is too large to be sent as it is")
                .why(format!("it has {} bytes of {TEMPLATE_MAX}", text.len()))
                .help("name a bucket that it can go through with --s3-bucket")
                .into(),
        );
    }
    let unwritten = |error: io::Error| {
        Failure::new(Exit::Failed, "template", "the template cannot be written")
            .why(error.to_string())
    };
    let mut file = tempfile::Builder::new()
        .prefix("greenroom-")
        .suffix(".json")
        .tempfile()
        .map_err(unwritten)?;
    file.write_all(text.as_bytes()).map_err(unwritten)?;
    file.flush().map_err(unwritten)?;
    let stack = stack(app);
    let mut aws = Command::new("aws");
    aws.args(["cloudformation", "deploy", "--template-file"])
        .arg(file.path())
        .args(["--stack-name", &stack])
        .args(["--capabilities", "CAPABILITY_IAM"])
        // The stack may have it already, from a time when the server could not be told.
        .arg("--no-fail-on-empty-changeset");
    if let Some(bucket) = &args.s3_bucket {
        aws.args(["--s3-bucket", bucket]);
    }
    if !args.parameters.is_empty() {
        aws.arg("--parameter-overrides");
        let given = args.parameters.iter();
        aws.args(given.map(|it| format!("{}={}", it.key, it.value)));
    }
    aws.stdin(Stdio::null()).stdout(Stdio::from(io::stderr()));
    output.say(format_args!("deploying the stack {stack}"));
    match aws.status().await {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(failed(status, &stack).into()),
        Err(error) => Err(not_run(&error).into()),
    }
}

fn failed(status: ExitStatus, stack: &str) -> Failure {
    Failure::new(
        Exit::Failed,
        "deployment",
        "the pipelines could not be deployed",
    )
    .why(format!("`aws` ended with {status}"))
    .help(format!(
        "its own words are above; `aws cloudformation describe-stack-events --stack-name {stack}` tells more"
    ))
}

fn not_run(error: &io::Error) -> Failure {
    if error.kind() == io::ErrorKind::NotFound {
        return Failure::new(Exit::Failed, "no_aws", "the AWS CLI is not installed")
            .why("there is no program `aws` in the PATH")
            .help("install it, give it credentials of the account, and run this again");
    }
    Failure::new(Exit::Failed, "no_aws", "the AWS CLI cannot be run").why(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_has_a_name_that_no_other_app_has() {
        let name = |app: &str| stack(&RepoName::new(app));
        assert_eq!(name("Acme/Orders"), name("acme/orders"));
        assert!(name("acme/orders").starts_with("greenroom-pipelines-acme-orders-"));
        assert_ne!(name("a-b/c"), name("a/b-c"));
        let long = name(&format!("a/{}", "b.".repeat(200)));
        assert!(long.len() <= 128, "{long}");
        assert!(long.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'));
    }
}
