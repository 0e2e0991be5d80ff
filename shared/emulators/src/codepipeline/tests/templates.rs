use std::collections::BTreeMap;

use serde_json::json;

use super::support::{repository, started, well};
use crate::codepipeline::{Options, StandIn};

#[tokio::test]
async fn a_template_makes_what_it_would_deploy() {
    let here = repository();
    let stand_in = StandIn::start(Options::of_git(here.folder.path()))
        .await
        .expect("started");
    let template = json!({
        "Parameters": {"Bucket": {"Type": "String"}, "Prefix": {"Type": "String", "Default": "greenroom"}},
        "Resources": {
            "Role": {"Type": "AWS::IAM::Role", "Properties": {}},
            "Project": {"Type": "AWS::CodeBuild::Project", "Properties": {
                "Name": {"Fn::Sub": "${Prefix}-build"},
                "ServiceRole": {"Fn::GetAtt": ["Role", "Arn"]},
                "Source": {"Type": "CODEPIPELINE", "BuildSpec": {"Fn::Join": ["\n", [
                    "version: 0.2", "phases:", "  build:", "    commands: ['test \"$BUCKET\" = b-1']"]]}},
                "Artifacts": {"Type": "CODEPIPELINE"}, "TimeoutInMinutes": "30",
                "Environment": {"Type": "ARM_CONTAINER", "Image": "i", "ComputeType": "c",
                    "EnvironmentVariables": [{"Name": "BUCKET", "Value": {"Ref": "Bucket"}}]}}},
            "Pipeline": {"Type": "AWS::CodePipeline::Pipeline", "Properties": {
                "Name": "greenroom-p", "RoleArn": {"Fn::GetAtt": "Role.Arn"},
                "PipelineType": "V2", "ExecutionMode": "PARALLEL", "RestartExecutionOnUpdate": false,
                "ArtifactStore": {"Type": "S3", "Location": {"Ref": "Bucket"}},
                "Stages": [
                    {"Name": "Source", "Actions": [{"Name": "Source",
                        "ActionTypeId": {"Category": "Source", "Owner": "AWS",
                            "Provider": "CodeStarSourceConnection", "Version": "1"},
                        "OutputArtifacts": [{"Name": "Source"}],
                        "Configuration": {"ConnectionArn": "a", "FullRepositoryId": "o/r",
                            "BranchName": "main", "DetectChanges": false}}]},
                    {"Name": "Build", "Actions": [{"Name": "Build",
                        "ActionTypeId": {"Category": "Build", "Owner": "AWS", "Provider": "CodeBuild",
                            "Version": "1"},
                        "InputArtifacts": [{"Name": "Source"}],
                        "Configuration": {"ProjectName": {"Ref": "Project"}}}]}]}}}});
    assert!(
        stand_in.load(&template, &BTreeMap::new()).is_err(),
        "nobody says what Bucket is"
    );
    let values: BTreeMap<String, String> = [("Bucket".to_owned(), "b-1".to_owned())].into();
    for _ in 0..2 {
        let made = stand_in.load(&template, &values).expect("it holds");
        assert_eq!(
            made,
            ["greenroom-p", "greenroom-build"],
            "an update makes the same"
        );
    }
    let told = well(&stand_in, "GetPipeline", json!({"name": "greenroom-p"})).await;
    assert_eq!(
        told["pipeline"]["roleArn"],
        "arn:aws:iam::123456789012:role/role"
    );
    let id = started(&stand_in, json!({"name": "greenroom-p"})).await;
    let status = stand_in.ended("greenroom-p", &id).await;
    assert_eq!(status, "Succeeded", "{}", stand_in.log("greenroom-p", &id));
}
