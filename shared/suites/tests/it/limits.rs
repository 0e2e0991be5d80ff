//! What a run waits for and what it gives up on: errors, never failures.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_ENCODING;
use axum::routing::get;
use greenroom_core::verdict::Verdict;
use tokio::net::TcpListener;

use crate::harness::{Served, error, run, suite};
use crate::server;

#[tokio::test]
async fn a_service_that_comes_up_late_is_waited_for() {
    let probes = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&probes);
    let late = async move || match counted.fetch_add(1, Ordering::SeqCst) {
        0 => StatusCode::BAD_GATEWAY,
        1 => StatusCode::SERVICE_UNAVAILABLE,
        2 => StatusCode::GATEWAY_TIMEOUT,
        _ => StatusCode::OK,
    };
    let served = Served::router(Router::new().route("/", get(late))).await;
    let outcome = run(&suite(
        Some(served.url()),
        &[("a.hurl", "GET {{base_url}}/\nHTTP 200\n")],
    ))
    .await;
    assert_eq!(outcome.report.verdict, Verdict::Passed);
    assert_eq!(
        probes.load(Ordering::SeqCst),
        5,
        "three not ready, one ready, one test"
    );
}

#[tokio::test]
async fn a_port_that_opens_late_is_waited_for() {
    let address = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let service = tokio::spawn(async move {
        // Not to wait for anything: a service takes its time to start.
        tokio::time::sleep(Duration::from_millis(300)).await;
        server::serve(TcpListener::bind(address).await.unwrap()).await;
    });
    let outcome = run(&suite(
        Some(format!("http://{address}")),
        &[("a.hurl", "GET {{base_url}}/text\nHTTP 200\n")],
    ))
    .await;
    service.abort();
    assert_eq!(
        outcome.report.verdict,
        Verdict::Passed,
        "{:?}",
        outcome.report
    );
}

#[tokio::test]
async fn a_service_that_never_comes_up_is_an_error_not_a_failure() {
    let address = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let mut closed = suite(
        Some(format!("http://{address}")),
        &[("a.hurl", "GET {{base_url}}/text\nHTTP 200\n")],
    );
    closed.ready = Duration::from_millis(200);
    let outcome = run(&closed).await;
    let said = error(&outcome);
    assert!(
        said.contains(&format!(
            "could not reach http://{address} within 200ms: cannot connect"
        )),
        "{said}"
    );
    assert_eq!((outcome.report.total, outcome.report.failed), (0, 0));
    assert!(
        outcome.junit.contains("<error message=\"could not reach"),
        "{}",
        outcome.junit
    );

    let down =
        Served::router(Router::new().fallback(async || StatusCode::SERVICE_UNAVAILABLE)).await;
    closed.base_url = Some(down.url());
    let outcome = run(&closed).await;
    assert!(
        error(&outcome).ends_with("it answered 503"),
        "{:?}",
        outcome.report
    );
}

#[tokio::test]
async fn a_request_without_an_answer_in_time_is_an_error() {
    let served = Served::corpus().await;
    let mut slow = suite(
        Some(served.url()),
        &[(
            "slow.hurl",
            "GET {{base_url}}/text\nHTTP 200\n\nGET {{base_url}}/slow/60000\nHTTP 200\n",
        )],
    );
    slow.request_timeout = Duration::from_secs(1);
    let outcome = run(&slow).await;
    let said = error(&outcome);
    assert_eq!(
        said,
        format!("{} did not answer within 1s (slow.hurl:4)", served.address)
    );
    assert_eq!((outcome.report.total, outcome.report.failed), (2, 0));
}

#[tokio::test]
async fn a_suite_that_takes_too_long_ends_with_what_it_knows() {
    let served = Served::corpus().await;
    let files = [
        ("ok.hurl", "GET {{base_url}}/text\nHTTP 200\n"),
        ("slow.hurl", "GET {{base_url}}/slow/60000\nHTTP 200\n"),
    ];
    let mut endless = suite(Some(served.url()), &files);
    endless.timeout = Duration::from_secs(2);
    let outcome = run(&endless).await;
    assert_eq!(
        error(&outcome),
        "the suite was not over within 2s (slow.hurl:1)"
    );
    assert_eq!(outcome.files[0].verdict, Verdict::Passed);

    let retrying = [(
        "retry.hurl",
        "GET {{base_url}}/status/500\n[Options]\nretry: 100000\nretry-interval: 10\nHTTP 200\n",
    )];
    let mut endless = suite(Some(served.url()), &retrying);
    endless.timeout = Duration::from_millis(700);
    assert_eq!(
        error(&run(&endless).await),
        "the suite was not over within 700ms (retry.hurl:1)"
    );
}

