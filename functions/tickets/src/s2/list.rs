//! `GET /tickets`: forty tickets a part.
//!
//! What waits, and what lies with the caller, is read from the board, the most urgent first; everything else newest first, through the
//! newest 2,000 as every filtered list of the older dialects. No part counts: `count` is the organization's kept statistics
//! where they answer the question, and elsewhere what was found on the way to the part.

use std::cmp::Reverse;
use std::collections::HashMap;

use axum::Json;
use axum::extract::{Query, State};
use domain::access;
use domain::agent::{Agent, Role};
use domain::alias::{Alias, AliasKind};
use domain::ticket::Ticket;
use jiff::tz::TimeZone;
use runtime::desk::find as find_ticket;
use runtime::dialects::{Part, Refused, TicketView, s2, spoken};
use runtime::identity::Caller;
use runtime::{Problem, clock};
use serde_json::Value;
use storage::Storage;

use super::query::{self, Wanted};
use super::shown;
use crate::lists::{Pages, queues_of, range};
use crate::lookup::views;
use crate::v2::newest_matching;

/// How many tickets of a place on the board are looked at, whatever the part.
const LOOKED_THROUGH: u64 = 2_000;
/// How many tickets of each place are looked at for unread messages: the conversation of each is read.
const LOOKED_FOR_UNREAD: u64 = 200;

/// Tickets of a list, from its beginning, as far as its part needs them.
struct Found {
    tickets: Vec<Ticket>,
    /// How many of them come before the part.
    skip: usize,
    /// How many there are, where that is known otherwise.
    count: Option<u64>,
    /// Whether the list goes on after the part, where that is known otherwise.
    has_more: Option<bool>,
}

