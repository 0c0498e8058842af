//! `GET /api/tickets/{id}/messages`: the conversation of a ticket, oldest first.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use domain::message::MessageRef;
use runtime::Problem;
use runtime::dialects::s4;
use runtime::identity::Caller;
use serde_json::Value;
use storage::Storage;

use crate::lookup::{LONGEST_LIST, counted, visible};

/// The newest messages of the ticket's conversation; `before` is the id of the first message of the page that came before.
pub(crate) async fn list(
    State(storage): State<Storage>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Json<Value>, s4::Refused> {
    let limit = counted(&query, "limit", 50, LONGEST_LIST)?;
    let (ticket, _) = visible(&storage, &caller, &id).await?;
    let Some(conversation) = &ticket.conversation else { return Ok(Json(Value::Array(Vec::new()))) };
    let before = match query.get("before") {
        Some(text) => {
            Some(text.parse::<MessageRef>().ok().filter(|before| before.conversation == *conversation).ok_or(
                Problem::InvalidInput {
                    field: "before",
                    reason: "before must be the id of a message of this ticket".to_owned(),
                },
            )?)
        }
        None => None,
    };
    let limit = u32::try_from(limit).unwrap_or(50);
    let messages = storage.messages(&caller.org, conversation, before.as_ref(), limit).await?;
    Ok(Json(messages.iter().rev().map(s4::message).collect()))
}
