//! Who may connect: the throttle, the authorizer and `$connect` are asked before the upgrade is answered.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-keys-connect-disconnect.html>.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    http::{HeaderValue, Request, StatusCode, header, request::Parts},
    response::{IntoResponse as _, Response},
};
use hyper::upgrade::OnUpgrade;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::handshake::server::create_response;

use super::{
    Sockets, authorizer,
    connection::{Client, Connection},
    event::{Events, Handshake},
    ids::unique,
    integration::{self, Failure},
    session,
};
use crate::clock;

/// Why a client does not get its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refused {
    /// Its request is no handshake of version 13.
    Malformed,
    TooMany,
    Authorizer(authorizer::Refusal),
    /// `$connect` said so.
    Connect(StatusCode),
    Integration(Failure),
    Stopping,
}

impl Refused {
    /// The status and the words of API Gateway's default gateway responses.
    fn answer(self) -> (StatusCode, Value) {
        let (status, message) = match self {
            Self::Malformed => (StatusCode::BAD_REQUEST, "Bad Request"),
            Self::TooMany => (StatusCode::TOO_MANY_REQUESTS, "Too Many Requests"),
            Self::Authorizer(authorizer::Refusal::Unauthorized) => (StatusCode::UNAUTHORIZED, "Unauthorized"),
            Self::Authorizer(authorizer::Refusal::Denied) => {
                (StatusCode::FORBIDDEN, "User is not authorized to access this resource")
            }
            Self::Authorizer(authorizer::Refusal::Failed) | Self::Integration(Failure::Unavailable) => {
                (StatusCode::INTERNAL_SERVER_ERROR, "Internal server error")
            }
            Self::Integration(Failure::Function) => (StatusCode::BAD_GATEWAY, "Internal server error"),
            Self::Integration(Failure::TimedOut) => (StatusCode::GATEWAY_TIMEOUT, "Endpoint request timed out"),
            Self::Connect(status) => (status, status.canonical_reason().unwrap_or_default()),
            Self::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
        };
        (status, message.into())
    }
}

impl Sockets {
    /// Answers an upgrade: with 101 and a connection that goes on by itself, or with why not.
    pub(crate) async fn connect(self: &Arc<Self>, parts: &Parts, peer: SocketAddr) -> Response {
        let (connection_id, request_id) = (unique(), unique());
        match self.open(Handshake { parts, peer }, &connection_id, &request_id).await {
            Ok(switching) => switching,
            Err(refused) => {
                let (status, message) = refused.answer();
                let body = json!({ "message": message, "connectionId": connection_id, "requestId": request_id });
                (status, Json(body)).into_response()
            }
        }
    }

    async fn open(
        self: &Arc<Self>,
        handshake: Handshake<'_>,
        connection_id: &str,
        request_id: &str,
    ) -> Result<Response, Refused> {
        let alive = self.enter();
        if *self.stopping.borrow() {
            return Err(Refused::Stopping);
        }
        let parts = handshake.parts;
        let switching = create_response(&Request::from_parts(parts.clone(), ())).map_err(|_| Refused::Malformed)?;
        let upgrade = parts.extensions.get::<OnUpgrade>().cloned().ok_or(Refused::Malformed)?;
        if !self.admits("$connect") {
            return Err(Refused::TooMany);
        }
        let now = clock::now();
        let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(ToOwned::to_owned);
        let mut client = Client {
            connection_id: connection_id.to_owned(),
            connected_at: now,
            source_ip: handshake.peer.ip().to_string(),
            user_agent: text(header::USER_AGENT),
            host: text(header::HOST).unwrap_or_default(),
            authorizer: None,
        };
        let events = Events { api: &self.api, domain: &self.domain, now };
        if let Some(guard) = &self.api.authorizer {
            if !authorizer::identified(guard, parts) {
                return Err(Refused::Authorizer(authorizer::Refusal::Unauthorized));
            }
            let event = events.authorize(&client, &handshake, request_id);
            let context = authorizer::authorize(&self.lambda, guard, &event, &events.method_arn()).await;
            client.authorizer = Some(context.map_err(Refused::Authorizer)?);
        }
        let mut switching = switching.map(|()| Body::empty());
        if let Some(route) = self.route("$connect") {
            let event = events.connect(&client, &handshake, request_id);
            let answer = integration::invoke(&self.lambda, route, &event).await.map_err(Refused::Integration)?;
            if !(200..300).contains(&answer.status) {
                let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_GATEWAY);
                return Err(Refused::Connect(status));
            }
            // The one header of the function's that reaches the client: which of its subprotocols is spoken.
            let protocol = answer.header("Sec-WebSocket-Protocol").and_then(|name| HeaderValue::from_str(name).ok());
            if let Some(protocol) = protocol {
                switching.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, protocol);
            }
        }
        let (connection, queue) = Connection::new(client, self.limits.queued);
        let connection = Arc::new(connection);
        // From here on functions may post, even while the answer is on its way.
        self.connections.add(&connection);
        tokio::spawn(session::run(Arc::clone(self), connection, upgrade, queue, alive));
        Ok(switching)
    }
}
