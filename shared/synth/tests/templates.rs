//! Every stage file we have renders to something cfn-lint has nothing against.

use std::path::{Path, PathBuf};
use std::process::Command;

use greenroom_core::stage_file::StageFile;
use greenroom_synth::{Options, synth};

fn stage_files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    for folder in ["examples", "shared/core/tests/valid"] {
        for entry in std::fs::read_dir(root.join(folder)).expect("a folder") {
            let path = entry.expect("an entry").path();
            let file = if path.is_dir() {
                path.join("greenroom.yaml")
            } else {
                path
            };
            if file.extension().is_some_and(|it| it == "yaml") {
                files.push(file);
            }
        }
    }
    files.sort();
    files
}

#[test]
fn cfn_lint_accepts_the_template_of_every_stage_file() {
    let lint = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/venv/bin/cfn-lint");
    assert!(
        lint.exists(),
        "no cfn-lint at {}: run `make setup`",
        lint.display()
    );
    let folder = tempfile::tempdir().expect("a folder");
    let mut templates = Vec::new();
    for path in stage_files() {
        let bytes = std::fs::read(&path).expect("readable");
        let file = StageFile::parse("greenroom.yaml", &bytes).expect("valid");
        let rendered = synth(&file, &Options::of(&file)).expect("renderable");
        let again = synth(&file, &Options::of(&file)).expect("renderable");
        assert_eq!(rendered.template.to_string(), again.template.to_string());
        let at = folder.path().join(format!("{}.json", templates.len()));
        std::fs::write(&at, format!("{:#}", rendered.template)).expect("written");
        templates.push(at);
    }
    assert!(templates.len() >= 6, "{templates:?}");
    let output = Command::new(lint)
        .args([
            "--non-zero-exit-code",
            "warning",
            "--regions",
            "eu-west-1",
            "--",
        ])
        .args(&templates)
        .output()
        .expect("cfn-lint runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
