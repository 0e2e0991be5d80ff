//! A rehearsal: the clock follows a file. Whoever asks whether the server is well is told so, and
//! so is everybody who looks at the board or the log.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use greenroom_app::door::chain;
use greenroom_local::clock::Clock;
use jiff::SignedDuration;

use super::Local;

/// The header of answers that says how far the clock is moved, as `PT72H`.
pub const CLOCK_MOVED: &str = "greenroom-clock-moved";
/// How often the file is read.
const EVERY: Duration = Duration::from_millis(20);

/// The clock of a rehearsal, and how far everything has followed it.
#[derive(Clone, Debug)]
pub struct Rehearsal {
    clock: Clock,
    /// `None` until branches were polled by this clock for the first time.
    followed: Arc<Mutex<Option<SignedDuration>>>,
}

impl Rehearsal {
    /// `None` where the clock is the machine's.
    pub fn of(clock: &Clock) -> Option<Self> {
        clock.moved().map(|_| Self {
            clock: clock.clone(),
            followed: Arc::default(),
        })
    }

    /// The routes of a server that rehearses.
    pub fn around(&self, routes: Router) -> Router {
        let rehearsal = self.clone();
        let told = move |request, next| rehearsal.clone().told(request, next);
        routes.layer(axum::middleware::from_fn(told))
    }

    /// Tells whoever asks how far the clock is moved: what is said of times is said by it.
    async fn told(self, request: Request, next: Next) -> Response {
        let mut response = if request.uri().path() == "/healthz" {
            self.healthz().into_response()
        } else {
            next.run(request).await
        };
        let moved = self.clock.moved().map(|moved| moved.to_string());
        if let Some(moved) = moved.and_then(|moved| HeaderValue::from_str(&moved).ok()) {
            response.headers_mut().insert(CLOCK_MOVED, moved);
        }
        response
    }

    /// What `/healthz` answers: how far the clock had been moved when branches were polled last.
    fn healthz(&self) -> String {
        let followed = *self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        match followed {
            Some(moved) => format!("ok\nrehearsal: the clock is moved by {moved:#}\n"),
            None => "ok\nrehearsal: the clock is moved, and nothing has followed it yet\n".into(),
        }
    }

    /// Follows the file for ever. Each time the clock is moved branches are polled, as they would
    /// have been meanwhile; what is due by then the sweep finds.
    pub async fn follow(self, app: Arc<Local>) {
        let mut tick = tokio::time::interval(EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        let mut complained = String::new();
        loop {
            tick.tick().await;
            match self.clock.follow() {
                Ok(_) => complained.clear(),
                Err(error) => {
                    let why = chain(&error);
                    if why != complained {
                        tracing::error!(error = why, "the rehearsal's clock stays where it is");
                        complained = why;
                    }
                }
            }
            let moved = self.clock.moved();
            if *self.followed.lock().unwrap_or_else(PoisonError::into_inner) == moved {
                continue;
            }
            tracing::warn!(
                moved = moved.map(|moved| format!("{moved:#}")),
                now = %self.clock.now(),
                "THIS IS A REHEARSAL: the clock does not show the real time"
            );
            match app.poll().await {
                Ok(found) => tracing::info!(found, "polled by the rehearsal's clock"),
                Err(error) => tracing::warn!(error = %chain(&error), "the poll did not succeed"),
            }
            *self.followed.lock().unwrap_or_else(PoisonError::into_inner) = moved;
        }
    }
}
