//! Orders: a small HTTP service that takes orders and adds them up.
//!
//! Everything it needs comes in environment variables, everything it keeps is in one folder.
//! Only the standard library, so that `rustc src/main.rs` builds it anywhere.

mod http;
mod json;
mod order;
mod pricing;
mod store;

use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::thread;

use http::{Request, Response};
use json::Value;
use order::Order;
use store::Store;

/// What the service is told; all of it may be shown, so no secret is ever here.
struct Settings {
    stage: String,
    revision: String,
    artifact: String,
    run: String,
    log_level: String,
    payments: String,
    /// Holds `orders.jsonl`.
    data: PathBuf,
    /// Holds the port to prefer; written with the port taken.
    port_file: PathBuf,
    /// Written with pid and port once connections are accepted.
    ready_file: PathBuf,
}

impl Settings {
    fn from_env() -> Self {
        let or =
            |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
        let home = PathBuf::from(or("ORDERS_STAGE_HOME", "."));
        Self {
            stage: or("ORDERS_STAGE", "local"),
            revision: or("ORDERS_REVISION", "unknown"),
            artifact: or("ORDERS_ARTIFACT", "unknown"),
            run: or("ORDERS_RUN", "none"),
            log_level: or("LOG_LEVEL", "info"),
            payments: or("PAYMENTS", "sandbox"),
            data: home.join("data"),
            port_file: home.join("port"),
            ready_file: home.join("ready"),
        }
    }
}

struct Service {
    settings: Settings,
    store: Mutex<Store>,
}

fn main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("orders: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> io::Result<()> {
    let settings = Settings::from_env();
    let store = Store::open(&settings.data)?;
    let listener = listen(&settings.port_file)?;
    let port = listener.local_addr()?.port();
    replace(&settings.port_file, &format!("{port}\n"))?;
    let ready = format!("{} {port}\n", std::process::id());
    replace(&settings.ready_file, &ready)?;
    eprintln!("orders: {} on http://127.0.0.1:{port}", settings.stage);
    let service = Arc::new(Service {
        settings,
        store: Mutex::new(store),
    });
    for connection in listener.incoming() {
        let service = Arc::clone(&service);
        // A connection that breaks is its client's trouble, never the service's.
        thread::spawn(move || http::answer(connection, |request| service.handle(request)));
    }
    Ok(())
}

/// The port of last time if it is free, else any; `port` tells which.
fn listen(port_file: &Path) -> io::Result<TcpListener> {
    let wished = fs::read_to_string(port_file)
        .ok()
        .and_then(|text| text.trim().parse::<u16>().ok())
        .unwrap_or(0);
    TcpListener::bind((Ipv4Addr::LOCALHOST, wished))
        .or_else(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
}

/// Writes a file so that readers see the old text or the new, never half of one.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let new = path.with_extension("new");
    fs::write(&new, text)?;
    fs::rename(new, path)
}

impl Service {
    fn handle(&self, request: &Request) -> Response {
        let segments: Vec<&str> = request.path.split('/').skip(1).collect();
        let response = match (request.method.as_str(), segments.as_slice()) {
            ("GET", ["healthz"]) => Response::ok(json::object([("status", "ok".into())])),
            ("GET", ["version"]) => self.version(),
            ("GET", ["config"]) => self.config(),
            ("GET", ["orders"]) => self.list(),
            ("POST", ["orders"]) => self.place(&request.body),
            ("GET", ["orders", id]) => self.show(id),
            (_, ["healthz" | "version" | "config" | "orders"] | ["orders", _]) => {
                Response::refusal(405, "this address has no such method")
            }
            _ => Response::refusal(404, "there is nothing at this address"),
        };
        if self.settings.log_level == "debug" {
            let (method, path) = (&request.method, &request.path);
            eprintln!("orders: {method} {path:?} -> {}", response.status);
        }
        response
    }

    fn version(&self) -> Response {
        let settings = &self.settings;
        Response::ok(json::object([
            ("stage", settings.stage.as_str().into()),
            ("revision", settings.revision.as_str().into()),
            ("artifact", settings.artifact.as_str().into()),
            ("run", settings.run.as_str().into()),
        ]))
    }

    fn config(&self) -> Response {
        let settings = &self.settings;
        Response::ok(json::object([
            ("LOG_LEVEL", settings.log_level.as_str().into()),
            ("PAYMENTS", settings.payments.as_str().into()),
        ]))
    }

    fn list(&self) -> Response {
        let orders = self.store().all().iter().map(Order::json).collect();
        Response::ok(json::object([("orders", Value::List(orders))]))
    }

    fn show(&self, id: &str) -> Response {
        match id.parse().ok().and_then(|id| self.store().get(id).cloned()) {
            Some(order) => Response::ok(order.json()),
            None => Response::refusal(404, "there is no such order"),
        }
    }

    fn place(&self, body: &[u8]) -> Response {
        let order = match json::parse(body).and_then(|wish| Order::from_wish(&wish)) {
            Ok(order) => order,
            Err(why) => return Response::refusal(422, &why),
        };
        match self.store().add(order) {
            Ok(order) => Response::created(&format!("/orders/{}", order.id), order.json()),
            Err(error) => Response::refusal(503, &format!("the order cannot be kept: {error}")),
        }
    }

    fn store(&self) -> std::sync::MutexGuard<'_, Store> {
        // A panic elsewhere leaves the list as it was: an order is pushed last.
        self.store
            .lock()
            .unwrap_or_else(|broken| broken.into_inner())
    }
}
