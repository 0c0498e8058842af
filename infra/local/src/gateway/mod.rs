//! The HTTP API (API Gateway v2) in front of the functions, with its JWT authorizer and the local token issuer.
//!
//! Must never answer for a function, but for webhooks that prove nothing: it routes, guards and translates, and what a client reads from a route is what the
//! function said or what API Gateway says in its place.

mod authorizer;
mod cors;
mod event;
pub(crate) mod issuer;
mod response;
mod room;
mod routes;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod throttle;
mod unproven;

use std::{
    future::Future,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{
    clock,
    door::{self, Limits, Seat},
    lambda::{InvokeError, Lambda},
    sockets::Sockets,
    template::Template,
};
use authorizer::Authorizer;
use cors::CorsRules;
use issuer::Issuer;
use room::{Held, Room, Unread};
use routes::Routes;
use throttle::Throttles;
use unproven::Proof;

/// API Gateway's limit of a request body, and of an integration.
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>.
const BODY_LIMIT_BYTES: usize = 10 * 1024 * 1024;
const INTEGRATION_LIMIT: Duration = Duration::from_secs(30);
/// What all bodies together may hold of the memory, read or being read.
const BODIES_BYTES: usize = 20 * 1024 * 1024;
/// How long a body may take. API Gateway's whole integration has as long.
const BODY_LIMIT: Duration = Duration::from_secs(30);
/// Half of the files that the system lets a process have at first on many machines: the other half is for the work.
const DOOR: Limits = Limits { head: Duration::from_secs(30), connections: 1024, of_one_peer: 256 };

/// The API of the template, closed until [`Gateway::open`].
pub(crate) struct Gateway {
    routes: Routes,
    authorizer: Option<Authorizer>,
    cors: Option<CorsRules>,
    throttles: Throttles,
    lambda: Arc<Lambda>,
    /// The WebSocket API, which has a path of its own here and a host name of its own on AWS.
    sockets: Option<Arc<Sockets>>,
    jwks: Value,
    openid_configuration: Value,
    room: Arc<Room>,
    open: AtomicBool,
}

impl Gateway {
    /// The authorizer trusts `issuer`'s key alone, for the issuer name and the audience that the template has.
    pub(crate) fn new(
        template: &Template,
        issuer: &Issuer,
        lambda: Arc<Lambda>,
        sockets: Option<Arc<Sockets>>,
    ) -> Arc<Self> {
        let api = &template.api;
        let issuer_url = api.authorizer.as_ref().map_or_else(String::new, |jwt| jwt.issuer.clone());
        Arc::new(Self {
            routes: Routes::new(&template.functions),
            authorizer: api.authorizer.clone().map(|jwt| Authorizer::new(jwt, issuer)),
            cors: api.cors.clone().map(CorsRules::new),
            throttles: Throttles::new(api.throttle, api.route_throttles.clone()),
            lambda,
            sockets,
            jwks: issuer.jwks(),
            openid_configuration: issuer::openid_configuration(&issuer_url),
            room: Room::of(BODIES_BYTES),
            open: AtomicBool::new(false),
        })
    }

    /// From now on requests reach the functions; before, each is answered with 503.
    pub(crate) fn open(&self) {
        self.open.store(true, Ordering::Release);
    }

    /// Serves until `shutdown` resolves, then finishes the requests that it has accepted.
    pub(crate) async fn serve(
        self: Arc<Self>,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<()> {
        door::serve(listener, Router::new().fallback(handle).with_state(self), DOOR, shutdown).await
    }

    async fn answer(&self, parts: &Parts, body: Body, peer: SocketAddr, request_id: &str) -> Response {
        if !self.open.load(Ordering::Acquire) {
            return refuse(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable");
        }
        if let Some(sockets) = self.sockets.as_ref().filter(|sockets| sockets.takes(parts)) {
            return sockets.connect(parts, peer).await;
        }
        match parts.uri.path() {
            "/.well-known/jwks.json" => return axum::Json(&self.jwks).into_response(),
            "/.well-known/openid-configuration" => return axum::Json(&self.openid_configuration).into_response(),
            _ => {}
        }
        if let Some(preflight) = self.cors.as_ref().and_then(|cors| cors.preflight(&parts.method, &parts.headers)) {
            return preflight;
        }
        let mut response = self.through_route(parts, body, peer, request_id).await;
        if let Some(cors) = &self.cors {
            cors.mark(&parts.headers, response.headers_mut());
        }
        response
    }

    async fn through_route(&self, parts: &Parts, body: Body, peer: SocketAddr, request_id: &str) -> Response {
        let path = event::decoded_path(parts.uri.path());
        let Some(matched) = self.routes.find(parts.method.as_str(), &path) else {
            return refuse(StatusCode::NOT_FOUND, "Not Found");
        };
        let proof = Proof::of(&matched.route.key);
        if let Some(refusal) = proof.and_then(|proof| proof.refuse_head(&parts.headers)) {
            room::discard(body).await;
            return refusal;
        }
        if !self.throttles.admit(&matched.route.key, Instant::now()) {
            return refuse(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests");
        }
        let now = clock::now();
        let claims = match (&self.authorizer, matched.route.authorizer) {
            (_, false) => None,
            (Some(authorizer), true) => match authorizer.authorize(&parts.headers, now) {
                Ok(claims) => Some(claims),
                Err(refusal) => return unauthorized(&refusal.www_authenticate()),
            },
            // The template reader refuses this; a route that should be guarded must not be open.
            (None, true) => return unauthorized("Bearer"),
        };
        let held = match self.read(parts, body).await {
            Ok(held) => held,
            Err(unread) => return unread.answer(),
        };
        if let Some(refusal) = proof.and_then(|proof| proof.refuse_body(&parts.headers, &held.bytes)) {
            return refusal;
        }
        let event =
            event::Event { parts, path: &path, body: &held.bytes, matched: &matched, claims, peer, request_id, now };
        self.invoke(&matched.route.function, event.to_json()).await
    }

    /// Until the body is there, the connection may have to go for others.
    async fn read(&self, parts: &Parts, body: Body) -> Result<Held, Unread> {
        let announced = parts.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        if announced.is_some_and(|length: u64| length > BODY_LIMIT_BYTES as u64) {
            room::discard(body).await;
            return Err(Unread::TooLarge);
        }
        let seat = parts.extensions.get::<Arc<Seat>>();
        if let Some(seat) = seat {
            seat.waits();
        }
        let held = self.room.read(body, BODY_LIMIT_BYTES, BODY_LIMIT).await;
        if let Some(seat) = seat {
            seat.speaks();
        }
        held
    }

    async fn invoke(&self, function: &str, event: Value) -> Response {
        let invocation = self.lambda.invoke(function, Bytes::from(event.to_string()));
        match tokio::time::timeout(INTEGRATION_LIMIT, invocation).await {
            Ok(Ok(payload)) => response::from_function(&payload).unwrap_or_else(|reason| {
                tracing::error!(function, reason, "the function's response is not one of payload format 2.0");
                refuse(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
            }),
            Ok(Err(error)) => {
                tracing::error!(function, %error, "the function failed");
                match error {
                    // No function has run: the client may try again.
                    InvokeError::Throttled(_) | InvokeError::Stopping => {
                        refuse(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")
                    }
                    InvokeError::PayloadTooLarge(_) => {
                        refuse(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large")
                    }
                    InvokeError::Unhandled { .. }
                    | InvokeError::TimedOut(_)
                    | InvokeError::Crashed(_)
                    | InvokeError::InitFailed { .. }
                    | InvokeError::UnknownFunction(_) => {
                        refuse(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
                    }
                }
            }
            // An HTTP API answers with 503 where a REST API answers with 504.
            Err(_) => {
                tracing::error!(function, "the function has not answered within {INTEGRATION_LIMIT:?}");
                refuse(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")
            }
        }
    }
}

async fn handle(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let request_id = format!("{:016x}", fastrand::u64(..));
    let mut response = gateway.answer(&parts, body, peer, &request_id).await;
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert("apigw-requestid", value);
    }
    response
}

impl Unread {
    fn answer(self) -> Response {
        match self {
            Self::TooLarge => refuse(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large"),
            Self::TooSlow | Self::BrokenOff => refuse(StatusCode::REQUEST_TIMEOUT, "Request Timeout"),
            // Providers send again.
            Self::NoRoom => refuse(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
        }
    }
}

/// One of API Gateway's own answers.
fn refuse(status: StatusCode, message: &str) -> Response {
    (status, axum::Json(json!({ "message": message }))).into_response()
}

fn unauthorized(www_authenticate: &str) -> Response {
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_str(www_authenticate) {
        headers.insert(header::WWW_AUTHENTICATE, value);
    }
    (headers, refuse(StatusCode::UNAUTHORIZED, "Unauthorized")).into_response()
}
