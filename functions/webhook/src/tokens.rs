//! Gateways that prove themselves by a token of their own, which names the connection: Baileys services, baileys-api, Evolution.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use channels::baileys;
use channels::signature::{bearer_sha256, body_token_sha256, token_sha256};
use runtime::clock;

use crate::{Webhook, durable};

/// Takes a body of a Baileys service, or of baileys-api.
pub(crate) async fn baileys(State(webhook): State<Arc<Webhook>>, headers: HeaderMap, body: Bytes) -> Response {
    receive(&webhook, "baileys", &headers, &body).await
}

/// Takes a body of an Evolution API server.
pub(crate) async fn evolution(State(webhook): State<Arc<Webhook>>, headers: HeaderMap, body: Bytes) -> Response {
    receive(&webhook, "evolution", &headers, &body).await
}

/// Takes a body with a known token. Only the token's digest is looked up: nobody who reads the table can post.
async fn receive(webhook: &Webhook, kind: &str, headers: &HeaderMap, body: &[u8]) -> Response {
    let Some(digest) = token(headers, body) else {
        return refused(kind, "no token");
    };
    let (org, connection) = match webhook.storage.provider_account(kind, &digest).await {
        Ok(Some(account)) => account,
        Ok(None) => return refused(kind, "unknown token"),
        Err(error) => return durable::unavailable(&error),
    };
    let batch = baileys::split(&org, &connection, body, clock::now());
    durable::accept_batch(webhook, kind, (&org, &connection), body.len(), batch).await
}

/// The digest of the token that the gateway sends. A header that is there is the one that counts, right or wrong: `Authorization:
/// Bearer`, or `apikey` as the Evolution API's own clients send it. Only who sends neither is asked for the token in the body.
fn token(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    match (text(header::AUTHORIZATION.as_str()), text("apikey").or_else(|| text("x-api-key"))) {
        (Some(authorization), _) => bearer_sha256(Some(authorization)),
        (None, Some(key)) => token_sha256(key),
        (None, None) => body_token_sha256(body),
    }
}

fn refused(kind: &str, reason: &str) -> Response {
    tracing::warn!(kind, reason, "webhook refused");
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer")]).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_counts_before_the_body() {
        let digest = |token: &str| token_sha256(token);
        let seen = |pairs: &[(&'static str, &'static str)], body: &str| {
            let headers = pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
            token(&headers, body.as_bytes())
        };
        let body = r#"{"apikey":"in-body"}"#;
        assert_eq!(seen(&[("authorization", "Bearer a")], body), digest("a"));
        assert_eq!(seen(&[("apikey", "b")], body), digest("b"));
        assert_eq!(seen(&[("x-api-key", "b")], body), digest("b"));
        assert_eq!(seen(&[], body), digest("in-body"));
        assert_eq!(seen(&[("authorization", "Basic a")], body), None);
        assert_eq!(seen(&[("authorization", "")], body), None);
        assert_eq!(seen(&[], "{}"), None);
    }
}
