//! Resolution against examples and against a naive oracle.

mod names;
mod oracle;

use super::*;
use crate::stage_file::StageFile;

const DESIGN: &str = include_str!("../../tests/valid/design.yaml");

fn file(text: &str) -> StageFile {
    StageFile::parse("greenroom.yaml", text.as_bytes()).unwrap_or_else(|all| panic!("{all}"))
}

/// A stage file whose `stages:` section is `stages`.
fn with_stages(stages: &str) -> StageFile {
    file(&format!(
        "version: 1\napp: acme/orders\npipelines:\n  p: {{ steps: [{{ name: d, run: d }}] }}\n\
         suites:\n  s: {{ files: t/*.hurl, base_url: \"http://x\" }}\nstages:\n{stages}"
    ))
}

fn push(reference: &str, actor: Option<&str>) -> Trigger {
    Trigger {
        event: Event::Push,
        reference: RefName::new(reference),
        actor: actor.map(Actor::new),
        deleted: false,
    }
}

fn pull_request(base: &str, labels: &[&str], fork: bool) -> Trigger {
    Trigger {
        event: Event::PullRequest {
            number: 7,
            base: base.to_owned(),
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            fork,
        },
        reference: RefName::new("refs/heads/topic"),
        actor: Some(Actor::new("alice")),
        deleted: false,
    }
}

fn stage_of(resolution: &Resolution) -> Option<&str> {
    resolution.stage.as_ref().map(StageName::as_str)
}

fn rule_of(resolution: &Resolution) -> Option<&str> {
    resolution.rule.as_ref().map(RuleName::as_str)
}

fn why<'a>(resolution: &'a Resolution, rule: &str) -> &'a str {
    let tried = resolution
        .tried
        .iter()
        .find(|tried| tried.rule.as_str() == rule);
    &tried.expect("the rule was tried").why
}

#[test]
fn a_feature_branch_leads_to_the_stage_of_who_pushed() {
    let got = resolve(
        &file(DESIGN),
        &push("refs/heads/feature/cs/VW-525_x", Some("Alice")),
    );
    assert_eq!(stage_of(&got), Some("alice"));
    assert_eq!(rule_of(&got), Some("personal"));
    assert_eq!(got.values.stage, Some(StageName::new("alice")));
    assert_eq!(got.values.branch.as_deref(), Some("feature/cs/VW-525_x"));
}

#[test]
fn the_answer_serialises_to_the_published_shape() {
    let got = resolve(&file(DESIGN), &push("refs/heads/develop", Some("alice")));
    assert_eq!(
        serde_json::to_value(&got).expect("plain data"),
        serde_json::json!({
            "stage": "dev",
            "rule": "dev",
            "tried": [
                { "rule": "local", "matched": false,
                  "why": "is never deployed; takes only branches that no other stage takes" },
                { "rule": "personal", "matched": false,
                  "why": "the branch does not match `feature/**`" },
                { "rule": "dev", "matched": true, "why": "the branch matches `develop`" },
            ],
        })
    );
}

#[test]
fn an_unknown_actor_gets_no_stage_and_no_other_rule_takes_over() {
    let stages = "  own: { name: \"${actor}\", from: { branch: \"feature/**\" }, pipeline: p }\n  \
                  any: { from: { branch: \"**\" }, pipeline: p }\n";
    let got = resolve(&with_stages(stages), &push("refs/heads/feature/x", None));
    assert_eq!(stage_of(&got), None);
    assert_eq!(rule_of(&got), Some("own"));
    assert!(
        got.note
            .as_deref()
            .is_some_and(|note| note.contains("who pushed"))
    );
}

#[test]
fn a_refreshed_stage_is_never_reached_by_a_push() {
    let got = resolve(&file(DESIGN), &push("refs/heads/master", Some("alice")));
    assert_eq!(stage_of(&got), None);
    assert_eq!(
        why(&got, "preprod"),
        "the branch matches, but only the schedule refreshes this stage"
    );
}

