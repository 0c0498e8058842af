//! `tickets`: lists, reads, creates and answers tickets, in every dialect.
//!
//! Never gives a ticket to an agent who asks for it: that is `claim`'s. Sends nothing: an answer is stored, and the stream does
//! the rest.

mod answers;
mod connections;
mod links;
mod lists;
mod lookup;
mod making;
mod marks;
mod messages;
mod new_ticket;
mod notes;
mod references;
mod s2;
mod state;
mod status;
mod story;
mod uploaded;
mod v2;
mod v2_people;
mod v3;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post, put};
use files::Bucket;
use runtime::uploads::Uploads;
use storage::Storage;

use state::Stores;

pub use v3::Api;

/// The function's routes, as in `infra/template.yaml`.
pub fn router(storage: Storage, bucket: Bucket, uploads: Uploads) -> Router {
    // Each adds its routes to those before: to merge routers is to insert everything twice, at every start.
    let router = v3::routes(s2::routes(routes(Router::new())));
    router.fallback(runtime::dialects::not_found).with_state(Stores { storage, files: Arc::new((bucket, uploads)) })
}

fn routes(router: Router<Stores>) -> Router<Stores> {
    router
        .route("/api/tickets", get(lists::newest))
        .route("/api/tickets/stats", get(lists::statistics))
        .route("/api/tickets/queue", get(lists::queue))
        .route("/api/tickets/my-tickets", get(lists::mine))
        .route("/api/tickets/all", get(v2::all_s4))
        .route("/api/tickets/{id}", get(lists::one))
        .route("/api/tickets/{id}/messages", get(messages::list).post(answers::answer))
        .route("/api/tickets/{id}/read", post(marks::read))
        .route("/api/tickets/{id}/typing", post(marks::typing))
        .route("/api/connections/{id}", get(connections::one))
        .route("/api/connections/{id}/resume", post(connections::resume))
        .route("/api/connections/{id}/templates", get(connections::templates))
        .route("/api/connections/{id}/templates/sync", post(connections::sync))
        .route("/api/v2/tickets", get(v2::list).post(new_ticket::create))
        .route("/api/v2/tickets/statistics", get(lists::statistics))
        .route("/api/v2/tickets/agent/{id}", get(v2_people::of_agent))
        .route("/api/v2/tickets/customer/{id}", get(v2_people::of_customer))
        .route("/api/v2/tickets/{id}", get(v2::one))
        .route("/api/v2/tickets/{id}/status", put(status::change))
        .route("/api/v2/tickets/{id}/notes", put(notes::add).post(notes::add))
}
