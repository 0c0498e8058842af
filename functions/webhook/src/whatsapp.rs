//! Meta's Cloud API: one address for each Meta app, because which app's secret counts must not depend on the unproven body.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use channels::cloud_api;
use channels::signature::{SignedOver, verify_cloud_api};
use domain::connection::DEFAULT_APP;
use runtime::clock;

use crate::{Webhook, durable, handshake};

/// Answers Meta's handshake. The answer is plain text and must not be sniffed: it echoes what the caller chose.
pub(crate) async fn handshake(
    State(webhook): State<Arc<Webhook>>,
    app: Option<Path<String>>,
    RawQuery(query): RawQuery,
) -> Response {
    let apps = match webhook.secrets.whatsapp_apps(&webhook.apps_secret).await {
        Ok(apps) => apps,
        Err(error) => return durable::unavailable(&error),
    };
    let accepted = apps.apps.get(name(app.as_ref())).map_or(&[][..], |app| app.verify_tokens.as_slice());
    let Some(challenge) = handshake::challenge(query.as_deref().unwrap_or_default(), accepted) else {
        return StatusCode::FORBIDDEN.into_response();
    };
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (headers, challenge).into_response()
}

/// Takes a signed body. An app that nobody configured is answered as a wrong signature is.
pub(crate) async fn receive(
    State(webhook): State<Arc<Webhook>>,
    app: Option<Path<String>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let apps = match webhook.secrets.whatsapp_apps(&webhook.apps_secret).await {
        Ok(apps) => apps,
        Err(error) => return durable::unavailable(&error),
    };
    let Some((app, secrets)) = apps.apps.get_key_value(name(app.as_ref())) else {
        tracing::warn!(reason = "unknown app", "webhook refused");
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let signature = headers.get("x-hub-signature-256").and_then(|value| value.to_str().ok());
    match verify_cloud_api(&secrets.app_secrets, signature, &body) {
        Ok(SignedOver::Body) => {}
        Ok(SignedOver::EscapedUnicode) => tracing::info!(app = %app, "signed over escaped unicode"),
        Err(reason) => {
            tracing::warn!(app = %app, reason = %reason, "webhook refused");
            return StatusCode::UNAUTHORIZED.into_response();
        }
    }
    let units = cloud_api::split(app, &body, clock::now());
    tracing::debug!(app = %app, bytes = body.len(), units = units.len(), "webhook cut");
    durable::accept(&webhook, &units, Vec::new()).await
}

fn name(app: Option<&Path<String>>) -> &str {
    app.map_or(DEFAULT_APP, |Path(name)| name)
}
