use super::*;

fn tests(xml: &str) -> Tests {
    read(xml.as_bytes()).expect("a report")
}

fn why(xml: &[u8]) -> String {
    read(xml).expect_err("no report").to_string()
}

fn sums(tests: &Tests) -> [u32; 4] {
    [tests.total, tests.failed, tests.errored, tests.skipped]
}

#[test]
fn pytest_writes_one_suite_in_a_list_of_them() {
    let tests = tests(
        r#"<?xml version="1.0" encoding="utf-8"?>
<testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="1" skipped="1" tests="4" time="0.05" timestamp="2026-03-02T08:00:00" hostname="ci">
<testcase classname="tests.unit.test_orders" name="test_total" time="0.001" />
<testcase classname="tests.unit.test_orders" name="test_price[1 &lt; 2]" time="0.001"><failure message="assert 1 == 2">def test_price():
&gt;       assert 1 == 2</failure></testcase>
<testcase classname="tests.unit.test_db" name="test_up" time="0.001"><error message="failed on setup with &quot;OSError&quot;">E OSError</error></testcase>
<testcase classname="tests.unit.test_db" name="test_later" time="0.000"><skipped type="pytest.skip" message="later">skipped</skipped></testcase>
</testsuite></testsuites>"#,
    );
    assert_eq!(sums(&tests), [4, 1, 1, 1]);
    assert_eq!(
        tests.named,
        [
            "tests.unit.test_orders test_price[1 < 2]",
            "tests.unit.test_db test_up"
        ]
    );
}

#[test]
fn surefire_writes_a_bare_suite_with_properties_and_outputs_and_tells_of_flaky_tests() {
    let tests = tests(
        r#"<testsuite xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" name="com.acme.OrdersTest" time="0.1" tests="2" errors="0" skipped="0" failures="0">
  <properties><property name="java.version" value="21"/></properties>
  <testcase name="total" classname="com.acme.OrdersTest" time="0.01"><system-out><![CDATA[<failure>not one</failure>]]></system-out></testcase>
  <testcase name="flaky" classname="com.acme.OrdersTest" time="0.01"><flakyFailure message="once">x</flakyFailure></testcase>
</testsuite>"#,
    );
    assert_eq!(sums(&tests), [2, 0, 0, 0]);
}

#[test]
fn suites_inside_suites_are_counted_once_and_without_counts_as_well() {
    let tests = tests(
        r#"<testsuites tests="3" failures="1"><testsuite name="a" tests="3" failures="1">
<testsuite name="b"><testcase name="1"/><testcase name="2"><failure/></testcase></testsuite>
<testsuite name="c"><testcase name="3"/></testsuite></testsuite></testsuites>"#,
    );
    assert_eq!(sums(&tests), [3, 1, 0, 0]);
    assert_eq!(tests.named, ["2"]);
}