/// Lists.
pub(super) async fn list(
    State(storage): State<Storage>,
    caller: Caller,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Json<Value>, Refused> {
    let wanted = query::read(&query)?;
    let agent = caller.agent(&storage).await?;
    let Found { tickets, skip, count, has_more } = find(&storage, &caller, &agent, &wanted).await?;
    let page = usize::try_from(s2::PAGE).unwrap_or(usize::MAX);
    let (part, found) = if wanted.unread {
        let mut unread = views(&storage, tickets).await?;
        unread.retain(|view| view.unread() > 0);
        let found = unread.len();
        (unread.into_iter().skip(skip).take(page).collect::<Vec<_>>(), found)
    } else {
        let found = tickets.len();
        let part = tickets.into_iter().skip(skip).take(page).collect();
        (views(&storage, part).await?, found)
    };
    let has_more = has_more.unwrap_or(found > skip.saturating_add(page));
    // The statistics take every reopened ticket for one that waits.
    let count = count.map_or(found as u64, |count| count.max((skip + part.len()) as u64));
    Ok(Json(render(&storage, &part, &wanted, count, has_more).await?))
}

async fn render(
    storage: &Storage,
    views: &[TicketView],
    wanted: &Wanted,
    total: u64,
    has_more: bool,
) -> Result<Value, Problem> {
    if spoken().name() != s2::NAME {
        let part = Part { views, page: wanted.page, limit: s2::PAGE, total, has_more };
        return Ok(spoken().page(&part, clock::now()));
    }
    let shown = shown(storage, views).await?;
    let tickets: Vec<Value> = views.iter().zip(&shown).map(|(view, shown)| s2::ticket(view, shown)).collect();
    Ok(s2::page(&tickets, total, has_more))
}

async fn find(storage: &Storage, caller: &Caller, agent: &Agent, wanted: &Wanted) -> Result<Found, Problem> {
    let skip = (wanted.page - 1).saturating_mul(s2::PAGE);
    let found =
        |tickets, count| Found { tickets, skip: usize::try_from(skip).unwrap_or(usize::MAX), count, has_more: None };
    if let Some(words) = &wanted.search {
        return Ok(found(searched(storage, caller, agent, wanted, words).await?, None));
    }
    let all = wanted.show_all && agent.role >= Role::Supervisor;
    if all && wanted.takes_all() {
        let total = storage.ticket_count(&caller.org).await?;
        let pages = Pages { page: wanted.page, limit: s2::PAGE, total, before: None };
        let tickets = range(storage, agent, caller, pages).await?.part;
        let has_more = Some(skip.saturating_add(s2::PAGE) < total);
        return Ok(Found { tickets, skip: 0, count: Some(total), has_more });
    }
    let enough = skip.saturating_add(s2::PAGE + 1).min(LOOKED_THROUGH);
    let waiting = wanted.status.as_deref() == Some("pending");
    let own = wanted.status.as_deref() == Some("open") && !all;
    let tickets = if wanted.date.is_none() && (waiting || own || wanted.unread) {
        on_the_board(storage, caller, agent, wanted, enough).await?
    } else {
        by_number(storage, caller, agent, wanted, enough).await?
    };
    let count = if all && wanted.takes_a_status() && spoken().name() == s2::NAME {
        let statistics = storage.statistics(&caller.org).await?;
        Some(s2::count(&statistics, wanted.status.as_deref().unwrap_or_default()))
    } else {
        None
    };
    Ok(found(tickets, count))
}

/// The caller's own, and what waits in the queues that it sees.
async fn on_the_board(
    storage: &Storage,
    caller: &Caller,
    agent: &Agent,
    wanted: &Wanted,
    enough: u64,
) -> Result<Vec<Ticket>, Problem> {
    let enough = if wanted.unread { LOOKED_FOR_UNREAD } else { enough };
    // Filters beside the queues may leave little of what is read.
    let most = if wanted.tags.is_empty() && wanted.users.is_empty() { enough } else { LOOKED_THROUGH };
    let most = u32::try_from(most).unwrap_or(u32::MAX);
    let mut tickets = Vec::new();
    if wanted.status.as_deref() != Some("open") {
        for queue in queues_of(storage, caller, agent).await? {
            if wanted.queues.is_empty() || wanted.queues.contains(&queue) {
                tickets.extend(storage.waiting_tickets(&caller.org, &queue, most).await?);
            }
        }
    }
    let own = storage.agent_tickets(&caller.org, &caller.agent, u32::try_from(LOOKED_THROUGH).unwrap_or(u32::MAX));
    tickets.extend(own.await?);
    tickets.retain(|ticket| wanted.has(ticket));
    if wanted.unread {
        tickets.retain(|ticket| ticket.state.is_active());
    }
    if wanted.status.as_deref() == Some("pending") {
        tickets.sort_by_key(|ticket| (Reverse(ticket.priority), ticket.created_at, ticket.number));
    } else {
        tickets.sort_by_key(|ticket| Reverse((ticket.updated_at, ticket.number)));
    }
    Ok(tickets)
}

/// Newest first: everybody's for who supervises and asks for it, else the caller's own and what waits in its queues.
async fn by_number(
    storage: &Storage,
    caller: &Caller,
    agent: &Agent,
    wanted: &Wanted,
    enough: u64,
) -> Result<Vec<Ticket>, Problem> {
    let all = wanted.show_all && agent.role >= Role::Supervisor;
    let day = match wanted.date {
        Some(_) => {
            let organization = storage.organization(&caller.org).await?;
            wanted.day(&organization.map_or(TimeZone::UTC, |organization| organization.zone()))
        }
        None => None,
    };
    let below = match day {
        Some((_, end)) => storage.first_number_since(&caller.org, end).await?,
        None => u64::MAX,
    };
    let shows = |ticket: &Ticket| {
        let is_theirs = all || ticket.agent.as_ref().is_none_or(|holder| *holder == agent.id);
        wanted.has(ticket)
            && is_theirs
            && access::may_see(agent, ticket)
            && day.is_none_or(|(start, end)| ticket.created_at >= start && ticket.created_at < end)
    };
    newest_matching(storage, caller, below, usize::try_from(enough).unwrap_or(usize::MAX), shows).await
}

/// The ticket of a number, or those of a phone number. Errors: `InvalidInput` for words, which no index finds.
async fn searched(
    storage: &Storage,
    caller: &Caller,
    agent: &Agent,
    wanted: &Wanted,
    words: &str,
) -> Result<Vec<Ticket>, Problem> {
    let digits: String = words.chars().filter(char::is_ascii_digit).collect();
    let is_phone = digits.len() >= 8 && words.chars().all(|c| c.is_ascii_digit() || "+ ()-.".contains(c));
    let mut tickets = if is_phone {
        let phone = Alias::new(AliasKind::Phone, digits.as_str());
        match storage.contact_by_alias(&caller.org, &[phone]).await? {
            Some(known) => storage.contact_tickets(&caller.org, &known.id).await?,
            None => Vec::new(),
        }
    } else if words.bytes().any(|b| b.is_ascii_digit()) {
        find_ticket(storage, &caller.org, words).await?.into_iter().collect()
    } else {
        let reason = "searchParam must be a phone number or a ticket's number: words are not searched for".to_owned();
        return Err(Problem::InvalidInput { field: "searchParam", reason });
    };
    tickets.retain(|ticket| wanted.has(ticket) && access::may_see(agent, ticket));
    Ok(tickets)
}
