//! Contracts of reading a stage file.

mod hashes;
mod texts;

use jiff::SignedDuration;

use super::*;
use crate::name::{Actor, ChannelName, PipelineName, SuiteName};

const DESIGN: &str = include_str!("../../tests/valid/design.yaml");
const EVERYTHING: &str = include_str!("../../tests/valid/everything.yaml");

fn parse(text: &str) -> StageFile {
    StageFile::parse("greenroom.yaml", text.as_bytes()).unwrap_or_else(|all| panic!("{all}"))
}

fn rule<'a>(file: &'a StageFile, name: &str) -> &'a Rule {
    file.rule(&RuleName::new(name))
        .expect("a rule of this name")
}

fn codes(text: &str) -> Vec<&'static str> {
    let (_, all) = check("greenroom.yaml", text.as_bytes());
    all.list.iter().map(|one| one.code).collect()
}

#[test]
fn the_example_of_the_design_holds() {
    let file = parse(DESIGN);
    let names: Vec<&str> = file.rules.iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(names, ["local", "personal", "dev", "preprod", "prod"]);
    let prod = rule(&file, "prod");
    assert_eq!(
        prod.from,
        From::Promote {
            rule: RuleName::new("preprod")
        }
    );
    assert_eq!(prod.soak, Some(SignedDuration::from_hours(24)));
    let alert = ["team", "mail"].map(|name| Route::from(ChannelName::new(name)));
    assert_eq!(prod.alert, alert);
    let approvals = prod.approvals.as_ref().expect("approvals");
    assert_eq!(
        (approvals.count, approvals.by.as_slice()),
        (1, &["product-owner".to_owned()][..])
    );
    let personal = rule(&file, "personal");
    assert_eq!(personal.stage.as_str(), "${actor}");
    let expires = personal.expires.as_ref().expect("an end");
    assert_eq!(expires.idle, SignedDuration::from_hours(7 * 24));
    assert_eq!(rule(&file, "local").from, From::Local);
    assert_eq!(rule(&file, "local").pipeline, None);
    let steps = &file.pipelines[&PipelineName::new("service")].steps;
    assert_eq!(steps[0].artifact.as_deref(), Some("dist/"));
    assert_eq!(steps[0].timeout, SignedDuration::from_mins(15));
    let warnings: Vec<&str> = file.warnings.iter().map(|one| one.code).collect();
    assert_eq!(warnings, ["no-teardown", "no-roles"]);
}

#[test]
fn every_key_is_read_and_nothing_is_remarked() {
    let file = parse(EVERYTHING);
    assert_eq!(file.warnings, []);
    let expires = rule(&file, "personal").expires.as_ref().expect("an end");
    assert!(expires.with_branch);
    assert_eq!(expires.by, ["release"]);
    assert_eq!(expires.tell, [ChannelName::new("group")]);
    let pipeline = &file.pipelines[&PipelineName::new("service")];
    let teardown = pipeline.teardown.as_ref().expect("a teardown");
    let names: Vec<String> = teardown.all_steps().into_iter().map(|it| it.name).collect();
    assert_eq!(names, ["remove", "leftovers"]);
    assert_eq!(teardown.steps[0].timeout, SignedDuration::from_mins(5));
    let suite = &file.suites[&SuiteName::new("smoke")];
    assert_eq!(suite.ready, SignedDuration::from_mins(1));
    assert_eq!(suite.request_timeout, SignedDuration::from_secs(5));
    assert_eq!(suite.timeout, SignedDuration::from_mins(15));
    assert_eq!(suite.retries, 1);
    assert_eq!(
        file.channels[&ChannelName::new("team")],
        Channel::Telegram {
            chat: "-100123".to_owned(),
            token: SecretName::new("telegram"),
            topic: Some(7)
        }
    );
    assert!(matches!(
        file.channels[&ChannelName::new("relay")],
        Channel::Mail {
            tls: MailTls::None,
            ..
        }
    ));
    let secrets: Vec<String> = file.secrets().iter().map(ToString::to_string).collect();
    let orders = ["orders/db", "orders/read", "orders/token", "orders/write"];
    assert_eq!(secrets, [&["mail"][..], &orders, &["telegram"]].concat());
    assert_eq!(
        file.roles["product-owner"],
        [Actor::new("eve"), Actor::new("mallory")]
    );
    let From::Branch {
        refresh: Some(refresh),
        ..
    } = &rule(&file, "preprod").from
    else {
        panic!("preprod is refreshed");
    };
    assert_eq!(
        (refresh.cron.as_str(), refresh.timezone.as_str()),
        ("0 0 6 * * 1-5", "Europe/Rome")
    );
}

#[test]
fn json_is_read_like_yaml() {
    let json = r#"{"version": 1, "app": "a/b", "pipelines": {"p": {"steps": [{"name": "d", "run": "d"}]}},
        "stages": {"dev": {"from": {"branch": "main"}, "pipeline": "p"}}}"#;
    assert_eq!(parse(json).rules.len(), 1);
}

