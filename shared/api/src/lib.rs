//! The JSON API and the webhook's route, over any installation: `greenroom serve` and the function
//! `control-api` answer by the same code. What only one of them has is given as further routes.

mod auth;
mod duty;
mod fault;
mod freeze;
mod handlers;
mod marks;
mod pipelines;
pub mod reply;
mod routes;
mod ways;
pub mod webhook;

pub use auth::{Token, lasting};
pub use fault::Fault;
pub use handlers::{Answer, Of, OfApp, find};
pub use routes::{Place, api_routes, routes};
