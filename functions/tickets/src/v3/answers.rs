//! `POST /v3/tickets/{id}/messages`: an agent answers the contact.

use axum::extract::{Path, State};
use axum::response::Response;
use domain::message::Message;
use runtime::Problem;
use runtime::desk::visible;
use runtime::dialects::References;
use runtime::dialects::v3::requests::messages::{NewMessage, checked};
use runtime::dialects::v3::shapes::MessageShape;
use runtime::dialects::v3::{Problems, Refused};
use runtime::requested::{Requested, respond};
use runtime::uploads::Uploads;
use serde_json::json;
use storage::{Answer, Storage};

use crate::answers::{Answering, store};

/// Answers the contact of the ticket. The message is `queued`, or `parked` until the contact writes; `delivery` tells later how far
/// it has come. 409 `window_closed` names the templates that could be sent in its place.
#[utoipa::path(post, operation_id = "answer", path = "/v3/tickets/{id}/messages", tag = "conversations", request_body = NewMessage,
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("If-Match" = Option<String>, Header)),
    responses((status = 201, description = "The message", body = MessageShape, headers(("ETag" = String, description = "The ticket's version after it"))), Problems))]
pub(crate) async fn answer(
    State(storage): State<Storage>,
    State(uploads): State<Uploads>,
    Path(id): Path<String>,
    request: Requested,
) -> Result<Response, Refused> {
    if let Err(refused) = checked(&request.body) {
        visible(&storage, &request.caller, &id).await?;
        return Err(refused);
    }
    let told = |message: &Message, references: &References<'_>, version| {
        let body = json!(MessageShape::of(message, references)).to_string();
        Answer { status: 201, body, version: Some(version) }
    };
    match store(&storage, &uploads, Answering::to(&id, &request), told).await {
        Ok((answer, is_repeated)) => Ok(respond(answer, is_repeated)),
        // Of this request, `body` is a field like the others.
        Err(Problem::InvalidInput { field, reason }) => Err(Refused::field(field, reason)),
        Err(problem) => Err(problem.into()),
    }
}
