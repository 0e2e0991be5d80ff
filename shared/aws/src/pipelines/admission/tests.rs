use serde_json::{Value, json};

use super::*;

fn parameters() -> Value {
    json!({
        "run": "7/dev/3", "nonce": "n0nce", "pipeline": "greenroom-acme-orders-dev-0a1b2c3d4e5f",
        "execution": "0f0e0d0c-0000-4000-8000-0123456789ab", "revision": "c0ffee", "definition": "abcd",
    })
}

#[test]
fn what_a_rendered_pipeline_passes_on_is_a_question_to_the_fence() {
    let parsed = AdmissionParameters::parse(&parameters().to_string()).expect("it is ours");
    let request = parsed.request;
    assert_eq!(request.definition, Some(DefinitionHash::new("abcd")));
    assert_eq!(
        (
            request.app.as_str(),
            request.stage.as_str(),
            request.generation
        ),
        ("7", "dev", 3)
    );
    let execution = "greenroom-acme-orders-dev-0a1b2c3d4e5f/0f0e0d0c-0000-4000-8000-0123456789ab";
    assert_eq!(request.execution.as_str(), execution);
}

#[test]
fn anything_else_is_an_error_that_tells_no_secret() {
    let mut cases = vec![
        "".to_owned(),
        "[]".to_owned(),
        "{\"nonce\":\"n0nce\"".to_owned(),
    ];
    for (member, value) in [
        ("run", "dev/3"),
        ("run", "x/dev/3"),
        ("run", "7//3"),
        ("run", "7/dev/x"),
        ("run", "7/dev/3/4"),
        ("nonce", ""),
        ("revision", ""),
        ("execution", "#{codepipeline.PipelineExecutionId}"),
        ("pipeline", "a/b"),
    ] {
        let mut changed = parameters();
        changed[member] = json!(value);
        cases.push(changed.to_string());
    }
    for member in [
        "run",
        "nonce",
        "pipeline",
        "execution",
        "revision",
        "definition",
    ] {
        let mut without = parameters();
        without.as_object_mut().expect("an object").remove(member);
        cases.push(without.to_string());
    }
    for text in cases {
        let error = AdmissionParameters::parse(&text)
            .expect_err(&text)
            .to_string();
        assert!(
            error.contains("greenroom apply") && !error.contains("n0nce"),
            "{text}: {error}"
        );
    }
}

#[test]
fn a_message_fits_what_codepipeline_takes() {
    assert_eq!(message(" "), "refused");
    assert_eq!(message(&"ä".repeat(6_000)).chars().count(), MESSAGE_MAX);
}
