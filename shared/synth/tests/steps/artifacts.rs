//! What is built is what is deployed.

use std::os::unix::fs::PermissionsExt;

use crate::codebuild::{Ended, Machine};
use crate::s3::Bucket;

fn file(build: &str, artifact: &str, deploy: &str) -> String {
    format!(
        r#"
version: 1
app: acme/orders
pipelines:
  service:
    steps:
      - {{ name: build, run: "{build}", once: true, artifact: "{artifact}", outputs: [COVERAGE] }}
      - {{ name: deploy, run: "{deploy}", outputs: [URL] }}
stages:
  dev: {{ from: {{ branch: main }}, pipeline: service }}
"#
    )
}

const DEPLOY: &str = "touch began; cp -a $GREENROOM_ARTIFACT got; echo URL=http://x/$GREENROOM_ARTIFACT_DIGEST >$GREENROOM_OUTPUT";

fn build(bucket: &Bucket, run: &str, artifact: &str) -> Ended {
    let mut machine = Machine::new(&file(run, artifact, DEPLOY), "ProjectBuildService");
    bucket.give(&mut machine);
    machine.run()
}

fn deploy(bucket: &Bucket, digest: &str) -> (Machine, Ended) {
    let mut machine = Machine::new(&file("true", "dist/", DEPLOY), "ProjectStageDev");
    bucket.give(&mut machine);
    machine.set("GREENROOM_DIGEST", digest);
    let ended = machine.run();
    (machine, ended)
}

const MAKE: &str = "mkdir -p dist/sub; echo one >dist/one; echo two >dist/sub/run; chmod 750 dist/sub/run; ln -s ../one dist/sub/link; echo COVERAGE=83.1 >$GREENROOM_OUTPUT";

#[test]
fn the_bytes_of_a_build_are_those_of_its_deployment() {
    let bucket = Bucket::start();
    let built = build(&bucket, MAKE, "dist/");
    assert!(built.succeeded, "{}", built.log);
    let digest = built.told("GREENROOM_DIGEST");
    assert!(
        digest.starts_with("sha256:") && bucket.has(digest),
        "{digest}"
    );
    let size: u64 = built.told("GREENROOM_SIZE").parse().expect("a number");
    assert!(size > 20, "{size}");
    assert_eq!(built.told("COVERAGE"), "83.1");
    assert_eq!(
        (
            built.told("GREENROOM_STEP"),
            built.told("GREENROOM_FAILURE")
        ),
        ("build", "")
    );

    let (machine, deployed) = deploy(&bucket, digest);
    assert!(deployed.succeeded, "{}", deployed.log);
    assert_eq!(deployed.told("URL"), format!("http://x/{digest}"));
    assert_eq!(machine.read("got/one").as_deref(), Some("one\n"));
    assert_eq!(machine.read("got/sub/link").as_deref(), Some("one\n"));
    let run = machine.checkout().join("got/sub/run");
    let mode = std::fs::metadata(run).expect("there").permissions().mode();
    assert_eq!(mode & 0o111, 0o111);
    assert_eq!(machine.litter(), 0);
}

#[test]
fn the_same_files_are_the_same_artifact_whenever_and_by_whomever_they_were_made() {
    let bucket = Bucket::start();
    let first = build(&bucket, MAKE, "dist/");
    let other = format!(
        "umask 077; mkdir dist; echo x >dist/zz; {MAKE}; rm dist/zz; touch -d 2001-01-01 dist/one"
    );
    let second = build(&bucket, &other, "./dist");
    assert!(second.succeeded, "{}", second.log);
    assert_eq!(
        first.told("GREENROOM_DIGEST"),
        second.told("GREENROOM_DIGEST")
    );
    let third = build(&bucket, &format!("{MAKE}; chmod 644 dist/sub/run"), "dist");
    assert_ne!(
        first.told("GREENROOM_DIGEST"),
        third.told("GREENROOM_DIGEST")
    );
}

#[test]
fn a_file_alone_is_an_artifact_as_well() {
    let bucket = Bucket::start();
    let built = build(&bucket, "mkdir out; echo hi >out/-app", "out/-app");
    assert!(built.succeeded, "{}", built.log);
    let (machine, deployed) = deploy(&bucket, built.told("GREENROOM_DIGEST"));
    assert!(deployed.succeeded, "{}", deployed.log);
    assert_eq!(machine.read("got").as_deref(), Some("hi\n"));
}

#[test]
fn other_bytes_are_refused_before_any_step() {
    let bucket = Bucket::start();
    let built = build(&bucket, MAKE, "dist");
    let digest = built.told("GREENROOM_DIGEST").to_owned();
    bucket.tamper(&digest, "something else");
    for wrong in [digest.as_str(), "sha256:12", "sha256:../../x", "md5"] {
        let (machine, deployed) = deploy(&bucket, wrong);
        assert!(!deployed.succeeded, "{wrong}");
        assert_eq!(
            deployed.told("GREENROOM_FAILURE"),
            "digest",
            "{wrong}: {}",
            deployed.log
        );
        assert_eq!(deployed.told("GREENROOM_STEP"), "");
        assert_eq!(machine.read("began"), None);
    }
}

#[test]
fn an_artifact_out_of_reach_is_no_verdict() {
    let bucket = Bucket::start();
    let missing = format!("sha256:{}", "0".repeat(64));
    let (machine, deployed) = deploy(&bucket, &missing);
    assert!(!deployed.succeeded);
    assert!(
        deployed.told("GREENROOM_FAILURE").starts_with("artifact: "),
        "{}",
        deployed.log
    );
    assert_eq!(machine.read("began"), None);
}

#[test]
fn what_cannot_be_carried_to_another_place_is_the_steps_failure() {
    let bucket = Bucket::start();
    let cases = [
        ("true", "dist", "there is no dist"),
        ("mkdir dist", "dist", "is empty"),
        ("ln -s /etc dist", "dist", "leaves the checkout"),
        (
            "mkdir dist; ln -s ../secret dist/l",
            "dist",
            "leaves the artifact",
        ),
        (
            "mkdir -p dist/a; ln -s b/../../../x dist/a/l",
            "dist",
            "leaves the artifact",
        ),
        (
            "mkdir dist; ln -s /etc/passwd dist/l",
            "dist",
            "leaves the artifact",
        ),
        ("mkdir dist; mkfifo dist/p", "dist", "a named pipe"),
    ];
    for (run, artifact, words) in cases {
        let built = build(&bucket, run, artifact);
        assert!(!built.succeeded, "{run}");
        let failure = built.told("GREENROOM_FAILURE");
        assert!(
            failure.starts_with("step: ") && failure.contains(words),
            "{run}: {failure} {}",
            built.log
        );
        assert_eq!(built.told("GREENROOM_DIGEST"), "none");
    }
    let built = build(
        &bucket,
        "mkdir -p dist/a/b; ln -s ../../a dist/a/b/l; ln -s b dist/a/m",
        "dist",
    );
    assert!(built.succeeded, "{}", built.log);
}