#[test]
fn a_summary_without_its_tests_hides_no_failure() {
    let tests = tests(r#"<testsuite name="jest" tests="10" failures="2" errors="1"/>"#);
    assert_eq!(sums(&tests), [3, 2, 1, 0]);
    assert_eq!(tests.named, ["jest"]);
}

#[test]
fn only_a_test_that_is_there_has_passed() {
    let of = |xml: &str| sums(&tests(xml));
    assert_eq!(of(r#"<testsuites tests="10"/>"#), [0, 0, 0, 0]);
    assert_eq!(
        of(
            r#"<testsuites tests="9"><testsuite tests="9"><testcase name="1"/></testsuite></testsuites>"#
        ),
        [1, 0, 0, 0]
    );
    assert_eq!(
        of(
            r#"<testsuite tests="6" skipped="4"><testcase name="1"/><testcase name="2"/></testsuite>"#
        ),
        [6, 0, 0, 4],
        "what is skipped may be left out"
    );
    assert_eq!(
        of(
            r#"<testsuite tests="2" skipped="2"><testcase name="1"/><testcase name="2"/></testsuite>"#
        ),
        [2, 0, 0, 2],
        "or be listed without a word"
    );
}

#[test]
fn what_cannot_be_read_is_not_taken_for_nothing() {
    let with = |attribute: &str| {
        format!("<testsuite {attribute}><testcase name=\"1\"/></testsuite>").into_bytes()
    };
    assert_eq!(
        why(&with("failures=\"2.0\"")),
        "its failures are \"2.0\", which is no count"
    );
    for count in ["errors=\"-1\"", "tests=\"\"", "skipped=\"99999999999\""] {
        assert!(why(&with(count)).contains("no count"), "{count}");
    }
    for bad in ["failures=2", "failures", "name=\"a\" x=y failures=\"2\""] {
        assert!(why(&with(bad)).contains("no XML"), "{bad}");
    }
    let case = b"<testsuite><testcase name=\"1\" status=failed/></testsuite>";
    assert!(why(case).starts_with("the attributes of <testcase> are no XML"));
}

#[test]
fn what_fails_outside_of_a_test_counts() {
    let tests = tests(
        r#"<testsuites><testsuite name="broken.spec"><error message="cannot import"/></testsuite></testsuites>"#,
    );
    assert_eq!(sums(&tests), [1, 0, 1, 0]);
    assert_eq!(tests.named, ["broken.spec"]);
}

#[test]
fn a_test_that_failed_and_errored_is_one_that_errored() {
    let tests = tests(
        r#"<testsuite><testcase name="x"><failure/><skipped/><error/></testcase></testsuite>"#,
    );
    assert_eq!(sums(&tests), [1, 0, 1, 0]);
}

#[test]
fn what_is_no_report_or_only_a_part_of_one_is_refused() {
    assert_eq!(
        why(b"<html><body/></html>"),
        "it is no JUnit report: it begins with <html>"
    );
    assert_eq!(why(b""), "there is no element in it");
    assert_eq!(why(b"all tests passed"), "there is no element in it");
    assert_eq!(
        why(b"<testsuite tests=\"2\"><testcase name=\"1\"/>"),
        "it ends in the middle of an element"
    );
    assert!(why(b"<testsuite><testcase></testsuite>").contains("no XML"));
    assert!(why("<testsuite>".repeat(1_000).as_bytes()).contains("nested more than 64 deep"));
    let large = vec![b' '; crate::REPORT_BYTES_MAX + 1];
    assert!(matches!(read(&large), Err(ReadError::TooLarge { .. })));
}

#[test]
fn entities_are_never_expanded_and_nothing_is_fetched() {
    let laughs = r#"<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>
<testsuite name="&b;"><testcase name="&c;"><failure>&b;</failure></testcase></testsuite>"#;
    let tests = tests(laughs);
    assert_eq!(sums(&tests), [1, 1, 0, 0]);
    assert_eq!(tests.named, ["&c;"]);
}

#[test]
fn names_are_cut_and_a_long_list_of_failures_is_counted() {
    let case = format!(
        "<testcase name=\"{}\"><failure/></testcase>",
        "\u{e9}".repeat(9_000)
    );
    let tests = tests(&format!("<testsuite>{}</testsuite>", case.repeat(50)));
    assert_eq!(sums(&tests), [50, 50, 0, 0]);
    assert_eq!(tests.named.len(), NAMED_MAX);
    assert!(
        tests
            .named
            .iter()
            .all(|name| name.len() <= 2 * NAMED_BYTES_MAX)
    );
}

#[test]
fn a_large_output_is_passed_over() {
    let text = "x".repeat(8 * 1024 * 1024);
    let xml = format!(
        "<testsuite><testcase name=\"1\"><system-out>{text}</system-out></testcase></testsuite>"
    );
    assert_eq!(sums(&tests(&xml)), [1, 0, 0, 0]);
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        let _ = read(&bytes);
    }

    #[test]
    fn no_tags_make_it_panic(tags in proptest::collection::vec("<(/?(testsuites?|testcase|failure|error|skipped))( name=\"[^\"<]{0,4}\")?/?>", 0..40)) {
        let _ = read(tags.concat().as_bytes());
    }
}
