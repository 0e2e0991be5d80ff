use std::collections::BTreeMap;

use super::*;

fn from(pairs: &[(&str, &str)]) -> Result<Connection, Problems> {
    let map: BTreeMap<String, String> = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Connection::from_env(|name| map.get(name).cloned())
}

const WHO: [(&str, &str); 3] = [
    ("AWS_REGION", "eu-central-1"),
    ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "very secret"),
];

fn and(more: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    WHO.iter().chain(more).copied().collect()
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let refused = from(&[
        ("AWS_ACCESS_KEY_ID", ""),
        ("AWS_ENDPOINT_URL", "localhost:4566"),
        ("AWS_ENDPOINT_URL_SQS", "http://"),
    ]);
    let problems = refused
        .map(|_| ())
        .expect_err("three are missing, two wrong");
    assert_eq!(
        problems.sentences(),
        [
            "AWS_REGION is not set",
            "AWS_ACCESS_KEY_ID is not set",
            "AWS_SECRET_ACCESS_KEY is not set",
            "AWS_ENDPOINT_URL is `localhost:4566`, which is no address: https://host or http://host:port",
            "AWS_ENDPOINT_URL_SQS is `http://`, which is no address: https://host or http://host:port",
        ]
    );
    assert_eq!(problems.to_string().lines().count(), 5);
}

#[test]
fn without_endpoints_aws_itself_is_meant() {
    let connection = from(&WHO).expect("that is enough");
    assert_eq!(connection.region(), "eu-central-1");
    for service in Service::ALL {
        assert_eq!(connection.endpoint(service), None, "{service:?}");
    }
}

#[test]
fn a_services_own_endpoint_goes_before_the_one_for_all() {
    let connection = from(&and(&[
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"),
        ("AWS_ENDPOINT_URL_CODEPIPELINE", "http://127.0.0.1:9"),
    ]))
    .expect("that is enough");
    let at = |service| connection.endpoint(service);
    assert_eq!(
        at(Service::CodePipeline).as_deref(),
        Some("http://127.0.0.1:9")
    );
    assert_eq!(at(Service::Sns).as_deref(), Some("http://127.0.0.1:4566"));
}

#[test]
fn debug_shows_no_credentials() {
    let connection = from(&and(&[("AWS_SESSION_TOKEN", "session secret")])).expect("enough");
    let shown = format!("{connection:?} {connection:#?}");
    for secret in ["AKIDEXAMPLE", "very secret", "session secret"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn a_client_is_sent_where_its_service_is() {
    let connection = from(&and(&[(
        "AWS_ENDPOINT_URL_DYNAMODB",
        "http://127.0.0.1:8000",
    )]))
    .expect("that is enough");
    let dynamodb = connection.dynamodb();
    let config = dynamodb.config();
    assert_eq!(config.region().map(Region::as_ref), Some("eu-central-1"));
    assert_eq!(
        config.retry_config().map(RetryConfig::max_attempts),
        Some(Patience::default().tries)
    );
    let timeouts = config.timeout_config().expect("timeouts are set");
    assert_eq!(
        timeouts.connect_timeout(),
        Some(Patience::default().connect)
    );
    assert_eq!(timeouts.read_timeout(), Some(Patience::default().read));
}