#[test]
fn a_schedule_reaches_its_own_rule_only() {
    let due = |rule: &str, reference: &str| Trigger {
        event: Event::Schedule {
            rule: RuleName::new(rule),
        },
        ..push(reference, None)
    };
    let file = file(DESIGN);
    let got = resolve(&file, &due("preprod", "refs/heads/master"));
    assert_eq!(stage_of(&got), Some("preprod"));
    assert_eq!(
        stage_of(&resolve(&file, &due("dev", "refs/heads/develop"))),
        None
    );
    assert_eq!(
        stage_of(&resolve(&file, &due("preprod", "refs/heads/develop"))),
        None
    );
}

#[test]
fn a_promoted_stage_is_reached_by_no_event() {
    let got = resolve(&file(DESIGN), &push("refs/heads/prod", Some("alice")));
    assert_eq!(stage_of(&got), None);
    assert_eq!(why(&got, "prod"), "only takes what `preprod` has verified");
}

#[test]
fn a_local_stage_takes_what_nothing_else_takes_and_deploys_nothing() {
    let got = resolve(&file(DESIGN), &push("refs/heads/wip", Some("alice")));
    assert_eq!(stage_of(&got), None);
    assert_eq!(rule_of(&got), Some("local"));
    let got = resolve(&file(DESIGN), &push("refs/tags/v1", Some("alice")));
    assert_eq!(rule_of(&got), None);
}

#[test]
fn a_pull_request_needs_its_base_and_all_labels() {
    let stages = "  pr: { name: \"pr-${pr}\", from: { pull_request: { base: main, labels: [preview, ok] } }, pipeline: p }\n";
    let file = with_stages(stages);
    let got = resolve(&file, &pull_request("main", &["ok", "preview", "x"], false));
    assert_eq!(stage_of(&got), Some("pr-7"));
    let got = resolve(&file, &pull_request("main", &["ok"], false));
    assert_eq!(why(&got, "pr"), "the label `preview` is not set");
    let got = resolve(&file, &pull_request("other", &["ok", "preview"], false));
    assert_eq!(why(&got, "pr"), "the base branch does not match `main`");
    let got = resolve(&file, &push("refs/heads/main", Some("alice")));
    assert_eq!(why(&got, "pr"), "takes pull requests, and this is not one");
}

#[test]
fn a_pull_request_from_a_fork_is_refused_a_stage_with_a_reason() {
    let stages = "  pr: { name: \"pr-${pr}\", from: { pull_request: {} }, pipeline: p }\n  \
                  all: { from: { branch: \"**\" }, pipeline: p }\n";
    let got = resolve(&with_stages(stages), &pull_request("main", &[], true));
    assert_eq!(stage_of(&got), None);
    assert_eq!(rule_of(&got), Some("pr"));
    assert!(
        got.note
            .as_deref()
            .is_some_and(|note| note.contains("`forks`"))
    );
}

#[test]
fn a_fork_that_is_taken_leads_to_the_stage_of_its_number_and_nowhere_else() {
    let stages = "  pr: { name: \"pr-${pr}\", from: { pull_request: { forks: ok } }, pipeline: p }\n\
                  roles: { owner: [alice] }\nmarks: { ok: { by: [owner] } }\n";
    let got = resolve(&with_stages(stages), &pull_request("main", &[], true));
    assert_eq!(stage_of(&got), Some("pr-7"));
    let note = got.note.as_deref().unwrap_or_default();
    assert!(note.contains("until its commit is marked ok"), "{note}");
    let own = resolve(&with_stages(stages), &pull_request("main", &[], false));
    assert_eq!((stage_of(&own), &own.note), (Some("pr-7"), &None));
}

#[test]
fn a_tag_is_a_tag_whichever_event_brings_it() {
    let stages = "  main: { from: { branch: \"**\" }, pipeline: p }\n  \
                  rel: { from: { tag: \"v*\" }, pipeline: p }\n";
    let file = with_stages(stages);
    let trigger = push("refs/tags/v1.2", Some("alice"));
    assert_eq!(stage_of(&resolve(&file, &trigger)), Some("rel"));
    let trigger = Trigger {
        event: Event::Tag,
        ..trigger
    };
    assert_eq!(stage_of(&resolve(&file, &trigger)), Some("rel"));
    assert_eq!(stage_of(&resolve(&file, &push("refs/tags/x", None))), None);
    assert_eq!(
        stage_of(&resolve(&file, &push("refs/notes/v1", None))),
        None
    );
}

