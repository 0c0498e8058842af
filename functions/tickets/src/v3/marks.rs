//! `POST /v3/conversations/{id}/read` and `…/typing`: the contact is shown that its messages are read, or that somebody types. Who
//! may answer may do this.

use axum::extract::{Path, State};
use http::StatusCode;
use runtime::Problem;
use runtime::dialects::v3::requests::Nothing;
use runtime::dialects::v3::{Problems, Refused, parse};
use runtime::requested::Requested;
use storage::Storage;

use super::conversations::{NO_CONVERSATION, held};
use crate::marks::show;

/// Marks everything that the contact wrote so far as read. Doing it again changes nothing.
#[utoipa::path(post, operation_id = "mark_read", path = "/v3/conversations/{id}/read", tag = "conversations", params(("id" = String, Path)),
    request_body = Option<Nothing>, responses((status = 204, description = "It is shown in a moment"), Problems))]
pub(crate) async fn read(
    State(storage): State<Storage>,
    Path(id): Path<String>,
    request: Requested,
) -> Result<StatusCode, Refused> {
    mark(&storage, &id, &request, false).await
}

/// Shows that somebody types, until an answer comes or for 25 seconds; what the contact wrote is then read.
#[utoipa::path(post, operation_id = "show_typing", path = "/v3/conversations/{id}/typing", tag = "conversations", params(("id" = String, Path)),
    request_body = Option<Nothing>, responses((status = 204, description = "It is shown in a moment"), Problems))]
pub(crate) async fn typing(
    State(storage): State<Storage>,
    Path(id): Path<String>,
    request: Requested,
) -> Result<StatusCode, Refused> {
    mark(&storage, &id, &request, true).await
}

async fn mark(storage: &Storage, id: &str, request: &Requested, is_typing: bool) -> Result<StatusCode, Refused> {
    let id = domain::ids::ConversationId::new(id).map_err(|_| NO_CONVERSATION)?;
    let (agent, ticket) = held(storage, &request.caller, &id).await?;
    let Nothing {} = parse(request.body.clone())?;
    let ticket = ticket.ok_or_else(|| Problem::Conflict {
        code: "not_claimed",
        reason: "the conversation has no ticket: make one first".to_owned(),
        holder: None,
    })?;
    Ok(show(storage, &agent, ticket, is_typing).await?)
}
