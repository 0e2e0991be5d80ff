//! The stage files that `greenroom init` writes: few lines, each with its reason beside it.

use super::repository::Repository;

/// `examples/gitflow`
pub const GITFLOW: &str = include_str!("../../../../examples/gitflow/greenroom.yaml");
/// `examples/cmamp`
pub const CMAMP: &str = include_str!("../../../../examples/cmamp/greenroom.yaml");
/// `examples/maas`
pub const MAAS: &str = include_str!("../../../../examples/maas/greenroom.yaml");
/// `examples/path-to-production`
pub const PATH_TO_PRODUCTION: &str =
    include_str!("../../../../examples/path-to-production/greenroom.yaml");
/// `examples/lambda-forge`
pub const LAMBDA_FORGE: &str = include_str!("../../../../examples/lambda-forge/greenroom.yaml");

/// An example's stage file for this repository: its name, and its main branch for `master`.
pub fn of_example(example: &str, repository: &Repository) -> String {
    let Repository { app, main, .. } = repository;
    let mut text = String::new();
    for line in example.lines() {
        let line = if line.starts_with("app: ") {
            format!("app: {app}")
        } else {
            line.replace("branch: master", &format!("branch: {main}"))
                .replace("{ branch: main }", &format!("{{ branch: {main} }}"))
                .replace("base: master", &format!("base: {main}"))
        };
        text += &line;
        text.push('\n');
    }
    text
}

/// Own stages for features, dev, qa, preprod refreshed on a schedule, and prod by promotion.
pub fn starter(repository: &Repository) -> String {
    let (build, deploy) = if repository.has_makefile {
        ("make build", "make deploy STAGE=$GREENROOM_STAGE")
    } else {
        (
            "mkdir -p dist && git archive HEAD | tar -x -C dist",
            "echo \\\"say here how to deploy $GREENROOM_ARTIFACT to $GREENROOM_STAGE\\\" && exit 1",
        )
    };
    let (remove, leftovers) = if repository.has_makefile {
        (
            "make remove STAGE=$GREENROOM_STAGE",
            "make --silent leftovers STAGE=$GREENROOM_STAGE",
        )
    } else {
        (
            "echo \\\"say here how to take $GREENROOM_STAGE away again\\\" && exit 1",
            "echo \\\"say here how to list what is left of $GREENROOM_STAGE\\\"",
        )
    };
    let Repository { app, main, .. } = repository;
    format!(
        r#"# What leads to which stage. Check it with `greenroom validate`; ask it with
# `greenroom resolve --ref refs/heads/BRANCH --actor LOGIN`.
version: 1
app: {app}

# Named sets of variables; a stage lists those it uses, later ones win. A secret is written
# as ${{secret:NAME}}: it is looked up when it is used, and never shown.
variables:
  shared: {{ LOG_LEVEL: debug }}
  live: {{ LOG_LEVEL: info }}

# How a change is built and deployed. A `once` step runs once per commit; what it makes moves
# from stage to stage unchanged.
pipelines:
  service:
    steps:
      - {{ name: build, run: "{build}", once: true, artifact: dist/ }}
      - {{ name: deploy, run: "{deploy}", outputs: [URL] }}
    # How a stage that expires is taken away again, with the default branch's code; `leftovers`
    # lists what is still there, and only when it lists nothing the stage is gone.
    teardown:
      steps:
        - {{ name: remove, run: "{remove}" }}
      leftovers: "{leftovers}"

# Tests against a deployed stage: Hurl files (https://hurl.dev), run at the address that the
# deploy step wrote to $GREENROOM_OUTPUT as URL=...
suites:
  smoke: {{ files: "tests/smoke/*.hurl", base_url: "${{outputs.URL}}" }}

# Who gets told when a stage breaks, and when it is well again.
channels:
  log: {{ console: {{}} }}

# The first stage whose `from` matches gets the change.
stages:
  # Everybody's own: warned of after six idle days, and torn down a day later.
  personal:
    name: "${{actor}}"
    from: {{ branch: "feature/**" }}
    pipeline: service
    variables: [shared]
    expires: {{ idle: 7d, warn: 1d, tell: [log] }}
  dev:
    from: {{ branch: develop }}
    pipeline: service
    variables: [shared]
    verify: [smoke]
    alert: [log]
  qa:
    from: {{ branch: "release/**" }}
    pipeline: service
    variables: [shared]
    verify: [smoke]
    alert: [log]
  # Refreshed each working day at six, not by a push.
  preprod:
    from: {{ branch: {main}, refresh: {{ cron: "0 6 * * 1-5", timezone: Etc/UTC }} }}
    pipeline: service
    variables: [live]
    verify: [smoke]
    alert: [log]
  # Takes what preprod has verified, unchanged, after a day without a break and one yes.
  prod:
    from: {{ promote: preprod }}
    soak: 24h
    approvals: {{ count: 1 }}
    pipeline: service
    variables: [live]
    verify: [smoke]
    alert: [log]
"#
    )
}
