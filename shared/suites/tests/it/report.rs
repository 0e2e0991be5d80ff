//! What a run tells, and what it keeps to itself.

use greenroom_core::verdict::{FAILURES_MAX, Verdict};

use crate::harness::{Served, run, suite};

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

#[tokio::test]
async fn a_suite_without_files_is_not_green() {
    let outcome = run(&suite(None, &[])).await;
    assert_eq!(outcome.report.verdict, Verdict::Errored);
    assert_eq!(
        outcome.report.error.as_deref(),
        Some("the suite holds no file")
    );
}

#[tokio::test]
async fn a_run_can_be_spawned() {
    let served = Served::corpus().await;
    let suite = suite(
        Some(served.url()),
        &[("a.hurl", "GET {{base_url}}/text\nHTTP 200\n")],
    );
    let outcome = tokio::spawn(async move { run(&suite).await })
        .await
        .unwrap();
    assert_eq!(outcome.report.verdict, Verdict::Passed);
}

#[tokio::test]
async fn a_secret_that_is_a_word_of_xml_leaves_the_document_whole() {
    let served = Served::corpus().await;
    let mut suite = suite(
        Some(served.url()),
        &[("a.hurl", "GET {{base_url}}/text\nHTTP 201\n")],
    );
    suite.secrets.insert("word".to_owned(), "testcase".into());
    assert!(run(&suite).await.junit.contains("<testcase name="));
}
