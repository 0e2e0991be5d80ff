//! The command line of AWS and SAM, as whoever deploys uses them, against MiniStack.

use std::path::{Path, PathBuf};
use std::process::Command;

use greenroom_emulators::ministack::{MiniStack, REGION, ROOT};
use serde_json::Value;

/// The project's folder.
pub fn root() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    folder
        .canonicalize()
        .expect("the workspace is one folder up")
}

/// The tools, told where MiniStack is.
pub struct Aws {
    url: String,
}

impl Aws {
    pub fn of(ministack: &MiniStack) -> Self {
        Self {
            url: ministack.url().to_owned(),
        }
    }

    /// Where MiniStack is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What `aws` answers; an empty answer is `null`.
    pub fn aws(&self, arguments: &[&str]) -> Value {
        // Of SQS it does not take the address from the environment.
        let always = ["--output", "json", "--endpoint-url", &self.url];
        let text = self.run("aws", &[&always, arguments].concat());
        if text.trim().is_empty() {
            return Value::Null;
        }
        serde_json::from_str(&text).unwrap_or(Value::String(text))
    }

    /// What `sam` says.
    pub fn sam(&self, arguments: &[&str]) -> String {
        self.run("sam", arguments)
    }

    fn run(&self, program: &str, arguments: &[&str]) -> String {
        let path = root().join(".tools/bin").join(program);
        let output = Command::new(&path)
            .args(arguments)
            .current_dir(root())
            .env("AWS_ENDPOINT_URL", &self.url)
            .env("AWS_REGION", REGION)
            .env("AWS_DEFAULT_REGION", REGION)
            .env("AWS_ACCESS_KEY_ID", ROOT.0)
            .env("AWS_SECRET_ACCESS_KEY", ROOT.1)
            .env("AWS_PAGER", "")
            .env("SAM_CLI_TELEMETRY", "0")
            .output()
            .unwrap_or_else(|error| panic!("{}: {error}: run `make setup`", path.display()));
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(
            output.status.success(),
            "{program} {}: {}",
            arguments.join(" "),
            said(&output.stderr)
        );
        said(&output.stdout)
    }
}
