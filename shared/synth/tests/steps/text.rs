//! Text of a stage file stays where it belongs.

use crate::codebuild::Machine;

const FILE: &str = r#"
version: 1
app: acme/orders
variables:
  all:
    PLAIN: "it's $(touch pwned) `touch pwned` {{resolve:secretsmanager:prod}} \" \\ $HOME"
    MADE: "https://${stage}.x/${branch.slug}"
    PATH: "/usr/bin:/bin"
    KEY: "${secret:orders/key}"
pipelines:
  service:
    steps:
      - name: show
        run: |
          printf '%s\n' "$PLAIN" "$MADE" "$KEY" "${GREENROOM_SECRET_KEY-gone}" >said
          printf '%s' "it's {{resolve:ssm:x}} é" >quoted
          cat <<'END' >>quoted
          ' END
          END
stages:
  dev: { from: { branch: main }, pipeline: service, variables: [all] }
  preview: { name: "pr-${pr}", from: { pull_request: {} }, pipeline: service, variables: [all] }
"#;

#[test]
fn variables_and_commands_arrive_as_they_were_written() {
    let mut machine = Machine::new(FILE, "ProjectStageDev");
    machine.set("GREENROOM_STAGE", "dev");
    machine.set("GREENROOM_BRANCH", "$(touch pwned)");
    machine.set("GREENROOM_SECRET_KEY", "hunter '2'");
    let ended = machine.run();
    assert!(ended.succeeded, "{}", ended.log);
    let said = machine.read("said").expect("said");
    let plain = r#"it's $(touch pwned) `touch pwned` {{resolve:secretsmanager:prod}} " \ $HOME"#;
    assert_eq!(
        said,
        format!("{plain}\nhttps://dev.x/$(touch pwned)\nhunter '2'\ngone\n")
    );
    assert_eq!(
        machine.read("quoted").as_deref(),
        Some("it's {{resolve:ssm:x}} é' END\n")
    );
    assert_eq!(machine.read("pwned"), None);
    assert!(!ended.log.contains("hunter"), "{}", ended.log);
}

#[test]
fn a_stage_of_pull_requests_has_no_secret() {
    let machine = Machine::new(FILE, "ProjectStagePreview");
    let ended = machine.run();
    assert!(ended.succeeded, "{}", ended.log);
    let said = machine.read("said").expect("said");
    assert!(said.ends_with("\n\ngone\n"), "{said}");
}
