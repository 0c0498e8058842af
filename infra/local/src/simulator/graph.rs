//! The Graph API's requests.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use hyper::body::Bytes;
use serde_json::{Value, json};

use super::content::{invalid, only, required};
use super::message::{Outbound, Recipient};
use super::script::{Outcome, Request, Sent};
use super::statuses::Told;
use super::uploads::is_sendable;
use super::{GraphError, HANGING, Simulator};
use crate::meta::{self, Direction};

/// `POST /{phone_number_id}/messages`.
pub(super) async fn send(
    State(simulator): State<Arc<Simulator>>,
    Path((_version, phone_number_id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let read = || {
        simulator.admit(&headers)?;
        is_object(&phone_number_id)?;
        read(&simulator, &body)
    };
    let (message, body) = match read() {
        Ok(Asked::Message(message, body)) => (message, body),
        Ok(Asked::Mark) => return Json(json!({ "success": true })).into_response(),
        Err(error) => return error.into_response(),
    };
    let is_template = body["type"] == "template";
    let outcome = simulator.outcome(message.recipient.id(), is_template);
    let told = match outcome {
        Outcome::Refuse { status, code: 0 } => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
            return (status, "upstream connect error").into_response();
        }
        Outcome::Refuse { status, code } => return GraphError::any(status, code).into_response(),
        Outcome::Hang { taken: false } => {
            tokio::time::sleep(HANGING).await;
            return GraphError::any(500, 131_000).into_response();
        }
        Outcome::Cut { taken: false } => return cut(),
        Outcome::Fail { code } => Some(Told::Failed(code)),
        Outcome::Silent => None,
        Outcome::Accept | Outcome::Hang { .. } | Outcome::Cut { .. } => Some(ending(&simulator, &body)),
    };
    let answer = accept(&simulator, &phone_number_id, message, body, told);
    match outcome {
        Outcome::Hang { .. } => tokio::time::sleep(HANGING).await,
        Outcome::Cut { .. } => return cut(),
        _ => {}
    }
    Json(answer).into_response()
}

/// How a message ends that nothing else was asked of: Meta finds out only when it sends that a file is of no type that it sends.
fn ending(simulator: &Simulator, body: &Value) -> Told {
    let kind = body["type"].as_str().unwrap_or_default();
    let media_type = body[kind]["id"].as_str().and_then(|id| simulator.media.type_of(id));
    if media_type.is_some_and(|media_type| !is_sendable(kind, &media_type)) {
        Told::Failed(131_053)
    } else {
        Told::Read
    }
}

/// A message is accepted: it has an id from now on, and its statuses are told.
fn accept(simulator: &Simulator, phone_number_id: &str, message: Outbound, body: Value, told: Option<Told>) -> Value {
    let to = message.recipient.id().to_owned();
    let id = meta::message_id(&to, Direction::ToCustomer);
    let kind = match &message.recipient {
        Recipient::Phone(_) => "wa_id",
        Recipient::User(_) => "user_id",
    };
    let answer = json!({
        "messaging_product": "whatsapp",
        "contacts": [{ "input": to, kind: to }],
        "messages": [{ "id": id }],
    });
    simulator.script.remember(Sent { by: phone_number_id.to_owned(), to, id: id.clone(), body });
    if let Some(told) = told {
        simulator.reporter.report(phone_number_id, id, message, told);
    }
    answer
}

/// An answer that breaks off: what comes of it is a connection that ended too early.
pub(super) fn cut() -> Response {
    let pieces = futures_util::stream::iter([
        Ok(Bytes::from_static(b"{\"messaging_product\":")),
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)),
    ]);
    Body::from_stream(pieces).into_response()
}

/// What a request to `messages` asks for.
enum Asked {
    Message(Outbound, Value),
    /// A message of the contact is marked as read, perhaps with a sign that somebody types.
    Mark,
}

fn read(simulator: &Simulator, body: &[u8]) -> Result<Asked, GraphError> {
    let body: Value = serde_json::from_slice(body)
        .map_err(|error| GraphError::parameter(100, format!("The body is not JSON: {error}")))?;
    if required(&body, "messaging_product")? != "whatsapp" {
        return Err(invalid("messaging_product must be whatsapp"));
    }
    if body["status"].is_null() {
        return Ok(Asked::Message(Outbound::parse(&body, &simulator.templates)?, body));
    }
    only(&body, &["messaging_product", "status", "message_id", "typing_indicator"])?;
    if body["status"] != "read" {
        return Err(invalid("status must be read"));
    }
    if !required(&body, "message_id")?.starts_with("wamid.") {
        return Err(invalid("message_id must be the id of a message"));
    }
    if !body["typing_indicator"].is_null() && body["typing_indicator"]["type"] != "text" {
        return Err(invalid("typing_indicator.type must be text"));
    }
    Ok(Asked::Mark)
}

/// `GET /{account}/message_templates`.
pub(super) async fn list_templates(
    State(simulator): State<Arc<Simulator>>,
    Path((version, account)): Path<(String, String)>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let list = || {
        simulator.admit(&headers)?;
        is_object(&account)?;
        let url = format!("https://graph.facebook.com/{version}/{account}/message_templates");
        simulator.templates.page(&url, query.get("after").map(String::as_str))
    };
    match list() {
        Ok(page) => Json(page).into_response(),
        Err(error) => error.into_response(),
    }
}

/// `POST /_simulator/script`.
pub(super) async fn script(State(simulator): State<Arc<Simulator>>, headers: HeaderMap, body: Bytes) -> Response {
    let request = simulator.admit(&headers).and_then(|()| {
        serde_json::from_slice::<Request>(&body).map_err(|error| GraphError::parameter(100, error.to_string()))
    });
    match request {
        Ok(request) => {
            simulator.script.add(request);
            Json(json!({ "success": true })).into_response()
        }
        Err(error) => error.into_response(),
    }
}

/// `GET /_simulator/sent`.
pub(super) async fn sent(State(simulator): State<Arc<Simulator>>, headers: HeaderMap) -> Response {
    match simulator.admit(&headers) {
        Ok(()) => Json(json!({ "sent": simulator.script.sent() })).into_response(),
        Err(error) => error.into_response(),
    }
}

pub(super) fn is_object(id: &str) -> Result<(), GraphError> {
    if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(());
    }
    Err(GraphError::parameter(100, format!("Object with ID '{id}' does not exist")))
}
