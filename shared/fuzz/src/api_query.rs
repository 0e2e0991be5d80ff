//! Requests to the JSON API: each gets an answer in the API's words, only what is asked by POST
//! changes anything, and nothing without the token is heard at all.
//!
//! An input is a request as it is on the wire, more or less: `GET /api/v1/board?app=x`, header
//! lines, an empty line, the body. `token: none` leaves the token away.

// What only the server has, over a world in memory instead of one machine.
#[path = "../../../cli/src/serve/here.rs"]
mod here;

use std::cell::RefCell;
use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderName, HeaderValue, Method, Request, StatusCode, Uri, header};
use greenroom_api::{Place, lasting};
use greenroom_app::App;
use greenroom_testkit::world::{TestPorts, World};
use serde_json::Value;
use tower::ServiceExt as _;

use crate::sections::Sections;

/// What the routes are about.
type Local = App<TestPorts>;

const TOKEN: &str = "the token of this installation";
const STAGE_FILE: &str = include_str!("../corpus/stage_file/every-kind.yaml");
/// Larger answers are not given about so small a world.
const ANSWER_MAX: usize = 1024 * 1024;

thread_local! {
    /// A world in which something has happened. What only looks leaves it as it is, so it serves
    /// until something was changed.
    static WORLD: RefCell<Option<World>> = const { RefCell::new(None) };
}

/// # Panics
/// When a promise is broken.
pub fn run(data: &[u8]) {
    let sections = Sections::of(data);
    let Some(asked) = Asked::of(&sections) else {
        return;
    };
    let mut world = WORLD.take().unwrap_or_else(eventful);
    let commits = world.ports().store.counters().commits;
    let answer = send(&world, &asked, None);
    in_the_apis_words(&answer);
    let unchanged = world.ports().store.counters().commits == commits;
    let under_api = asked.uri.path().starts_with("/api/v1/");
    if under_api && !asked.authorized {
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
    assert!(
        unchanged || (asked.authorized && asked.method == Method::POST),
        "{} {} changes something",
        asked.method,
        asked.uri
    );
    if let Some(etag) = answer.etag.as_ref().filter(|_| asked.method == Method::GET) {
        let again = send(&world, &asked, Some(etag));
        assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{}", asked.uri);
        assert!(again.body.is_empty());
    }
    if unchanged {
        WORLD.set(Some(world));
    } else {
        world.settle();
        let left = world.leftovers();
        assert!(left.is_empty(), "{left:?}");
    }
}

/// Two stages green, one red, one locked, a run that waits for its upstream.
fn eventful() -> World {
    let mut world = World::new(STAGE_FILE);
    world.push("develop", "bob");
    world.push("feature/x", "ana");
    let bad = world
        .ports()
        .source
        .commit("release/1", "bob", "Break it", &[]);
    world.ports().suites.fail(&bad);
    world.told_of("release/1", "bob", &bad);
    world.settle();
    world
}

struct Asked<'a> {
    method: Method,
    uri: Uri,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: &'a [u8],
    authorized: bool,
}

impl<'a> Asked<'a> {
    /// The request, unless no HTTP server would take it for one.
    fn of(sections: &Sections<'a>) -> Option<Self> {
        let mut lines = sections.lines();
        let (name, value) = lines.next()?;
        // The first line has a colon only if it is in the address.
        let first = match value {
            b"" => name.to_owned(),
            rest => format!("{name}:{}", std::str::from_utf8(rest).ok()?),
        };
        let (method, target) = first.split_once(' ')?;
        let mut authorized = true;
        let mut headers = Vec::new();
        for (name, value) in lines {
            if name == "token" {
                authorized = false;
            } else if let Ok(name) = HeaderName::from_bytes(name.as_bytes())
                && let Ok(value) = HeaderValue::from_bytes(value)
                && name != header::AUTHORIZATION
            {
                headers.push((name, value));
            }
        }
        Some(Self {
            method: Method::from_bytes(method.as_bytes()).ok()?,
            uri: target.parse().ok()?,
            headers,
            body: sections.body,
            authorized,
        })
    }
}

struct Answered {
    status: StatusCode,
    json: bool,
    etag: Option<HeaderValue>,
    body: Bytes,
}

/// Sends it through the very routes of `greenroom serve`.
fn send(world: &World, asked: &Asked<'_>, known: Option<&HeaderValue>) -> Answered {
    let settings = world.app.settings.clone();
    let app = Arc::new(App::new(world.ports().clone(), settings));
    let token = lasting(TOKEN.to_owned().into());
    let routes = greenroom_api::routes(app, here::routes(), Place::OneMachine, None, token);
    let mut request = Request::new(Body::from(asked.body.to_vec()));
    *request.method_mut() = asked.method.clone();
    *request.uri_mut() = asked.uri.clone();
    let headers = request.headers_mut();
    headers.extend(asked.headers.iter().cloned());
    if asked.authorized {
        let value = HeaderValue::from_str(&format!("Bearer {TOKEN}"));
        headers.insert(header::AUTHORIZATION, value.expect("the token is plain"));
    }
    if let Some(known) = known {
        headers.insert(header::IF_NONE_MATCH, known.clone());
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    runtime.block_on(async move {
        let response = routes.oneshot(request).await.expect("routes answer always");
        let content = response.headers().get(header::CONTENT_TYPE);
        let json = content.is_some_and(|content| content == "application/json");
        let etag = response.headers().get(header::ETAG).cloned();
        let status = response.status();
        let body = to_bytes(response.into_body(), ANSWER_MAX).await;
        Answered {
            status,
            json,
            etag,
            body: body.expect("the answer is not that large"),
        }
    })
}

fn in_the_apis_words(answer: &Answered) {
    let text = String::from_utf8_lossy(&answer.body);
    // The server is well, so nothing may fail but what was asked; the door has no secret here.
    let no_secret = answer.status == StatusCode::SERVICE_UNAVAILABLE && text.contains("no_secret");
    assert!(!answer.status.is_server_error() || no_secret, "{text}");
    if answer.json && !answer.body.is_empty() {
        let body: Value = serde_json::from_slice(&answer.body).expect("the answer is JSON");
        if !answer.status.is_success() {
            let error = &body["error"];
            for said in ["code", "message", "help"] {
                assert!(
                    error[said].as_str().is_some_and(|said| !said.is_empty()),
                    "{text}"
                );
            }
            assert!(error["retryable"].is_boolean(), "{text}");
        }
    } else {
        let plain = answer.status.is_success() || answer.status == StatusCode::NOT_MODIFIED;
        assert!(plain || answer.body.is_empty(), "{} {text}", answer.status);
    }
}
