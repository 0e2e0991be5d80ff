//! The template against the code it deploys: what a function may do is what its code calls, and
//! what it is told is what it reads.

mod template {
    pub mod calls;
    pub mod read;
}

use std::collections::BTreeSet;

use serde_json::Value;
use template::calls;
use template::read::{FUNCTIONS, Template, logical};

#[test]
fn every_function_may_do_what_its_code_calls_and_nothing_else() {
    let template = Template::read();
    for function in FUNCTIONS {
        let may = template.rights_of(&format!("{}Role", logical(function)));
        let calls = calls::of(function, &template);
        let missing: Vec<_> = calls.difference(&may).collect();
        let idle: Vec<_> = may.difference(&calls).collect();
        assert!(
            missing.is_empty() && idle.is_empty(),
            "{function}\n  may not, and calls: {missing:#?}\n  may, and does not call: {idle:#?}"
        );
    }
}

#[test]
fn every_function_is_told_what_it_reads_and_nothing_else() {
    let template = Template::read();
    for function in FUNCTIONS {
        let told: BTreeSet<String> = template.variables_of(&logical(function));
        let reads = calls::variables(function);
        assert_eq!(told, reads, "{function}");
    }
}

#[test]
fn no_right_is_for_everything_but_those_that_know_no_smaller_resource() {
    const KNOW_NONE: &[&str] = &[
        "dynamodb:ListStreams",
        "codepipeline:PutJobSuccessResult",
        "codepipeline:PutJobFailureResult",
    ];
    let template = Template::read();
    for (name, _) in template.of_type("AWS::IAM::Role") {
        for (action, resource) in template.rights_of(&name) {
            assert!(!action.contains('*'), "{name} may {action}");
            let all = resource.trim_start_matches("arn:aws:").starts_with('*');
            assert!(
                !all || KNOW_NONE.contains(&action.as_str()),
                "{name} may {action} on everything"
            );
        }
    }
}

#[test]
fn roles_are_assumed_by_the_service_they_are_for() {
    let template = Template::read();
    for (name, role) in template.of_type("AWS::IAM::Role") {
        let trust = &role["Properties"]["AssumeRolePolicyDocument"]["Statement"];
        let service = &trust[0]["Principal"]["Service"];
        let expected = if name == "TickRole" {
            assert!(
                trust[0]["Condition"]["StringEquals"]["aws:SourceAccount"].is_object(),
                "another account's schedules may not use it"
            );
            "scheduler.amazonaws.com"
        } else {
            "lambda.amazonaws.com"
        };
        assert_eq!(service, expected, "{name}");
        assert_eq!(trust.as_array().map(Vec::len), Some(1), "{name}");
    }
}

#[test]
fn events_about_pipelines_are_awss_own_unless_a_test_says_otherwise() {
    let template = Template::read();
    assert_eq!(
        template.parameter("PipelineEvents")["Default"],
        "aws.codepipeline"
    );
    let rule = template.resource("PipelineChanges");
    let source = &rule["Properties"]["EventPattern"]["source"][0]["Ref"];
    assert_eq!(source, "PipelineEvents");
}

#[test]
fn aws_is_where_it_is_unless_a_test_says_otherwise() {
    let template = Template::read();
    let mut found = 0;
    for (name, parameter) in template.parameters() {
        if name.starts_with("AwsEndpoint") {
            assert_eq!(parameter["Default"], "", "{name}");
            found += 1;
        }
    }
    assert_eq!(found, 7);
}

#[test]
fn every_log_is_kept_for_as_long_as_is_said_and_every_function_has_one() {
    let template = Template::read();
    let logs = template.of_type("AWS::Logs::LogGroup");
    for (name, log) in &logs {
        let days = &log["Properties"]["RetentionInDays"]["Ref"];
        assert_eq!(days, "LogRetention", "{name}");
    }
    for function in FUNCTIONS {
        let logical = logical(function);
        let resource = template.resource(&logical);
        let log = &resource["Properties"]["LoggingConfig"]["LogGroup"]["Ref"];
        assert_eq!(log.as_str(), Some(format!("{logical}Log").as_str()));
        assert!(
            logs.iter()
                .any(|(name, _)| *name == format!("{logical}Log"))
        );
    }
}

