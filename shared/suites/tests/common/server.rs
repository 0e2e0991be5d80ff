//! The service the corpus is run against, by the tests and by hurl when the verdicts are recorded.
//!
//! | route | answer |
//! |---|---|
//! | `/json/book` | nested JSON: strings, lists of objects, duplicate names at several depths |
//! | `/json/edge` | numbers at their limits, null, empty text, list and object, unicode, odd keys |
//! | `/json/list` | a JSON array `[3, 1, 2]` |
//! | `/json/dates` | dates as texts in several formats |
//! | `/json/broken` | `{"open": ` sent as JSON |
//! | `/text`, `/text/unicode`, `/text/latin1`, `/text/broken` | two lines; non-ASCII; ISO-8859-1 with its charset; invalid UTF-8 |
//! | `/html`, `/xml` | a little markup |
//! | `/bytes` | the bytes `00 01 fe ff` |
//! | `/empty` | 200 without a body |
//! | `/gzip`, `/deflate` | `{"packed": true}`, packed |
//! | `/headers` | `X-One: 1`, two `X-Many` (`a`, `b`), an empty `X-Empty` |
//! | `/status/{code}` | that status, body `status {code}` |
//! | `/echo` (any method, any path below) | JSON: method, path, query, some headers, body |
//! | `/multipart` | JSON: the text fields sent |
//! | `/private` | 200 for `ada:lovelace` (Basic), else 401 |
//! | `/redirect/{n}` | n redirects (302), then `arrived` |
//! | `/redirect-to?code=..&to=..` | one redirect |
//! | `/redirect-home` | 302 to `/text` as an absolute URL on `localhost` instead of the address |
//! | `/cookies/set?c=..&c=..` | one `Set-Cookie` each, as given |
//! | `/cookies/show`, `/cookies/deep/show` | JSON: `{"cookies": <Cookie header or null>}` |
//! | `/flaky/{key}/{n}` | 503 the first n times for that key, then `{"tries": n + 1}` |
//! | `/slow/{ms}` | `slow`, after that time |
//! | `/large/{bytes}` | that many `x` |

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{any, get};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// How often each key of `/flaky` was asked.
type Tries = Arc<Mutex<HashMap<String, u32>>>;

/// Serves on `listener` until dropped.
pub async fn serve(listener: TcpListener) {
    let router = Router::new()
        .route("/json/book", get(async || Json(book())))
        .route("/json/edge", get(async || typed("application/json", EDGE)))
        .route(
            "/json/list",
            get(async || typed("application/json", "[3, 1, 2]")),
        )
        .route("/json/dates", get(async || Json(dates())))
        .route(
            "/json/broken",
            get(async || typed("application/json", "{\"open\": ")),
        )
        .route("/text", get(async || "hello world\nsecond line\n"))
        .route("/text/unicode", get(async || "grüß dich, 世界 🎭"))
        .route(
            "/text/latin1",
            get(async || {
                typed(
                    "text/plain; charset=ISO-8859-1",
                    b"caf\xe9 cr\xe8me".as_slice(),
                )
            }),
        )
        .route(
            "/text/broken",
            get(async || typed("text/plain", b"bad \xff\xfe bytes".as_slice())),
        )
        .route(
            "/html",
            get(async || typed("text/html", "<p class=\"x\">Tom & Jerry</p>")),
        )
        .route(
            "/xml",
            get(async || {
                typed(
                    "application/xml",
                    "<?xml version=\"1.0\"?><a><b id=\"1\">x</b></a>",
                )
            }),
        )
        .route(
            "/bytes",
            get(async || typed("application/octet-stream", b"\x00\x01\xfe\xff".as_slice())),
        )
        .route("/empty", any(async || StatusCode::OK))
        .route("/gzip", get(async || packed("gzip")))
        .route("/deflate", get(async || packed("deflate")))
        .route("/headers", get(headers))
        .route(
            "/status/{code}",
            any(async |Path(code): Path<u16>| (status(code), format!("status {code}"))),
        )
        .route("/echo", any(echo))
        .route("/echo/{*rest}", any(echo))
        .route("/multipart", any(multipart))
        .route("/private", get(private))
        .route("/redirect/{n}", any(redirect))
        .route("/redirect-to", any(redirect_to))
        .route("/redirect-home", get(redirect_home))
        .route("/cookies/set", get(set_cookies))
        .route("/cookies/show", get(show_cookies))
        .route("/cookies/deep/show", get(show_cookies))
        .route("/flaky/{key}/{n}", get(flaky))
        .route("/slow/{ms}", get(slow))
        .route(
            "/large/{bytes}",
            get(async |Path(bytes): Path<usize>| "x".repeat(bytes)),
        )
        .with_state(Tries::default());
    axum::serve(listener, router)
        .await
        .expect("the corpus server stopped");
}

