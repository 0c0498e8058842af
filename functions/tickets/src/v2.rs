//! Reads in the dialect of S1.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use domain::access;
use domain::agent::{Agent, Role};
use domain::ids::AgentId;
use domain::ticket::{Category, Priority, Ticket};
use files::Bucket;
use http::Uri;
use runtime::desk::looked_at;
use runtime::dialects::{Part, Refused, spoken, status_names};
use runtime::identity::Caller;
use runtime::pages::{End, Listed, Next, again};
use runtime::{Problem, clock};
use serde_json::Value;
use storage::{Storage, TicketFilter};

use crate::lists::{Pages, range};
use crate::lookup::{LONGEST_LIST, before, below, counted, fitting, view, views, visible};
use crate::story::{From, newest};

/// How many of the newest tickets a filtered list looks through. Beyond it an index by state is needed, which issue 5 brings.
const LOOKED_THROUGH: usize = 2_000;

/// `GET /api/v2/tickets?status&priority&category&assignedAgent&page&limit`, newest first.
pub(crate) async fn list(
    State(storage): State<Storage>,
    caller: Caller,
    Query(query): Query<HashMap<String, String>>,
    uri: Uri,
) -> Result<Listed, Refused> {
    let page = counted(&query, "page", 1, u64::from(u32::MAX))?;
    let limit = counted(&query, "limit", 50, LONGEST_LIST)?;
    let filter = filter(&query)?;
    let agent = caller.agent(&storage).await?;
    let before = before(&query)?;
    let (tickets, total, next) = match &filter {
        None => {
            let total = storage.ticket_count(&caller.org).await?;
            let found = range(&storage, &agent, &caller, Pages { page, limit, total, before }).await?;
            let next = found
                .end
                .and_then(|(last, end)| Some(Next { link: again(&uri, "before", &last?.to_string(), &["page"]), end }));
            (found.part, total, next)
        }
        Some((status, filter)) => {
            let shows = |ticket: &Ticket| {
                filter.matches(ticket) && status.as_ref().is_none_or(|status| spoken().status(ticket) == status)
            };
            let found = filtered(&storage, &caller, &agent, shows, Filtered { page, limit, before }).await?;
            let next = found.end.and_then(|end| below(&uri, found.tickets.last(), end));
            (found.tickets, found.total, next)
        }
    };
    let views = views(&storage, tickets).await?;
    let part = Part { views: &views, page, limit, total, has_more: next.is_some() };
    Ok(Listed { body: spoken().page(&part, clock::now()), next })
}

/// `GET /api/v2/tickets/{id}`, with its history and notes. An agent's first look opens a new ticket.
pub(crate) async fn one(
    State(storage): State<Storage>,
    State(bucket): State<Bucket>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Json<Value>, Refused> {
    let from = From::read(&query)?;
    let (ticket, agent) = visible(&storage, &caller, &id).await?;
    let ticket = looked_at(&storage, ticket, &agent).await?;
    let now = clock::now();
    let story = newest(&storage, &bucket, &ticket, &from, now).await?;
    let view = view(&storage, ticket).await?;
    Ok(Json(spoken().told(&view, &story, now)))
}

/// `GET /api/tickets/all?status=pending&priority=urgent` (S4): the newest tickets of the organization, for who supervises.
pub(crate) async fn all_s4(
    State(storage): State<Storage>,
    caller: Caller,
    Query(query): Query<HashMap<String, String>>,
    uri: Uri,
) -> Result<Listed, Refused> {
    let before = before(&query)?;
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
    let found = filtered(&storage, &caller, &agent, shows, Filtered { page: 1, limit, before }).await?;
    let next = found.end.and_then(|end| below(&uri, found.tickets.last(), end));
    Ok(Listed { body: spoken().all(&views(&storage, found.tickets).await?, clock::now()), next })
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

/// Which page of a filtered list.
struct Filtered {
    page: u64,
    limit: u64,
    /// The number that the first page begins below.
    before: Option<u64>,
}

/// A page of a filtered list.
struct Found {
    tickets: Vec<Ticket>,
    /// How many the filter lets through.
    total: u64,
    /// Why the page ends, where the list goes on.
    end: Option<End>,
}

/// A page of those of the newest tickets that the filter lets through, and how many of them it lets through.
async fn filtered(
    storage: &Storage,
    caller: &Caller,
    agent: &Agent,
    shows: impl Fn(&Ticket) -> bool,
    Filtered { page, limit, before }: Filtered,
) -> Result<Found, Problem> {
    let found = newest_matching(storage, caller, before.unwrap_or(u64::MAX), usize::MAX, |ticket| {
        shows(ticket) && access::may_see(agent, ticket)
    });
    let found = found.await?;
    let total = found.len() as u64;
    let skip = usize::try_from((page - 1).saturating_mul(limit)).unwrap_or(usize::MAX);
    let take = usize::try_from(limit).unwrap_or(usize::MAX);
    let goes_on = (found.len() > skip.saturating_add(take)).then_some(End::Count);
    let part = fitting(found.into_iter().skip(skip).take(take).collect());
    let end = if part.has_more { Some(End::Bytes) } else { goes_on };
    Ok(Found { tickets: part.items, total, end })
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
