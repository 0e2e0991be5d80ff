//! Requests of the HTTP API to the same routes that `greenroom serve` has.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request as Asked, StatusCode};
use greenroom_api::{Place, Token, api_routes};
use greenroom_app::App;
use greenroom_app::ports::Ports;
use greenroom_lambda::hints::follow;
use greenroom_lambda::http::{Request, Response};
use greenroom_lambda::{Failed, Hinting, Until};
use secrecy::SecretString;
use tower::ServiceExt as _;

use crate::address::address;

/// Largest body that is taken; no command is as long.
const BODY_MAX: usize = 2 * 1024 * 1024;
/// Largest answer: the platform carries six megabytes, escaped.
const ANSWER_MAX: usize = 4 * 1024 * 1024;

/// Where the API's token comes from.
pub trait Tokens {
    /// The one in force, as far as is known; `None` if it cannot be had.
    fn known(&self) -> impl Future<Output = Option<SecretString>>;
    /// The same read anew, after one that was given did not fit; `None` if it was read a moment
    /// ago.
    fn fresh(&self) -> impl Future<Output = Option<SecretString>>;
}

/// The API.
#[derive(Debug)]
pub struct Handler<P, T> {
    app: Arc<App<Hinting<P>>>,
    routes: Router,
    /// What the routes compare with.
    token: Arc<Mutex<SecretString>>,
    tokens: T,
}

impl<P: Ports, T: Tokens> Handler<P, T> {
    pub fn new(app: App<Hinting<P>>, tokens: T) -> Self {
        let app = Arc::new(app);
        let token = Arc::new(Mutex::new(SecretString::from("")));
        let now = Arc::clone(&token);
        let now: Token = Arc::new(move || {
            let token = now.lock().unwrap_or_else(PoisonError::into_inner);
            token.clone()
        });
        let routes = api_routes(Arc::clone(&app), Router::new(), Place::Aws, now);
        Self {
            app,
            routes,
            token,
            tokens,
        }
    }

    /// Reads the token, so that the first request does not wait for it.
    pub async fn warm(&self) {
        drop(self.tokens.known().await);
    }

    /// Answers one request.
    ///
    /// # Errors
    /// Never: what cannot be answered is answered so.
    pub async fn handle(&self, event: &str, until: Until) -> Result<Response, Failed> {
        let request = match Request::parse(event, BODY_MAX) {
            Ok(request) => request,
            Err(refused) => return Ok(Response::from(&refused)),
        };
        let answer = until.allows(Box::pin(self.answer(&request))).await;
        follow(&self.app, until).await;
        Ok(answer.unwrap_or_else(|| {
            Response::error(
                503,
                "unavailable",
                "there was not enough time for an answer",
                "what was asked for may have been done: look before you ask again",
            )
        }))
    }

    async fn answer(&self, request: &Request) -> Response {
        let Some(token) = self.tokens.known().await else {
            return Response::error(
                503,
                "unavailable",
                "the API's token cannot be read",
                "see that the secret exists and that the function may read it",
            );
        };
        let answer = self.ask(request, token).await;
        if answer.status_code != 401 || request.header("authorization").is_none() {
            return answer;
        }
        match self.tokens.fresh().await {
            Some(token) => self.ask(request, token).await,
            None => answer,
        }
    }

    async fn ask(&self, request: &Request, token: SecretString) -> Response {
        // An empty token would let everybody in who gives none.
        if secrecy::ExposeSecret::expose_secret(&token)
            .trim()
            .is_empty()
        {
            return Response::error(
                503,
                "unavailable",
                "the API's token is blank",
                "put one into the secret, at least 16 characters",
            );
        }
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = token;
        let Some(asked) = asked(request) else {
            let help = "see docs/api.md";
            return Response::error(400, "invalid", "it is no request of this API", help);
        };
        let Ok(answer) = self.routes.clone().oneshot(asked).await;
        respond(answer).await
    }
}

fn asked(request: &Request) -> Option<Asked<Body>> {
    let mut asked = Asked::new(Body::from(request.body.clone()));
    *asked.uri_mut() = address(&request.path, &request.query).ok()?;
    *asked.method_mut() = request.method.parse().ok()?;
    let known = request.headers.iter().filter_map(|(name, value)| {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        Some((name, HeaderValue::from_str(value).ok()?))
    });
    *asked.headers_mut() = known.collect::<HeaderMap>();
    Some(asked)
}

async fn respond(answer: axum::response::Response) -> Response {
    let (parts, body) = answer.into_parts();
    let Ok(body) = to_bytes(body, ANSWER_MAX).await else {
        return Response::error(
            500,
            "too_large",
            "the answer is larger than a function may give",
            "ask for less: `limit`, or one app",
        );
    };
    let headers = parts.headers.iter().filter_map(|(name, value)| {
        let value = value.to_str().ok()?;
        Some((name.as_str().to_owned(), value.to_owned()))
    });
    let status: StatusCode = parts.status;
    Response::new(status.as_u16(), headers.collect(), body.into())
}
