//! Gateways that sign what they post: WAHA and GOWA. The path names the account, whose keys verify the bytes before anything of
//! them is read, as a Meta app's do.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use channels::gateway::Batch;
use channels::signature::{SignatureError, verify_gowa, verify_waha};
use channels::{gowa, waha};
use domain::connection::DEFAULT_ACCOUNT;
use domain::ids::{ConnectionId, OrganizationId};
use jiff::Timestamp;
use runtime::clock;

use crate::{Webhook, durable};

/// Proves the bytes of a body with the keys and the header.
type Verify = fn(&[String], Option<&str>, &[u8]) -> Result<(), SignatureError>;

/// Cuts a body of a connection.
type Split = fn(&OrganizationId, &ConnectionId, &[u8], Timestamp) -> Batch;

/// How the bodies of one kind are proven and cut.
struct Door {
    kind: &'static str,
    header: &'static str,
    verify: Verify,
    split: Split,
}

/// Takes a body that WAHA signed.
pub(crate) async fn waha(
    State(webhook): State<Arc<Webhook>>,
    account: Option<Path<String>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let door = Door { kind: "waha", header: "x-webhook-hmac", verify: verify_waha, split: waha::split };
    receive(&webhook, &door, account.as_ref(), &headers, &body).await
}

/// Takes a body that GOWA signed.
pub(crate) async fn gowa(
    State(webhook): State<Arc<Webhook>>,
    account: Option<Path<String>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let door = Door { kind: "gowa", header: "x-hub-signature-256", verify: verify_gowa, split: gowa::split };
    receive(&webhook, &door, account.as_ref(), &headers, &body).await
}

/// Takes a signed body. An account that nobody configured is answered as a wrong signature is.
async fn receive(
    webhook: &Webhook,
    door: &Door,
    account: Option<&Path<String>>,
    headers: &HeaderMap,
    body: &[u8],
) -> Response {
    let secrets = match webhook.secrets.whatsapp_apps(&webhook.apps_secret).await {
        Ok(secrets) => secrets,
        Err(error) => return durable::unavailable(&error),
    };
    let account = account.map_or(DEFAULT_ACCOUNT, |Path(name)| name);
    let keys = secrets.gateways.get(door.kind).and_then(|accounts| accounts.get(account));
    let keys = keys.map_or(&[][..], |account| account.keys.as_slice());
    let signature = headers.get(door.header).and_then(|value| value.to_str().ok());
    if let Err(reason) = (door.verify)(keys, signature, body) {
        return refused(door.kind, &reason.to_string());
    }
    let (org, connection) = match webhook.storage.provider_account(door.kind, account).await {
        Ok(Some(found)) => found,
        // Signed with a key of ours, by a gateway that is not connected yet: it tries again, and so loses nothing.
        Ok(None) => return durable::not_connected(door.kind),
        Err(error) => return durable::unavailable(&error),
    };
    let batch = (door.split)(&org, &connection, body, clock::now());
    durable::accept_batch(webhook, door.kind, (&org, &connection), body.len(), batch).await
}

fn refused(kind: &str, reason: &str) -> Response {
    tracing::warn!(kind, reason, "webhook refused");
    StatusCode::UNAUTHORIZED.into_response()
}
