//! `@connections`: how functions speak to the clients of the WebSocket API.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html>
//! and the model of `apigatewaymanagementapi`, 2018-11-29.

use axum::body::Body;
use http::{HeaderValue, Method, Response, StatusCode, request::Parts};
use hyper::body::Bytes;
use percent_encoding::percent_decode_str;
use serde_json::json;

use super::{Endpoint, answer, permissions::Call};
use crate::{
    faults,
    sockets::{PostError, Sockets},
    template::{ACCOUNT_ID, REGION},
};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A connection of a stage, as the path names it.
pub(super) struct Target {
    stage: String,
    connection_id: String,
}

impl Target {
    /// Reads `/STAGE/@connections/ID`, each part encoded or not: SDKs encode the `=` at the end of an id, some the `@`.
    pub(super) fn of(path: &str) -> Option<Self> {
        let decoded = |part: &str| percent_decode_str(part).decode_utf8().ok().map(std::borrow::Cow::into_owned);
        let mut parts = path.strip_prefix('/')?.split('/');
        let (stage, marker, id) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || decoded(marker)? != "@connections" {
            return None;
        }
        Some(Self { stage: decoded(stage)?, connection_id: decoded(id)? })
    }
}

/// What can be done with a connection.
#[derive(Clone, Copy)]
enum Operation {
    Post,
    Get,
    Delete,
}

impl Operation {
    fn of(method: &Method) -> Option<Self> {
        match *method {
            Method::POST => Some(Self::Post),
            Method::GET => Some(Self::Get),
            Method::DELETE => Some(Self::Delete),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Post => "PostToConnection",
            Self::Get => "GetConnection",
            Self::Delete => "DeleteConnection",
        }
    }
}

/// Answers a call. A refusal is 403 here, as REST protocols have it, where the JSON protocols have 400.
pub(super) async fn handle(endpoint: &Endpoint, target: &Target, parts: &Parts, body: Body) -> Response<Body> {
    let forbidden = |code: &str, message: &str| answer::error(StatusCode::FORBIDDEN, code, message);
    let caller = match endpoint.callers.identify(&parts.headers) {
        Ok(caller) => caller,
        Err(stranger) => return forbidden(stranger.code(), &stranger.to_string()),
    };
    let Some(sockets) = endpoint.sockets.as_ref().filter(|sockets| sockets.api().stage == target.stage) else {
        return forbidden("ForbiddenException", "Forbidden");
    };
    let call = || vec![Call::new("execute-api:ManageConnections", arn(sockets, &parts.method, target))];
    if let Err(denied) = caller.check(call) {
        tracing::warn!(%denied, "a call was refused");
        return forbidden("AccessDeniedException", &denied.to_string());
    }
    let Some(operation) = Operation::of(&parts.method) else {
        return answer::error(StatusCode::METHOD_NOT_ALLOWED, "UnsupportedOperation", "POST, GET and DELETE are known");
    };
    endpoint.counts.add_operation(caller, "execute-api", operation.name());
    let hurt = caller.function().map(|function| {
        let service = faults::Service::Connections;
        faults::Target { function, service, operation: operation.name() }
    });
    if let Some(refusal) = hurt.and_then(|hurt| endpoint.faults.refusal(hurt, &[])) {
        return refusal;
    }
    let id = target.connection_id.as_str();
    let answer = match operation {
        Operation::Post => post(sockets, id, body).await,
        Operation::Get => status(sockets, id),
        Operation::Delete if sockets.connections().delete(id) => empty(StatusCode::NO_CONTENT),
        Operation::Delete => gone(),
    };
    match hurt {
        Some(hurt) => endpoint.faults.answered(hurt, answer).await,
        None => answer,
    }
}

async fn post(sockets: &Sockets, id: &str, body: Body) -> Response<Body> {
    let Ok(data) = axum::body::to_bytes(body, sockets.limits().message_bytes).await else {
        let message = "The data has exceeded the maximum size allowed.";
        return answer::error(StatusCode::PAYLOAD_TOO_LARGE, "PayloadTooLargeException", message);
    };
    match sockets.connections().post(id, data, sockets.limits().post).await {
        Ok(()) => empty(StatusCode::OK),
        Err(PostError::Gone) => gone(),
        Err(PostError::Full) => {
            let message = "The WebSocket client side buffer is full.";
            answer::error(StatusCode::TOO_MANY_REQUESTS, "LimitExceededException", message)
        }
    }
}

fn status(sockets: &Sockets, id: &str) -> Response<Body> {
    let Some(status) = sockets.connections().status(id) else { return gone() };
    let body = json!({
        "connectedAt": status.connected_at.to_string(),
        "identity": { "sourceIp": status.source_ip, "userAgent": status.user_agent },
        "lastActiveAt": status.last_active_at.to_string(),
    });
    answer::with_body(StatusCode::OK, JSON, body.to_string().into())
}

fn gone() -> Response<Body> {
    answer::error(StatusCode::GONE, "GoneException", "The connection with the provided id no longer exists.")
}

fn empty(status: StatusCode) -> Response<Body> {
    answer::with_body(status, JSON, Bytes::new())
}

/// What the caller's role has to allow.
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-control-access-iam.html>.
fn arn(sockets: &Sockets, method: &Method, target: &Target) -> String {
    let (api, id) = (&sockets.api().id, &target.connection_id);
    format!("arn:aws:execute-api:{REGION}:{ACCOUNT_ID}:{api}/{}/{method}/@connections/{id}", target.stage)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_a_stage_and_a_connection_however_it_is_encoded() {
        for (path, expected) in [
            ("/live/@connections/BFaT_fALIAMCKug=", Some(("live", "BFaT_fALIAMCKug="))),
            ("/live/%40connections/BFaT_fALIAMCKug%3D", Some(("live", "BFaT_fALIAMCKug="))),
            ("/live/@connections/", Some(("live", ""))),
            ("/live/@connections", None),
            ("/live/connections/a", None),
            ("/live/@connections/a/b", None),
            ("/@connections/a", None),
            ("/", None),
        ] {
            let target = Target::of(path);
            let found = target.as_ref().map(|target| (target.stage.as_str(), target.connection_id.as_str()));
            assert_eq!(found, expected, "{path}");
        }
    }
}
