//! A server on loopback that answers what it was told to, and remembers what it was asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

pub const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// What came in.
#[derive(Clone, Debug)]
pub struct Asked {
    /// `GET /api/v1/board?app=orders`
    pub line: String,
    pub body: Value,
}

#[derive(Debug, Default)]
struct Script {
    /// Answers in turn; the last one is given again and again.
    answers: BTreeMap<String, Vec<(u16, Value)>>,
    asked: Vec<Asked>,
}

/// Stops when dropped.
#[derive(Debug)]
pub struct Server {
    pub address: String,
    script: Arc<Mutex<Script>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub fn start() -> Self {
        let script: Arc<Mutex<Script>> = Arc::default();
        let shared = Arc::clone(&script);
        let (tell, told) = std::sync::mpsc::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
                tell.send(listener.local_addr().expect("an address"))
                    .expect("a listener");
                let routes = Router::new().fallback(answer).with_state(shared);
                axum::serve(listener, routes)
                    .with_graceful_shutdown(async { drop(stopped.await) })
                    .await
                    .expect("a server");
            });
        });
        let address = told.recv().expect("the server listens");
        Self {
            address: format!("http://{address}"),
            script,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// From now on `line` (`GET /api/v1/board`) is answered like this.
    pub fn on(&self, line: &str, status: u16, body: Value) {
        let mut script = lock(&self.script);
        script
            .answers
            .entry(line.to_owned())
            .or_default()
            .push((status, body));
    }

    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.script).asked.clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn lock(script: &Mutex<Script>) -> MutexGuard<'_, Script> {
    script.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(State(script): State<Arc<Mutex<Script>>>, request: Request) -> Response {
    let line = format!("{} {}", request.method(), request.uri());
    let token = format!("Bearer {TOKEN}");
    let known = request
        .headers()
        .get(header::AUTHORIZATION)
        .is_some_and(|given| given.as_bytes() == token.as_bytes());
    let bytes = to_bytes(request.into_body(), 1 << 20)
        .await
        .unwrap_or_default();
    let body = serde_json::from_slice(&bytes).unwrap_or_default();
    let mut script = lock(&script);
    script.asked.push(Asked {
        line: line.clone(),
        body,
    });
    if line == "GET /healthz" {
        return "ok\n".into_response();
    }
    if !known {
        return reply(
            401,
            &fault("unauthorized", "the token is not the server's", ""),
        );
    }
    match script.answers.get_mut(&line) {
        Some(answers) if answers.len() > 1 => {
            let (status, body) = answers.remove(0);
            reply(status, &body)
        }
        Some(answers) => {
            let (status, body) = &answers[0];
            reply(*status, body)
        }
        None => reply(404, &fault("not_found", &format!("nothing for {line}"), "")),
    }
}

fn reply(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).expect("a status");
    (
        status,
        [(header::CONTENT_TYPE, "application/json")],
        body.to_string(),
    )
        .into_response()
}

/// An error as the API answers it.
pub fn fault(code: &str, message: &str, help: &str) -> Value {
    let retryable = code == "conflict" || code == "unavailable";
    json!({ "error": { "code": code, "message": message, "help": help, "retryable": retryable } })
}
