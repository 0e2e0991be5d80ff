//! A run as a whole: what it reaches, waits for, gives up on, keeps to itself and reports.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_ENCODING;
use axum::routing::get;
use greenroom_core::verdict::{FAILURES_MAX, Verdict};
use greenroom_suites::{Reach, Runner, SuiteFile, SuiteOutcome, SuiteRun};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

#[path = "common/server.rs"]
mod server;

/// Stops with the test.
struct Served {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Served {
    async fn corpus() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        Self {
            address,
            task: tokio::spawn(server::serve(listener)),
        }
    }

    async fn router(router: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        Self {
            address,
            task: tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }),
        }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn file(path: &str, text: &str) -> SuiteFile {
    SuiteFile::parse(path, text).unwrap_or_else(|problems| panic!("{}", problems[0]))
}

fn suite(base_url: Option<String>, files: &[(&str, &str)]) -> SuiteRun {
    SuiteRun {
        name: "smoke".to_owned(),
        files: files.iter().map(|(path, text)| file(path, text)).collect(),
        base_url,
        variables: BTreeMap::new(),
        secrets: BTreeMap::new(),
        ready: Duration::from_secs(20),
        request_timeout: Duration::from_secs(20),
        timeout: Duration::from_secs(60),
        parallel: 4,
    }
}

fn loopback() -> Reach {
    Reach::new(["127.0.0.0/8".parse().unwrap()])
}

async fn run(suite: &SuiteRun) -> SuiteOutcome {
    Runner::new(loopback()).run(suite).await
}

