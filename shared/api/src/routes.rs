//! All routes.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use greenroom_app::App;
use greenroom_app::ports::Ports;
use greenroom_github::Secrets;

use crate::auth::{Token, require_token};
use crate::fault::in_words;
use crate::handlers as api;
use crate::{duty, freeze, marks, pipelines, ways, webhook};

/// Where the installation is: how repositories are reached depends on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    OneMachine,
    Aws,
}

/// Everything that `greenroom serve` answers: the API, webhooks and whether it is well. `here` are
/// routes of the API that only this installation has. Without `secrets` no webhook is taken.
pub fn routes<P: Ports>(
    app: Arc<App<P>>,
    here: Router<Arc<App<P>>>,
    place: Place,
    secrets: Option<Arc<Secrets>>,
    token: Token,
) -> Router {
    let webhooks = webhook::route(Arc::clone(&app), secrets);
    around(webhooks.nest("/api/v1", under_v1(app, here, place, token)))
}

/// The API alone, and whether it is well.
pub fn api_routes<P: Ports>(
    app: Arc<App<P>>,
    here: Router<Arc<App<P>>>,
    place: Place,
    token: Token,
) -> Router {
    around(Router::new().nest("/api/v1", under_v1(app, here, place, token)))
}

fn around(routes: Router) -> Router {
    routes
        .route("/healthz", get(async || "ok\n"))
        .fallback(api::no_such_route)
        .layer(axum::middleware::map_response(in_words))
}

fn under_v1<P: Ports>(
    app: Arc<App<P>>,
    here: Router<Arc<App<P>>>,
    place: Place,
    token: Token,
) -> Router {
    let add_app = move |State(app): api::Of<P>, body| api::add_app(place, app, body);
    Router::new()
        .route("/board", get(api::board))
        .route("/breaks", get(api::breaks))
        .route("/backlog", get(api::backlog))
        .route("/apps", get(api::apps).post(add_app))
        .route("/access", get(api::access))
        .route("/channels", get(api::channels))
        .route("/stages/{stage}", get(api::stage))
        .route("/stages/{stage}/log", get(api::stage_log))
        .route("/stages/{stage}/runs", get(api::stage_runs))
        .route("/stages/{stage}/commands", post(api::command))
        .route("/runs/{stage}/{generation}", get(api::run))
        .route("/releases", get(marks::selectable))
        .route("/journey", get(ways::journey))
        .route("/diff", get(ways::diff))
        .route("/gates", get(api::gates))
        .route("/marks", post(marks::give))
        .route("/marks/remove", post(marks::take))
        .route("/deliveries/{id}", get(api::delivery))
        .route("/notify", post(api::notify))
        .route("/effects", get(api::effect))
        .route("/duty", get(duty::duty))
        .route("/freeze", get(freeze::freeze))
        .route("/pause", post(freeze::pause))
        .route(
            "/pipelines",
            get(pipelines::pipelines).post(pipelines::applied),
        )
        .route("/pipelines/existing", get(pipelines::existing))
        .merge(here)
        .fallback(api::no_such_route)
        .with_state(app)
        .layer(axum::middleware::from_fn_with_state(token, require_token))
}