const EDGE: &str = r#"{
  "zero": 0, "negative": -17, "large": 9223372036854775807, "beyond": 9223372036854775808,
  "float": 1.5, "whole_float": 2.0, "tiny": 1e-7, "exponent": 1e3, "third": 0.3333333333333333,
  "null": null, "yes": true, "no": false, "empty_text": "", "empty_list": [], "empty_object": {},
  "unicode": "grüß 世界 🎭", "escaped": "a\"b\\c\n\u00e9", "digits": "42", "spaced": " x ",
  "nested": {"list": [{"a": null}, {"a": 1}, {"a": [1, 2]}], "deep": {"er": {"est": "here"}}},
  "odd key": "space", "dotted.key": "dot", "dash-key": "dash", "mixed": [1, "1", 1.0, true, null, [], {}]
}"#;

fn book() -> Value {
    json!({
        "store": {
            "name": "Corner Books",
            "open": true,
            "books": [
                {"id": 1, "title": "Dune", "author": "Herbert", "price": 9.5, "tags": ["desert", "spice"]},
                {"id": 2, "title": "Emma", "author": "Austen", "price": 7, "tags": []},
                {"id": 3, "title": "Ubik", "author": "Dick", "price": 12.25, "tags": ["time"]}
            ],
            "owner": {"name": "Ada", "mail": "ada@example.com"}
        },
        "version": "1.2.3",
        "count": 3
    })
}

fn dates() -> Value {
    json!({
        "iso": "2024-02-29T12:30:00Z",
        "offset": "2024-02-29T13:30:00+0100",
        "plain": "2024-02-29 12:30:00",
        "day": "2024-02-29",
        "words": "Thu, 29 Feb 2024",
        "past": "2001-01-01",
        "future": "2999-01-01"
    })
}

fn typed(content_type: &'static str, body: impl Into<Bytes>) -> Response {
    ([(CONTENT_TYPE, content_type)], body.into()).into_response()
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_REQUEST)
}

fn packed(encoding: &'static str) -> Response {
    let text = br#"{"packed": true}"#;
    let body = match encoding {
        "gzip" => {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(text).and_then(|()| encoder.finish())
        }
        _ => {
            let mut encoder =
                flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(text).and_then(|()| encoder.finish())
        }
    };
    let body = body.expect("packing into memory cannot fail");
    (
        [
            (CONTENT_TYPE, "application/json"),
            (CONTENT_ENCODING, encoding),
        ],
        body,
    )
        .into_response()
}

async fn headers() -> Response {
    let mut headers = HeaderMap::new();
    let name = HeaderName::from_static;
    headers.insert(name("x-one"), HeaderValue::from_static("1"));
    headers.append(name("x-many"), HeaderValue::from_static("a"));
    headers.append(name("x-many"), HeaderValue::from_static("b"));
    headers.insert(name("x-empty"), HeaderValue::from_static(""));
    (headers, "headers").into_response()
}

