//! The one door that is open to the internet: proves who posts, cuts the body into units, puts them on the inbound queue.
//!
//! 200 means that every unit is durable; anything less is 503, and the provider sends the body again. Never parses what is not
//! proven, never decides what a message means, and reads nothing of the table but the way to a connection.

mod durable;
mod handshake;
mod signed;
mod tokens;
mod whatsapp;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use messaging::SqsQueue;
use runtime::parcels::Parcels;
use runtime::secrets::Secrets;
use storage::Storage;

/// The largest body that is read. Meta's are at most 3 MB, and Lambda takes no request above 6 MB.
const LARGEST_BODY: usize = 6 * 1024 * 1024;

/// What the webhook works with.
pub struct Webhook {
    /// Where a gateway's connection is looked up.
    pub storage: Storage,
    /// Where units go.
    pub inbound: SqsQueue,
    /// Where those lie that the queue cannot hold.
    pub parcels: Parcels,
    /// Where app secrets and verify tokens come from.
    pub secrets: Secrets,
    /// The name of the secret that holds them.
    pub apps_secret: String,
}

/// The routes.
pub fn router(webhook: Webhook) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/webhook/whatsapp", get(whatsapp::handshake).post(whatsapp::receive))
        .route("/webhook/whatsapp/{app}", get(whatsapp::handshake).post(whatsapp::receive))
        .route("/webhook/baileys", post(tokens::baileys))
        .route("/webhook/evolution", post(tokens::evolution))
        // "Webhook by events" of the Evolution API appends the event's name.
        .route("/webhook/evolution/{event}", post(tokens::evolution))
        .route("/webhook/waha", post(signed::waha))
        .route("/webhook/waha/{account}", post(signed::waha))
        .route("/webhook/gowa", post(signed::gowa))
        .route("/webhook/gowa/{account}", post(signed::gowa))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(Arc::new(webhook))
}
