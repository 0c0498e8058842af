//! `POST /api/tickets/{id}/read` and `…/typing`: the contact is shown that its messages are read, or that somebody types.

use axum::extract::{Path, State};
use domain::access::{self, Denied};
use domain::agent::Agent;
use domain::ticket::Ticket;
use http::StatusCode;
use runtime::dialects::Refused;
use runtime::identity::Caller;
use runtime::{Problem, clock};
use storage::Storage;

use crate::lookup::visible;

/// Marks everything that the contact wrote so far as read.
pub(crate) async fn read(
    State(storage): State<Storage>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Refused> {
    mark(&storage, &caller, &id, false).await
}

/// Shows that somebody types, until an answer comes or for some seconds; what the contact wrote is then read.
pub(crate) async fn typing(
    State(storage): State<Storage>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Refused> {
    mark(&storage, &caller, &id, true).await
}

async fn mark(storage: &Storage, caller: &Caller, id: &str, is_typing: bool) -> Result<StatusCode, Refused> {
    let (ticket, agent) = visible(storage, caller, id).await?;
    Ok(show(storage, &agent, ticket, is_typing).await?)
}

/// Shows it to the ticket's contact. Errors: `Forbidden`, `Conflict`.
pub(crate) async fn show(
    storage: &Storage,
    agent: &Agent,
    ticket: Ticket,
    is_typing: bool,
) -> Result<StatusCode, Problem> {
    access::may_answer(agent, &ticket).map_err(|denied| match denied {
        Denied::NotClaimed => Problem::Conflict { code: "not_claimed", reason: denied.to_string(), holder: None },
        Denied::NotYours | Denied::OnlySupervisors => Problem::Forbidden { reason: denied.to_string() },
    })?;
    let conversation = ticket.conversation.ok_or_else(|| Problem::Conflict {
        code: "no_conversation",
        reason: "the ticket belongs to no conversation, so there is nothing to read".to_owned(),
        holder: None,
    })?;
    storage.mark_read(&ticket.org, &conversation, is_typing, clock::now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
