//! Hashes change with what is meant, not with how it is written.

use super::*;

const SMALL: &str = r#"
version: 1
app: a/b
variables:
  one: { A: 1, B: "x" }
  two: { B: "y" }
pipelines:
  p:
    steps:
      - { name: build, run: make, once: true, artifact: dist, outputs: [X] }
      - { name: deploy, run: d }
suites:
  s: { files: t/*.hurl, base_url: "http://x", timeout: 60m }
  t: { files: u/*.hurl, base_url: "http://x" }
channels:
  c: { console: {} }
stages:
  dev: { from: { branch: main }, pipeline: p, variables: [one, two], verify: [s], alert: [c] }
  prod: { from: { promote: dev }, pipeline: p, verify: [t], soak: 1h }
"#;

fn changed(from: &str, to: &str) -> (bool, bool) {
    assert!(SMALL.contains(from), "{from}");
    let (old, new) = (parse(SMALL), parse(&SMALL.replace(from, to)));
    let (old, new) = (rule(&old, "dev"), rule(&new, "dev"));
    (old.recipe != new.recipe, old.settings != new.settings)
}

#[test]
fn order_comments_and_spelling_of_a_file_change_no_hash() {
    let same = [
        ("{ A: 1, B: \"x\" }", "{ B: x, A: \"1\" } # a comment"),
        ("timeout: 60m", "timeout: 1h"),
        (
            "{ name: deploy, run: d }",
            "{ run: \"d\", timeout: 15m, name: deploy, once: false }",
        ),
        ("alert: [c] }", "alert: [c], timeout: 1h }"),
    ];
    for (from, to) in same {
        assert_eq!(changed(from, to), (false, false), "{to}");
    }
}

#[test]
fn the_recipe_is_what_builds_deploys_and_tests() {
    let recipe = [
        ("run: make", "run: make all"),
        ("outputs: [X]", "outputs: [Y]"),
        ("files: t/", "files: v/"),
        ("files: u/", "files: v/"),
    ];
    for (from, to) in recipe {
        assert_eq!(changed(from, to), (true, false), "{to}");
    }
}

#[test]
fn the_settings_are_the_rest_of_the_entry_and_its_variables() {
    let settings = [
        ("B: \"y\"", "B: \"z\""),
        ("variables: [one, two]", "variables: [two, one]"),
        ("branch: main", "branch: master"),
        (
            "verify: [s], alert: [c]",
            "verify: [s], alert: [c], expires: { idle: 7d }",
        ),
    ];
    for (from, to) in settings {
        assert_eq!(changed(from, to), (false, true), "{to}");
    }
    // What the later set hides is nobody's value.
    assert_eq!(changed("B: \"x\"", "B: \"hidden\""), (false, false));
}

#[test]
fn all_stages_of_a_pipeline_have_one_recipe() {
    let file = parse(SMALL);
    assert_eq!(rule(&file, "dev").recipe, rule(&file, "prod").recipe);
    assert_ne!(rule(&file, "dev").settings, rule(&file, "prod").settings);
}

#[test]
fn the_hash_of_a_file_is_of_its_bytes() {
    let one = parse(SMALL);
    assert_eq!(one.hash, parse(SMALL).hash);
    assert_ne!(one.hash, parse(&format!("{SMALL}\n")).hash);
    assert_eq!(one.hash.as_str().len(), 16);
}

/// The hashes of `SMALL` as they were before there were reports and gates.
#[test]
fn a_file_without_reports_and_gates_keeps_its_hashes() {
    let file = parse(SMALL);
    let dev = rule(&file, "dev");
    assert_eq!(dev.recipe.as_str(), "de8592f1ae1ae829");
    assert_eq!(dev.settings.as_str(), "b87c243bf37e62cb");
    let pipeline = &file.pipelines[&PipelineName::new("p")];
    assert_eq!(
        crate::build::recipe_of(pipeline).as_str(),
        "e2f588ba472b8f39"
    );
}

#[test]
fn gates_are_terms_of_the_stage_and_reports_are_what_is_built() {
    let reports = SMALL.replace(
        "outputs: [X] }",
        "outputs: [X], reports: { junit: r.xml, openapi: api.yaml } }",
    );
    let gated = reports.replace(
        "pipeline: p, variables",
        "pipeline: p, gates: { tests: passed }, variables",
    );
    let of = |text: &str| {
        let file = parse(text);
        let dev = rule(&file, "dev");
        let pipeline = &file.pipelines[&PipelineName::new("p")];
        let build = crate::build::recipe_of(pipeline);
        (dev.recipe.clone(), dev.settings.clone(), build)
    };
    let (plain, with_reports, with_gates) = (of(SMALL), of(&reports), of(&gated));
    assert_ne!(plain.0, with_reports.0);
    assert_eq!(plain.1, with_reports.1);
    assert_ne!(plain.2, with_reports.2);
    assert_eq!(with_reports.0, with_gates.0);
    assert_ne!(with_reports.1, with_gates.1);
    assert_eq!(with_reports.2, with_gates.2);
    let other = of(&reports.replace("junit: r.xml", "lcov: r.xml"));
    assert_ne!(
        other.2, with_reports.2,
        "the kind counts as well as the path"
    );
    let suites = of(&reports.replace("files: u/", "files: v/"));
    assert_ne!(
        suites.2, with_reports.2,
        "whose requests are looked at is part of the build"
    );
}

#[test]
fn a_window_is_when_and_not_what() {
    let with = SMALL.replace("alert: [c] }", "alert: [c], windows: [w] }");
    let deny = "deny: { cron: \"0 0 * * *\", for: 1h, timezone: UTC }";
    let with = format!("{with}windows: {{ w: {{ {deny}, reason: r }} }}\n");
    let (old, new) = (parse(SMALL), parse(&with));
    let (old, new) = (rule(&old, "dev"), rule(&new, "dev"));
    assert_eq!((&old.recipe, &old.settings), (&new.recipe, &new.settings));
    assert_eq!(new.windows, ["w"]);
}

#[test]
fn who_hears_of_which_news_is_not_what_is_deployed() {
    let routed = "alert: [{ channel: c, news: [broke], suites: [s] }] }";
    assert_eq!(changed("alert: [c] }", routed), (false, false));
    assert_eq!(changed("alert: [c] }", "alert: [] }"), (false, true));
}

#[test]
fn a_watch_says_when_and_not_what() {
    let with = SMALL.replace("alert: [c] }", "alert: [c], watch: { every: 15m } }");
    let (old, new) = (parse(SMALL), parse(&with));
    let (old, new) = (rule(&old, "dev"), rule(&new, "dev"));
    assert_eq!((&old.recipe, &old.settings), (&new.recipe, &new.settings));
    assert_eq!(new.watch, Some(SignedDuration::from_mins(15)));
}

#[test]
fn marks_and_selections_are_part_of_the_settings_and_of_no_recipe() {
    let demanded = "from: { branch: main }, marks: [seen],";
    let declared = SMALL.replace("stages:\n", "marks: { seen: {} }\nstages:\n");
    let with = parse(&declared.replace("from: { branch: main },", demanded));
    let (old, new) = (parse(&declared), with);
    let (old, new) = (rule(&old, "dev"), rule(&new, "dev"));
    assert_eq!(
        (&old.settings, &old.recipe),
        (&rule(&parse(SMALL), "dev").settings, &new.recipe)
    );
    assert_ne!(old.settings, new.settings);
    assert_eq!(
        changed("{ branch: main }", "{ select: main }"),
        (false, true)
    );
}

#[test]
fn taking_forks_is_part_of_the_settings_and_pull_requests_without_keep_theirs() {
    let pulls = SMALL.to_owned()
        + "  pulls: { name: \"pr-${pr}\", from: { pull_request: { base: main } }, pipeline: p }\n";
    let marks = "roles: { r: [a] }\nmarks: { ok: { by: [r] } }\nstages:\n";
    let forks = pulls
        .replace("base: main", "base: main, forks: ok")
        .replace("stages:\n", marks);
    let (old, new) = (parse(&pulls), parse(&forks));
    let (old, new) = (rule(&old, "pulls"), rule(&new, "pulls"));
    assert_eq!(old.recipe, new.recipe);
    assert_eq!(old.settings.as_str(), "34419bdaa3eb7964");
    assert_ne!(old.settings, new.settings);
    let From::PullRequest { forks, .. } = &new.from else {
        panic!("it takes pull requests");
    };
    assert_eq!(forks.as_deref(), Some("ok"));
}

#[test]
fn how_a_stage_goes_voids_nothing_that_was_proven_or_approved() {
    let more = "expires: { idle: 7d, warn: 1d, with_branch: true, tell: [c] }, alert: [c] }";
    let less = "expires: { idle: 7d, warn: 1d }, alert: [c] }";
    let file = |expires: &str, teardown: &str| {
        let text = SMALL.replace("alert: [c] }", expires).replace(
            "      - { name: deploy, run: d }\n",
            &format!("      - {{ name: deploy, run: d }}\n{teardown}"),
        );
        let file = parse(&text);
        let rule = rule(&file, "dev");
        (rule.recipe.clone(), rule.settings.clone())
    };
    let teardown = "    teardown: { steps: [{ name: remove, run: r }], leftovers: l }\n";
    assert_eq!(file(less, ""), file(more, teardown));
}

#[test]
fn what_a_stage_shares_is_part_of_its_settings_and_of_nobody_elses() {
    let resources = |text: &str| SMALL.replace("stages:\n", &format!("{text}stages:\n"));
    let old = parse(SMALL);
    let new = parse(&resources(
        "resources: { db: { owner: prod, write: { DB: w } } }\n",
    ));
    let settings = |file: &StageFile, name| rule(file, name).settings.clone();
    assert_eq!(settings(&old, "dev"), settings(&new, "dev"));
    assert_ne!(settings(&old, "prod"), settings(&new, "prod"));
    assert_eq!(rule(&old, "prod").recipe, rule(&new, "prod").recipe);
    let other = parse(&resources(
        "resources: { db: { owner: prod, write: { DB: v } } }\n",
    ));
    assert_ne!(
        settings(&new, "prod"),
        settings(&other, "prod"),
        "its variables"
    );
    // Who else may write is nothing that this stage was proven or approved under.
    let writer = "resources: { db: { owner: prod, writers: [dev], write: { DB: w } } }\n";
    let both = parse(&resources(writer));
    assert_eq!(settings(&new, "prod"), settings(&both, "prod"));
    assert_ne!(settings(&new, "dev"), settings(&both, "dev"));
}

#[test]
fn whoever_shares_a_resource_gets_the_variables_for_what_they_may() {
    let resource = "resources:\n  db: { owner: prod, write: { DB: w }, read: { DB: r } }\n";
    let text = SMALL
        .replace("stages:\n", &format!("{resource}stages:\n"))
        .replace("alert: [c] }", "alert: [c], shares: { db: read-only } }");
    let file = parse(&text);
    let db = |name| file.templates_for(rule(&file, name))["DB"].as_str();
    assert_eq!((db("dev"), db("prod")), ("r", "w"));
}
