use super::*;

const ORDERS: &str = r##"
openapi: 3.0.3
info: { title: Orders, version: "1" }
servers: [{ url: https://api.acme.test/v1/ }, { url: "/v1" }, { url: "https://{tenant}.acme.test/{base}" }]
paths:
  /orders:
    parameters: [{ name: trace, in: header, schema: { type: string } }]
    get:
      responses:
        200: { description: all, content: { application/json: { schema: { $ref: "#/components/schemas/Orders" } } } }
    post:
      requestBody: { $ref: "#/components/requestBodies/Order" }
      responses:
        "201": { $ref: "#/components/responses/Order" }
        default: { description: a problem }
  /orders/{id}:
    delete:
      responses: { "204": { description: gone } }
    put:
      responses: { "200": { description: x, content: { application/json: { schema: { type: object } } } } }
    patch:
      requestBody: { content: { application/json: {} } }
      responses: { "200": { description: x } }
  /orders/{id}/cancel:
    post:
      requestBody: { content: {} }
      responses: { 2XX: { description: x, content: { application/json: { schema: {} } } } }
  /health: { $ref: "#/components/pathItems/Health" }
components:
  pathItems: { Health: { get: { responses: { "200": { description: up } } }, head: { responses: { "200": { description: up } } } } }
  requestBodies: { Order: { content: { application/json: { schema: { $ref: "#/components/schemas/Order" } } } } }
  responses: { Order: { description: x, content: { application/json: { schema: { $ref: "#/components/schemas/Order" } } } } }
  schemas:
    Order: { type: object, properties: { id: { type: string } } }
    Orders: { type: array, items: { $ref: "#/components/schemas/Order" } }
"##;

fn why(text: &str) -> String {
    OpenApi::read(text.as_bytes())
        .expect_err("refused")
        .to_string()
}

#[test]
fn operations_are_methods_of_paths_and_what_they_lack_is_said() {
    let api = OpenApi::read(ORDERS.as_bytes()).expect("a document");
    let mut told: Vec<String> = api
        .operations
        .iter()
        .map(|one| {
            format!(
                "{}: {}",
                one.name(),
                one.lacks.as_deref().unwrap_or("complete")
            )
        })
        .collect();
    told.sort();
    assert_eq!(
        told,
        [
            "DELETE /orders/{id}: complete",
            "GET /health: no response schema for 200",
            "GET /orders: complete",
            "HEAD /health: complete",
            "PATCH /orders/{id}: no request schema for application/json",
            "POST /orders/{id}/cancel: no response schema for 2XX",
            "POST /orders: complete",
            "PUT /orders/{id}: no request schema: it has no requestBody",
        ]
    );
    assert_eq!(api.bases, ["/v1"]);
}

#[test]
fn json_is_read_as_well() {
    let json = r#"{"openapi":"3.1.0","paths":{"/a":{"get":{"responses":{"200":{"content":{"text/plain":{"schema":{"type":"string"}}}}}}}}}"#;
    let api = OpenApi::read(json.as_bytes()).expect("a document");
    assert_eq!(api.operations.len(), 1);
    assert_eq!(api.operations[0].lacks, None);
}

#[test]
fn a_schema_that_leads_nowhere_is_none() {
    let document = |target: &str| {
        format!(
            "openapi: 3.0.0\npaths: {{ /a: {{ get: {{ responses: {{ '200': {{ content: {{ x/y: {{ schema: {{ $ref: '{target}' }} }} }} }} }} }} }} }}\nloop: {{ $ref: '#/loop' }}\n"
        )
    };
    for target in [
        "#/nowhere",
        "#/loop",
        "other.yaml#/a",
        "https://acme.test/a",
        "",
    ] {
        let api = OpenApi::read(document(target).as_bytes()).expect("a document");
        assert_eq!(
            api.operations[0].lacks.as_deref(),
            Some("no response schema for 200"),
            "{target}"
        );
    }
}

#[test]
fn what_is_no_document_of_version_3_is_refused() {
    assert_eq!(
        why("swagger: '2.0'\npaths: {}\n"),
        "it is Swagger 2; write OpenAPI 3"
    );
    assert_eq!(
        why("openapi: 4.0.0\npaths: {}\n"),
        "its version is 4.0.0; version 3 is read"
    );
    assert_eq!(why("just: text\n"), "it has no `openapi: 3...`");
    assert_eq!(why("openapi: 3.0.0\n"), "it has no `paths`");
    assert_eq!(
        why("openapi: 3.0.0\npaths: {}\n"),
        "it describes no operation"
    );
    assert!(why("{").contains("cannot be parsed"));
    assert!(why("a: [").contains("cannot be parsed"));
    assert!(why("").contains("it has no `openapi") || why("").contains("cannot be parsed"));
}

#[test]
fn what_multiplies_or_nests_without_end_is_stopped() {
    let mut laughs = "openapi: 3.0.0\na0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..12 {
        let uses = vec![format!("*a{}", n - 1); 9].join(", ");
        laughs.push_str(&format!("a{n}: &a{n} [{uses}]\n"));
    }
    assert!(why(&laughs).contains("cannot be parsed"));
    assert!(why(&"[".repeat(100_000)).contains("cannot be parsed"));
    assert!(why(&"{\"a\":".repeat(100_000)).contains("cannot be parsed"));
    assert!(why(&" ".repeat(DOCUMENT_BYTES_MAX + 1)).contains("bytes"));
    let mut many = "openapi: 3.0.0\npaths:\n".to_owned();
    for n in 0..=OPERATIONS_MAX {
        many.push_str(&format!("  /p{n}: {{ get: {{}} }}\n"));
    }
    assert_eq!(why(&many), "it describes more than 5000 operations");
}

#[test]
fn the_page_shows_what_the_document_says_and_links_to_its_schemas() {
    let api = OpenApi::read(ORDERS.as_bytes()).expect("a document");
    let page = page(&api, "staging has 51ef1a2");
    for part in [
        "<title>staging has 51ef1a2</title>",
        "<h1>Orders</h1>",
        "<span class=\"m\">PATCH</span>",
        "<a href=\"#schema-Order\">Order</a>",
        "<section id=\"schema-Order\"><h3>Order</h3>",
        "<code>trace</code>",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
}

#[test]
fn texts_of_the_document_change_nothing_of_the_page() {
    let evil = "\\\"'><script>alert(1)</script><img src=x onerror=y>";
    let text = format!(
        r##"{{"openapi":"3.0.0","info":{{"title":"{evil}","description":"{evil}","version":"{evil}"}},
"paths":{{"/{evil}":{{"get":{{"summary":"{evil}","parameters":[{{"name":"{evil}","in":"{evil}","schema":{{"type":"{evil}","enum":["{evil}"]}}}}],
"requestBody":{{"content":{{"{evil}":{{"schema":{{"$ref":"#/components/schemas/{evil}"}}}}}}}},
"responses":{{"{evil}":{{"description":"{evil}"}}}}}}}}}},
"components":{{"schemas":{{"{evil}":{{"properties":{{"{evil}":{{"$ref":"{evil}"}}}},"required":["{evil}"]}}}}}}}}"##
    );
    let api = OpenApi::read(text.as_bytes()).expect("a document");
    let page = page(&api, evil);
    assert!(
        !page.contains("<script") && !page.contains("<img"),
        "{page}"
    );
    let tags = page.split('<').skip(1);
    for tag in tags.map(|tag| tag.split('>').next().unwrap_or_default()) {
        // What is inside quotes is a value, whatever it says.
        let bare: String = tag.split('"').step_by(2).collect();
        assert!(!bare.contains("onerror"), "{tag}");
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
    }
}

