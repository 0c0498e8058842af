//! Baileys services of customers: a bearer token of their own names the connection.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use channels::baileys;
use channels::signature::bearer_sha256;
use runtime::clock;

use crate::{Webhook, durable};

/// Takes a body with a known token. Only the token's digest is looked up: nobody who reads the table can post.
pub(crate) async fn receive(State(webhook): State<Arc<Webhook>>, headers: HeaderMap, body: Bytes) -> Response {
    let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some(digest) = bearer_sha256(token) else {
        return refused("no bearer token");
    };
    let (org, connection) = match webhook.storage.provider_account("baileys", &digest).await {
        Ok(Some(account)) => account,
        Ok(None) => return refused("unknown bearer token"),
        Err(error) => return durable::unavailable(&error),
    };
    let batch = baileys::split(&org, &connection, &body, clock::now());
    tracing::debug!(
        org.id = %org,
        connection.id = %connection,
        bytes = body.len(),
        units = batch.units.len(),
        ignored_event = batch.ignored_event,
        "webhook cut"
    );
    durable::accept(&webhook.inbound, &batch.units).await
}

fn refused(reason: &str) -> Response {
    tracing::warn!(reason, "webhook refused");
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer")]).into_response()
}
