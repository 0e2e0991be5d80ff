//! `apply`, with an `aws` that writes down what it is asked.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use greenroom_core::definition;
use greenroom_core::stage_file::StageFile;
use serde_json::{Value, json};

use super::program::{Place, Ran};
use super::server::fault;

const STAGES: &str = r#"version: 1
app: acme/orders
pipelines:
  service:
    steps:
      - { name: build, run: make build, once: true, artifact: dist/ }
      - { name: deploy, run: make deploy }
stages:
  dev: { from: { branch: develop }, pipeline: service }
  qa:  { from: { branch: "release/**" }, pipeline: service }
"#;

/// Keeps the template it is given, and its own words.
const AWS: &str = r#"#!/bin/sh
echo "$@" | sed "s# /[^ ]*/greenroom-[^ ]*# TEMPLATE#" >asked
[ "$3" = --template-file ] && cp "$4" template.json
echo "Successfully created/updated stack"
exit "$(cat aws.exit)"
"#;

/// A place with the stage file, `aws`, and a server that wants what the file does.
struct Scene {
    place: Place,
    wanted: Value,
}

impl Scene {
    fn new(applied: impl Fn(&mut serde_json::Map<String, Value>)) -> Self {
        let place = Place::new();
        place.write("greenroom.yaml", STAGES);
        place.write("aws.exit", "0");
        fs::create_dir(place.folder.path().join("bin")).expect("a folder");
        place.write("bin/aws", AWS);
        let executable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(place.folder.path().join("bin/aws"), executable).expect("permissions");
        let file = StageFile::parse("greenroom.yaml", STAGES.as_bytes()).expect("it holds");
        let wanted = definition::all(&file.app, &file);
        let mut stands = serde_json::Map::new();
        for one in &wanted {
            stands.insert(one.name.clone(), json!(one.hash));
        }
        applied(&mut stands);
        let standing =
            json!({ "app": 1, "name": "acme/orders", "wanted": wanted, "applied": stands });
        let line = "GET /api/v1/pipelines?app=acme%2Forders";
        place.server.on(line, 200, standing.clone());
        Self {
            place,
            wanted: standing["wanted"].clone(),
        }
    }

    /// One is to be added, one changed, one removed.
    fn outdated() -> Self {
        Self::new(|stands| {
            let names: Vec<String> = stands.keys().cloned().collect();
            stands.remove(&names[0]);
            stands.insert(names[1].clone(), json!("0"));
            stands.insert("greenroom-acme-orders-old-0".to_owned(), json!("0"));
        })
    }

    fn run(&self, words: &str) -> Ran {
        let path = std::env::var("PATH").unwrap_or_default();
        let bin = self.place.folder.path().join("bin");
        let mut command = self.place.command(words);
        command
            .args(["--data", "data"])
            .env("PATH", format!("{}:{path}", bin.display()));
        self.place.told(command.output().expect("the program runs"))
    }

    fn asked_of_aws(&self) -> Option<String> {
        fs::read_to_string(self.place.folder.path().join("asked")).ok()
    }

    fn recorded(&self) -> Vec<Value> {
        let asked = self.place.server.asked().into_iter();
        let posts = asked.filter(|asked| asked.line == "POST /api/v1/pipelines");
        posts.map(|asked| asked.body).collect()
    }
}

#[test]
fn without_yes_it_shows_what_changes_and_touches_nothing() {
    let scene = Scene::outdated();
    let ran = scene.run("apply");
    assert_eq!(ran.exit, 8, "{}", ran.shown());
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{}", ran.stdout);
    assert!(lines[0].starts_with("+ greenroom-acme-orders-dev-"));
    assert!(lines[0].ends_with("is added"));
    assert_eq!(
        lines[1],
        "- greenroom-acme-orders-old-0 is removed: the stage file has it no more"
    );
    assert!(lines[2].starts_with("~ greenroom-acme-orders-qa-"));
    assert!(ran.stderr.contains("greenroom apply --yes"));
    let json = scene.run("apply --json").json();
    assert_eq!(json["schema"], "apply/v1");
    assert_eq!(json["applied"], false);
    let kinds = json["changes"].as_array().expect("a list").iter();
    let kinds: Vec<&Value> = kinds.map(|change| &change["change"]).collect();
    assert_eq!(kinds, ["added", "removed", "changed"]);
    assert_eq!((scene.asked_of_aws(), scene.recorded()), (None, vec![]));
}

