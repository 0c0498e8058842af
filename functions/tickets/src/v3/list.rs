//! `GET /v3/tickets` and `/v3/statistics`.
//!
//! A call reads at most `MOST_READ` tickets, whatever it filters by and however many there are; where that was not enough it
//! gives what it found and a cursor to go on from.

use axum::Json;
use axum::extract::State;
use domain::access;
use domain::agent::{Agent, Role};
use domain::ticket::Ticket;
use http::Uri;
use jiff::{SignedDuration, Timestamp};
use runtime::Problem;
use runtime::dialects::v3::shapes::{Counts, Page, Ticket as Shape};
use runtime::dialects::v3::{Problems, Refused, query};
use runtime::identity::Caller;
use serde_json::{Value, json};
use storage::Storage;

use super::cursor;
use super::matching::{Along, ListParams, Matching, plan};
use crate::lookup::{fitting, views};

/// How many tickets a call reads at most.
const MOST_READ: usize = 500;
/// How many are read at a time where some are left out.
const CHUNK: usize = 100;
/// Numbers follow the time of creation but for workers' clocks and for those that were under way at once.
const SLACK: SignedDuration = SignedDuration::from_mins(1);

/// Tickets that the caller may see.
#[utoipa::path(get, operation_id = "list_tickets", path = "/v3/tickets", tag = "tickets", params(ListParams),
    responses((status = 200, description = "A part of the list", body = Page<Shape>), Problems))]
pub(crate) async fn list(State(storage): State<Storage>, caller: Caller, uri: Uri) -> Result<Json<Value>, Refused> {
    let params: ListParams = query(&uri)?;
    let (along, matching) = plan(&params, &caller.agent)?;
    let limit = cursor::limit(params.limit.as_deref())?;
    let of = json!(ListParams { cursor: None, limit: None, fields: None, ..params.clone() }).to_string();
    let start = cursor::read(params.cursor.as_deref(), &of)?;
    let agent = caller.agent(&storage).await?;
    allowed(&agent, &along)?;
    let sees = |ticket: &Ticket| access::may_see(&agent, ticket) && matching.lets_through(ticket);
    let reader = Reader { storage: &storage, caller: &caller, along, matching: &matching };
    let (tickets, next) = reader.read(start, limit, sees).await?;
    let part = fitting(tickets);
    let cut = part.items.last().filter(|_| part.has_more).map(|last| reader.place(last));
    let (tickets, next) = (part.items, cut.or(next));
    let shapes: Vec<Shape> = views(&storage, tickets).await?.iter().map(Shape::from).collect();
    let page = Page { data: shapes, next_cursor: next.map(|at| cursor::write(&at, &of)) };
    Ok(Json(picked(json!(page), params.fields.as_deref())?))
}

/// How many tickets there are, by state and by priority. Kept with every change, not counted.
#[utoipa::path(get, operation_id = "read_statistics", path = "/v3/statistics", tag = "tickets",
    responses((status = 200, description = "The counts", body = Counts), Problems))]
pub(crate) async fn statistics(State(storage): State<Storage>, caller: Caller) -> Result<Json<Counts>, Refused> {
    caller.agent(&storage).await?;
    let statistics = storage.statistics(&caller.org).await?;
    let (by_state, by_priority) = (json!(statistics.by_state), json!(statistics.by_priority));
    Ok(Json(Counts { total: statistics.total, by_state, by_priority }))
}

/// Errors: `Forbidden` for another agent's tickets, and a queue that is not the caller's (docs/requirements.md C14).
fn allowed(agent: &Agent, along: &Along) -> Result<(), Problem> {
    let reason = match along {
        _ if agent.role >= Role::Supervisor => return Ok(()),
        Along::Agent(of) if *of != agent.id => "only a supervisor or an admin may list another agent's tickets",
        Along::Queue(queue) if !agent.queues.contains(queue) => "the queue is not one of yours",
        _ => return Ok(()),
    };
    Err(Problem::Forbidden { reason: reason.to_owned() })
}

/// Only the members that were asked for.
fn picked(mut page: Value, fields: Option<&str>) -> Result<Value, Refused> {
    let Some(fields) = fields else { return Ok(page) };
    let wanted: Vec<&str> = fields.split(',').collect();
    let tickets = page["data"].as_array_mut().into_iter().flatten();
    for ticket in tickets.filter_map(Value::as_object_mut) {
        if let Some(unknown) = wanted.iter().find(|name| !ticket.contains_key(**name)) {
            return Err(Refused::field("fields", format!("{unknown:?} is no member of a ticket")));
        }
        ticket.retain(|name, _| wanted.contains(&name.as_str()));
    }
    Ok(page)
}

