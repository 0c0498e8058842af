//! Reads in the dialect of S1.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use domain::access;
use domain::agent::{Agent, Role};
use domain::ids::AgentId;
use domain::ticket::{Category, Priority, Ticket};
use runtime::desk::looked_at;
use runtime::dialects::{s1, s4};
use runtime::identity::Caller;
use runtime::{Problem, clock};
use serde_json::Value;
use storage::{Storage, TicketFilter};

use crate::lists::range;
use crate::lookup::{LONGEST_LIST, counted, view, views, visible};

/// How many of the newest tickets a filtered list looks through. Beyond it an index by state is needed, which issue 5 brings.
const LOOKED_THROUGH: usize = 2_000;

/// `GET /api/v2/tickets?status&priority&category&assignedAgent&page&limit`, newest first.
pub(crate) async fn list(
    State(storage): State<Storage>,
    caller: Caller,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Json<Value>, s1::Refused> {
    let page = counted(&query, "page", 1, u64::from(u32::MAX))?;
    let limit = counted(&query, "limit", 50, LONGEST_LIST)?;
    let filter = filter(&query)?;
    let agent = caller.agent(&storage).await?;
    let (tickets, total) = match &filter {
        None => {
            let total = storage.ticket_count(&caller.org).await?;
            (range(&storage, &agent, &caller, page, limit, total).await?, total)
        }
        Some(filter) => filtered(&storage, &caller, &agent, filter, page, limit).await?,
    };
    let views = views(&storage, &caller.org, tickets).await?;
    Ok(Json(s1::page(&views, page, limit, total, clock::now())))
}

/// `GET /api/v2/tickets/{id}`, with its history and notes. An agent's first look opens a new ticket.
pub(crate) async fn one(
    State(storage): State<Storage>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, s1::Refused> {
    let (ticket, agent) = visible(&storage, &caller, &id).await?;
    let ticket = looked_at(&storage, ticket, &agent).await?;
    let (rows, notes) =
        tokio::try_join!(storage.history(&caller.org, &ticket.id), storage.notes(&caller.org, &ticket.id))?;
    let (history, assignments) = (s1::status_history(&ticket, &rows), s1::assignment_history(&rows));
    let mut data = s1::populated(&view(&storage, ticket).await?, clock::now());
    data["statusHistory"] = history;
    data["assignmentHistory"] = assignments;
    data["internalNotes"] = notes.iter().map(s1::note).collect();
    Ok(Json(s1::one(data)))
}

/// `GET /api/tickets/all?status=pending&priority=urgent` (S4): the newest tickets of the organization, for who supervises.
pub(crate) async fn all_s4(
    State(storage): State<Storage>,
    caller: Caller,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Json<Value>, s4::Refused> {
    let limit = counted(&query, "limit", 100, LONGEST_LIST)?;
    let given = |name: &str| query.get(name).filter(|value| !value.is_empty());
    let invalid = |field, reason: String| Problem::InvalidInput { field, reason };
    let agent = caller.agent(&storage).await?;
    if agent.role < Role::Supervisor {
        let reason = "only a supervisor or an admin may list all tickets".to_owned();
        return Err(Problem::Forbidden { reason }.into());
    }
    let status = given("status");
    if let Some(status) = status.filter(|status| !s4::STATUSES.contains(&status.as_str())) {
        let reason = format!("{status} is none of {}", s4::STATUSES.join(", "));
        return Err(invalid("status", reason).into());
    }
    let priority = given("priority")
        .map(|name| Priority::parse(name).ok_or_else(|| invalid("priority", format!("Invalid priority: {name}"))));
    let wanted = TicketFilter { priority: priority.transpose()?, ..TicketFilter::default() };
    let shows =
        |ticket: &Ticket| status.is_none_or(|status| s4::status(ticket.state, ticket.agent.is_some()) == status);
    let (tickets, _) = filtered(&storage, &caller, &agent, &wanted, 1, u64::MAX).await?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let tickets = tickets.into_iter().filter(shows).take(most).collect();
    Ok(Json(views(&storage, &caller.org, tickets).await?.iter().map(s4::ticket).collect()))
}

/// The filter of a query; `None` when it asks for all.
fn filter(query: &HashMap<String, String>) -> Result<Option<TicketFilter>, Problem> {
    let given = |name: &str| query.get(name).filter(|value| !value.is_empty());
    let invalid = |field, value: &str| Problem::InvalidInput { field, reason: format!("Invalid {field}: {value}") };
    let mut filter = TicketFilter::default();
    if let Some(name) = given("status") {
        filter.states = s1::states(name).ok_or_else(|| invalid("status", name))?;
    }
    if let Some(name) = given("priority") {
        filter.priority = Some(Priority::parse(name).ok_or_else(|| invalid("priority", name))?);
    }
    if let Some(name) = given("category") {
        filter.category = Some(Category::parse(name).ok_or_else(|| invalid("category", name))?);
    }
    if let Some(name) = given("assignedAgent") {
        filter.agent = Some(AgentId::new(name).map_err(|_| invalid("assignedAgent", name))?);
    }
    let asks = ["status", "priority", "category", "assignedAgent"].into_iter().any(|name| given(name).is_some());
    Ok(asks.then_some(filter))
}

/// A page of those of the newest tickets that the filter lets through, and how many of them it lets through.
async fn filtered(
    storage: &Storage,
    caller: &Caller,
    agent: &Agent,
    filter: &TicketFilter,
    page: u64,
    limit: u64,
) -> Result<(Vec<Ticket>, u64), Problem> {
    let (mut found, mut looked, mut below) = (Vec::new(), 0, Some(u64::MAX));
    while let Some(bound) = below.filter(|_| looked < LOOKED_THROUGH) {
        let part = storage.tickets_by_number(&caller.org, bound, 500).await?;
        looked += part.tickets.len();
        below = part.next_below;
        found
            .extend(part.tickets.into_iter().filter(|ticket| filter.matches(ticket) && access::may_see(agent, ticket)));
    }
    let total = found.len() as u64;
    let skip = usize::try_from((page - 1).saturating_mul(limit)).unwrap_or(usize::MAX);
    let take = usize::try_from(limit).unwrap_or(usize::MAX);
    Ok((found.into_iter().skip(skip).take(take).collect(), total))
}