#[test]
fn defaults_are_what_the_reference_says() {
    let text = EVERYTHING.replace(
        "    ready: 1m\n    request_timeout: 5s\n    timeout: 15m\n    retries: 1\n",
        "",
    );
    let file = parse(&text);
    let suite = &file.suites[&SuiteName::new("smoke")];
    assert_eq!(suite.ready, SignedDuration::from_secs(30));
    assert_eq!(suite.request_timeout, SignedDuration::from_secs(10));
    assert_eq!(suite.timeout, SignedDuration::from_mins(10));
    assert_eq!(suite.retries, 2);
    assert_eq!(rule(&file, "dev").timeout, SignedDuration::from_hours(1));
}

#[test]
fn of_two_sets_with_one_variable_the_later_wins_and_secrets_stay_secrets() {
    let file = parse(EVERYTHING);
    let values = Values {
        stage: Some("prod".into()),
        ..Values::default()
    };
    let got = file
        .variables_for(rule(&file, "prod"), &values)
        .expect("all values are known");
    let text = |text: &str| Rendered::Text(text.to_owned());
    assert_eq!(got["LOG_LEVEL"], text("info"));
    assert_eq!(got["REPLICAS"], text("2"));
    assert_eq!(
        got["RATIO"],
        text("1.10"),
        "a number stays as it is written"
    );
    assert_eq!(got["TRACE"], text("true"));
    assert_eq!(got["STAGE"], text("prod"));
    assert_eq!(
        got["DB_PASSWORD"],
        Rendered::Secret(SecretName::new("orders/db"))
    );
    let written = SecretName::new("orders/write");
    assert_eq!(got["ORDERS_URL"], Rendered::Secret(written));
    assert_eq!(got["ORDERS_USER"], text("prod"));
    assert_eq!(got.len(), 8);
}

#[test]
fn a_value_that_is_not_known_is_an_error_and_not_an_empty_text() {
    let file = parse(EVERYTHING);
    let values = Values {
        stage: Some("bob".into()),
        ..Values::default()
    };
    let missing = file
        .variables_for(rule(&file, "personal"), &values)
        .expect_err("no branch");
    assert_eq!(missing.to_string(), "`${branch.slug}` has no value here");
}

#[test]
fn a_secret_that_was_written_down_is_never_repeated() {
    for written in ["hunter2", "123456789", "true", "\"123:abc\""] {
        let text = EVERYTHING.replace(
            "password: \"${secret:mail}\"",
            &format!("password: {written}"),
        );
        let (_, all) = check("greenroom.yaml", text.as_bytes());
        let said = format!("{:?}", all.list);
        assert!(said.contains("secret-in-file"), "{said}");
        assert!(!said.contains(written.trim_matches('"')), "{said}");
    }
}

#[test]
fn an_alias_stands_for_its_anchor() {
    let text = "version: 1\napp: a/b\npipelines:\n  p: { steps: [&d { name: d, run: d }] }\n  q: { steps: [*d] }\n\
                stages:\n  x: { from: { branch: x }, pipeline: p }\n  y: { from: { branch: y }, pipeline: q }\n";
    let file = parse(text);
    assert_eq!(
        file.pipelines[&PipelineName::new("p")].steps,
        file.pipelines[&PipelineName::new("q")].steps
    );
}

#[test]
fn every_kind_of_problem_is_told_in_one_look() {
    let text = "version: 2\napp: acme\nextra: 1\npipelines:\n  p: { steps: [] }\nstages:\n  \
                dev: { from: { branch: \"[\" }, pipeline: q, soak: 5, more: 1 }\n";
    let expected = [
        "version",
        "app",
        "unknown-key",
        "no-steps",
        "pattern",
        "unknown-pipeline",
        "duration",
        "unknown-key",
    ];
    assert_eq!(codes(text), expected);
}

#[test]
fn a_refreshed_branch_does_not_hide_the_rule_that_takes_its_pushes() {
    let text = "version: 1\napp: a/b\npipelines: { p: { steps: [{ name: d, run: d }] } }\nstages:\n  \
                pre: { from: { branch: main, refresh: { cron: \"0 6 * * *\", timezone: UTC } }, pipeline: p }\n  \
                dev: { from: { branch: main }, pipeline: p }\n";
    assert_eq!(codes(text), Vec::<&str>::new());
}

#[test]
fn positions_count_lines_and_characters_from_one() {
    let (_, all) = check("x.yaml", "version: 1\nüü: 1\n".as_bytes());
    let unknown = all
        .list
        .iter()
        .find(|one| one.code == "unknown-key")
        .expect("reported");
    assert_eq!(all.position(unknown.span.start), (2, 1));
    assert_eq!(&all.source[unknown.span.clone()], "üü");
    assert!(
        all.to_string().contains("x.yaml:2:1: error[unknown-key]"),
        "{all}"
    );
}

#[test]
fn who_is_named_twice_is_told_once_that_a_stage_goes() {
    let text = "version: 1\napp: acme/orders\npipelines:\n  service:\n    steps: [{ name: deploy, run: make }]\n    \
        teardown: { steps: [{ name: down, run: make down }], leftovers: make left }\nchannels:\n  team: { console: {} }\nstages:\n  \
        dev: { from: { branch: main }, pipeline: service, alert: [team, team], expires: { idle: 2d } }\n";
    let file = parse(text);
    let expires = rule(&file, "dev").expires.as_ref().expect("an end");
    assert_eq!(expires.tell, [ChannelName::new("team")]);
}
