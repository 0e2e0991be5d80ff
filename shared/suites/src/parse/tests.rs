use proptest::prelude::*;

use super::*;

fn refusals(text: &str) -> Vec<Problem> {
    SuiteFile::parse("t.hurl", text).err().unwrap_or_default()
}

/// The one problem of `text`.
fn refusal(text: &str) -> Problem {
    let mut problems = refusals(text);
    assert_eq!(problems.len(), 1, "{text}: {problems:?}");
    problems.remove(0)
}

#[test]
fn a_file_that_can_be_run_is_accepted() {
    let file = SuiteFile::parse(
        "t.hurl",
        "\u{feff}GET {{base_url}}/a\r\nHTTP 200\r\n\r\nGET http://b\n",
    )
    .unwrap();
    assert_eq!((file.path(), file.entry_count()), ("t.hurl", 2));
}

#[test]
fn xpath_is_refused_with_its_line() {
    let problem =
        refusal("GET http://a\nHTTP 200\n[Asserts]\nstatus == 200\nxpath \"//p\" exists\n");
    assert_eq!((problem.line, problem.column), (5, 1));
    assert_eq!(problem.what, "xpath is not supported");
    assert!(
        problem
            .to_string()
            .starts_with("t.hurl:5:1: xpath is not supported; ")
    );
}

#[test]
fn what_is_not_executed_is_refused_with_line_and_reason() {
    let request = |lines: &str| format!("GET http://a\n{lines}\nHTTP 200\n");
    let asserts = |lines: &str| format!("GET http://a\nHTTP 200\n[Asserts]\n{lines}\n");
    let cases = [
        ("# nothing here\n".to_owned(), 1, "holds no test"),
        ("CONNECT http://a\n".to_owned(), 1, "CONNECT"),
        ("GET {{base_url}}/{{a}}}\n".to_owned(), 1, "}}}"),
        ("GET http://a/ü\n".to_owned(), 1, "a URL is ASCII"),
        ("GET h://a\n".to_owned(), 1, "only http:// and https://"),
        (
            "#@cookie_storage_clear\nGET http://a\n".to_owned(),
            2,
            "cookie storage",
        ),
        (request("Content-Length: 3"), 2, "set by the HTTP client"),
        (request("[Options]\ninsecure: true"), 3, "insecure"),
        (request("[Options]\nproxy: localhost:1"), 3, "proxy"),
        (request("[Options]\ncacert: a.pem"), 3, "certificates"),
        (request("[Options]\ncert: a.pem"), 3, "client certificates"),
        (request("[Options]\nkey: a.pem"), 3, "client certificates"),
        (request("[Options]\npath-as-is: true"), 3, "path-as-is"),
        (request("[Options]\nverbose: true"), 3, "terminal"),
        (request("[Options]\nvery-verbose: true"), 3, "terminal"),
        (request("[Options]\nretry: -1"), 3, "retry without end"),
        (
            request("[Options]\nvariable: a=\"{{newUuid}}\""),
            3,
            "newUuid",
        ),
        (
            request("[MultipartFormData]\nf: file,a.txt;"),
            3,
            "cannot send files",
        ),
        (
            request("Content-Type: multipart/form-data\n[MultipartFormData]\nf: x"),
            1,
            "boundary",
        ),
        (
            request("[FormParams]\nf: x\n{\"a\": 1}"),
            1,
            "more than one body",
        ),
        (request("file,a.txt;"), 2, "cannot read files"),
        (
            request("```graphql\n{ a }\nvariables {\"a\": 1}\n```"),
            2,
            "GraphQL variables",
        ),
        (request("```one line```"), 2, "no longer Hurl"),
        (request("{\"a\\nb\": 1}"), 2, "escape in a JSON key"),
        ("GET http://a\nHTTP/2 200\n".to_owned(), 2, "HTTP/1.1"),
        ("GET http://a\nHTTP/* 200\n".to_owned(), 2, "no longer Hurl"),
        (
            "GET http://a\nHTTP 200\n[Captures]\na: xpath \"//p\"\n".to_owned(),
            4,
            "xpath",
        ),
        (asserts("certificate \"Subject\" exists"), 4, "certificate"),
        (asserts("body xpath \"//p\" exists"), 4, "xpath"),
        (asserts("body htmlUnescape == \"a\""), 4, "htmlUnescape"),
        (
            asserts("body replace /a/ \"b\" == \"a\""),
            4,
            "not a regular expression",
        ),
        (
            asserts("bytes decode \"klingon\" == \"a\""),
            4,
            "no known encoding",
        ),
        (asserts("body toDate \"%Q\" exists"), 4, "%Q"),
        (asserts("body == /a/"), 4, "never holds"),
        (asserts("body equals \"a\""), 4, "no longer Hurl"),
        (asserts("status greaterThan 1"), 4, "no longer Hurl"),
        (asserts("jsonpath \"a.b\" exists"), 4, "no JSONPath"),
        (asserts("body matches \"(\""), 4, "no regular expression"),
        (asserts("body == {{newDate}}"), 4, "newDate"),
        (asserts("status == 9223372036854775808"), 4, "64 bits"),
        (
            asserts("status == 200\n[Asserts]\nstatus == 200"),
            5,
            "[Asserts] is there twice",
        ),
    ];
    for (text, line, reason) in cases {
        let problem = refusal(&text);
        assert_eq!(problem.line, line, "{text}: {problem}");
        assert!(problem.what.contains(reason), "{text}: {problem}");
        assert!(!problem.fix.is_empty());
    }
}

