use std::collections::BTreeSet;

use super::*;

const FILE: &str = r#"
version: 1
app: acme/orders
variables:
  all: { A: "{{resolve:secretsmanager:prod}}", KEY: "${secret:orders/key}", SAME: "${secret:orders/key}" }
pipelines:
  service:
    steps:
      - { name: build, run: "echo {{{{ {{resolve:ssm:x}} \u2028\u0085", once: true, artifact: dist, timeout: 20m }
      - { name: deploy, run: d, timeout: 90s }
  plain:
    steps:
      - { name: deploy, run: d }
suites:
  s: { files: t/*.hurl, base_url: "http://x" }
stages:
  local: { kind: local }
  dev: { from: { branch: main }, pipeline: service, variables: [all], verify: [s] }
  prod: { from: { promote: dev }, pipeline: service }
  preview: { name: "pr-${pr}", from: { pull_request: {} }, pipeline: service, variables: [all] }
  site: { from: { branch: site }, pipeline: plain }
"#;

fn file(text: &str) -> StageFile {
    StageFile::parse("greenroom.yaml", text.as_bytes()).expect("a stage file that holds")
}

fn rendered() -> Rendered {
    let file = file(FILE);
    synth(&file, &Options::of(&file)).expect("it can be rendered")
}

/// The resource whose logical id begins so.
fn resource<'a>(template: &'a Value, begins: &str) -> &'a Value {
    let resources = template["Resources"].as_object().expect("resources");
    let mut found = resources.iter().filter(|(id, _)| id.starts_with(begins));
    let (_, resource) = found.next().expect(begins);
    assert!(found.next().is_none(), "more than one {begins}");
    &resource["Properties"]
}

/// What a role may do: `action resource`, parameters as they are.
fn allowed(template: &Value, role: &str) -> BTreeSet<String> {
    let statements = &resource(template, role)["Policies"][0]["PolicyDocument"]["Statement"];
    let mut all = BTreeSet::new();
    for statement in statements.as_array().expect("statements") {
        assert_eq!(statement["Effect"], "Allow");
        let resources = match &statement["Resource"] {
            Value::Array(many) => many.clone(),
            one => vec![one.clone()],
        };
        for resource in &resources {
            let text = resource["Fn::Sub"]
                .as_str()
                .or_else(|| resource["Ref"].as_str());
            let text = text
                .expect("a reference")
                .replace("arn:${AWS::Partition}:", "");
            let text = text.replace("${AWS::Region}:${AWS::AccountId}:", "");
            for action in statement["Action"].as_array().expect("actions") {
                all.insert(format!("{} {text}", action.as_str().expect("text")));
            }
        }
    }
    all
}

fn lines<'a>(all: &'a BTreeSet<String>, without: &[&str]) -> Vec<&'a str> {
    let lines = all.iter().map(String::as_str);
    lines
        .filter(|line| !without.iter().any(|begin| line.starts_with(begin)))
        .collect()
}

#[test]
fn there_is_a_pipeline_for_each_build_and_for_each_rule_that_deploys() {
    let rendered = rendered();
    let titles = [
        "BuildService",
        "StageDev",
        "StageProd",
        "StagePreview",
        "StageSite",
    ];
    for title in titles {
        let pipeline = resource(&rendered.template, &format!("Pipeline{title}"));
        let project = resource(&rendered.template, &format!("Project{title}"));
        assert_eq!(pipeline["Name"], project["Name"]);
        assert_eq!(pipeline["PipelineType"], "V2");
        assert_eq!(pipeline["ExecutionMode"], "PARALLEL");
        assert!(pipeline.get("Triggers").is_none());
        let source = &pipeline["Stages"][0]["Actions"][0]["Configuration"];
        assert_eq!(source["DetectChanges"], "false");
    }
    assert_eq!(rendered.definitions.len(), titles.len());
    let file = file(FILE);
    assert_eq!(rendered.definitions, definition::all(&file.app, &file));
    let recorded = &rendered.template["Metadata"]["Greenroom"]["Definitions"];
    for definition in &rendered.definitions {
        assert_eq!(recorded[&definition.name], definition.hash.as_str());
    }
}

#[test]
fn the_fence_stands_between_source_and_steps_and_gets_the_nonce_alone() {
    let rendered = rendered();
    let pipeline = resource(&rendered.template, "PipelineStageDev");
    let stages: Vec<&str> = pipeline["Stages"]
        .as_array()
        .expect("stages")
        .iter()
        .filter_map(|stage| stage["Name"].as_str())
        .collect();
    assert_eq!(stages, ["Source", "Admit", "Deploy"]);
    let admit = &pipeline["Stages"][1]["Actions"][0]["Configuration"]["UserParameters"];
    let admit: Value = serde_json::from_str(admit.as_str().expect("text")).expect("JSON");
    assert_eq!(admit["nonce"], "#{variables.GREENROOM_NONCE}");
    assert_eq!(admit["pipeline"], pipeline["Name"]);
    let name = pipeline["Name"].as_str().expect("text");
    let dev = rendered.definitions.iter().find(|it| it.name == name);
    assert_eq!(admit["definition"], dev.expect("dev").hash.as_str());
    let deploy = &pipeline["Stages"][2]["Actions"][0]["Configuration"]["EnvironmentVariables"];
    let deploy = deploy.as_str().expect("text");
    assert!(deploy.len() <= 1000, "{} characters", deploy.len());
    assert!(!deploy.contains("NONCE"), "{deploy}");
    let declared = pipeline["Variables"].as_array().expect("variables");
    for name in start_names() {
        assert!(declared.iter().any(|it| it["Name"] == name), "{name}");
        assert!(deploy.contains(name), "{name}");
    }
    let build = resource(&rendered.template, "PipelineBuildService");
    assert_eq!(build["Stages"].as_array().map(Vec::len), Some(2));
}

fn start_names() -> impl Iterator<Item = &'static str> {
    definition::start_variables(&Default::default())
        .into_iter()
        .map(|(name, _)| name)
}

#[test]
fn each_role_may_do_what_it_must_and_nothing_else() {
    let template = rendered().template;
    let log = [
        "logs:",
        "s3:GetObject s3:::${Artifacts}/greenroom-acme-order*/Source/*",
        "s3:GetObjectVersion",
    ];
    let steps = |title: &str| allowed(&template, &format!("Role{title}"));
    assert_eq!(
        lines(&steps("BuildService"), &log),
        ["s3:PutObject s3:::${Artifacts}/artifacts/*"]
    );
    let artifact = "s3:GetObject s3:::${Artifacts}/artifacts/*";
    let secret =
        "secretsmanager:GetSecretValue secretsmanager:secret:${SecretPrefix}orders/key-??????";
    assert_eq!(lines(&steps("StageDev"), &log), [artifact, secret]);
    assert_eq!(lines(&steps("StageProd"), &log), [artifact]);
    assert_eq!(
        lines(&steps("StagePreview"), &log),
        [artifact],
        "a pull request sees no secret"
    );
    assert!(lines(&steps("StageSite"), &log).is_empty());
    let name = resource(&template, "ProjectStageSite")["Name"]
        .as_str()
        .expect("text")
        .to_owned();
    let own = ["s3:", "codeconnections:", "codestar-connections:"];
    let pipeline = allowed(&template, "PipelineRoleStageSite");
    assert_eq!(
        lines(&pipeline, &own),
        [
            format!("codebuild:BatchGetBuilds codebuild:project/{name}"),
            format!("codebuild:StartBuild codebuild:project/{name}"),
            "lambda:InvokeFunction lambda:function:${AdmissionFunction}".to_owned(),
        ]
    );
    let pipeline = allowed(&template, "PipelineRoleBuildService");
    assert!(!pipeline.iter().any(|line| line.starts_with("lambda:")));
    let logs = steps("StageSite");
    assert!(
        logs.contains(&format!(
            "logs:PutLogEvents logs:log-group:/greenroom/{name}:*"
        )),
        "{logs:?}"
    );
}

#[test]
fn cloudformation_resolves_nothing_a_stage_file_says() {
    let rendered = rendered();
    let text = rendered.template.to_string();
    assert!(
        !text.contains("{{"),
        "a reference would be resolved with the rights of who deploys"
    );
    let spec = &resource(&rendered.template, "ProjectBuildService")["Source"]["BuildSpec"];
    let spec = spec
        .as_str()
        .expect("one text, so that nothing in it is a function");
    assert!(
        spec.chars()
            .all(|c| c == '\n' || !(c.is_control() || c == '\u{2028}'))
    );
    let read: Value = serde_json::from_str(spec).expect("JSON");
    let program = read["phases"]["build"]["commands"][0]
        .as_str()
        .expect("text");
    assert!(
        program.contains("echo {{{{ {{resolve:ssm:x}} \u{2028}\u{85}"),
        "{program}"
    );
}

#[test]
fn limits_of_steps_are_those_of_the_project_and_a_little_more() {
    let template = rendered().template;
    assert_eq!(
        resource(&template, "ProjectBuildService")["TimeoutInMinutes"],
        30
    );
    assert_eq!(
        resource(&template, "ProjectStageDev")["TimeoutInMinutes"],
        11
    );
}

#[test]
fn what_is_different_on_aws_is_said() {
    let notes = rendered().notes;
    let said = |what: &str, words: &str| {
        notes
            .iter()
            .any(|it| it.what == what && it.why.contains(words))
    };
    assert!(said("stage local", "never deployed"), "{notes:?}");
    assert!(said("stage preview", "secrets of KEY, SAME"), "{notes:?}");
    assert_eq!(notes.len(), 2);
}

#[test]
fn a_build_with_reports_may_keep_them_and_says_where() {
    let build = |text: &str| {
        let file = file(text);
        let template = synth(&file, &Options::of(&file))
            .expect("renderable")
            .template;
        let spec = resource(&template, "ProjectBuildService")["Source"]["BuildSpec"].to_string();
        let role = resource(&template, "RoleBuildService")["Policies"].to_string();
        (
            spec.contains("GREENROOM_REPORTS\\\""),
            role.contains("reports/*"),
        )
    };
    assert_eq!(build(FILE), (false, false));
    let reports = "artifact: dist, reports: { junit: out/*.xml },";
    assert_eq!(
        build(&FILE.replace("artifact: dist,", reports)),
        (true, true)
    );
}

#[test]
fn what_cannot_run_is_told_all_at_once() {
    let text = FILE.replace(
        "run: d, timeout: 90s",
        "run: d, outputs: [PATH, AWS_REGION, URL]",
    );
    let file = file(&text);
    let problems = synth(&file, &Options::of(&file)).expect_err("not renderable");
    let of = |words: &str| problems.iter().filter(|it| it.why.contains(words)).count();
    // Three stages deploy by this pipeline.
    assert_eq!(
        (problems.len(), of("cannot be an output")),
        (6, 6),
        "{problems:#?}"
    );
}

const SMALL: &str = r#"
version: 1
app: acme/orders
variables:
  all: { KEY: "${secret:orders/key}" }
pipelines:
  service:
    steps:
      - { name: build, run: make, once: true, artifact: dist }
      - { name: deploy, run: d, outputs: [URL] }
stages:
  dev: { from: { branch: main }, pipeline: service, variables: [all] }
"#;

/// What people read when they wonder what will be made; the programs are a test of their own.
#[test]
fn a_template_reads_as_recorded() {
    let file = file(SMALL);
    let mut template = synth(&file, &Options::of(&file))
        .expect("renderable")
        .template;
    let resources = template["Resources"].as_object_mut().expect("resources");
    for resource in resources.values_mut() {
        if let Some(spec) = resource.pointer_mut("/Properties/Source/BuildSpec") {
            *spec = json!("...");
        }
    }
    insta::assert_snapshot!(format!("{template:#}"));
}

#[test]
fn a_program_reads_as_recorded() {
    let template = rendered().template;
    let spec = &resource(&template, "ProjectStageDev")["Source"]["BuildSpec"];
    let spec: Value = serde_json::from_str(spec.as_str().expect("text")).expect("JSON");
    let program = spec["phases"]["build"]["commands"][0]
        .as_str()
        .expect("text");
    insta::assert_snapshot!(program);
}

#[test]
fn a_stage_that_expires_has_a_pipeline_that_tears_it_down() {
    let text = FILE
        .replace(
            "      - { name: deploy, run: d, timeout: 90s }",
            "      - { name: deploy, run: d, timeout: 90s }\n    teardown: { steps: [{ name: remove, run: r }], leftovers: list }",
        )
        .replace("pull_request: {} }", "pull_request: {} }, expires: { idle: 3d }");
    let file = file(&text);
    let rendered = synth(&file, &Options::of(&file)).expect("it can be rendered");
    let before = self::rendered();
    let new: Vec<&str> = rendered
        .definitions
        .iter()
        .filter(|it| !before.definitions.contains(it))
        .map(|it| it.name.as_str())
        .collect();
    assert_eq!(new.len(), 1, "{new:?}");
    assert!(
        new[0].starts_with("greenroom-acme-orders-preview-teardown-"),
        "{new:?}"
    );

    let pipeline = resource(&rendered.template, "PipelineTeardownPreview");
    let stages = pipeline["Stages"].as_array().expect("stages");
    let names: Vec<&str> = stages.iter().filter_map(|it| it["Name"].as_str()).collect();
    assert_eq!(
        names,
        ["Source", "Admit", "Deploy"],
        "the fence comes first here as well"
    );
    // Its steps are the default branch's: nobody who opens a pull request can change them.
    let may = allowed(&rendered.template, "RoleTeardownPreview");
    let secrets = lines(&may, &["logs", "s3"]);
    assert_eq!(
        secrets,
        ["secretsmanager:GetSecretValue secretsmanager:secret:${SecretPrefix}orders/key-??????"]
    );
    let deploys = allowed(&rendered.template, "RoleStagePreview");
    assert_eq!(lines(&deploys, &["logs", "s3"]), Vec::<&str>::new());
    // What it may take away is its own parameter.
    let parameters = rendered.template["Parameters"]
        .as_object()
        .expect("parameters");
    let own = parameters
        .keys()
        .filter(|name| name.starts_with("PoliciesTeardownPreview"));
    assert_eq!(own.count(), 1);
    let spec = resource(&rendered.template, "ProjectTeardownPreview")["Source"]["BuildSpec"]
        .as_str()
        .expect("a buildspec")
        .to_owned();
    assert!(
        spec.contains("remove") && spec.contains("leftovers"),
        "{spec}"
    );
}

#[test]
fn two_stages_that_take_turns_have_a_pipeline_that_leads_people() {
    let text = FILE
        .replace(
            "      - { name: deploy, run: d, timeout: 90s }",
            "      - { name: deploy, run: d, timeout: 90s }\n    switch: { steps: [{ name: lead, run: sh lead.sh }] }",
        )
        .replace(
            "from: { pull_request: {} }",
            "from: { tag: \"v*\" }, toggle: { with: backup, keep: 2h }",
        )
        .replace("name: \"pr-${pr}\", ", "");
    let file = file(&text);
    let rendered = synth(&file, &Options::of(&file)).expect("it can be rendered");
    let pipeline = resource(&rendered.template, "PipelineSwitchPreview");
    let stages = pipeline["Stages"].as_array().expect("stages");
    let names: Vec<&str> = stages.iter().filter_map(|it| it["Name"].as_str()).collect();
    assert_eq!(
        names,
        ["Source", "Admit", "Deploy"],
        "the fence comes first"
    );
    let names = rendered.definitions.iter().map(|it| it.name.as_str());
    let named = names.filter(|name| name.starts_with("greenroom-acme-orders-preview-switch-"));
    assert_eq!(named.count(), 1);
    // What it may change is its own parameter.
    let parameters = rendered.template["Parameters"]
        .as_object()
        .expect("parameters");
    let own = parameters
        .keys()
        .filter(|name| name.starts_with("PoliciesSwitchPreview"));
    assert_eq!(own.count(), 1);
    let spec = &resource(&rendered.template, "ProjectSwitchPreview")["Source"]["BuildSpec"];
    assert!(spec.as_str().expect("a buildspec").contains("sh lead.sh"));
}

#[test]
fn whoever_only_reads_a_shared_resource_may_read_the_readers_secret_alone() {
    let dev = "variables: [all], verify: [s] }";
    let reads = "verify: [s], shares: { db: read-only } }";
    let resource = "resources:\n  db: { owner: prod, write: { DB: \"${secret:db/rw}\" }, read: { DB: \"${secret:db/ro}\" } }\n";
    let file = file(&format!("{}{resource}", FILE.replacen(dev, reads, 1)));
    let made = synth(&file, &Options::of(&file)).expect("it can be rendered");
    let secrets = |role: &str| {
        let all = allowed(&made.template, role).into_iter();
        let secrets =
            all.filter_map(|line| line.split_once("${SecretPrefix}").map(|it| it.1.to_owned()));
        secrets.collect::<Vec<_>>()
    };
    assert_eq!(secrets("RoleStageDev"), ["db/ro-??????"]);
    assert_eq!(secrets("RoleStageProd"), ["db/rw-??????"]);
}
