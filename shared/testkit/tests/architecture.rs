//! What ARCHITECTURE.md promises about the tree itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Who may depend on whom, in what is shipped. Whatever is not here may not.
const ARROWS: &[(&str, &[&str])] = &[
    ("greenroom-core", &[]),
    ("greenroom-github", &["greenroom-core"]),
    ("greenroom-telegram", &["greenroom-core", "greenroom-app"]),
    ("greenroom-suites", &["greenroom-core", "greenroom-app"]),
    ("greenroom-evidence", &["greenroom-core"]),
    (
        "greenroom-github-source",
        &["greenroom-core", "greenroom-app"],
    ),
    (
        "greenroom-aws",
        &[
            "greenroom-core",
            "greenroom-app",
            "greenroom-evidence",
            "greenroom-github",
            "greenroom-suites",
            "greenroom-telegram",
        ],
    ),
    ("greenroom-synth", &["greenroom-core"]),
    ("greenroom-executions", &[]),
    ("greenroom-emulators", &["greenroom-executions"]),
    (
        "greenroom-api",
        &["greenroom-core", "greenroom-app", "greenroom-github"],
    ),
    (
        "greenroom-lambda",
        &[
            "greenroom-core",
            "greenroom-app",
            "greenroom-aws",
            "greenroom-github-source",
        ],
    ),
    ("greenroom-integration-tests", &[]),
    ("greenroom-app", &["greenroom-core", "greenroom-github"]),
    (
        "greenroom-local",
        &[
            "greenroom-core",
            "greenroom-app",
            "greenroom-suites",
            "greenroom-telegram",
            "greenroom-evidence",
        ],
    ),
    (
        "greenroom",
        &[
            "greenroom-core",
            "greenroom-api",
            "greenroom-app",
            "greenroom-github",
            "greenroom-local",
            "greenroom-suites",
            "greenroom-simulator",
            "greenroom-telegram",
            "greenroom-evidence",
            "greenroom-synth",
        ],
    ),
    ("greenroom-synth", &["greenroom-core"]),
    (
        "greenroom-simulator",
        &[
            "greenroom-core",
            "greenroom-app",
            "greenroom-executions",
            "greenroom-github",
        ],
    ),
    (
        "greenroom-testkit",
        &[
            "greenroom-core",
            "greenroom-app",
            "greenroom-github",
            "greenroom-local",
            "greenroom-simulator",
        ],
    ),
    ("greenroom-models", &["greenroom-core"]),
    (
        "greenroom-fuzz",
        &[
            "greenroom-core",
            "greenroom-api",
            "greenroom-app",
            "greenroom-github",
            "greenroom-local",
            "greenroom-suites",
            "greenroom-testkit",
            "greenroom-evidence",
        ],
    ),
];

/// What each function may use. Nothing may use a function.
const FUNCTIONS: &[(&str, &[&str])] = &[
    ("greenroom-webhook-receiver", &["greenroom-github"]),
    ("greenroom-stage-resolver", &[]),
    ("greenroom-effect-dispatcher", &[]),
    ("greenroom-execution-watcher", &[]),
    ("greenroom-pipeline-admission", &[]),
    ("greenroom-integration-test-runner", &["greenroom-suites"]),
    ("greenroom-break-notifier", &["greenroom-telegram"]),
    ("greenroom-clock-tick", &[]),
    ("greenroom-control-api", &["greenroom-api"]),
];

/// What every function may use beside that.
const OF_FUNCTIONS: &[&str] = &[
    "greenroom-core",
    "greenroom-app",
    "greenroom-aws",
    "greenroom-lambda",
];

/// All that the core may be made of: no runtime, no network, no randomness.
const CORE_CRATES: &[&str] = &[
    "croner",
    "globset",
    "hex",
    "jiff",
    "schemars",
    "serde",
    "serde-saphyr",
    "serde_json",
    "sha2",
    "strsim",
    "thiserror",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .expect("the workspace is two folders up")
}