#[test]
fn exactly_two_functions_read_the_stream_and_both_leave_the_poison_behind() {
    let template = Template::read();
    let readers = template.of_type("AWS::Lambda::EventSourceMapping");
    let streams: Vec<&Value> = readers
        .iter()
        .map(|(_, mapping)| &mapping["Properties"])
        .filter(|mapping| mapping["EventSourceArn"]["Fn::GetAtt"][1] == "StreamArn")
        .collect();
    assert_eq!(streams.len(), 2);
    for mapping in streams {
        assert_eq!(mapping["BisectBatchOnFunctionError"], true);
        assert!(
            mapping["MaximumRetryAttempts"]
                .as_i64()
                .is_some_and(|n| (1..=10).contains(&n))
        );
        assert!(
            mapping["MaximumRecordAgeInSeconds"]
                .as_i64()
                .is_some_and(|n| n > 0)
        );
        assert_eq!(
            mapping["FunctionResponseTypes"][0],
            "ReportBatchItemFailures"
        );
        let failures = &mapping["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"][0];
        assert_eq!(failures, "Failures");
        let pattern = mapping["FilterCriteria"]["Filters"][0]["Pattern"].as_str();
        let pattern: Value =
            serde_json::from_str(pattern.expect("a text")).expect("a pattern is JSON");
        assert_eq!(pattern["eventName"][0], "INSERT");
        assert!(pattern["dynamodb"]["Keys"]["pk"]["S"][0]["prefix"].is_string());
    }
}

#[test]
fn a_message_stays_hidden_for_six_times_as_long_as_its_function_may_take() {
    let template = Template::read();
    for (queue, function) in [
        ("Tests", "IntegrationTestRunner"),
        ("Alerts", "BreakNotifier"),
    ] {
        let hidden = template.resource(queue)["Properties"]["VisibilityTimeout"].as_u64();
        let takes = template.resource(function)["Properties"]["Timeout"].as_u64();
        let (hidden, takes) = (hidden.expect("a number"), takes.expect("a number"));
        assert!(hidden >= 6 * takes, "{queue}: {hidden} s, {takes} s");
    }
}

#[test]
fn the_fence_is_asked_again_while_codepipeline_waits_for_its_answer() {
    let template = Template::read();
    let calls = &template.resource("PipelineAdmissionCalls")["Properties"];
    assert_eq!(calls["MaximumRetryAttempts"], 2);
    let age = calls["MaximumEventAgeInSeconds"].as_u64();
    assert!(age.is_some_and(|age| age <= 20 * 60), "{age:?}");
}

#[test]
fn what_a_killed_function_left_is_taken_over_within_minutes() {
    let template = Template::read();
    let error = template.parameter("ClockError")["Default"].as_u64();
    let told = template.resource("BreakNotifier")["Properties"]["Timeout"].as_u64();
    let (error, told) = (error.expect("a number"), told.expect("a number"));
    assert!(error >= 60, "clocks are not known to be better than that");
    assert!(told + 2 * error <= 180, "{told} s, {error} s");
}

#[test]
fn what_must_not_be_lost_is_not_deleted_with_the_stack() {
    let template = Template::read();
    for name in ["Table", "Artifacts"] {
        let resource = template.resource(name);
        assert_eq!(resource["DeletionPolicy"], "RetainExceptOnCreate", "{name}");
        assert_eq!(resource["UpdateReplacePolicy"], "Retain", "{name}");
    }
    let table = &template.resource("Table")["Properties"];
    assert_eq!(table["StreamSpecification"]["StreamViewType"], "KEYS_ONLY");
    assert_eq!(
        table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"],
        true
    );
    assert_eq!(template.parameter("Protected")["Default"], "true");
}

#[test]
fn every_alarm_says_where_the_runbook_tells_what_to_do() {
    let runbook = include_str!("../../docs/runbook.md");
    let anchors: BTreeSet<String> = runbook
        .lines()
        .filter_map(|line| {
            line.strip_prefix("## ")
                .or_else(|| line.strip_prefix("### "))
        })
        .map(|title| {
            let plain = title.to_lowercase();
            let kept = plain
                .chars()
                .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-'));
            kept.collect::<String>().replace(' ', "-")
        })
        .collect();
    let template = Template::read();
    let alarms = template.of_type("AWS::CloudWatch::Alarm");
    assert!(alarms.len() >= 8, "{}", alarms.len());
    for (name, alarm) in alarms {
        let properties = &alarm["Properties"];
        let text = properties["AlarmDescription"]["Fn::Sub"]
            .as_str()
            .expect("a text");
        let anchor = text.split("${Runbook}#").nth(1).expect("a link");
        assert!(
            anchors.contains(anchor),
            "{name}: the runbook has no `{anchor}`"
        );
        assert_eq!(properties["AlarmActions"][0]["Ref"], "Alarms", "{name}");
    }
}

#[test]
fn the_access_log_holds_no_header() {
    let template = Template::read();
    let stage = &template.resource("ApiStage")["Properties"];
    let format = stage["AccessLogSettings"]["Format"]
        .as_str()
        .expect("a text");
    assert!(!format.contains("header"), "{format}");
    assert!(stage["DefaultRouteSettings"]["ThrottlingRateLimit"].is_object());
}
