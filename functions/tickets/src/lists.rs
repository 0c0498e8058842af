//! Lists and counts, first of all as S0 and S4 ask for them.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use domain::access;
use domain::agent::{Agent, Role};
use domain::ids::QueueId;
use domain::page::Portion;
use domain::ticket::Ticket;
use http::Uri;
use runtime::dialects::{Part, Refused, spoken, status_names};
use runtime::identity::Caller;
use runtime::pages::{End, Listed, Next, again};
use runtime::{Problem, clock};
use serde_json::Value;
use storage::{Storage, place_on_board};

use crate::lookup::{LONGEST_LIST, after, before, beyond, counted, fitting, view, views, visible};

/// `GET /api/tickets?page=1&limit=10`, newest first.
///
/// Numbers have no gap, so a page is a range of numbers, whatever its place: one query each. Tickets that the caller may not
/// see are left out of their page; `total` is the organization's.
pub(crate) async fn newest(
    State(storage): State<Storage>,
    caller: Caller,
    Query(query): Query<HashMap<String, String>>,
    uri: Uri,
) -> Result<Listed, Refused> {
    let page = counted(&query, "page", 1, u64::from(u32::MAX))?;
    let limit = counted(&query, "limit", 10, LONGEST_LIST)?;
    let before = before(&query)?;
    let (agent, total) = tokio::try_join!(caller.agent(&storage), async {
        storage.ticket_count(&caller.org).await.map_err(Problem::from)
    })?;
    let Ranged { part, end } = range(&storage, &agent, &caller, Pages { page, limit, total, before }).await?;
    let next =
        end.and_then(|(last, end)| Some(Next { link: again(&uri, "before", &last?.to_string(), &["page"]), end }));
    let views = views(&storage, part).await?;
    let part = Part { views: &views, page, limit, total, has_more: next.is_some() };
    Ok(Listed { body: spoken().page(&part, clock::now()), next })
}

/// Which range of numbers a page is.
pub(crate) struct Pages {
    pub(crate) page: u64,
    pub(crate) limit: u64,
    /// How many tickets there are.
    pub(crate) total: u64,
    /// The number that the first page begins below.
    pub(crate) before: Option<u64>,
}

/// The tickets of a page that the agent may see.
pub(crate) struct Ranged {
    pub(crate) part: Vec<Ticket>,
    /// Where the list goes on, if it does: below this number; and why the page ends there.
    pub(crate) end: Option<(Option<u64>, End)>,
}

/// Reads a page: a range of numbers, whatever its place.
pub(crate) async fn range(storage: &Storage, agent: &Agent, caller: &Caller, pages: Pages) -> Result<Ranged, Problem> {
    let Pages { page, limit, total, before } = pages;
    let base = before.map_or(total, |before| total.min(before.saturating_sub(1)));
    let skipped = (page - 1).saturating_mul(limit);
    if skipped >= base {
        return Ok(Ranged { part: Vec::new(), end: None });
    }
    let count = u32::try_from(limit.min(base - skipped)).unwrap_or(u32::MAX);
    let found = storage.tickets_by_number(&caller.org, base - skipped + 1, count).await?;
    let lowest = found.tickets.last().map(|ticket| ticket.number.number);
    let seen = found.tickets.into_iter().filter(|ticket| access::may_see(agent, ticket)).collect();
    let Portion { items: part, has_more } = fitting(seen);
    let end = if has_more {
        Some((part.last().map(|ticket| ticket.number.number), End::Bytes))
    } else {
        (skipped + limit < base).then_some((lowest, End::Count))
    };
    Ok(Ranged { part, end })
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
    uri: Uri,
) -> Result<Listed, Refused> {
    let limit = counted(&query, "limit", 100, LONGEST_LIST)?;
    let after = after(&query)?;
    let agent = caller.agent(&storage).await?;
    let (mut waiting, mut more) = (Vec::new(), false);
    for queue in queues_of(&storage, &caller, &agent).await? {
        let most = u32::try_from(limit).unwrap_or(100);
        let (tickets, has_more) = storage.waiting_page(&caller.org, &queue, after, most).await?;
        waiting.extend(tickets);
        more |= has_more;
    }
    waiting.sort_by_cached_key(place_on_board);
    let most = usize::try_from(limit).unwrap_or(100);
    more |= waiting.len() > most;
    waiting.truncate(most);
    placed(&storage, &uri, waiting, more, |_| true).await
}

/// `GET /api/tickets/my-tickets?status=assigned`: the caller's tickets until they are closed, the most urgent first.
pub(crate) async fn mine(
    State(storage): State<Storage>,
    caller: Caller,
    Query(query): Query<HashMap<String, String>>,
    uri: Uri,
) -> Result<Listed, Refused> {
    let limit = counted(&query, "limit", 100, LONGEST_LIST)?;
    let after = after(&query)?;
    let status = query.get("status").filter(|status| !status.is_empty());
    if let Some(status) = status
        && !spoken().statuses().contains(&status.as_str())
    {
        let reason = format!("status must be one of {}", status_names(spoken()));
        return Err(Problem::InvalidInput { field: "status", reason }.into());
    }
    caller.agent(&storage).await?;
    let most = u32::try_from(limit).unwrap_or(100);
    let (own, more) = storage.agent_page(&caller.org, &caller.agent, after, most).await?;
    placed(&storage, &uri, own, more, |ticket| status.is_none_or(|status| spoken().status(ticket) == status)).await
}

/// Tickets in the order of the board, those that are shown; `more` where others follow them.
pub(crate) async fn placed(
    storage: &Storage,
    uri: &Uri,
    tickets: Vec<Ticket>,
    more: bool,
    shows: impl Fn(&Ticket) -> bool,
) -> Result<Listed, Refused> {
    let part = fitting(tickets);
    let end = if part.has_more { Some(End::Bytes) } else { more.then_some(End::Count) };
    let next = end.and_then(|end| beyond(uri, part.items.last().map(place_on_board), end));
    let matching = part.items.into_iter().filter(shows).collect();
    Ok(Listed { body: spoken().all(&views(storage, matching).await?, clock::now()), next })
}

/// The queues whose tickets an agent sees.
pub(crate) async fn queues_of(storage: &Storage, caller: &Caller, agent: &Agent) -> Result<Vec<QueueId>, Problem> {
    if agent.role == Role::Agent {
        return Ok(agent.queues.clone());
    }
    Ok(storage.queues(&caller.org).await?.into_iter().map(|queue| queue.id).collect())
}