fn error(outcome: &SuiteOutcome) -> &str {
    assert_eq!(
        outcome.report.verdict,
        Verdict::Errored,
        "{:?}",
        outcome.report
    );
    outcome.report.error.as_deref().unwrap_or_default()
}

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
    slow.request_timeout = Duration::from_millis(300);
    let outcome = run(&slow).await;
    let said = error(&outcome);
    assert_eq!(
        said,
        format!(
            "{} did not answer within 300ms (slow.hurl:4)",
            served.address
        )
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
    endless.timeout = Duration::from_millis(700);
    let started = Instant::now();
    let outcome = run(&endless).await;
    assert!(started.elapsed() < Duration::from_secs(20));
    assert_eq!(
        error(&outcome),
        "the suite was not over within 700ms (slow.hurl:1)"
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
async fn a_secret_appears_in_nothing_that_leaves_a_run() {
    const CANARY: &str = "c4n/ry \"ü&<s3cret>";
    let served = Served::corpus().await;
    let files = [
        (
            "header.hurl",
            "POST {{base_url}}/echo\nAuthorization: Bearer {{token}}\n`{{token}}`\nHTTP 200\n[Asserts]\njsonpath \"$.authorization\" == \"x\"\njsonpath \"$.body\" isInteger\nbody == \"x\"\nbody htmlEscape == \"x\"\n",
        ),
        (
            "query.hurl",
            "GET {{base_url}}/echo\n[QueryStringParams]\nq: {{token}}\nHTTP 200\n[Asserts]\njsonpath \"$.query\" == \"x\"\nurl == \"x\"\nbytes == hex,00;\n",
        ),
        (
            "basic.hurl",
            "GET {{base_url}}/echo\n[BasicAuth]\nada: {{token}}\nHTTP 200\n[Asserts]\njsonpath \"$.authorization\" == \"x\"\n",
        ),
        (
            "form.hurl",
            "POST {{base_url}}/echo\n[FormParams]\nq: {{token}}\nHTTP 500\n",
        ),
        (
            "json.hurl",
            "POST {{base_url}}/echo\n{\"q\": \"{{token}}\"}\nHTTP 201\n",
        ),
        (
            "expected.hurl",
            "GET {{base_url}}/text\nHTTP 200\n[Asserts]\nbody == \"{{token}}\"\n",
        ),
        (
            "body.hurl",
            "GET {{base_url}}/text\nHTTP 200\n`{{token}}`\n",
        ),
        (
            "captured.hurl",
            "POST {{base_url}}/echo\n`{{token}}`\nHTTP 200\n[Captures]\nsent: jsonpath \"$.body\"\n[Asserts]\nvariable \"sent\" == 1\n",
        ),
        ("url.hurl", "GET {{token}}\nHTTP 200\n"),
        (
            "regex.hurl",
            "GET {{base_url}}/text\nHTTP 200\n[Asserts]\nbody matches \"({{token}}\"\njsonpath \"{{token}}\" exists\n",
        ),
        (
            "redirect.hurl",
            "GET {{base_url}}/redirect-to?code=302\n[QueryStringParams]\nto: ftp://{{token}}/\n[Options]\nlocation: true\nHTTP 200\n",
        ),
    ];
    let mut suite = suite(Some(served.url()), &files);
    suite.secrets.insert("token".to_owned(), CANARY.into());
    let outcome = run(&suite).await;
    let all = format!("{outcome:?}\n{}\n{suite:?}", outcome.junit);
    for form in ["c4n", "s3cret", "YzRuL3J5", "63346e2f"] {
        let place = all.find(form).map(|at| {
            all[at.saturating_sub(200)..]
                .chars()
                .take(300)
                .collect::<String>()
        });
        assert_eq!(place, None, "{form} leaked");
    }
    for report in &outcome.files {
        assert_ne!(
            report.verdict,
            Verdict::Passed,
            "{} showed nothing",
            report.path
        );
    }
    assert!(all.contains("***"));
}

#[tokio::test]
async fn the_report_is_the_same_in_every_run() {
    let served = Served::corpus().await;
    let files = [
        ("slow.hurl", "GET {{base_url}}/slow/150\nHTTP 201\n"),
        (
            "fast.hurl",
            "GET {{base_url}}/echo/{{run}}?at={{run}}\nHTTP 200\n\nDELETE http://{{host}}/status/500\nHTTP 204\n[Asserts]\nbody == \"\"\n",
        ),
        ("ok.hurl", "GET {{base_url}}\nHTTP 404\n"),
    ];
    let mut reports = Vec::new();
    for number in ["1", "2"] {
        let mut suite = suite(Some(served.url()), &files);
        suite.variables.insert("run".to_owned(), number.to_owned());
        suite
            .variables
            .insert("host".to_owned(), served.address.to_string());
        let outcome = run(&suite).await;
        assert_eq!(
            outcome
                .files
                .iter()
                .map(|file| file.path.as_str())
                .collect::<Vec<_>>(),
            ["slow.hurl", "fast.hurl", "ok.hurl"]
        );
        assert_eq!(
            (
                outcome.report.total,
                outcome.report.failed,
                outcome.report.verdict
            ),
            (4, 2, Verdict::Failed)
        );
        reports.push(outcome.report.failures);
    }
    assert_eq!(reports[0], reports[1]);
    let tests: Vec<&str> = reports[0]
        .iter()
        .map(|failure| failure.test.as_str())
        .collect();
    assert_eq!(
        tests,
        [
            "slow.hurl:1 GET /slow/150",
            "fast.hurl:2 DELETE /status/500"
        ]
    );
    assert_eq!(
        reports[0][1].message,
        "expected status 204, got 500: status 500"
    );
    assert_eq!(
        (reports[0][1].file.as_str(), reports[0][1].line),
        ("fast.hurl", 5)
    );
}

#[tokio::test]
async fn a_failure_is_told_even_if_another_file_could_not_be_judged() {
    let served = Served::corpus().await;
    let files = [
        ("large.hurl", "GET {{base_url}}/large/5000000\nHTTP 200\n"),
        ("wrong.hurl", "GET {{base_url}}/text\nHTTP 201\n"),
    ];
    let outcome = run(&suite(Some(served.url()), &files)).await;
    assert_eq!(outcome.report.verdict, Verdict::Failed);
    assert_eq!(outcome.report.error, None);
    assert_eq!(
        (outcome.files[0].verdict, outcome.files[1].verdict),
        (Verdict::Errored, Verdict::Failed)
    );
}

#[tokio::test]
async fn failures_beyond_the_cap_are_counted_and_not_listed() {
    let served = Served::corpus().await;
    let names: Vec<String> = (0..FAILURES_MAX + 5)
        .map(|number| format!("{number:02}.hurl"))
        .collect();
    let files: Vec<(&str, &str)> = names
        .iter()
        .map(|name| (name.as_str(), "GET {{base_url}}/text\nHTTP 201\n"))
        .collect();
    let outcome = run(&suite(Some(served.url()), &files)).await;
    assert_eq!(outcome.report.failures.len(), FAILURES_MAX);
    assert_eq!(outcome.report.failed as usize, FAILURES_MAX + 5);
    assert_eq!(outcome.report.failures[0].file, "00.hurl");
}

#[tokio::test]
async fn a_failure_says_what_was_expected_and_what_came() {
    let served = Served::corpus().await;
    let cases = [
        (
            "jsonpath \"$.store.name\" == \"Corner\"",
            "/json/book",
            "jsonpath \"$.store.name\": expected \"Corner\", got \"Corner Books\"",
        ),
        (
            "jsonpath \"$.count\" == \"3\"",
            "/json/book",
            "jsonpath \"$.count\": expected \"3\", got integer 3",
        ),
        (
            "jsonpath \"$.gone\" exists",
            "/json/book",
            "jsonpath \"$.gone\": expected something, got nothing",
        ),
        (
            "jsonpath \"$.store.books\" count > 3",
            "/json/book",
            "jsonpath \"$.store.books\" count: expected > 3, got integer 3",
        ),
        (
            "body not contains \"hello\"",
            "/text",
            "body: expected not containing \"hello\", got \"hello world second line \"",
        ),
        ("jsonpath \"$\" exists", "/text", "the body is not JSON"),
    ];
    for (assert, path, message) in cases {
        let text = format!("GET {{{{base_url}}}}{path}\nHTTP 200\n[Asserts]\n{assert}\n");
        let outcome = run(&suite(Some(served.url()), &[("a.hurl", &text)])).await;
        assert_eq!(outcome.report.failures[0].message, message, "{assert}");
        assert_eq!(outcome.report.failures[0].line, 4);
    }
}
