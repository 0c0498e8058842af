//! Lists and counts, first of all as S0 and S4 ask for them.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use domain::access;
use domain::agent::{Agent, Role};
use domain::ids::QueueId;
use domain::ticket::Ticket;
use runtime::dialects::{Part, Refused, spoken, status_names};
use runtime::identity::Caller;
use runtime::{Problem, clock};
use serde_json::Value;
use storage::Storage;

use crate::lookup::{LONGEST_LIST, counted, view, views, visible};

/// `GET /api/tickets?page=1&limit=10`, newest first.
///
/// Numbers have no gap, so a page is a range of numbers, whatever its place: one query each. Tickets that the caller may not
/// see are left out of their page; `total` is the organization's.
pub(crate) async fn newest(
    State(storage): State<Storage>,
    caller: Caller,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Json<Value>, Refused> {
    let page = counted(&query, "page", 1, u64::from(u32::MAX))?;
    let limit = counted(&query, "limit", 10, LONGEST_LIST)?;
    let (agent, total) = tokio::try_join!(caller.agent(&storage), async {
        storage.ticket_count(&caller.org).await.map_err(Problem::from)
    })?;
    let views = views(&storage, range(&storage, &agent, &caller, page, limit, total).await?).await?;
    let part = Part { views: &views, page, limit, total, has_more: page.saturating_mul(limit) < total };
    Ok(Json(spoken().page(&part, clock::now())))
}

/// The tickets of a page that the agent may see.
pub(crate) async fn range(
    storage: &Storage,
    agent: &Agent,
    caller: &Caller,
    page: u64,
    limit: u64,
    total: u64,
) -> Result<Vec<Ticket>, Problem> {
    let skipped = (page - 1).saturating_mul(limit);
    if skipped >= total {
        return Ok(Vec::new());
    }
    let count = u32::try_from(limit.min(total - skipped)).unwrap_or(u32::MAX);
    let found = storage.tickets_by_number(&caller.org, total - skipped + 1, count).await?;
    Ok(found.tickets.into_iter().filter(|ticket| access::may_see(agent, ticket)).collect())
}

/// `GET /api/tickets/stats` (S0) and `/api/v2/tickets/statistics` (S1).
pub(crate) async fn statistics(State(storage): State<Storage>, caller: Caller) -> Result<Json<Value>, Refused> {
    caller.agent(&storage).await?;
    Ok(Json(spoken().statistics(&storage.statistics(&caller.org).await?)))
}

/// `GET /api/tickets/{id}`.
pub(crate) async fn one(
    State(storage): State<Storage>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refused> {
    let (ticket, _) = visible(&storage, &caller, &id).await?;
    Ok(Json(spoken().one(&view(&storage, ticket).await?, clock::now())))
}

/// `GET /api/tickets/queue`: what waits in the caller's queues, the most urgent first, then the oldest.
pub(crate) async fn queue(
    State(storage): State<Storage>,
    caller: Caller,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Json<Value>, Refused> {
    let limit = counted(&query, "limit", 100, LONGEST_LIST)?;
    let agent = caller.agent(&storage).await?;
    let mut waiting = Vec::new();
    for queue in queues_of(&storage, &caller, &agent).await? {
        waiting.extend(storage.waiting_tickets(&caller.org, &queue, u32::try_from(limit).unwrap_or(100)).await?);
    }
    waiting.sort_by_key(|ticket| (std::cmp::Reverse(ticket.priority), ticket.created_at, ticket.number));
    waiting.truncate(usize::try_from(limit).unwrap_or(100));
    Ok(Json(spoken().all(&views(&storage, waiting).await?, clock::now())))
}

/// `GET /api/tickets/my-tickets?status=assigned`: the caller's tickets until they are closed, the most urgent first.
pub(crate) async fn mine(
    State(storage): State<Storage>,
    caller: Caller,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Json<Value>, Refused> {
    let limit = counted(&query, "limit", 100, LONGEST_LIST)?;
    let status = query.get("status").filter(|status| !status.is_empty());
    if let Some(status) = status
        && !spoken().statuses().contains(&status.as_str())
    {
        let reason = format!("status must be one of {}", status_names(spoken()));
        return Err(Problem::InvalidInput { field: "status", reason }.into());
    }
    caller.agent(&storage).await?;
    let mut own = storage.agent_tickets(&caller.org, &caller.agent, u32::try_from(limit).unwrap_or(100)).await?;
    own.retain(|ticket| status.is_none_or(|status| spoken().status(ticket) == status));
    Ok(Json(spoken().all(&views(&storage, own).await?, clock::now())))
}

/// The queues whose tickets an agent sees.
pub(crate) async fn queues_of(storage: &Storage, caller: &Caller, agent: &Agent) -> Result<Vec<QueueId>, Problem> {
    if agent.role == Role::Agent {
        return Ok(agent.queues.clone());
    }
    Ok(storage.queues(&caller.org).await?.into_iter().map(|queue| queue.id).collect())
}
