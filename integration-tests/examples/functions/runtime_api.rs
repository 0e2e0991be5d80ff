//! A Lambda Runtime API on loopback, for one process at a time: hands it one event after the
//! other and sees when it asks and when it answers.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

/// What the process did.
#[derive(Debug)]
pub enum Did {
    /// It is ready for an event.
    Asked(Instant),
    Answered {
        at: Instant,
        body: String,
    },
    /// It could not handle the event, or could not begin at all.
    Failed(String),
}

#[derive(Debug)]
struct Shared {
    events: Mutex<UnboundedReceiver<String>>,
    did: UnboundedSender<Did>,
}

/// See the module; gone when dropped.
#[derive(Debug)]
pub struct RuntimeApi {
    /// `host:port`, as `AWS_LAMBDA_RUNTIME_API` has it.
    pub address: String,
    events: UnboundedSender<String>,
    did: UnboundedReceiver<Did>,
    serving: JoinHandle<()>,
}

impl RuntimeApi {
    /// Listens on a port of its own.
    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("there is a port");
        let address = listener.local_addr().expect("it has an address");
        let (events, waiting) = unbounded_channel();
        let (tell, did) = unbounded_channel();
        let shared = Arc::new(Shared {
            events: Mutex::new(waiting),
            did: tell,
        });
        let base = "/2018-06-01/runtime";
        let router = Router::new()
            .route(&format!("{base}/invocation/next"), get(next))
            .route(
                &format!("{base}/invocation/{{id}}/response"),
                post(answered),
            )
            .route(&format!("{base}/invocation/{{id}}/error"), post(failed))
            .route(&format!("{base}/init/error"), post(failed))
            .with_state(shared);
        let serving = tokio::spawn(async move {
            // It ends with the runtime.
            let _ = axum::serve(listener, router).await;
        });
        Self {
            address: address.to_string(),
            events,
            did,
            serving,
        }
    }

    /// When it asks for its next event.
    pub async fn asked(&mut self) -> Instant {
        match self.next().await {
            Did::Asked(at) => at,
            Did::Failed(why) => panic!("it cannot begin: {why}"),
            other => panic!("it was to ask for an event, and {other:?}"),
        }
    }

    /// Gives it an event; when it was given, when it was answered, and with what.
    pub async fn invoke(&mut self, event: &str) -> (Instant, Instant, String) {
        let given = Instant::now();
        self.events.send(event.to_owned()).expect("somebody asks");
        match self.next().await {
            Did::Answered { at, body } => (given, at, body),
            Did::Failed(why) => panic!("it failed: {why}"),
            other => panic!("it was to answer, and {other:?}"),
        }
    }

    async fn next(&mut self) -> Did {
        let did = tokio::time::timeout(Duration::from_secs(60), self.did.recv()).await;
        did.expect("it does something within a minute")
            .expect("it is served")
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    // Nobody listens any more at the end.
    let _ = shared.did.send(Did::Asked(Instant::now()));
    let Some(event) = shared.events.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let deadline = now.unwrap_or_default() + Duration::from_secs(30);
    let headers = [
        (
            "lambda-runtime-aws-request-id",
            "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned(),
        ),
        (
            "lambda-runtime-deadline-ms",
            deadline.as_millis().to_string(),
        ),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-central-1:111111111111:function:measured".to_owned(),
        ),
    ];
    (headers, event).into_response()
}

async fn answered(State(shared): State<Arc<Shared>>, body: String) -> StatusCode {
    let at = Instant::now();
    let _ = shared.did.send(Did::Answered { at, body });
    StatusCode::ACCEPTED
}

async fn failed(State(shared): State<Arc<Shared>>, body: String) -> StatusCode {
    let _ = shared.did.send(Did::Failed(body));
    StatusCode::ACCEPTED
}
