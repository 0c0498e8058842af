//! `DELETE /tickets/{id}`: nothing is deleted, since numbers have no gap and history is kept; the ticket is cancelled.

use axum::Json;
use axum::extract::{Path, State};
use domain::agent::{Agent, Role};
use domain::ticket::{Ticket, TicketChange};
use jiff::Timestamp;
use runtime::Problem;
use runtime::desk::{Command, carry_out, refused};
use runtime::dialects::{Refused, TicketView};
use runtime::requested::Requested;
use serde_json::{Value, json};
use storage::{Answer, Storage};

/// Why the ticket ended.
const REASON: &str = "deleted by who supervises";

/// Cancels the ticket, for who supervises; one that is resolved is closed, and one that is done stays as it is.
pub(super) async fn remove(
    State(storage): State<Storage>,
    Path(id): Path<String>,
    request: Requested,
) -> Result<Json<Value>, Refused> {
    let command = Command { once: None, ..request.command(&id) };
    let nothing = |_: &TicketView| Answer { status: 200, body: String::new(), version: None };
    carry_out(&storage, &request.caller, command, decide, nothing).await?;
    Ok(Json(json!({ "message": "ticket deleted" })))
}

fn decide(ticket: &Ticket, agent: &Agent, now: Timestamp) -> Result<Option<TicketChange>, Problem> {
    if agent.role < Role::Supervisor {
        let reason = "only a supervisor or an admin may delete a ticket".to_owned();
        return Err(Problem::Forbidden { reason });
    }
    if ticket.state.is_final() {
        return Ok(None);
    }
    let ended = ticket.abandoned_by(&agent.id, Some(REASON), now);
    ended.map(Some).map_err(|refusal| refused(&refusal, ticket))
}
