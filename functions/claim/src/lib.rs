//! `claim`: gives a ticket to the first agent who claims it (invariant I4).
//!
//! One transaction moves the ticket, the agent's load and the ticket's place on the board; whoever comes second is told who
//! came first, if it may know.

use axum::extract::{Path, State};
use axum::routing::post;
use axum::{Json, Router};
use domain::access;
use domain::agent::Agent;
use domain::number::TicketRef;
use domain::ticket::{Refusal, Ticket};
use runtime::dialects::{TicketView, s4};
use runtime::identity::Caller;
use runtime::{Problem, clock};
use serde_json::Value;
use storage::{ChangeError, Storage};

/// How often a claim is decided again after somebody else changed the ticket.
const TRIES: u32 = 4;

const NO_TICKET: Problem = Problem::NotFound { entity: "Ticket" };

/// The function's routes, as in `infra/template.yaml`.
pub fn router(storage: Storage) -> Router {
    Router::new()
        .route("/api/tickets/{id}/claim", post(claim_ticket))
        .fallback(runtime::dialects::not_found)
        .with_state(storage)
}

/// `POST /api/tickets/{id}/claim`: 200 with the ticket for the winner, 409 for everybody else, the winner's repetition included.
async fn claim_ticket(
    State(storage): State<Storage>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, s4::Refused> {
    let reference = TicketRef::parse(&id).ok_or(NO_TICKET)?;
    for _ in 0..TRIES {
        let ticket = storage.find_ticket(&caller.org, &reference).await?.ok_or(NO_TICKET)?;
        let agent = caller.agent(&storage).await?;
        if !access::may_see_holder(&agent, &ticket) {
            return Err(NO_TICKET.into());
        }
        let change = ticket.claimed_by(&agent.id, clock::now()).map_err(|refusal| refused(&refusal, &ticket))?;
        match storage.change_ticket(&change).await {
            Ok(after) => {
                tracing::info!(org.id = %caller.org, ticket.id = %after.id, agent.id = %agent.id, "ticket claimed");
                return Ok(Json(s4::ticket(&view(&storage, after, agent).await?)));
            }
            Err(ChangeError::Stale) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(ChangeError::Stale.into())
}

fn refused(refusal: &Refusal, ticket: &Ticket) -> Problem {
    let number = ticket.number.number;
    match refusal {
        Refusal::AlreadyClaimed { by } => Problem::Conflict {
            code: "already_claimed",
            reason: format!("Ticket #{number} was already claimed by {by}"),
            holder: Some(by.clone()),
        },
        Refusal::NotWaiting { state } => Problem::Conflict {
            code: "not_active",
            reason: format!("Ticket #{number} is {} and cannot be claimed", state.as_str()),
            holder: None,
        },
        Refusal::IllegalTransition { .. } => {
            Problem::Conflict { code: "not_possible", reason: refusal.to_string(), holder: None }
        }
    }
}

async fn view(storage: &Storage, ticket: Ticket, agent: Agent) -> Result<TicketView, Problem> {
    let conversation = async {
        match &ticket.conversation {
            Some(id) => storage.conversation(&ticket.org, id).await,
            None => Ok(None),
        }
    };
    let (contact, conversation) = tokio::try_join!(storage.contact(&ticket.org, &ticket.contact), conversation)?;
    Ok(TicketView { contact, conversation, agent_name: Some(agent.name), ticket })
}
