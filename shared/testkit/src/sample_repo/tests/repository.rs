//! What is in the repository.

use std::collections::BTreeSet;
use std::fs;

use tempfile::tempdir;

use super::*;
use crate::github_payloads::{Repository, ZEROS};

#[test]
fn the_past_is_the_same_every_time_and_has_several_authors() {
    let (one, two) = (tempdir().unwrap(), tempdir().unwrap());
    let one = SampleRepo::create(one.path()).unwrap();
    let two = SampleRepo::create(two.path()).unwrap();
    for branch in ["master", "develop", "release/1.0", "feature/alice-coupons"] {
        assert_eq!(one.head(branch).unwrap(), two.head(branch).unwrap());
    }
    let authors = one.git(&["log", "--all", "--format=%an <%ae>"]).unwrap();
    let authors: BTreeSet<&str> = authors.lines().collect();
    assert_eq!(authors.len(), 4, "{authors:?}");
    assert_eq!(one.git(&["status", "--porcelain"]).unwrap(), "");
}

#[test]
fn it_has_every_file_of_the_example_and_no_other() {
    let folder = tempdir().unwrap();
    let repository = SampleRepo::create(folder.path()).unwrap();
    let tracked = repository.git(&["ls-files", "--stage"]).unwrap();
    let tracked: BTreeSet<(String, bool)> = tracked
        .lines()
        .map(|line| {
            let (about, path) = line.split_once('\t').unwrap();
            (path.to_owned(), about.starts_with("100755"))
        })
        .collect();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/orders");
    let mut files = BTreeSet::new();
    let mut folders = vec![example.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(&example).unwrap().to_str().unwrap();
            if path.is_file() {
                files.insert((name.to_owned(), name.ends_with(".sh")));
            } else if name != "dist" {
                folders.push(path);
            }
        }
    }
    assert_eq!(tracked, files);
}

#[test]
fn commits_branches_tags_and_merges_are_made_as_asked() {
    let folder = tempdir().unwrap();
    let repository = SampleRepo::create(folder.path()).unwrap();
    let before = repository.head("master").unwrap();
    let bad = repository
        .commit("master", &ALICE, "Speed up <totals>", &break_discount())
        .unwrap();
    assert_eq!(bad, repository.head("master").unwrap());
    let about = ["log", "-1", "--format=%P %an %s", "master"];
    assert_eq!(
        repository.git(&about).unwrap(),
        format!("{before} Alice Bianchi Speed up <totals>")
    );
    let twice = repository.commit("master", &ALICE, "Again", &break_discount());
    assert!(twice.unwrap_err().to_string().contains("exactly once"));

    repository
        .commit("master", &ALICE, "Mend totals", &fix_discount())
        .unwrap();
    let changed = repository.git(&["diff", "--name-only", &before, "master"]);
    assert_eq!(changed.unwrap(), "");

    let light = repository.tag("v1", "master", &CARLA, None).unwrap();
    assert_eq!(light, repository.head("master").unwrap());
    let object = repository.tag("v2", "master", &CARLA, Some("Two")).unwrap();
    assert_ne!(object, light);

    let merged = repository.merge("develop", &BOB, "master").unwrap();
    assert_eq!(merged, repository.head("develop").unwrap());
    repository.branch("feature/x", "develop").unwrap();
    repository.delete_branch("feature/x").unwrap();
    assert!(repository.head("feature/x").is_err());
}

#[test]
fn a_push_lists_the_commits_that_are_there() {
    let folder = tempdir().unwrap();
    let repository = SampleRepo::create(folder.path()).unwrap();
    let before = repository.head("develop").unwrap();
    let edits = [
        Edit::write("docs/new.md", "New.\n"),
        Edit::Remove {
            path: "README.md".to_owned(),
        },
        Edit::replace("Makefile", "Verbs only", "Only verbs"),
    ];
    repository
        .commit("develop", &CARLA, "Say it anew\n\nAll of it.", &edits)
        .unwrap();
    repository.commit("develop", &BOB, "Nothing", &[]).unwrap();
    let acme = || Repository::new(811_000_001, "acme/orders", "master");
    let push = repository.push(acme(), "develop", &before, &BOB).unwrap();
    assert_eq!(push.after, repository.head("develop").unwrap());
    assert!(!push.forced);
    let [first, second] = push.commits.as_slice() else {
        panic!("{:?}", push.commits)
    };
    assert_eq!(first.message, "Say it anew\n\nAll of it.");
    assert_eq!(first.author.login, "carla");
    assert_eq!(first.added, ["docs/new.md"]);
    assert_eq!(first.removed, ["README.md"]);
    assert_eq!(first.modified, ["Makefile"]);
    assert_eq!(second.message, "Nothing");
    assert_eq!(push.head_commit.unwrap().id, second.id);

    let new = repository.push(acme(), "release/1.0", ZEROS, &BOB).unwrap();
    assert_eq!(new.commits.len(), 1);
    let back = repository.head("develop").unwrap();
    let forced = repository.push(acme(), "release/1.0", &back, &BOB).unwrap();
    assert!(forced.forced);
}
