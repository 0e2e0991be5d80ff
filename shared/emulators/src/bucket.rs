//! S3, as far as a signed request for an object goes: objects are files of a folder, `<bucket>/<key>`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Answers until it is dropped.
#[derive(Debug)]
pub struct Bucket {
    address: SocketAddr,
    serving: JoinHandle<()>,
    closed: Arc<AtomicBool>,
}

/// What requests are answered from.
type Shared = (PathBuf, Arc<AtomicBool>);

impl Bucket {
    /// Serves the files of `folder`.
    ///
    /// # Errors
    /// No port is free.
    pub async fn serve(folder: impl Into<PathBuf>) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let closed = Arc::new(AtomicBool::new(false));
        let routes = Router::new()
            .route("/{*key}", get(object))
            .with_state((folder.into(), Arc::clone(&closed)));
        let serving = tokio::spawn(async move {
            drop(axum::serve(listener, routes).await);
        });
        Ok(Self {
            address,
            serving,
            closed,
        })
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Nobody can read it any more.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Whoever has not signed for this service may nothing.
async fn object(
    State((folder, closed)): State<Shared>,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> Response {
    let signed = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            value.starts_with("AWS4-HMAC-SHA256 Credential=") && value.contains("/s3/aws4_request")
        });
    let refusal = |status: StatusCode, code: &str| {
        (status, format!("<Error><Code>{code}</Code></Error>")).into_response()
    };
    if closed.load(Ordering::Relaxed) {
        return refusal(StatusCode::SERVICE_UNAVAILABLE, "SlowDown");
    }
    if !signed || !headers.contains_key("x-amz-content-sha256") {
        return refusal(StatusCode::FORBIDDEN, "AccessDenied");
    }
    if key.split('/').any(|part| part == "..") {
        return refusal(StatusCode::BAD_REQUEST, "InvalidURI");
    }
    match tokio::fs::read(folder.join(&key)).await {
        Ok(bytes) => bytes.into_response(),
        Err(_) => refusal(StatusCode::NOT_FOUND, "NoSuchKey"),
    }
}
