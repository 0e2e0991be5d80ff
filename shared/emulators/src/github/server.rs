//! The service: started by a test, told by it what there is, asked by it what was called.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State as Of};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::answer::Answer;
use super::ask::{self, Ask};
use super::route::{self, Outcome};
use super::state::{App, Installation, State, Token};
use super::{Call, Fault, Hosted, KeyPair, Reach, Status};

/// Larger requests are none of ours.
const BODY_MAX: usize = 1024 * 1024;

/// The service; stopped when dropped.
#[derive(Debug)]
pub struct FakeGitHub {
    base: String,
    shared: Shared,
    server: JoinHandle<()>,
}

#[derive(Clone, Debug)]
pub(super) struct Shared(Arc<Mutex<State>>);

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Clone)]
struct Serving {
    base: String,
    shared: Shared,
}

impl FakeGitHub {
    /// Starts on a free port of loopback.
    ///
    /// # Panics
    /// When there is none.
    pub async fn start() -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// Starts at an address of your own, for functions that cannot reach loopback.
    ///
    /// # Panics
    /// When the address is taken.
    pub async fn start_at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.expect("a free port");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let base = format!("http://{address}");
        let shared = Shared(Arc::new(Mutex::new(State::new())));
        let serving = Serving {
            base: base.clone(),
            shared: shared.clone(),
        };
        let router = Router::new().fallback(serve).with_state(serving);
        let server = tokio::spawn(async move {
            // It ends when the task is stopped.
            let _ = axum::serve(listener, router).await;
        });
        Self {
            base,
            shared,
            server,
        }
    }

    /// `http://127.0.0.1:<port>`, in place of `https://api.github.com`.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Serves a repository.
    pub fn host(&self, repository: Hosted) {
        let mut state = self.shared.lock();
        state.former.remove(&repository.name.to_ascii_lowercase());
        state.repositories.insert(repository.id, repository);
    }

    /// Gives a repository another name; the old one leads to it from now on.
    ///
    /// # Panics
    /// When there is no repository of this id.
    pub fn rename(&self, id: u64, to: &str) {
        let mut state = self.shared.lock();
        let hosted = state.repositories.get_mut(&id);
        let hosted = hosted.expect("only what is served can be renamed");
        let old = std::mem::replace(&mut hosted.name, to.to_owned());
        state.former.insert(old.to_ascii_lowercase(), id);
    }

    /// Deletes a repository.
    pub fn delete(&self, id: u64) {
        let mut state = self.shared.lock();
        state.repositories.remove(&id);
        state.former.retain(|_, to| *to != id);
    }

    /// Registers an App with the public half of its key.
    pub fn app(&self, id: u64, key: &KeyPair) {
        let app = App {
            public_key: key.public().to_vec(),
            installations: Default::default(),
        };
        self.shared.lock().apps.insert(id, app);
    }

    /// Installs an App, or changes what an installation may do.
    ///
    /// # Panics
    /// When there is no such App.
    pub fn install(&self, app: u64, installation: u64, reach: Reach) {
        let mut state = self.shared.lock();
        let app = state.apps.get_mut(&app).expect("the App is registered");
        let suspended = false;
        let new = Installation { reach, suspended };
        app.installations.insert(installation, new);
    }

    /// Suspends an installation: it gets no token any more.
    pub fn suspend(&self, app: u64, installation: u64) {
        let mut state = self.shared.lock();
        let app = state.apps.get_mut(&app);
        if let Some(one) = app.and_then(|app| app.installations.get_mut(&installation)) {
            one.suspended = true;
        }
    }

    /// Knows a fine-grained token from now on.
    pub fn token(&self, token: &str, reach: Reach) {
        let known = Token {
            reach,
            ends: None,
            of_installation: false,
        };
        self.shared.lock().tokens.insert(token.to_owned(), known);
    }

    /// Takes back every token that was handed out or made known.
    pub fn revoke_tokens(&self) {
        self.shared.lock().tokens.clear();
    }

    /// Statuses of a commit, oldest first.
    #[must_use]
    pub fn statuses(&self, repository: u64, sha: &str) -> Vec<Status> {
        let state = self.shared.lock();
        let of = state.statuses.get(&(repository, sha.to_owned()));
        of.cloned().unwrap_or_default()
    }

    /// Appends a fault; each request takes the first one left.
    pub fn script(&self, fault: Fault) {
        self.shared.lock().faults.push_back(fault);
    }

    /// 503 to everything, until told otherwise.
    pub fn outage(&self, is_out: bool) {
        self.shared.lock().outage = is_out;
    }

    /// What is left of the primary limit until `reset` (epoch seconds).
    pub fn remaining(&self, remaining: u64, reset: i64) {
        let limit = &mut self.shared.lock().limit;
        limit.used = limit.limit.saturating_sub(remaining);
        limit.reset = reset;
    }

    /// Lets its clock go on.
    pub fn wait(&self, seconds: i64) {
        self.shared.lock().ahead += seconds;
    }

    /// A recursive listing of files is cut after so many entries, as one of a huge repository is.
    pub fn tree_max(&self, entries: usize) {
        self.shared.lock().tree_max = entries;
    }

    /// Every request since the last [`forget_calls`](Self::forget_calls), those for tokens
    /// included.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.shared.lock().calls.clone()
    }

    pub fn forget_calls(&self) {
        self.shared.lock().calls.clear();
    }
}

impl Drop for FakeGitHub {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(Of(serving): Of<Serving>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_MAX).await else {
        return into_response(Answer::refuse(413, "Payload too large"));
    };
    let ask = Ask {
        method: parts.method.to_string(),
        segments: ask::segments(parts.uri.path()),
        query: ask::query(parts.uri.query().unwrap_or_default()),
        path: parts.uri.path().to_owned(),
        headers: parts.headers,
        body,
        base: serving.base,
    };
    let shared = serving.shared;
    let answered = tokio::task::spawn_blocking(move || route::answer(&shared, &ask)).await;
    match answered {
        Ok(Outcome::Answered(answer)) => into_response(answer),
        Ok(Outcome::Silent) => std::future::pending().await,
        Err(_) => into_response(Answer::refuse(500, "the fake has a bug")),
    }
}

fn into_response(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static(answer.kind));
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (
            HeaderName::try_from(name.as_str()),
            HeaderValue::try_from(value.as_str()),
        ) {
            headers.insert(name, value);
        }
    }
    response
}
