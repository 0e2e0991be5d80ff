//! The machine's web server: what a deployment puts into a folder is served from there at once,
//! under the stage's name. It fails where a scenario says so.

use std::collections::{BTreeMap, BTreeSet};
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
    unwell: Arc<Mutex<Unwell>>,
    server: JoinHandle<()>,
}

#[derive(Clone)]
struct Served {
    folder: PathBuf,
    unwell: Arc<Mutex<Unwell>>,
}

/// What is not as it was deployed.
#[derive(Debug, Default)]
struct Unwell {
    stages: BTreeMap<String, Service>,
    /// Stage and the end of a page's path.
    pages: BTreeSet<(String, String)>,
}

impl Sites {
    /// Serves `folder`, in which each stage has one of its own.
    pub async fn serve(folder: &Path) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}", listener.local_addr()?);
        let unwell: Arc<Mutex<Unwell>> = Arc::default();
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

    /// From now on what runs on the stage is so, all its pages.
    pub fn set(&self, stage: &str, is: Service) {
        let mut unwell = self.unwell.lock().unwrap_or_else(PoisonError::into_inner);
        unwell.stages.insert(stage.to_owned(), is);
        unwell.pages.retain(|(of, _)| of != stage);
    }

    /// From now on one page of what runs on the stage is wrong.
    pub fn fail_at(&self, stage: &str, page: &str) {
        let mut unwell = self.unwell.lock().unwrap_or_else(PoisonError::into_inner);
        unwell.pages.insert((stage.to_owned(), page.to_owned()));
    }
}

impl Unwell {
    fn of(&self, stage: &str, path: &str) -> Option<Service> {
        let page = |(of, page): &(String, String)| of == stage && path.ends_with(page.as_str());
        match self.pages.iter().any(page) {
            true => Some(Service::Wrong),
            false => self.stages.get(stage).copied(),
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
    let is = served
        .unwell
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .of(stage, &rest.join("/"));
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