#[test]
fn a_number_the_parser_folds_is_refused_wherever_it_stands() {
    let assert = |line: &str| format!("GET http://a\nHTTP 200\n[Asserts]\n{line}\n");
    for line in [
        "jsonpath \"$[-1]\" == 18446744073709551615",
        "regex /\"(1)/ == 18446744073709551615",
        "jsonpath \"$['\u{308}\\\"1']\" >= 9223372036854775808 # 9223372036854775808",
        "jsonpath \"$['a\\\"b']\" != 99999999999999999999",
    ] {
        assert_eq!(refusal(&assert(line)).line, 4, "{line}");
    }
    for line in [
        "jsonpath \"$['99999999999999999999']\" == 9223372036854775807",
        "header \"e\u{301}\u{308}1\" toInt == -17 # 17",
        "jsonpath \"$[1]\" not includes 0",
    ] {
        assert!(SuiteFile::parse("t.hurl", &assert(line)).is_ok(), "{line}");
    }
}

#[test]
fn all_refusals_are_told_at_once_in_file_order() {
    let text = "GET http://a\n[Options]\ninsecure: true\nHTTP 200\n[Asserts]\nxpath \"//p\" exists\n\nGET http://a\nHTTP/2 200\n";
    let lines: Vec<u32> = refusals(text).iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [3, 6, 9]);
}

#[test]
fn a_syntax_error_comes_with_what_to_write_instead() {
    let cases = [
        (
            "GET http://a\nHTTP 200\n[Asserts]\njsonpath \"$.a\" countEquals 1\n",
            4,
            "count ==",
        ),
        ("GET http://a\n[Query]\na: 1\n", 2, "[QueryStringParams]"),
        ("POST http://a\n[Form]\na: 1\n", 2, "[FormParams]"),
        (
            "GET http://a\n[Options]\nskip: true\nHTTP 200\n",
            3,
            "comment it out",
        ),
        ("GET http://a\n[Options]\ndelay: 1s\nHTTP 200\n", 3, "retry"),
        (
            "GET http://a\nHTTP 200\n[Asserts]\njsonpath \"$.a\" isNumber\n",
            4,
            "isInteger",
        ),
        (
            "GET http://a\nHTTP 200\n[Asserts]\nbody jsonpath \"$.a\" == 1\n",
            4,
            "as the query",
        ),
        (
            "GET http://a\nHTTP 200\n[Asserts]\njsonpath \"$.a\" toFloat == 1.5\n",
            4,
            "number",
        ),
        ("POST http://a\n{\"a\":{{b}}}\n", 2, "space between"),
    ];
    for (text, line, fix) in cases {
        let problem = refusal(text);
        assert_eq!(problem.line, line, "{text}: {problem}");
        assert!(problem.fix.contains(fix), "{text}: {problem}");
    }
}

#[test]
fn more_entries_than_the_cap_are_refused() {
    assert!(SuiteFile::parse("t.hurl", &"GET http://a\n".repeat(ENTRIES_MAX)).is_ok());
    assert!(
        refusal(&"GET http://a\n".repeat(ENTRIES_MAX + 1))
            .what
            .contains("201 tests")
    );
}

#[test]
fn shapes_that_are_expensive_to_parse_are_bounded() {
    let size = budget::FILE_BYTES_MAX - 100;
    let shapes = [
        format!("POST http://a\n{}", "[".repeat(size)),
        format!("POST http://a\n{}", "{\"a\":".repeat(size / 5)),
        format!("POST http://a\n{}", "[\"]\",".repeat(size / 5)),
        format!("POST http://a\n<a>{}", "<b></b>".repeat(size / 7)),
        format!("POST http://a\nhex,{};", "00".repeat(size / 2)),
        format!("POST http://a\n`{}`", "\\u{41}".repeat(size / 6)),
        format!("POST http://a\nbase64,{};", "AAAA".repeat(size / 4)),
        format!("GET http://a\n{}", "\n".repeat(9_900)),
        format!("GET http://a\n[Options]\n{}", "# c\n".repeat(9_900)),
        format!("GET http://{}", "{{a}}".repeat(size / 5)),
        format!(
            "GET http://a\nHTTP 200\n[Asserts]\n{}",
            "body == \"a\"\n".repeat(9_900)
        ),
        format!(
            "GET http://a\nHTTP 200\n[Asserts]\nbody == \"a\"{}",
            " ".repeat(size)
        ),
        format!(
            "GET http://a\nHTTP 200\n[Asserts]\nbody {}== 1",
            "count ".repeat(size / 6)
        ),
        format!(
            "GET http://a\nHTTP 200\n[Asserts]\njsonpath \"$[?{}@.a]\" exists",
            "(".repeat(size)
        ),
        format!("GET http://a\n```graphql\n{}", "variables\n".repeat(9_900)),
        "GET http://a\nX: y\n".repeat(4_900),
    ];
    for shape in shapes {
        // What would take for ever is ended by the test runner.
        let _ = SuiteFile::parse("t.hurl", &shape);
    }
}