#[test]
fn a_page_ends_however_much_there_is_to_show() {
    let mut deep = "{\"type\":\"string\"}".to_owned();
    for _ in 0..40 {
        deep = format!("{{\"items\":{deep}}}");
    }
    let wide: Vec<String> = (0..30_000).map(|n| format!("\"p{n}\":{{}}")).collect();
    let text = format!(
        "{{\"openapi\":\"3.0.0\",\"paths\":{{\"/a\":{{\"get\":{{}}}}}},\"components\":{{\"schemas\":{{\"deep\":{deep},\"wide\":{{\"properties\":{{{}}}}}}}}}}}",
        wide.join(",")
    );
    let api = OpenApi::read(text.as_bytes()).expect("a document");
    let page = page(&api, "dev");
    assert!(page.contains("the rest is left out"));
    assert!(page.len() < 4 * 1024 * 1024, "{} bytes", page.len());
}

/// `paths` paths that are one path item, whose one operation is `operation`.
fn shared(paths: usize, operation: &str) -> String {
    let paths: Vec<String> = (0..paths)
        .map(|n| format!("\"/p{n}\":{{\"$ref\":\"#/x\"}}"))
        .collect();
    let paths = paths.join(",");
    format!("{{\"openapi\":\"3.0.0\",\"paths\":{{{paths}}},\"x\":{{\"get\":{operation}}}}}")
}

#[test]
fn what_is_shared_counts_each_time_it_is_used() {
    let answers: Vec<String> = (0..2_000).map(|n| format!("\"{n}\":{{}}")).collect();
    let answers = format!("{{\"responses\":{{{}}}}}", answers.join(","));
    assert!(why(&shared(500, &answers)).contains("list more than 100000"));
    let parameters = vec!["{}"; 2_000].join(",");
    let parameters = format!("{{\"parameters\":[{parameters}]}}");
    assert!(why(&shared(500, &parameters)).contains("list more than 100000"));
    let kinds: Vec<String> = (0..2_000).map(|n| format!("\"{n}\":{{}}")).collect();
    let body = format!(
        "{{\"requestBody\":{{\"content\":{{{}}}}}}}",
        kinds.join(",")
    );
    assert!(why(&shared(500, &body)).contains("list more than 100000"));
    let one = "{\"responses\":{\"200\":{}}}";
    assert!(OpenApi::read(shared(500, one).as_bytes()).is_ok());
}

#[test]
fn json_may_have_as_many_values_as_yaml() {
    let many = vec!["0"; NODES_MAX + 1].join(",");
    let text = shared(1, "{}").replace("{\"get\"", &format!("{{\"y\":[{many}],\"get\""));
    assert_eq!(why(&text), "it has too many values");
}

#[test]
fn a_page_that_shows_the_same_again_and_again_is_cut() {
    let text = "<".repeat(2_000);
    let operation = format!(
        "{{\"summary\":\"{text}\",\"description\":\"{text}\",\"responses\":{{\"200\":{{\"description\":\"{text}\"}}}}}}"
    );
    let api = OpenApi::read(shared(1_000, &operation).as_bytes()).expect("a document");
    let page = page(&api, "dev");
    assert!(page.contains("the rest is left out"));
    assert!(page.len() < 5 * 1024 * 1024, "{} bytes", page.len());
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "(openapi: 3\\.0\\.0\npaths:\n)?[ -~\n]{0,200}") {
        let _ = OpenApi::read(text.as_bytes());
    }
}
