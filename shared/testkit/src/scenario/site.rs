//! The machine's web server: what a deployment puts into a folder is served from there at once,
//! under the stage's name. It fails where a scenario says so.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The server; stopped when dropped.
#[derive(Debug)]
pub struct Sites {
    /// `http://127.0.0.1:<port>`
    pub address: String,
    failing: Arc<Mutex<BTreeSet<String>>>,
    server: JoinHandle<()>,
}

#[derive(Clone)]
struct Served {
    folder: PathBuf,
    failing: Arc<Mutex<BTreeSet<String>>>,
}

impl Sites {
    /// Serves `folder`, in which each stage has one of its own.
    pub async fn serve(folder: &Path) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}", listener.local_addr()?);
        let failing: Arc<Mutex<BTreeSet<String>>> = Arc::default();
        let routes = Router::new().fallback(page).with_state(Served {
            folder: folder.to_owned(),
            failing: Arc::clone(&failing),
        });
        let server = tokio::spawn(async move {
            // It ends when its task is aborted.
            drop(axum::serve(listener, routes).await);
        });
        Ok(Self {
            address,
            failing,
            server,
        })
    }

    /// From now on every page of the stage is an error, or none is.
    pub fn set(&self, stage: &str, works: bool) {
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        if works {
            failing.remove(stage);
        } else {
            failing.insert(stage.to_owned());
        }
    }
}

impl Drop for Sites {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn page(State(served): State<Served>, uri: Uri) -> Response {
    let parts: Vec<_> = uri
        .path()
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    let Some((stage, rest)) = parts.split_first().filter(|_| !parts.contains(&"..")) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let fails = served
        .failing
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .contains(*stage);
    if fails {
        let text = "the database does not answer";
        return (StatusCode::SERVICE_UNAVAILABLE, text).into_response();
    }
    let file = rest
        .iter()
        .fold(served.folder.join(stage), |path, part| path.join(part));
    match tokio::fs::read(&file).await {
        Ok(bytes) => ([(header::CONTENT_TYPE, "application/json")], bytes).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}