/// Texts made of pieces that mean something to the parser reach further into it than noise does.
fn hurlish() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "GET ",
        "POST ",
        "http://a",
        "{{base_url}}",
        "/x?y=[1]",
        "\n",
        "\r\n",
        " ",
        "HTTP ",
        "200",
        "*",
        "/1.1",
        "[Asserts]",
        "[Captures]",
        "[Options]",
        "[Cookies]",
        "[BasicAuth]",
        "[QueryStringParams]",
        "[FormParams]",
        "[MultipartFormData]",
        "a: b",
        "jsonpath ",
        "\"$.a\"",
        "\"$[?@.a==1]\"",
        "header ",
        "cookie ",
        "\"a[Path]\"",
        "regex ",
        "/a(b)/",
        "== ",
        "not ",
        "exists",
        "contains ",
        "1",
        "-1.5",
        "null",
        "true",
        "hex,00;",
        "base64,AA==;",
        "file,x;",
        "```",
        "json",
        "graphql",
        "`",
        "{",
        "}",
        "[",
        "]",
        "\"",
        "\\",
        "\\u{41}",
        "#",
        ":",
        ",",
        ";",
        "{{",
        "}}",
        "retry: 1",
        "variable: a=",
        "count",
        "nth 1",
        "split ",
        "toDate ",
        "\"%Y\"",
        "<a>",
        "</a>",
        "é",
        "🎭",
        "\u{301}",
        "\0",
        "99999999999999999999",
    ];
    prop::collection::vec(prop::sample::select(PIECES), 0..60).prop_map(|pieces| pieces.concat())
}

/// A corpus file with some of its bytes' places cut out, doubled or replaced.
fn mutated() -> impl Strategy<Value = String> {
    const FILES: &[&str] = &[
        include_str!("../../tests/corpus/17-jsonpath-basics.hurl"),
        include_str!("../../tests/corpus/35-captures.hurl"),
        include_str!("../../tests/corpus/48-body-json-template.hurl"),
        include_str!("../../tests/corpus/50-body-text-kinds.hurl"),
        include_str!("../../tests/corpus/77-filters-text.hurl"),
    ];
    let change = (
        any::<prop::sample::Index>(),
        0..40usize,
        prop_oneof!["", "\\PC{0,3}", "[\\[\\]{}\"`\\\\#:]{1,4}"],
    );
    (
        prop::sample::select(FILES),
        prop::collection::vec(change, 1..6),
    )
        .prop_map(|(file, changes)| {
            let mut chars: Vec<char> = file.chars().collect();
            for (place, length, new) in changes {
                let start = place.index(chars.len() + 1);
                let end = (start + length).min(chars.len());
                chars.splice(start..end, new.chars());
            }
            chars.into_iter().collect()
        })
}

/// Whatever the text, the answer is a file or problems that point into the text.
fn answers(text: &str) -> Result<(), TestCaseError> {
    if let Err(problems) = SuiteFile::parse("t.hurl", text) {
        prop_assert!(!problems.is_empty());
        for problem in problems {
            prop_assert!(problem.line >= 1 && problem.column >= 1);
            prop_assert!(
                problem.line as usize <= text.lines().count() + 1,
                "{problem}"
            );
            prop_assert!(problem.what != GAVE_UP, "the parser crashed on {text:?}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn noise_never_panics(text in "\\PC{0,200}") {
        answers(&text)?;
    }

    #[test]
    fn texts_made_of_hurls_words_never_panic(text in hurlish()) {
        answers(&text)?;
    }

    #[test]
    fn damaged_files_never_panic(text in mutated()) {
        answers(&text)?;
    }
}

#[test]
fn the_example_of_the_docs_can_be_run() {
    let docs = include_str!("../../../../docs/suites.md");
    let example = docs
        .split("```hurl\n")
        .nth(1)
        .and_then(|rest| rest.split("\n```").next())
        .unwrap();
    assert_eq!(SuiteFile::parse("docs", example).unwrap().entry_count(), 3);
    let quoted = example
        .lines()
        .position(|line| line.contains(".count\" == 2"))
        .unwrap()
        + 1;
    assert!(
        docs.contains(&format!("orders.hurl:{quoted})")),
        "the assert is on line {quoted}"
    );
}
