//! The stack, made of the template as a deployment makes it.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::aws::{Aws, root};

const STACK: &str = "greenroom";
/// How long CloudFormation may take; a machine with much to do is slow.
const PATIENCE: Duration = Duration::from_secs(180);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(100);

/// What the stack answers.
pub struct Outputs(Value);

impl Outputs {
    /// The value of an output.
    pub fn get(&self, name: &str) -> &str {
        let mut all = self.0.as_array().expect("a list").iter();
        let named = all.find(|output| output["OutputKey"] == name);
        let value = named.and_then(|output| output["OutputValue"].as_str());
        value.unwrap_or_else(|| panic!("there is no output {name}"))
    }
}

/// Packages what is in `.build/lambda` and creates the stack, with these secrets and parameters.
pub fn create(
    aws: &Aws,
    packaged: &str,
    secrets: &[(&str, &str)],
    parameters: &[(&str, &str)],
) -> Outputs {
    let built = root().join(".build/lambda/architecture");
    let architecture = std::fs::read_to_string(&built).unwrap_or_else(|_| {
        panic!(
            "there are no functions in .build/lambda: run `make e2e`, or `make lambdas PROFILE=dev`"
        )
    });
    let bucket = "code";
    aws.aws(&["s3api", "create-bucket", "--bucket", bucket]);
    for (name, value) in secrets {
        let create = ["secretsmanager", "create-secret", "--name", name];
        aws.aws(&[&create[..], &["--secret-string", value]].concat());
    }
    let package = ["package", "--template-file", "infra/template.yaml"];
    let into = ["--s3-bucket", bucket, "--output-template-file", packaged];
    aws.sam(&[&package[..], &into].concat());
    // Too large to be sent along.
    let put = ["s3api", "put-object", "--bucket", bucket];
    aws.aws(&[&put[..], &["--key", "template.yaml", "--body", packaged]].concat());
    let url = format!("{}/{bucket}/template.yaml", aws.url());
    let mut given = vec![format!(
        "ParameterKey=Architecture,ParameterValue={}",
        architecture.trim()
    )];
    given.extend(
        parameters
            .iter()
            .map(|(name, value)| format!("ParameterKey={name},ParameterValue={value}")),
    );
    let mut arguments = vec![
        "cloudformation",
        "create-stack",
        "--stack-name",
        STACK,
        "--template-url",
        &url,
        "--capabilities",
        "CAPABILITY_IAM",
        "CAPABILITY_AUTO_EXPAND",
        "--parameters",
    ];
    arguments.extend(given.iter().map(String::as_str));
    aws.aws(&arguments);
    created(aws)
}

fn created(aws: &Aws) -> Outputs {
    let since = Instant::now();
    let about = |what| aws.aws(&["cloudformation", what, "--stack-name", STACK]);
    loop {
        let stacks = about("describe-stacks");
        let stack = &stacks["Stacks"][0];
        match stack["StackStatus"].as_str() {
            Some("CREATE_COMPLETE") => return Outputs(stack["Outputs"].clone()),
            Some("CREATE_IN_PROGRESS") if since.elapsed() < PATIENCE => {}
            _ => {
                let events = about("describe-stack-events");
                panic!("the stack is not created: {stack}\n{events:#}");
            }
        }
        std::thread::sleep(LOOK);
    }
}