#[tokio::test]
async fn a_connection_that_breaks_is_an_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let rude = tokio::spawn(async move {
        loop {
            drop(listener.accept().await.unwrap());
        }
    });
    let text = format!("GET http://{address}/\nHTTP 200\n");
    let outcome = run(&suite(None, &[("a.hurl", &text)])).await;
    rude.abort();
    let said = error(&outcome);
    assert!(
        said.starts_with(&format!("the connection to {address} broke")),
        "{said}"
    );
}

#[tokio::test]
async fn a_body_above_the_cap_is_not_read() {
    let served = Served::corpus().await;
    let outcome = run(&suite(
        Some(served.url()),
        &[("a.hurl", "GET {{base_url}}/large/4194305\nHTTP 200\n")],
    ))
    .await;
    assert!(
        error(&outcome).starts_with("the body is larger than 4 MiB"),
        "{:?}",
        outcome.report
    );
    let fits = "GET {{base_url}}/large/4194304\nHTTP 200\n[Asserts]\nbytes count == 4194304\n";
    assert_eq!(
        run(&suite(Some(served.url()), &[("a.hurl", fits)]))
            .await
            .report
            .verdict,
        Verdict::Passed
    );
}

#[tokio::test]
async fn a_body_that_unpacks_above_the_cap_is_not_read() {
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::copy(
        &mut std::io::Read::take(std::io::repeat(0), 8 * 1024 * 1024),
        &mut bomb,
    )
    .unwrap();
    let bomb = bomb.finish().unwrap();
    let answer = async move || ([(CONTENT_ENCODING, "gzip")], bomb.clone());
    let served = Served::router(Router::new().route("/bomb", get(answer))).await;
    let text = "GET {{base_url}}/bomb\nHTTP 200\n[Asserts]\nbody isEmpty\n";
    let outcome = run(&suite(Some(served.url()), &[("a.hurl", text)])).await;
    assert!(
        error(&outcome).starts_with("the body is larger than 4 MiB"),
        "{:?}",
        outcome.report
    );
}

#[tokio::test]
async fn texts_that_grow_without_bound_are_stopped() {
    let served = Served::corpus().await;
    let capture = "GET {{base_url}}/large/4000000\nHTTP 200\n[Captures]\nbig: body\n\n";
    let cases = [
        format!(
            "{capture}POST {{{{base_url}}}}/echo\n`{}`\nHTTP 200\n",
            "{{big}}".repeat(10_000)
        ),
        format!(
            "{capture}POST {{{{base_url}}}}/echo\n[\"{}\"]\nHTTP 200\n",
            "{{big}}".repeat(10_000)
        ),
        format!(
            "{capture}GET {{{{base_url}}}}/text\nHTTP 200\n[Asserts]\nvariable \"big\" replace \"x\" \"{}\" exists\n",
            "y".repeat(10_000)
        ),
        format!(
            "GET {{{{base_url}}}}/large/4000000\nHTTP 200\n[Captures]\n{}",
            (0..40)
                .map(|number| format!("v{number}: body\n"))
                .collect::<String>()
        ),
    ];
    for text in cases {
        let outcome = run(&suite(Some(served.url()), &[("a.hurl", &text)])).await;
        assert!(error(&outcome).contains("large"), "{:?}", outcome.report);
    }
}

#[tokio::test]
async fn tls_that_cannot_be_agreed_on_is_an_error() {
    let served = Served::corpus().await;
    let text = format!("GET https://{}/text\nHTTP 200\n", served.address);
    let outcome = run(&suite(None, &[("a.hurl", &text)])).await;
    let said = error(&outcome);
    assert!(
        said.starts_with(&format!("cannot connect to {}", served.address)),
        "{said}"
    );
}