struct Reader<'a> {
    storage: &'a Storage,
    caller: &'a Caller,
    along: Along,
    matching: &'a Matching,
}

impl Reader<'_> {
    /// The next tickets that are wanted, and where the list goes on after them.
    async fn read(
        &self,
        start: Option<String>,
        limit: usize,
        wanted: impl Fn(&Ticket) -> bool,
    ) -> Result<(Vec<Ticket>, Option<String>), Refused> {
        let mut at = match start {
            Some(at) if !self.has_place(&at) => return Err(Refused::field("cursor", cursor::NOT_OURS)),
            Some(at) => Some(at),
            None => self.first().await?,
        };
        let (mut found, mut read) = (Vec::new(), 0);
        loop {
            let missing = limit - found.len();
            let chunk = if self.matching.takes_all() { missing } else { missing.max(CHUNK) };
            let (tickets, mut next) = self.chunk(at.as_deref(), chunk).await?;
            let last = tickets.len();
            for (place, ticket) in tickets.into_iter().enumerate() {
                if self.is_past(&ticket) {
                    return Ok((found, None));
                }
                let here = self.place(&ticket);
                if wanted(&ticket) {
                    found.push(ticket);
                }
                if found.len() == limit && place + 1 < last {
                    next = Some(here);
                    break;
                }
            }
            read += last;
            if next.is_none() || found.len() >= limit || read >= MOST_READ {
                return Ok((found, next));
            }
            at = next;
        }
    }

    /// Where to begin, if not at the beginning: at the time that the list ends before.
    async fn first(&self) -> Result<Option<String>, Refused> {
        let (bound, falling) = match (&self.along, self.matching.before, self.matching.after) {
            (Along::Numbers { falling: true }, Some(before), _) => (later(before, SLACK), true),
            (Along::Numbers { falling: false }, _, Some(after)) => (later(after, -SLACK), false),
            _ => return Ok(None),
        };
        let first = self.storage.first_number_since(&self.caller.org, bound).await?;
        Ok(Some(if falling { first } else { first.saturating_sub(1) }.to_string()))
    }

    /// Whether nothing that comes later can be wanted.
    fn is_past(&self, ticket: &Ticket) -> bool {
        match (&self.along, self.matching.before, self.matching.after) {
            (Along::Numbers { falling: true }, _, Some(after)) => ticket.created_at < later(after, -SLACK),
            (Along::Numbers { falling: false }, Some(before), _) => ticket.created_at >= later(before, SLACK),
            _ => false,
        }
    }

    /// Whether a cursor holds a place of this list.
    fn has_place(&self, at: &str) -> bool {
        match self.along {
            Along::Numbers { .. } | Along::Contact(_) => at.parse::<u64>().is_ok(),
            Along::Queue(_) | Along::Agent(_) => storage::is_place_on_board(at),
        }
    }

    fn place(&self, ticket: &Ticket) -> String {
        match self.along {
            Along::Numbers { .. } | Along::Contact(_) => ticket.number.number.to_string(),
            Along::Queue(_) | Along::Agent(_) => storage::place_on_board(ticket),
        }
    }

    /// The tickets after a place, and the place that they end at if more follow.
    async fn chunk(&self, at: Option<&str>, count: usize) -> Result<(Vec<Ticket>, Option<String>), Refused> {
        let (storage, org) = (self.storage, &self.caller.org);
        let number = || at.and_then(|at| at.parse::<u64>().ok());
        let limit = u32::try_from(count).unwrap_or(u32::MAX);
        let (tickets, more) = match &self.along {
            Along::Numbers { falling: true } => {
                let page = storage.tickets_by_number(org, number().unwrap_or(u64::MAX), limit).await?;
                (page.tickets, page.next_below.is_some())
            }
            Along::Numbers { falling: false } => {
                storage.tickets_by_rising_number(org, number().unwrap_or(0), limit).await?
            }
            Along::Queue(queue) => storage.waiting_page(org, queue, at, limit).await?,
            Along::Agent(agent) => storage.agent_page(org, agent, at, limit).await?,
            Along::Contact(contact) => {
                let mut tickets = storage.contact_tickets(org, contact).await?;
                tickets.retain(|ticket| ticket.number.number < number().unwrap_or(u64::MAX));
                let more = tickets.len() > count;
                tickets.truncate(count);
                (tickets, more)
            }
        };
        let next = tickets.last().filter(|_| more).map(|last| self.place(last));
        Ok((tickets, next))
    }
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(at)
}
