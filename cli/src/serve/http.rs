//! All routes.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use greenroom_github::Secrets;
use secrecy::SecretString;

use super::{Local, api, auth, webhook};

/// All routes.
pub fn routes(app: Arc<Local>, secrets: Option<Arc<Secrets>>, token: SecretString) -> Router {
    let api = Router::new()
        .route("/board", get(api::board))
        .route("/breaks", get(api::breaks))
        .route("/backlog", get(api::backlog))
        .route("/apps", get(api::apps).post(api::add_app))
        .route("/stages/{stage}", get(api::stage))
        .route("/stages/{stage}/docs", get(api::docs))
        .route("/stages/{stage}/log", get(api::stage_log))
        .route("/stages/{stage}/runs", get(api::stage_runs))
        .route("/stages/{stage}/commands", post(api::command))
        .route("/runs/{stage}/{generation}", get(api::run))
        .route("/runs/{stage}/{generation}/log", get(api::run_log))
        .route("/releases", get(api::marks::selectable))
        .route("/releases/{sha}", get(api::release))
        .route("/gates", get(api::gates))
        .route("/marks", post(api::marks::give))
        .route("/marks/remove", post(api::marks::take))
        .route("/deliveries/{id}", get(api::delivery))
        .route("/notify", post(api::notify))
        .route("/effects", get(api::effect))
        .route("/counters", get(api::counters))
        .route("/freeze", get(api::freeze))
        .route("/pause", post(api::pause))
        .fallback(api::no_such_route)
        .with_state(Arc::clone(&app))
        .layer(axum::middleware::from_fn_with_state(
            token,
            auth::require_token,
        ));
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .merge(webhook::route(app, secrets))
        .nest("/api/v1", api)
        .fallback(api::no_such_route)
        .layer(axum::middleware::map_response(api::in_words))
}
