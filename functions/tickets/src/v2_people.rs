//! `GET /api/v2/tickets/agent/{agentId}` and `/api/v2/tickets/customer/{customerId}`: whose tickets (S1).

use std::cmp::Reverse;
use std::collections::HashMap;

use axum::extract::{Path, Query, State};
use domain::access;
use domain::agent::Role;
use domain::ids::{AgentId, ContactId};
use domain::page::Portion;
use http::Uri;
use runtime::dialects::{Refused, spoken};
use runtime::identity::Caller;
use runtime::pages::{End, Listed};
use runtime::{Problem, clock};
use storage::{Storage, place_on_board};

use crate::lookup::{LONGEST_LIST, after, before, below, beyond, fitting, views};
use crate::making::contact;

/// What an agent holds and has not closed, the most urgent first, then the newest. Another agent's for who supervises.
pub(crate) async fn of_agent(
    State(storage): State<Storage>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    uri: Uri,
) -> Result<Listed, Refused> {
    let after = after(&query)?;
    let agent = caller.agent(&storage).await?;
    let wanted = AgentId::new(id).map_err(|_| Problem::NotFound { entity: "Agent" })?;
    if wanted != agent.id && agent.role < Role::Supervisor {
        let reason = "only a supervisor or an admin may list another agent's tickets".to_owned();
        return Err(Problem::Forbidden { reason }.into());
    }
    storage.agent(&caller.org, &wanted).await?.ok_or(Problem::NotFound { entity: "Agent" })?;
    let most = u32::try_from(LONGEST_LIST).unwrap_or(u32::MAX);
    let (tickets, more) = storage.agent_page(&caller.org, &wanted, after, most).await?;
    let Portion { items: mut tickets, has_more } = fitting(tickets);
    let end = if has_more { Some(End::Bytes) } else { more.then_some(End::Count) };
    let next = end.and_then(|end| beyond(&uri, tickets.last().map(place_on_board), end));
    tickets.sort_by_key(|ticket| (Reverse(ticket.priority), Reverse(ticket.number.number)));
    Ok(Listed { body: spoken().all(&views(&storage, tickets).await?, clock::now()), next })
}

/// The tickets of a contact that the caller may see, newest first. The contact by its id or phone number.
pub(crate) async fn of_customer(
    State(storage): State<Storage>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    uri: Uri,
) -> Result<Listed, Refused> {
    let before = before(&query)?;
    let agent = caller.agent(&storage).await?;
    let nobody = || Problem::NotFound { entity: "Customer" };
    let named = ContactId::new(id).map_err(|_| nobody())?;
    let contact = contact(&storage, &caller, &named).await?.ok_or_else(nobody)?;
    let mut tickets = storage.contact_tickets(&caller.org, &contact.id).await?;
    tickets.retain(|ticket| before.is_none_or(|before| ticket.number.number < before));
    tickets.retain(|ticket| access::may_see(&agent, ticket));
    let Portion { items: tickets, has_more } = fitting(tickets);
    let next = if has_more { below(&uri, tickets.last(), End::Bytes) } else { None };
    Ok(Listed { body: spoken().all(&views(&storage, tickets).await?, clock::now()), next })
}
