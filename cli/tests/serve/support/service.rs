//! What the stages' smoke tests speak to: a small server that is well or ill as a test wishes.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;

/// `GET /<stage>/health` answers 200, or 500 for a stage that is ill.
#[derive(Clone, Debug)]
pub struct Service {
    pub address: SocketAddr,
    ill: Arc<Mutex<BTreeSet<String>>>,
}

impl Service {
    pub async fn start() -> Self {
        let ill = Arc::<Mutex<BTreeSet<String>>>::default();
        let health = async |State(ill): State<Arc<Mutex<BTreeSet<String>>>>,
                            Path(stage): Path<String>| {
            if ill.lock().expect("nobody panics with it").contains(&stage) {
                StatusCode::INTERNAL_SERVER_ERROR
            } else {
                StatusCode::OK
            }
        };
        let routes = Router::new()
            .route("/{stage}/health", get(health))
            .with_state(Arc::clone(&ill));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a free port");
        let address = listener.local_addr().expect("it listens");
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { address, ill }
    }

    pub fn make_ill(&self, stage: &str) {
        self.ill
            .lock()
            .expect("nobody panics with it")
            .insert(stage.to_owned());
    }

    pub fn heal(&self, stage: &str) {
        self.ill
            .lock()
            .expect("nobody panics with it")
            .remove(stage);
    }
}
