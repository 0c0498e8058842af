//! A simulator of Meta's Graph API: takes messages as strictly as Meta does, and tells their delivery by signed webhooks.
//!
//! It listens on a loopback port of its own and keeps nothing: statuses that were not told when the host stops are lost.
//!
//! The last four digits of the recipient choose what happens:
//!
//! | ends in | the send is | then |
//! |---|---|---|
//! | `0000` | accepted | `failed` with 131026, undeliverable |
//! | `0047` | accepted | `failed` with 131047, the 24-hour window is closed |
//! | `0429` | refused, HTTP 429 with 130429, too many messages | |
//! | `0500` | refused, HTTP 500 with 131000, something went wrong | |
//! | else | accepted | `sent`, `delivered`, `read` |

mod message;
mod statuses;

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use http::{HeaderMap, StatusCode, header};
use hyper::body::Bytes;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::client::Client;
use crate::meta::{self, Direction};
use crate::secrets::Secrets;
use message::{Outbound, Recipient};
use statuses::{Reporter, Told};

/// The version that the simulator is addressed by; it answers to every other one as well.
pub(crate) const VERSION: &str = "v25.0";

/// The Graph API.
pub(crate) struct Simulator {
    secrets: Secrets,
    reporter: Reporter,
}

/// An error in Graph's shape. The code is what clients go by.
#[derive(Debug, PartialEq, Eq)]
struct GraphError {
    status: StatusCode,
    code: u32,
    kind: &'static str,
    title: &'static str,
    details: String,
}

impl Simulator {
    /// `api_url` is where the webhook is. Nothing is told after `stopping`.
    pub(crate) fn new(secrets: Secrets, api_url: String, client: Client, stopping: watch::Receiver<bool>) -> Self {
        let reporter = Reporter::new(secrets.clone(), api_url, client, stopping);
        Self { secrets, reporter }
    }

    /// Serves until the host stops.
    pub(crate) async fn serve(self, listener: TcpListener, mut stopping: watch::Receiver<bool>) -> std::io::Result<()> {
        let router = Router::new()
            .route("/{version}/{phone_number_id}/messages", post(send))
            .layer(DefaultBodyLimit::max(64 * 1024))
            .with_state(Arc::new(self));
        let stopped = async move {
            let _ = stopping.wait_for(|stopping| *stopping).await;
        };
        axum::serve(listener, router).with_graceful_shutdown(stopped).await
    }

    fn accept(&self, phone_number_id: &str, headers: &HeaderMap, body: &[u8]) -> Result<Value, GraphError> {
        let token = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "));
        let known = self.secrets.read().is_ok_and(|file| token.is_some_and(|token| file.knows_access_token(token)));
        if !known {
            return Err(GraphError::token("Error validating access token: the token is not known"));
        }
        if phone_number_id.is_empty() || !phone_number_id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(GraphError::parameter(100, format!("Object with ID '{phone_number_id}' does not exist")));
        }
        let message = Outbound::parse(body)?;
        let customer = message.recipient.id().to_owned();
        let outcome = match customer.get(customer.len().saturating_sub(4)..) {
            Some("0429") => return Err(GraphError::throttled()),
            Some("0500") => return Err(GraphError::unknown()),
            Some("0000") => Told::Failed(131_026, "Message undeliverable"),
            Some("0047") => Told::Failed(131_047, "Re-engagement message"),
            _ => Told::Read,
        };
        let id = meta::message_id(&customer, Direction::ToCustomer);
        let (kind, input) = match &message.recipient {
            Recipient::Phone(phone) => ("wa_id", phone),
            Recipient::User(user) => ("user_id", user),
        };
        let answer = json!({
            "messaging_product": "whatsapp",
            "contacts": [{ "input": input, kind: input }],
            "messages": [{ "id": id }],
        });
        self.reporter.report(phone_number_id, id, message, outcome);
        Ok(answer)
    }
}

async fn send(
    State(simulator): State<Arc<Simulator>>,
    Path((_version, phone_number_id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match simulator.accept(&phone_number_id, &headers, &body) {
        Ok(answer) => Json(answer).into_response(),
        Err(error) => error.into_response(),
    }
}

impl GraphError {
    fn token(details: &str) -> Self {
        let (status, kind) = (StatusCode::UNAUTHORIZED, "OAuthException");
        Self { status, code: 190, kind, title: "Invalid OAuth access token", details: details.to_owned() }
    }

    /// 100, or one of the 131000s, for what is wrong with the request.
    fn parameter(code: u32, details: String) -> Self {
        let title = match code {
            131_008 => "Required parameter is missing",
            131_009 => "Parameter value is not valid",
            131_051 => "Message type unknown",
            _ => "Invalid parameter",
        };
        Self { status: StatusCode::BAD_REQUEST, code, kind: "OAuthException", title, details }
    }

    fn throttled() -> Self {
        let (status, kind) = (StatusCode::TOO_MANY_REQUESTS, "OAuthException");
        let details =
            "Message failed to send because there were too many messages sent from this phone number".to_owned();
        Self { status, code: 130_429, kind, title: "Rate limit hit", details }
    }

    fn unknown() -> Self {
        let (status, kind) = (StatusCode::INTERNAL_SERVER_ERROR, "OAuthException");
        let details = "Message failed to send due to an unknown error".to_owned();
        Self { status, code: 131_000, kind, title: "Something went wrong", details }
    }
}

impl IntoResponse for GraphError {
    fn into_response(self) -> Response {
        let body = json!({ "error": {
            "message": format!("(#{}) {}", self.code, self.title),
            "type": self.kind,
            "code": self.code,
            "error_data": { "messaging_product": "whatsapp", "details": self.details },
            "fbtrace_id": ulid::Ulid::generate().to_string(),
        } });
        (self.status, Json(body)).into_response()
    }
}
