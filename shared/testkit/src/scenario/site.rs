//! The machine's web server: what a deployment puts into a folder is served from there at once,
//! under the stage's name. It fails where a scenario says so.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::act::Service;

/// The server; stopped when dropped.
#[derive(Debug)]
pub struct Sites {
    /// `http://127.0.0.1:<port>`
    pub address: String,
    unwell: Arc<Mutex<BTreeMap<String, Service>>>,
    server: JoinHandle<()>,
}

#[derive(Clone)]
struct Served {
    folder: PathBuf,
    unwell: Arc<Mutex<BTreeMap<String, Service>>>,
}

impl Sites {
    /// Serves `folder`, in which each stage has one of its own.
    pub async fn serve(folder: &Path) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}", listener.local_addr()?);
        let unwell: Arc<Mutex<BTreeMap<String, Service>>> = Arc::default();
        let routes = Router::new().fallback(page).with_state(Served {
            folder: folder.to_owned(),
            unwell: Arc::clone(&unwell),
        });
        let server = tokio::spawn(async move {
            // It ends when its task is aborted.
            drop(axum::serve(listener, routes).await);
        });
        Ok(Self {
            address,
            unwell,
            server,
        })
    }

    /// From now on what runs on the stage is so.
    pub fn set(&self, stage: &str, is: Service) {
        let mut unwell = self.unwell.lock().unwrap_or_else(PoisonError::into_inner);
        unwell.insert(stage.to_owned(), is);
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
    let is = served
        .unwell
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get(*stage)
        .copied();
    match is {
        Some(Service::Away) => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Some(Service::Wrong) => {
            return "{ \"error\": \"the database has no rows\" }".into_response();
        }
        Some(Service::Well) | None => {}
    }
    let file = rest
        .iter()
        .fold(served.folder.join(stage), |path, part| path.join(part));
    match tokio::fs::read(&file).await {
        Ok(bytes) => ([(header::CONTENT_TYPE, "application/json")], bytes).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}