#[test]
fn nothing_to_change_is_no_work() {
    let scene = Scene::new(|_| ());
    for words in ["apply", "apply --yes"] {
        let ran = scene.run(words);
        assert_eq!(ran.exit, 0, "{}", ran.shown());
    }
    assert_eq!((scene.asked_of_aws(), scene.recorded()), (None, vec![]));
}

#[test]
fn with_yes_it_deploys_the_template_and_records_all_of_it() {
    let scene = Scene::outdated();
    let answer = json!({ "app": 1, "name": "acme/orders", "wanted": [], "applied": {} });
    scene.place.server.on("POST /api/v1/pipelines", 200, answer);
    let ran = scene.run("apply --yes --parameter Branch=develop --parameter Artifacts=a=b");
    assert_eq!(ran.exit, 0, "{}", ran.shown());
    assert!(ran.stderr.contains("Successfully created/updated stack"));
    assert!(ran.stdout.contains("was added"), "{}", ran.stdout);
    let stack = "greenroom-pipelines-acme-orders-";
    let asked = scene.asked_of_aws().expect("aws was asked");
    let (before, after) = asked.split_once(stack).expect("its stack");
    assert_eq!(
        before,
        "cloudformation deploy --template-file TEMPLATE --stack-name "
    );
    let (_hash, after) = after.split_once(' ').expect("more");
    assert_eq!(
        after.trim_end(),
        "--capabilities CAPABILITY_IAM --no-fail-on-empty-changeset --parameter-overrides Branch=develop Artifacts=a=b"
    );
    let recorded = scene.recorded();
    assert_eq!(recorded.len(), 1);
    assert_eq!(
        (&recorded[0]["by"], &recorded[0]["app"]),
        (&json!("alice"), &json!("acme/orders"))
    );
    assert!(
        recorded[0]["seen"].is_object(),
        "what it saw applied before"
    );
    let template = fs::read(scene.place.folder.path().join("template.json")).expect("a template");
    let template: Value = serde_json::from_slice(&template).expect("JSON");
    // What is recorded is what the template holds, and what was wanted.
    let definitions = &template["Metadata"]["Greenroom"]["Definitions"];
    assert_eq!(&recorded[0]["applied"], definitions);
    for one in scene.wanted.as_array().expect("a list") {
        assert_eq!(
            definitions[one["name"].as_str().expect("a name")],
            one["hash"]
        );
    }
}

#[test]
fn what_was_not_deployed_is_not_recorded() {
    let scene = Scene::outdated();
    scene.place.write("aws.exit", "255");
    let ran = scene.run("apply --yes");
    assert_eq!(ran.exit, 1, "{}", ran.shown());
    assert!(ran.stderr.contains("the pipelines could not be deployed"));
    assert!(ran.stderr.contains("describe-stack-events"));
    assert_eq!(scene.recorded(), Vec::<Value>::new());
}

#[test]
fn an_aws_that_is_not_there_is_said_and_nothing_is_recorded() {
    let scene = Scene::outdated();
    let mut command = scene.place.command("apply --yes --data data");
    command.env("PATH", scene.place.folder.path().join("data"));
    let ran = scene
        .place
        .told(command.output().expect("the program runs"));
    assert_eq!(ran.exit, 1, "{}", ran.shown());
    assert!(ran.stderr.contains("the AWS CLI is not installed"));
    assert_eq!(scene.recorded(), Vec::<Value>::new());
}

#[test]
fn a_server_that_was_not_told_is_said() {
    let scene = Scene::outdated();
    let away = fault("unavailable", "the store is away", "try again");
    scene.place.server.on("POST /api/v1/pipelines", 503, away);
    let ran = scene.run("apply --yes");
    assert_eq!(ran.exit, 1, "{}", ran.shown());
    for words in [
        "the pipelines are deployed, but the server was not told",
        "the store is away",
        "`greenroom apply --yes` again tells it",
    ] {
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
}

#[test]
fn a_file_or_a_parameter_that_is_not_in_force_is_refused() {
    let scene = Scene::outdated();
    scene
        .place
        .write("other.yaml", &STAGES.replace("make deploy", "make other"));
    let ran = scene.run("apply --yes -f other.yaml");
    assert_eq!(ran.exit, 2, "{}", ran.shown());
    assert!(ran.stderr.contains("push it first"), "{}", ran.stderr);
    assert!(ran.stderr.contains("greenroom-acme-orders-qa-"));
    let ran = scene.run("apply --yes --parameter Brunch=main");
    assert_eq!(ran.exit, 2, "{}", ran.shown());
    assert!(ran.stderr.contains("the template has no parameter Brunch"));
    assert_eq!((scene.asked_of_aws(), scene.recorded()), (None, vec![]));
}
