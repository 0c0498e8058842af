//! `POST /api/tickets/{id}/claim`: 200 with the ticket for the winner, 409 for everybody else, the winner's repetition included.

use axum::extract::{Path, State};
use axum::response::Response;
use domain::agent::Agent;
use domain::ticket::{Refusal, Ticket, TicketChange};
use jiff::Timestamp;
use runtime::Problem;
use runtime::desk::{Command, Done, carry_out, refused};
use runtime::dialects::{Refused, told};
use runtime::requested::{Requested, done};
use storage::Storage;

pub(crate) async fn claim(
    State(storage): State<Storage>,
    Path(id): Path<String>,
    request: Requested,
) -> Result<Response, Refused> {
    let command = Command { shows_holder: true, ..request.command(&id) };
    let answer = told(200);
    let claimed = carry_out(&storage, &request.caller, command, decide, answer).await?;
    if let Done::Now(view) = &claimed {
        let ticket = &view.ticket;
        tracing::info!(org.id = %ticket.org, ticket.id = %ticket.id, agent.id = %request.caller.agent, "ticket claimed");
    }
    Ok(done(claimed, answer))
}

/// The claim of an agent, or why there is none.
pub(crate) fn decide(ticket: &Ticket, agent: &Agent, now: Timestamp) -> Result<TicketChange, Problem> {
    ticket.claimed_by(&agent.id, now).map_err(|refusal| match refusal {
        Refusal::NotWaiting { state } => Problem::Conflict {
            code: "not_active",
            reason: format!("Ticket #{} is {} and cannot be claimed", ticket.number.number, state.as_str()),
            holder: None,
        },
        other => refused(&other, ticket),
    })
}
