use serde_json::json;

use super::*;

fn pipeline() -> Value {
    json!({
        "name": "p", "roleArn": "arn:aws:iam::123456789012:role/r",
        "artifactStore": {"type": "S3", "location": "bucket"},
        "executionMode": "PARALLEL", "pipelineType": "V2",
        "stages": [
            {"name": "Source", "actions": [{
                "name": "Source", "namespace": "Source", "outputArtifacts": [{"name": "Source"}],
                "actionTypeId": {"category": "Source", "owner": "AWS",
                    "provider": "CodeStarSourceConnection", "version": "1"},
                "configuration": {"ConnectionArn": "arn", "FullRepositoryId": "o/r",
                    "BranchName": "main", "DetectChanges": "false"}}]},
            {"name": "Deploy", "actions": [{
                "name": "Deploy", "inputArtifacts": [{"name": "Source"}],
                "actionTypeId": {"category": "Build", "owner": "AWS", "provider": "CodeBuild",
                    "version": "1"},
                "configuration": {"ProjectName": "d"}}]}
        ]
    })
}

fn changed(pointer: &str, value: Value) -> Value {
    let mut pipeline = pipeline();
    *pipeline.pointer_mut(pointer).expect("it is there") = value;
    pipeline
}

#[test]
fn a_whole_declaration_is_taken() {
    let declaration = Declaration::of(&pipeline()).expect("it holds");
    assert_eq!(declaration.mode(), Mode::Parallel);
    assert_eq!(declaration.stages[1].actions[0].kind(), Ok(Kind::Build));
    assert_eq!(declaration.stages[1].actions[0].run_order, 1);
}

#[test]
fn what_codepipeline_refuses_is_refused_by_its_name() {
    let action = "InvalidActionDeclarationException";
    let structure = "InvalidStructureException";
    let cases = [
        (changed("/stages", json!([])), structure),
        (changed("/pipelineType", json!("V1")), structure),
        (
            changed("/stages/1/name", json!("Source")),
            "InvalidStageDeclarationException",
        ),
        (
            changed("/stages/1/actions", json!([])),
            "InvalidStageDeclarationException",
        ),
        (
            changed(
                "/stages/1/actions/0/configuration",
                json!({"ProjectName": "d", "Nope": "x"}),
            ),
            action,
        ),
        (
            changed("/stages/1/actions/0/configuration", json!({})),
            action,
        ),
        (
            changed(
                "/stages/1/actions/0/inputArtifacts",
                json!([{"name": "Other"}]),
            ),
            action,
        ),
        (
            changed("/stages/1/actions/0/inputArtifacts", json!([])),
            action,
        ),
        (
            changed(
                "/stages/1/actions/0/configuration",
                json!({"ProjectName": "d", "EnvironmentVariables": "A=1"}),
            ),
            action,
        ),
        (
            changed(
                "/stages/1/actions/0/actionTypeId/provider",
                json!("Jenkins"),
            ),
            "NotModelledByTheStandIn",
        ),
    ];
    for (pipeline, kind) in cases {
        let error = Declaration::of(&pipeline).expect_err("it does not hold");
        assert_eq!(error.kind, kind, "{}", error.message);
    }
}
