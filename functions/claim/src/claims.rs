//! `POST /api/tickets/{id}/claim`: 200 with the ticket for the winner, 409 for everybody else, the winner's repetition included.

use axum::extract::{Path, State};
use axum::response::Response;
use domain::agent::Agent;
use domain::ticket::{Refusal, Ticket, TicketChange};
use jiff::Timestamp;
use runtime::Problem;
use runtime::desk::{Command, Done, carry_out, refused};
use runtime::dialects::{Refused, TicketView, spoken};
use runtime::requested::{Requested, respond};
use storage::{Answer, Storage};

pub(crate) async fn claim(
    State(storage): State<Storage>,
    Path(id): Path<String>,
    request: Requested,
) -> Result<Response, Refused> {
    let command = Command { id: &id, at_version: request.at_version, once: request.once.as_ref(), shows_holder: true };
    let now = runtime::clock::now();
    let answer =
        |view: &TicketView| Answer { status: 200, body: spoken().ticket(view, now).to_string(), version: None };
    match carry_out(&storage, &request.caller, command, decide, answer).await? {
        Done::Before(answer) => Ok(respond(answer, true)),
        Done::Now(view) => {
            let ticket = &view.ticket;
            tracing::info!(org.id = %ticket.org, ticket.id = %ticket.id, agent.id = %request.caller.agent, "ticket claimed");
            Ok(respond(answer(&view), false))
        }
    }
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
