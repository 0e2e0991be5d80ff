use super::*;

fn document(paths: &[(&str, &[&str])]) -> OpenApi {
    let mut text = "openapi: 3.0.0\nservers: [{ url: https://acme.test/v1 }]\npaths:\n".to_owned();
    for (path, methods) in paths {
        text.push_str(&format!("  '{path}':\n"));
        for method in *methods {
            text.push_str(&format!("    {method}: {{}}\n"));
        }
    }
    OpenApi::read(text.as_bytes()).expect("a document")
}

fn call(text: &str) -> Call {
    let (method, url) = text.split_once(' ').expect("a method and an address");
    Call {
        method: method.to_owned(),
        url: url.to_owned(),
    }
}

fn meant(document: &OpenApi, text: &str) -> Option<String> {
    let routes = Routes::of(document);
    let place = routes.meant(&call(text))?;
    Some(document.operations[place].name())
}

#[test]
fn a_call_means_the_operation_whose_method_and_path_fit() {
    let api = document(&[
        ("/", &["get"]),
        ("/orders", &["get", "post"]),
        ("/orders/{id}", &["get"]),
        ("/orders/search", &["get"]),
        ("/orders/{id}/lines/{line}", &["delete"]),
        ("/files/{name}.json", &["get"]),
        ("/between/{from}..{to}", &["get"]),
    ]);
    for (call, expected) in [
        ("GET {{base_url}}/", Some("GET /")),
        ("GET {{base_url}}", Some("GET /")),
        ("GET {{base_url}}/orders?limit=5", Some("GET /orders")),
        ("get {{base_url}}/orders/", Some("GET /orders")),
        ("GET {{base_url}}/v1/orders#top", Some("GET /orders")),
        (
            "GET https://{{host}}/v1/orders/42",
            Some("GET /orders/{id}"),
        ),
        (
            "GET http://127.0.0.1:8080/orders/42",
            Some("GET /orders/{id}"),
        ),
        ("GET {{base_url}}/orders/{{id}}", Some("GET /orders/{id}")),
        ("GET {{base_url}}/orders/a-{{n}}", Some("GET /orders/{id}")),
        ("GET {{base_url}}/orders/search", Some("GET /orders/search")),
        (
            "DELETE {{base_url}}/orders/{{id}}/lines/1",
            Some("DELETE /orders/{id}/lines/{line}"),
        ),
        (
            "GET {{base_url}}/files/report.json",
            Some("GET /files/{name}.json"),
        ),
        (
            "GET {{base_url}}/files/{{name}}.json",
            Some("GET /files/{name}.json"),
        ),
        ("GET {{base_url}}/files/.json", None),
        ("GET {{base_url}}/files/{{name}}", None),
        (
            "GET {{base_url}}/between/1..2",
            Some("GET /between/{from}..{to}"),
        ),
        ("GET {{base_url}}/between/..2", None),
        ("PUT {{base_url}}/orders", None),
        ("GET {{base_url}}/{{collection}}", None),
        ("GET {{base_url}}/v2/orders", None),
        ("DELETE {{base_url}}/orders//lines/1", None),
    ] {
        assert_eq!(meant(&api, call).as_deref(), expected, "{call}");
    }
}

#[test]
fn operations_are_told_apart_by_the_suites_that_call_them() {
    let api_file = document(&[("/a", &["get", "post"]), ("/b", &["get"]), ("/c", &["get"])]);
    let suite = |files: &str, calls: &[&str]| SuiteCalls {
        files: files.to_owned(),
        calls: Ok(calls.iter().map(|text| call(text)).collect()),
    };
    let suites = [
        suite(
            "smoke/*.hurl",
            &["GET {{base_url}}/a", "GET {{base_url}}/a"],
        ),
        suite("all/*.hurl", &["GET {{base_url}}/a", "GET {{base_url}}/b"]),
        SuiteCalls {
            files: "broken/*.hurl".to_owned(),
            calls: Err("line 3".to_owned()),
        },
    ];
    let api = api(&api_file, &suites);
    assert_eq!(api.operations, 4);
    let groups: Vec<_> = api
        .groups
        .iter()
        .map(|group| (group.suites.as_slice(), group.count, group.named.join(", ")))
        .collect();
    assert_eq!(
        groups,
        [
            (&[][..], 2, "POST /a, GET /c".to_owned()),
            (&[0, 1][..], 1, "GET /a".to_owned()),
            (&[1][..], 1, "GET /b".to_owned()),
        ]
    );
    let problems: Vec<_> = api
        .suites
        .iter()
        .map(|suite| suite.problem.as_deref())
        .collect();
    assert_eq!(problems, [None, None, Some("line 3")]);
    assert_eq!(api.undocumented, 4);
}

proptest::proptest! {
    #[test]
    fn no_path_and_no_address_makes_it_panic(path in "[{}a/.é]{0,12}", url in "[{}a:/?#é.]{0,14}") {
        for segment in split(&path) {
            let segment = Segment::of(segment);
            for text in split(&path_of(&url)) {
                let _ = segment.fits(text);
            }
        }
    }
}