/// Normal dependencies of each package of the workspace.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let packages = metadata["packages"].as_array().expect("there are packages");
    let normal = |package: &Value| {
        let all = package["dependencies"].as_array().expect("a list");
        all.iter()
            .filter(|one| one["kind"].is_null())
            .map(|one| one["name"].as_str().expect("a name").to_owned())
            .collect()
    };
    packages
        .iter()
        .map(|package| {
            (
                package["name"].as_str().expect("a name").to_owned(),
                normal(package),
            )
        })
        .collect()
}

#[test]
fn dependencies_point_inwards_only() {
    let mut known: BTreeMap<&str, Vec<&str>> = ARROWS
        .iter()
        .map(|(package, allowed)| (*package, allowed.to_vec()))
        .collect();
    for (function, own) in FUNCTIONS {
        known.insert(function, [OF_FUNCTIONS, own].concat());
    }
    for (package, dependencies) in dependencies() {
        let allowed = known
            .get(package.as_str())
            .unwrap_or_else(|| panic!("{package} is not in the list of arrows"));
        let ours = dependencies
            .iter()
            .filter(|name| known.contains_key(name.as_str()));
        for name in ours {
            assert!(
                allowed.contains(&name.as_str()),
                "{package} may not depend on {name}"
            );
        }
    }
}

#[test]
fn the_core_is_made_of_values_only() {
    let all = dependencies();
    for name in &all["greenroom-core"] {
        assert!(
            CORE_CRATES.contains(&name.as_str()),
            "greenroom-core may not depend on {name}"
        );
    }
}

/// The texts of the tree's files whose paths match.
fn texts(paths: &str) -> Vec<String> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--", paths])
        .current_dir(root())
        .output()
        .expect("git runs");
    let files = String::from_utf8(output.stdout).expect("paths are UTF-8");
    let files = files.split('\0').filter(|file| !file.is_empty());
    files
        .map(|file| std::fs::read_to_string(root().join(file)).unwrap_or_default())
        .collect()
}

/// Every function of the tree's Rust files, by name.
fn functions() -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for text in texts("*.rs") {
        let names = text
            .lines()
            .filter_map(|line| line.split("fn ").nth(1))
            .filter_map(|rest| rest.split(['(', '<']).next());
        all.extend(names.map(|name| name.trim().to_owned()));
    }
    all
}

#[test]
fn every_invariant_names_a_test_that_exists() {
    let text =
        std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md is there");
    let functions = functions();
    let mut held = 0;
    for line in text.lines().filter(|line| line.starts_with("- **")) {
        let spans: Vec<_> = line.split('`').skip(1).step_by(2).collect();
        let tests = spans.iter().filter(|span| {
            span.contains('_')
                && span
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        });
        for test in tests {
            assert!(
                functions.contains(*test),
                "ARCHITECTURE.md names `{test}`, which is no function of the tree:\n{line}"
            );
            held += 1;
        }
    }
    assert!(
        held >= 20,
        "only {held} tests are named; the invariants have lost theirs"
    );
}

#[test]
fn every_promise_the_simulator_checks_is_an_invariant() {
    let text =
        std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md is there");
    let mut checked = BTreeSet::new();
    for code in texts("shared/simulator/src/check/*.rs") {
        // A number stands alone between quotes: "C3".
        let numbers = code.split('"').filter(|part| {
            let (letter, digits) = part.split_at(part.len().min(1));
            "ABCDEFGHI".contains(letter)
                && !digits.is_empty()
                && digits.bytes().all(|byte| byte.is_ascii_digit())
        });
        checked.extend(numbers.map(str::to_owned));
    }
    assert!(checked.len() >= 25, "only {checked:?} are checked");
    for number in checked {
        assert!(
            text.contains(&format!("**{number}**")),
            "ARCHITECTURE.md does not know {number}"
        );
    }
}

#[test]
fn every_wait_is_in_the_runbook() {
    let text =
        std::fs::read_to_string(root().join("docs/runbook.md")).expect("the runbook is there");
    for code in greenroom_core::waiting::Wait::CODES {
        assert!(
            text.contains(&format!("`{code}`")),
            "docs/runbook.md does not say what to do about `{code}`"
        );
    }
}
