//! Reads in the dialect of S1.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use domain::access;
use domain::agent::{Agent, Role};
use domain::ids::AgentId;
use domain::ticket::{Category, Priority, Ticket};
use files::Bucket;
use runtime::desk::looked_at;
use runtime::dialects::{Part, Refused, Story, spoken, status_names};
use runtime::identity::Caller;
use runtime::{Problem, clock};
use serde_json::Value;
use storage::{Storage, TicketFilter};

use crate::links;
use crate::lists::range;
use crate::lookup::{LONGEST_LIST, counted, view, views, visible};

/// How many of the newest tickets a filtered list looks through. Beyond it an index by state is needed, which issue 5 brings.
const LOOKED_THROUGH: usize = 2_000;

/// `GET /api/v2/tickets?status&priority&category&assignedAgent&page&limit`, newest first.
pub(crate) async fn list(
    State(storage): State<Storage>,
    caller: Caller,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Json<Value>, Refused> {
    let page = counted(&query, "page", 1, u64::from(u32::MAX))?;
    let limit = counted(&query, "limit", 50, LONGEST_LIST)?;
    let filter = filter(&query)?;
    let agent = caller.agent(&storage).await?;
    let (tickets, total) = match &filter {
        None => {
            let total = storage.ticket_count(&caller.org).await?;
            (range(&storage, &agent, &caller, page, limit, total).await?, total)
        }
        Some((status, filter)) => {
            let shows = |ticket: &Ticket| {
                filter.matches(ticket) && status.as_ref().is_none_or(|status| spoken().status(ticket) == status)
            };
            filtered(&storage, &caller, &agent, shows, page, limit).await?
        }
    };
    let views = views(&storage, tickets).await?;
    let part = Part { views: &views, page, limit, total, has_more: page.saturating_mul(limit) < total };
    Ok(Json(spoken().page(&part, clock::now())))
}

/// `GET /api/v2/tickets/{id}`, with its history and notes. An agent's first look opens a new ticket.
pub(crate) async fn one(
    State(storage): State<Storage>,
    State(bucket): State<Bucket>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refused> {
    let (ticket, agent) = visible(&storage, &caller, &id).await?;
    let ticket = looked_at(&storage, ticket, &agent).await?;
    let (rows, notes) =
        tokio::try_join!(storage.history(&caller.org, &ticket.id), storage.notes(&caller.org, &ticket.id))?;
    let view = view(&storage, ticket).await?;
    let now = clock::now();
    let links = links::urls(&bucket, &caller.org, &notes, now)?;
    Ok(Json(spoken().told(&view, &Story { rows, notes, links }, now)))
}

/// `GET /api/tickets/all?status=pending&priority=urgent` (S4): the newest tickets of the organization, for who supervises.
pub(crate) async fn all_s4(
    State(storage): State<Storage>,
    caller: Caller,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Json<Value>, Refused> {
    let limit = counted(&query, "limit", 100, LONGEST_LIST)?;
    let given = |name: &str| query.get(name).filter(|value| !value.is_empty());
    let invalid = |field, reason: String| Problem::InvalidInput { field, reason };
    let agent = caller.agent(&storage).await?;
    if agent.role < Role::Supervisor {
        let reason = "only a supervisor or an admin may list all tickets".to_owned();
        return Err(Problem::Forbidden { reason }.into());
    }
    let status = given("status");
    if let Some(status) = status.filter(|status| !spoken().statuses().contains(&status.as_str())) {
        let reason = format!("{status} is none of {}", status_names(spoken()));
        return Err(invalid("status", reason).into());
    }
    let priority = given("priority")
        .map(|name| Priority::parse(name).ok_or_else(|| invalid("priority", format!("Invalid priority: {name}"))));
    let wanted = TicketFilter { priority: priority.transpose()?, ..TicketFilter::default() };
    let shows =
        |ticket: &Ticket| wanted.matches(ticket) && status.is_none_or(|status| spoken().status(ticket) == status);
    let (tickets, _) = filtered(&storage, &caller, &agent, shows, 1, limit).await?;
    Ok(Json(spoken().all(&views(&storage, tickets).await?, clock::now())))
}

/// The status and the filter of a query; `None` when it asks for all.
fn filter(query: &HashMap<String, String>) -> Result<Option<(Option<String>, TicketFilter)>, Problem> {
    let given = |name: &str| query.get(name).filter(|value| !value.is_empty());
    let invalid = |field, value: &str| Problem::InvalidInput { field, reason: format!("Invalid {field}: {value}") };
    let mut filter = TicketFilter::default();
    let status = given("status").cloned();
    if let Some(name) = status.as_ref().filter(|name| !spoken().statuses().contains(&name.as_str())) {
        return Err(invalid("status", name));
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
    Ok(asks.then_some((status, filter)))
}

/// A page of those of the newest tickets that the filter lets through, and how many of them it lets through.
async fn filtered(
    storage: &Storage,
    caller: &Caller,
    agent: &Agent,
    shows: impl Fn(&Ticket) -> bool,
    page: u64,
    limit: u64,
) -> Result<(Vec<Ticket>, u64), Problem> {
    let found = newest_matching(storage, caller, u64::MAX, usize::MAX, |ticket| {
        shows(ticket) && access::may_see(agent, ticket)
    });
    let found = found.await?;
    let total = found.len() as u64;
    let skip = usize::try_from((page - 1).saturating_mul(limit)).unwrap_or(usize::MAX);
    let take = usize::try_from(limit).unwrap_or(usize::MAX);
    Ok((found.into_iter().skip(skip).take(take).collect(), total))
}

/// Those of the newest tickets below a number that a list shows, until it has `enough`.
pub(crate) async fn newest_matching(
    storage: &Storage,
    caller: &Caller,
    below: u64,
    enough: usize,
    shows: impl Fn(&Ticket) -> bool,
) -> Result<Vec<Ticket>, Problem> {
    let (mut found, mut looked, mut below) = (Vec::new(), 0, Some(below));
    while let Some(bound) = below.filter(|_| looked < LOOKED_THROUGH && found.len() < enough) {
        let part = storage.tickets_by_number(&caller.org, bound, 500).await?;
        looked += part.tickets.len();
        below = part.next_below;
        found.extend(part.tickets.into_iter().filter(&shows));
    }
    Ok(found)
}