async fn echo(method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Json<Value> {
    let header = |name: &str| {
        headers
            .get(name)
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    Json(json!({
        "method": method.as_str(),
        "path": uri.path(),
        "query": uri.query(),
        "content_type": header("content-type"),
        "authorization": header("authorization"),
        "accept": header("accept"),
        "accept_encoding": header("accept-encoding"),
        "cookie": header("cookie"),
        "x_test": header("x-test"),
        "body": String::from_utf8_lossy(&body),
        "body_length": body.len(),
    }))
}

async fn multipart(headers: HeaderMap, body: Bytes) -> Response {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let Some((kind, boundary)) = content_type.split_once("; boundary=") else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let text = String::from_utf8_lossy(&body).into_owned();
    let mut fields = serde_json::Map::new();
    for part in text.split(&format!("--{boundary}")) {
        let Some((head, value)) = part.trim_start_matches("\r\n").split_once("\r\n\r\n") else {
            continue;
        };
        let name = head
            .split("name=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .unwrap_or_default();
        fields.insert(name.to_owned(), value.trim_end_matches("\r\n").into());
    }
    Json(json!({"kind": kind, "fields": fields})).into_response()
}

async fn private(headers: HeaderMap) -> Response {
    match headers.get("authorization").map(HeaderValue::as_bytes) {
        Some(b"Basic YWRhOmxvdmVsYWNl") => "welcome".into_response(),
        _ => (
            StatusCode::UNAUTHORIZED,
            [("www-authenticate", "Basic")],
            "who are you",
        )
            .into_response(),
    }
}

async fn redirect(Path(n): Path<u32>) -> Response {
    match n {
        0 => "arrived".into_response(),
        n => (
            StatusCode::FOUND,
            [(LOCATION, format!("/redirect/{}", n - 1))],
            "on",
        )
            .into_response(),
    }
}

/// All values of a query's parameter, unescaped.
fn parameters(query: Option<&str>, wanted: &str) -> Vec<String> {
    url::form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .filter(|(name, _)| name == wanted)
        .map(|(_, value)| value.into_owned())
        .collect()
}

async fn redirect_to(RawQuery(query): RawQuery) -> Response {
    let code = parameters(query.as_deref(), "code")
        .first()
        .and_then(|code| code.parse().ok())
        .unwrap_or(302);
    let to = parameters(query.as_deref(), "to").pop().unwrap_or_default();
    (status(code), [(LOCATION, to)], "moved").into_response()
}

async fn redirect_home(headers: HeaderMap) -> Response {
    let host = headers
        .get("host")
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    let to = format!(
        "http://localhost:{}/echo",
        host.rsplit(':').next().unwrap_or_default()
    );
    (StatusCode::FOUND, [(LOCATION, to)]).into_response()
}

async fn set_cookies(RawQuery(query): RawQuery) -> Response {
    let mut headers = HeaderMap::new();
    for cookie in parameters(query.as_deref(), "c") {
        match HeaderValue::from_str(&cookie) {
            Ok(value) => headers.append(SET_COOKIE, value),
            Err(_) => return StatusCode::BAD_REQUEST.into_response(),
        };
    }
    (headers, "set").into_response()
}

async fn show_cookies(headers: HeaderMap) -> Json<Value> {
    let all: Vec<&str> = headers
        .get_all("cookie")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    Json(json!({ "cookies": if all.is_empty() { Value::Null } else { all.join(" | ").into() } }))
}

async fn flaky(State(tries): State<Tries>, Path((key, n)): Path<(String, u32)>) -> Response {
    let count = {
        let mut tries = tries.lock().unwrap_or_else(PoisonError::into_inner);
        let count = tries.entry(key).or_insert(0);
        *count += 1;
        *count
    };
    if count <= n {
        StatusCode::SERVICE_UNAVAILABLE.into_response()
    } else {
        Json(json!({ "tries": count })).into_response()
    }
}

async fn slow(Path(ms): Path<u64>) -> &'static str {
    tokio::time::sleep(Duration::from_millis(ms)).await;
    "slow"
}
