//! `claim`: who works on a ticket. Gives it to the first agent who claims it (invariant I4), assigns it, takes it away, hands it to
//! another team.
//!
//! One transaction moves the ticket, the agents' loads and the ticket's place on the board; whoever comes second is told who
//! came first, if it may know.

mod assignments;
mod claims;
mod s2;
mod v3;

use axum::Router;
use axum::routing::{post, put};
use storage::Storage;

pub use v3::Api;

/// The function's routes, as in `infra/template.yaml`.
pub fn router(storage: Storage) -> Router {
    Router::new()
        .route("/api/tickets/{id}/claim", post(claims::claim))
        .route("/api/tickets/{id}/assign", post(assignments::assign_s4))
        .route("/api/v2/tickets/{id}/assign", put(assignments::assign_s1))
        .route("/tickets/{id}", put(s2::update))
        .merge(v3::router())
        .fallback(runtime::dialects::not_found)
        .with_state(storage)
}