#[test]
fn a_person_named_like_a_fixed_stage_does_not_get_that_stage() {
    for name in ["prod", "PREPROD", "dev", "local"] {
        let got = resolve(&file(DESIGN), &push("refs/heads/feature/x", Some(name)));
        let stage = stage_of(&got).expect("a stage").to_owned();
        assert_ne!(stage, name.to_lowercase());
        assert!(stage.starts_with(&name.to_lowercase()), "{stage}");
    }
}

#[test]
fn a_person_named_like_a_pull_request_does_not_get_its_stage() {
    let stages = "  own: { name: \"${actor}\", from: { branch: \"f/*\" }, pipeline: p }\n  \
                  pr: { name: \"pr-${pr}\", from: { pull_request: {} }, pipeline: p }\n";
    let file = with_stages(stages);
    let theirs = resolve(&file, &pull_request("main", &[], false));
    assert_eq!(stage_of(&theirs), Some("pr-7"));
    let own = resolve(&file, &push("refs/heads/f/x", Some("pr-7")));
    assert_ne!(stage_of(&own), Some("pr-7"));
    assert_eq!(rule_of(&own), Some("own"));
}

#[test]
fn a_deleted_branch_still_resolves_and_says_so() {
    let trigger = Trigger {
        deleted: true,
        ..push("refs/heads/develop", None)
    };
    let got = resolve(&file(DESIGN), &trigger);
    assert_eq!(stage_of(&got), Some("dev"));
    assert_eq!(got.note.as_deref(), Some("the reference was deleted"));
}

#[test]
fn a_push_to_a_branch_that_is_refreshed_by_schedule_is_told_so() {
    let stages = "  preprod: { from: { branch: main, refresh: { cron: \"0 6 * * *\", timezone: UTC } }, pipeline: p }\n  \
                  local: { kind: local }\n";
    let file = with_stages(stages);
    let got = resolve(&file, &push("refs/heads/main", None));
    assert_eq!(stage_of(&got), None);
    assert_eq!(
        got.note.as_deref(),
        Some("`preprod` takes this branch by its schedule, not by pushes")
    );
    let other = resolve(&file, &push("refs/heads/spike", None));
    assert_eq!(
        other.note.as_deref(),
        Some("a local stage is never deployed")
    );
}

#[test]
fn hostile_names_give_a_legal_stage_or_none() {
    let stages = "  b: { name: \"${branch.slug}\", from: { branch: \"**\" }, pipeline: p }\n";
    let file = with_stages(stages);
    let emoji = "🙂".repeat(250);
    let names = [
        "feature/$(rm -rf ~)",
        "../..",
        &emoji,
        "-",
        "--",
        "a\u{0}b",
        "'; drop",
        "ÅÄÖ",
        "a\nb",
    ];
    let mut seen = std::collections::BTreeSet::new();
    for name in names {
        let got = resolve(&file, &push(&format!("refs/heads/{name}"), None));
        let stage = stage_of(&got).expect("`**` matches every name").to_owned();
        assert!(
            crate::stage_file::is_stage_name(&stage),
            "{name:?} -> {stage}"
        );
        assert!(seen.insert(stage), "{name:?} shares a stage");
    }
}

#[test]
fn a_push_that_people_select_from_leads_to_a_build_and_to_no_other_stage() {
    let file = with_stages(
        "  dev: { from: { select: \"feature/**\" }, pipeline: p }\n  \
         own: { name: \"${actor}\", from: { branch: \"**\" }, pipeline: p }\n",
    );
    let selected = resolve(&file, &push("refs/heads/feature/x", Some("alice")));
    assert_eq!(stage_of(&selected), Some("dev"));
    assert_eq!(selected.action, Some(Action::Build));
    assert_eq!(
        selected.note.as_deref(),
        Some("it is built; the stage takes only what a person selects")
    );
    let other = resolve(&file, &push("refs/heads/fix/x", Some("alice")));
    assert_eq!((stage_of(&other), other.action), (Some("alice"), None));
    let pull = resolve(&file, &pull_request("feature/x", &[], false));
    assert_eq!(stage_of(&pull), None);
}
