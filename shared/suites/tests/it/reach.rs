//! Which addresses a run connects to.

use std::time::Duration;

use greenroom_core::verdict::Verdict;
use greenroom_suites::{Reach, Runner};
use tokio::net::TcpListener;

use crate::harness::{Served, error, run, suite};

#[tokio::test]
async fn loopback_is_refused_unless_the_operator_lists_it() {
    let served = Served::corpus().await;
    let suite = suite(
        Some(served.url()),
        &[("a.hurl", "GET {{base_url}}/text\nHTTP 200\n")],
    );
    let outcome = Runner::new(Reach::default()).run(&suite).await;
    let error = error(&outcome);
    assert!(
        error.contains("127.0.0.1, which tests may not reach"),
        "{error}"
    );
    assert!(error.contains("--test-may-reach 127.0.0.1/32"), "{error}");
    assert_eq!(outcome.report.total, 0);
    assert_eq!(run(&suite).await.report.verdict, Verdict::Passed);
}

#[tokio::test]
async fn a_name_that_resolves_to_loopback_is_refused() {
    let served = Served::corpus().await;
    let text = format!(
        "GET http://localhost:{}/text\nHTTP 200\n",
        served.address.port()
    );
    let outcome = Runner::new(Reach::default())
        .run(&suite(None, &[("a.hurl", &text)]))
        .await;
    let error = error(&outcome);
    assert!(error.starts_with("localhost is at "), "{error}");
    assert_eq!(
        run(&suite(None, &[("a.hurl", &text)])).await.report.verdict,
        Verdict::Passed
    );
}

#[tokio::test]
async fn a_redirect_to_a_refused_address_is_not_followed() {
    let served = Served::corpus().await;
    let forbidden = TcpListener::bind("127.0.0.2:0").await.unwrap();
    let text = format!(
        "GET {{{{base_url}}}}/redirect-to?code=302&to=http%3A%2F%2F{}%2F\n[Options]\nlocation: true\nHTTP 200\n",
        forbidden.local_addr().unwrap()
    );
    let reach = Reach::new(["127.0.0.1/32".parse().unwrap()]);
    let outcome = Runner::new(reach)
        .run(&suite(Some(served.url()), &[("a.hurl", &text)]))
        .await;
    let error = error(&outcome);
    assert!(
        error.contains("127.0.0.2, which tests may not reach"),
        "{error}"
    );
    let touched = tokio::time::timeout(Duration::ZERO, forbidden.accept()).await;
    assert!(touched.is_err(), "the forbidden address was connected to");
}

#[tokio::test]
async fn other_schemes_are_never_spoken() {
    let served = Served::corpus().await;
    let mut suite = suite(
        Some(served.url()),
        &[("a.hurl", "GET {{elsewhere}}\nHTTP 200\n")],
    );
    for elsewhere in [
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "127.0.0.1:80",
        "/text",
        "http://",
    ] {
        suite
            .variables
            .insert("elsewhere".to_owned(), elsewhere.to_owned());
        let outcome = run(&suite).await;
        assert_eq!(
            outcome.report.verdict,
            Verdict::Errored,
            "{elsewhere}: {:?}",
            outcome.report
        );
    }
}

#[tokio::test]
async fn credentials_and_cookies_stay_with_the_host_they_were_given_to() {
    let served = Served::corpus().await;
    let text = "GET {{base_url}}/redirect-home\nAuthorization: Bearer x\n[Cookies]\nid: x\n[Options]\nlocation: true\nHTTP 200\n\
        [Asserts]\nurl contains \"localhost\"\njsonpath \"$.authorization\" == null\njsonpath \"$.cookie\" == null\n";
    let outcome = run(&suite(Some(served.url()), &[("a.hurl", text)])).await;
    assert_eq!(
        outcome.report.verdict,
        Verdict::Passed,
        "{:?}",
        outcome.report
    );
}
