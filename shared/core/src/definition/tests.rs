use super::*;
use crate::name::RuleName;
use crate::stage_file::Template;

const SMALL: &str = r#"
version: 1
app: acme/orders
variables:
  one: { A: 1, KEY: "${secret:orders/key}" }
pipelines:
  service:
    steps:
      - { name: build, run: make, once: true, artifact: dist, outputs: [X] }
      - { name: deploy, run: d, timeout: 5m, outputs: [URL] }
suites:
  s: { files: t/*.hurl, base_url: "http://x" }
stages:
  dev: { from: { branch: main }, pipeline: service, variables: [one], verify: [s] }
  prod: { from: { promote: dev }, pipeline: service, soak: 1h }
"#;

fn parse(text: &str) -> StageFile {
    StageFile::parse("greenroom.yaml", text.as_bytes()).expect("a stage file that holds")
}

fn both(text: &str) -> (Definition, Definition) {
    let file = parse(text);
    let rule = file.rule(&RuleName::new("dev")).expect("a rule");
    (
        Definition::of_build(&file.app, &file, &PipelineName::new("service")).expect("builds"),
        Definition::of_stage(&file.app, &file, rule).expect("deploys"),
    )
}

/// Whether the build's and the stage's pipeline have another definition.
fn changed(from: &str, to: &str) -> (bool, bool) {
    assert!(SMALL.contains(from), "{from}");
    let (old, new) = (both(SMALL), both(&SMALL.replace(from, to)));
    (old.0 != new.0, old.1 != new.1)
}

#[test]
fn each_pipeline_changes_with_what_it_is_rendered_from_and_with_nothing_else() {
    let cases = [
        ("run: make", "run: make all", (true, false)),
        ("artifact: dist", "artifact: out", (true, false)),
        (", artifact: dist", "", (true, true)),
        ("outputs: [X]", "outputs: [Y]", (true, false)),
        ("run: d,", "run: e,", (false, true)),
        ("timeout: 5m", "timeout: 6m", (false, true)),
        ("outputs: [URL]", "outputs: [URI]", (false, true)),
        ("A: 1", "A: 2", (false, true)),
        ("orders/key", "orders/other", (false, true)),
        ("branch: main", "pull_request: {}", (false, true)),
        ("acme/orders", "acme/other", (true, true)),
        ("app: acme/orders", "app: Acme/Orders", (false, false)),
        ("soak: 1h", "soak: 2h", (false, false)),
        ("http://x", "http://y", (false, false)),
        ("branch: main", "branch: master", (false, false)),
    ];
    for (from, to, expected) in cases {
        assert_eq!(changed(from, to), expected, "{to}");
    }
}

#[test]
fn what_runs_nothing_has_no_definition() {
    let file = parse(&SMALL.replace(", once: true, artifact: dist", ""));
    let service = PipelineName::new("service");
    assert_eq!(Definition::of_build(&file.app, &file, &service), None);
    let other = PipelineName::new("other");
    assert_eq!(Definition::of_build(&file.app, &file, &other), None);
    let file = parse("version: 1\napp: a/b\nstages:\n  local: { kind: local }\n");
    assert_eq!(Definition::of_stage(&file.app, &file, &file.rules[0]), None);
}

#[test]
fn names_are_legal_and_no_two_are_equal() {
    let long = "a".repeat(60);
    let parts = ["a", "b", "a-b", "a--b", "a_b", "b-build", "build", &long];
    let mut seen = std::collections::BTreeSet::new();
    for owner in parts {
        for repository in ["a", "b", "a-b", "a.b", "-", "é", &long] {
            for rule in parts {
                for kind in ["", "-build"] {
                    let app = RepoName::new(format!("{owner}/{repository}"));
                    let name = name(&app, rule, kind);
                    assert!(name.len() <= NAME_MAX, "{name}");
                    let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
                    assert!(name.bytes().all(legal), "{name}");
                    assert!(name.starts_with("greenroom-"), "{name}");
                    assert!(seen.insert(name.clone()), "{name} twice");
                }
            }
        }
    }
    let (build, stage) = both(SMALL);
    assert!(
        build
            .name
            .starts_with("greenroom-acme-orders-service-build-")
    );
    assert!(stage.name.starts_with("greenroom-acme-orders-dev-"));
}

#[test]
fn a_start_tells_what_templates_stand_for_and_never_nothing_at_all() {
    let mut values = Values {
        stage: Some("pr-7".into()),
        actor: Some("Ada".into()),
        branch: Some("feature/X".to_owned()),
        pr: Some(7),
        ..Values::default()
    };
    let template = Template::parse("${actor}|${branch.slug}|${pr}|${stage}").expect("legal");
    let Ok(crate::stage_file::Rendered::Text(text)) = template.render(&values) else {
        panic!("it is a text");
    };
    let told = start_variables(&values);
    let value = |name: &str| &told.iter().find(|(known, _)| *known == name).expect(name).1;
    let names = [
        "GREENROOM_ACTOR",
        "GREENROOM_BRANCH",
        "GREENROOM_PR",
        "GREENROOM_STAGE",
    ];
    let joined: Vec<&str> = names.iter().map(|name| value(name).as_str()).collect();
    assert_eq!(joined.join("|"), text, "the same as on one machine");
    values = Values::default();
    assert!(
        start_variables(&values)
            .iter()
            .all(|(_, value)| value == NOTHING)
    );
}

#[test]
fn a_pipeline_that_exists_is_rendered_from_nothing_and_never_outdated() {
    let existing = SMALL.replace(
        "      - { name: deploy, run: d, timeout: 5m, outputs: [URL] }",
        "    existing: orders-roll-out",
    );
    let (build, stage) = both(&existing);
    assert_eq!(build, both(SMALL).0, "what builds is the same");
    assert!(stage.is_existing() && !build.is_existing());
    assert_eq!(stage.name, "orders-roll-out");
    let file = parse(&existing);
    let rule = file.rule(&RuleName::new("dev")).expect("a rule");
    let none = Applied::new();
    let outdated = Outdated::of(&file.app, &file, rule, &none);
    assert_eq!(
        (outdated.build, outdated.stage),
        (Some(build.clone()), None)
    );
    assert_eq!(all(&file.app, &file), [build]);
    // Another one is another recipe: what is verified by one is not by the other.
    let other = parse(&existing.replace("orders-roll-out", "another"));
    let recipe = |file: &StageFile| {
        file.rule(&RuleName::new("dev"))
            .expect("a rule")
            .recipe
            .clone()
    };
    assert_ne!(recipe(&file), recipe(&other));
    assert_ne!(recipe(&file), recipe(&parse(SMALL)));
}

#[test]
fn the_pipeline_that_tears_down_is_made_from_its_steps_its_proof_and_the_variables() {
    let text = SMALL
        .replace(
            "outputs: [URL] }\n",
            "outputs: [URL] }\n    teardown: { steps: [{ name: remove, run: r }], leftovers: list }\n",
        )
        .replace("verify: [s] }", "verify: [s], expires: { idle: 7d } }");
    let of = |text: &str| {
        let file = parse(text);
        let rule = file.rule(&RuleName::new("dev")).expect("a rule");
        Definition::of_teardown(&file.app, &file, rule)
    };
    assert_eq!(of(SMALL), None, "it does not expire");
    let own = of(&text).expect("it is torn down");
    assert!(own.name.starts_with("greenroom-acme-orders-dev-teardown-"));
    let all = all(&parse(&text).app, &parse(&text));
    assert!(all.contains(&own));
    assert_eq!(all.len(), 4, "a build, two stages and a teardown: {all:?}");
    for (from, to, changes) in [
        ("run: r }", "run: rr }", true),
        ("leftovers: list", "leftovers: other", true),
        ("A: 1", "A: 2", true),
        ("run: d,", "run: e,", false),
        ("idle: 7d", "idle: 8d", false),
    ] {
        let new = of(&text.replace(from, to)).expect("it is torn down");
        assert_eq!(new != own, changes, "{to}");
    }
}

#[test]
fn the_pipeline_that_leads_people_is_made_from_its_steps_and_the_variables() {
    let text = SMALL
        .replace(
            "outputs: [URL] }\n",
            "outputs: [URL] }\n    switch: { steps: [{ name: lead, run: l }] }\n",
        )
        .replace(
            "soak: 1h }",
            "soak: 1h, variables: [one], toggle: { with: backup, keep: 2h } }",
        );
    let of = |text: &str| {
        let file = parse(text);
        let rule = file.rule(&RuleName::new("prod")).expect("a rule");
        Definition::of_switch(&file.app, &file, rule)
    };
    assert_eq!(of(SMALL), None, "it takes turns with nobody");
    let own = of(&text).expect("people are led to it");
    assert!(own.name.starts_with("greenroom-acme-orders-prod-switch-"));
    let all = all(&parse(&text).app, &parse(&text));
    assert!(all.contains(&own));
    for (from, to, changes) in [
        ("run: l }", "run: ll }", true),
        ("A: 1", "A: 2", true),
        ("run: d,", "run: e,", false),
        ("keep: 2h", "keep: 3h", false),
    ] {
        let new = of(&text.replace(from, to)).expect("people are led to it");
        assert_eq!(new != own, changes, "{to}");
    }
}
