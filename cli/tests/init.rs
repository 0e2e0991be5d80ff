//! `greenroom init` in repositories of several kinds: what it writes holds.

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

fn git(folder: &Path, words: &[&str]) {
    let status = Command::new("git")
        .args(words)
        .current_dir(folder)
        .status()
        .expect("git runs");
    assert!(status.success(), "git {words:?}");
}

fn greenroom(folder: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_greenroom"))
        .args(words)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .env("GIT_CEILING_DIRECTORIES", folder.parent().unwrap_or(folder))
        .output()
        .expect("the program runs")
}

fn repository(branch: &str, origin: Option<&str>) -> TempDir {
    let folder = TempDir::new().expect("a folder");
    git(
        folder.path(),
        &["init", "--quiet", "--initial-branch", branch],
    );
    if let Some(origin) = origin {
        git(folder.path(), &["remote", "add", "origin", origin]);
    }
    folder
}

fn valid(folder: &Path) -> String {
    let written = greenroom(folder, &["init"]);
    assert!(written.status.success(), "{written:?}");
    let checked = greenroom(folder, &["validate"]);
    let said = String::from_utf8(checked.stdout).expect("UTF-8");
    assert_eq!(checked.status.code(), Some(0), "{said}");
    std::fs::read_to_string(folder.join("greenroom.yaml")).expect("a stage file")
}

#[test]
fn what_init_writes_holds_in_any_repository() {
    for (branch, origin, app) in [
        (
            "main",
            Some("git@github.com:acme/orders.git"),
            "app: acme/orders\n",
        ),
        (
            "master",
            Some("https://github.com/acme/orders"),
            "app: acme/orders\n",
        ),
        ("trunk", None, "app: local/"),
        ("main", Some("/srv/git/orders.git"), "app: local/"),
    ] {
        let folder = repository(branch, origin);
        let text = valid(folder.path());
        assert!(text.contains(app), "{text}");
        assert!(
            text.contains(&format!("from: {{ branch: {branch},")),
            "{text}"
        );
    }
}

#[test]
fn each_example_can_be_begun_with() {
    for (template, from) in [
        ("gitflow", "branch: trunk }"),
        ("cmamp", "branch: trunk, refresh"),
        ("maas", "base: trunk"),
        ("path-to-production", "select: \"**\""),
        ("lambda-forge", "branch: trunk }, through: staging"),
    ] {
        let folder = repository("trunk", Some("git@github.com:acme/orders.git"));
        let written = greenroom(folder.path(), &["init", "--template", template]);
        assert!(written.status.success(), "{written:?}");
        let checked = greenroom(folder.path(), &["validate"]);
        assert_eq!(checked.status.code(), Some(0), "{checked:?}");
        let text = std::fs::read_to_string(folder.path().join("greenroom.yaml")).expect("a file");
        assert!(
            text.contains("app: acme/orders\n") && text.contains(from),
            "{text}"
        );
        let example = format!(
            "{}/../examples/{template}/greenroom.yaml",
            env!("CARGO_MANIFEST_DIR")
        );
        let example = std::fs::read_to_string(example).expect("an example");
        assert!(example.lines().count() < 40, "{template} is too long");
        assert_eq!(text.lines().count(), example.lines().count());
    }
}

#[test]
fn a_makefile_gets_its_verbs_called() {
    let folder = repository("main", None);
    std::fs::write(folder.path().join("Makefile"), "build:\n").expect("written");
    assert!(valid(folder.path()).contains("make deploy STAGE=$GREENROOM_STAGE"));
}

#[test]
fn a_stage_file_that_is_there_stays() {
    let folder = repository("main", None);
    let path = folder.path().join("greenroom.yaml");
    std::fs::write(&path, "mine").expect("written");
    let refused = greenroom(folder.path(), &["init"]);
    assert_eq!(refused.status.code(), Some(6), "{refused:?}");
    assert_eq!(std::fs::read_to_string(&path).expect("a file"), "mine");
    assert!(
        greenroom(folder.path(), &["init", "--force"])
            .status
            .success()
    );
    assert_ne!(std::fs::read_to_string(&path).expect("a file"), "mine");
}

#[test]
fn outside_a_repository_there_is_nothing_to_begin_with() {
    let folder = TempDir::new().expect("a folder");
    let refused = greenroom(folder.path(), &["init"]);
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    assert!(!folder.path().join("greenroom.yaml").exists());
}

#[test]
fn completions_and_the_manual_are_written_for_every_command() {
    let folder = TempDir::new().expect("a folder");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = greenroom(folder.path(), &["completions", shell]);
        let text = String::from_utf8(script.stdout).expect("UTF-8");
        assert!(
            script.status.success() && text.contains("promote"),
            "{shell}"
        );
    }
    let manual = greenroom(folder.path(), &["man"]);
    let text = String::from_utf8(manual.stdout).expect("UTF-8");
    for part in ["GREENROOM PROMOTE", "EXIT CODES", "GREENROOM_TOKEN"] {
        assert!(text.contains(part), "{part}");
    }
}

#[test]
fn the_schema_is_one() {
    let folder = TempDir::new().expect("a folder");
    let printed = greenroom(folder.path(), &["schema"]);
    let schema: serde_json::Value = serde_json::from_slice(&printed.stdout).expect("JSON");
    assert_eq!(schema["title"], "Greenroom stage file");
}
