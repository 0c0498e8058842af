//! `POST /api/tickets/{id}/messages`: an agent answers the contact.
//!
//! The answer is stored as its own outbox item in the transaction that stops the ticket's first-response clock; nothing is sent
//! from here.

mod request;
mod storing;
mod targets;
mod templates;

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use runtime::body::JsonBody;
use runtime::dialects::{Refused, s4};
use runtime::identity::Caller;
use serde_json::Value;
use storage::Storage;

pub(crate) use storing::store;

/// Stores the answer. What the body may be: docs/answers.md.
pub(crate) async fn answer(
    State(storage): State<Storage>,
    caller: Caller,
    Path(id): Path<String>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Value>), Refused> {
    let message = store(&storage, &caller, &id, &body).await?;
    Ok((StatusCode::CREATED, Json(s4::message(&message))))
}
