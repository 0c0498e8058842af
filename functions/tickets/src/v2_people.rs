//! `GET /api/v2/tickets/agent/{agentId}` and `/api/v2/tickets/customer/{customerId}`: whose tickets (S1).

use std::cmp::Reverse;

use axum::Json;
use axum::extract::{Path, State};
use domain::access;
use domain::agent::Role;
use domain::ids::{AgentId, ContactId};
use runtime::dialects::{Refused, spoken};
use runtime::identity::Caller;
use runtime::{Problem, clock};
use serde_json::Value;
use storage::Storage;

use crate::lookup::{LONGEST_LIST, views};
use crate::making::contact;

/// What an agent holds and has not closed, the most urgent first, then the newest. Another agent's for who supervises.
pub(crate) async fn of_agent(
    State(storage): State<Storage>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refused> {
    let agent = caller.agent(&storage).await?;
    let wanted = AgentId::new(id).map_err(|_| Problem::NotFound { entity: "Agent" })?;
    if wanted != agent.id && agent.role < Role::Supervisor {
        let reason = "only a supervisor or an admin may list another agent's tickets".to_owned();
        return Err(Problem::Forbidden { reason }.into());
    }
    storage.agent(&caller.org, &wanted).await?.ok_or(Problem::NotFound { entity: "Agent" })?;
    let most = u32::try_from(LONGEST_LIST).unwrap_or(u32::MAX);
    let mut tickets = storage.agent_tickets(&caller.org, &wanted, most).await?;
    tickets.sort_by_key(|ticket| (Reverse(ticket.priority), Reverse(ticket.number.number)));
    Ok(Json(spoken().all(&views(&storage, tickets).await?, clock::now())))
}

/// The tickets of a contact that the caller may see, newest first. The contact by its id or phone number.
pub(crate) async fn of_customer(
    State(storage): State<Storage>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refused> {
    let agent = caller.agent(&storage).await?;
    let nobody = || Problem::NotFound { entity: "Customer" };
    let named = ContactId::new(id).map_err(|_| nobody())?;
    let contact = contact(&storage, &caller, &named).await?.ok_or_else(nobody)?;
    let mut tickets = storage.contact_tickets(&caller.org, &contact.id).await?;
    tickets.retain(|ticket| access::may_see(&agent, ticket));
    Ok(Json(spoken().all(&views(&storage, tickets).await?, clock::now())))
}
