//! Repositories of tests: the sample, and one whose pipeline does next to nothing.

use std::process::Command;

use greenroom_testkit::fake_telegram::FakeTelegram;
use greenroom_testkit::sample_repo::{CARLA, Edit, SampleRepo};
use jiff::SignedDuration;

use crate::site::Site;

/// When the sample has `preprod` refreshed.
pub const OFTEN: &str = "*/20 * * * * *";
/// Not while these tests run.
pub const YEARLY: &str = "0 3 1 1 *";

/// The sample, with its stage file as one on AWS has it, and `preprod` refreshed by `cron`. Of its
/// branches those that are not in `branches` are deleted, but for the default one.
pub fn orders(site: &Site, name: &str, branches: &[&str], cron: &str) -> (SampleRepo, String) {
    let mut text = String::new();
    let made = SampleRepo::create_with(&site.folder().join(name), |sample| {
        text = on_aws(sample, site, name).replace(OFTEN, cron);
        text.clone()
    });
    let made = made.expect("git works");
    for branch in ["release/1.0", "develop", "feature/alice-coupons"] {
        if !branches.contains(&branch) {
            made.delete_branch(branch).expect("it is there");
        }
    }
    default_branch(&made);
    (made, text)
}

/// GitHub takes for the default branch what is checked out in the folder.
pub fn default_branch(repository: &SampleRepo) {
    let mut git = Command::new("git");
    git.arg("-C").arg(repository.folder());
    let done = git.args(["checkout", "--quiet", "master"]).status();
    assert!(done.expect("git is there").success(), "master is there");
}

/// The service's place, and channels AWS can serve.
fn on_aws(sample: &str, site: &Site, name: &str) -> String {
    let mail = "mail:    { mail: { to: [orders@example.com], from: greenroom@example.com, server: \"127.0.0.1:2525\", tls: none } }";
    let console = "  console: { console: {} }\n";
    let sns = format!("mail:    {{ sns: \"{}\" }}", site.outputs.get("Breaks"));
    let services = site.services(name).display().to_string();
    let changes = [
        ("acme/orders", format!("acme/{name}")),
        ("/var/tmp/orders", services),
        ("-1001234567890", FakeTelegram::CHAT.to_owned()),
        (mail, sns),
        (console, String::new()),
        ("[console]", "[team, mail]".to_owned()),
        (", console]", "]".to_owned()),
        (OFTEN, OFTEN.to_owned()),
    ];
    changes.iter().fold(sample.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "the sample has no {from} any more");
        text.replace(from, to)
    })
}

/// The file of the light app's tests, and what it demands.
pub const UP: &str = "tests/up.hurl";
pub const WELL: &str = "GET {{base_url}}/_ministack/health\nHTTP 200\n";
/// What nothing meets.
pub const ILL: &str = "GET {{base_url}}/_ministack/health\nHTTP 418\n";

/// An app that builds one line and deploys it nowhere. It has the branches `master`, which leads
/// nowhere, and `develop`, which leads to `dev`; `further` are lines of more stages.
pub fn light(site: &Site, name: &str, further: &str) -> (SampleRepo, String) {
    let text = format!(
        r#"version: 1
app: acme/{name}
pipelines:
  light:
    steps:
      - {{ name: build, run: 'mkdir dist && echo "$GREENROOM_REVISION" > dist/revision', once: true, artifact: dist/ }}
      - {{ name: deploy, run: 'test "$(cat "$GREENROOM_ARTIFACT"/revision)" = "$GREENROOM_REVISION"' }}
suites:
  up: {{ files: "tests/*.hurl", base_url: "{}", ready: 15s, timeout: 15s }}
channels:
  team: {{ telegram: {{ chat: {}, token: "${{secret:telegram}}" }} }}
  mail: {{ sns: "{}" }}
stages:
  dev: {{ from: {{ branch: develop }}, pipeline: light, verify: [up], alert: [team, mail] }}
{further}"#,
        site.to_stages.url(),
        FakeTelegram::CHAT,
        site.outputs.get("Breaks"),
    );
    let files = [Edit::write("greenroom.yaml", &text), Edit::write(UP, WELL)];
    let folder = site.folder().join(name);
    let made = SampleRepo::of_files(
        &folder,
        "master",
        &CARLA,
        "Begin",
        &files,
        SignedDuration::ZERO,
    );
    let made = made.expect("git works");
    made.branch("develop", "master").expect("it is new");
    (made, text)
}
