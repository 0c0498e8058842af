//! Seed S0: `GET /api/tickets` and `/api/tickets/stats`, in camelCase with numbers for ids.

use std::collections::BTreeMap;

use domain::ticket::{Ticket, TicketState};
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};
use storage::Statistics;

use super::{Dialect, Part, TicketView};
use crate::Problem;

/// The dialect.
#[derive(Debug)]
pub struct S0;

impl Dialect for S0 {
    fn name(&self) -> &'static str {
        "s0"
    }

    fn has(&self, path: &str) -> bool {
        match path.strip_prefix("/api/tickets") {
            Some("") => true,
            // One more segment, and none of the other dialect's own words.
            Some(rest) => {
                rest.rfind('/') == Some(0) && !["/queue", "/my-tickets", "/all"].contains(&rest.trim_end_matches('/'))
            }
            None => false,
        }
    }

    fn status(&self, ticket: &Ticket) -> &'static str {
        status(ticket.state)
    }

    fn statuses(&self) -> &'static [&'static str] {
        &["new", "open", "in_progress", "resolved", "closed"]
    }

    fn written(&self, name: &str) -> Option<TicketState> {
        TicketState::parse(name).filter(|state| status(*state) == name)
    }

    fn ticket(&self, view: &TicketView, _: Timestamp) -> Value {
        ticket(view)
    }

    fn page(&self, part: &Part<'_>, _: Timestamp) -> Value {
        let pages = part.total.div_ceil(part.limit.max(1));
        json!({
            "tickets": part.views.iter().map(ticket).collect::<Vec<_>>(),
            "pagination": {"page": part.page, "limit": part.limit, "total": part.total, "pages": pages},
        })
    }

    fn statistics(&self, counts: &Statistics) -> Value {
        let by_priority: BTreeMap<&str, u64> =
            counts.by_priority.iter().map(|(priority, count)| (priority.as_str(), *count)).collect();
        json!({"total": counts.total, "byStatus": by_status(counts, status), "byPriority": by_priority})
    }

    fn refusal(&self, problem: &Problem) -> (StatusCode, Value) {
        (problem.status(), json!({"error": problem.to_string()}))
    }
}

/// The counts by the names of a dialect. States that it does not tell apart are added up; empty ones are left out.
pub(super) fn by_status(counts: &Statistics, name: fn(TicketState) -> &'static str) -> BTreeMap<&'static str, u64> {
    let mut by_status = BTreeMap::new();
    for (state, count) in &counts.by_state {
        *by_status.entry(name(*state)).or_default() += count;
    }
    by_status
}

fn status(state: TicketState) -> &'static str {
    match state {
        TicketState::New => "new",
        TicketState::Open | TicketState::Reopened => "open",
        TicketState::Assigned | TicketState::InProgress | TicketState::PendingCustomer | TicketState::Escalated => {
            "in_progress"
        }
        TicketState::Resolved => "resolved",
        TicketState::Closed | TicketState::Cancelled => "closed",
    }
}

fn ticket(view: &TicketView) -> Value {
    let ticket = &view.ticket;
    json!({
        "id": ticket.number.number,
        "ticketNumber": ticket.number.number,
        "ticketId": ticket.number.year_form().to_string(),
        "uid": ticket.id,
        "status": status(ticket.state),
        "canonicalStatus": ticket.state,
        "priority": ticket.priority,
        "category": ticket.category,
        "title": ticket.title,
        "source": ticket.source,
        "channel": "whatsapp",
        "organizationId": ticket.org,
        "phoneId": ticket.connection,
        "whatsappId": ticket.connection,
        "queueId": ticket.queue,
        "contactId": ticket.contact,
        "contactName": view.contact_name(),
        "contactPhone": view.phone(),
        "isGroup": ticket.is_group,
        "assignedAgent": ticket.agent,
        "assignedAgentName": view.agent_name,
        "conversationId": ticket.conversation,
        "unreadCount": view.unread(),
        "windowExpiresAt": view.window_expires_at(),
        "lastMessageAt": view.conversation.as_ref().and_then(|c| c.last_in_at.max(c.last_out_at)),
        "createdAt": ticket.created_at,
        "updatedAt": ticket.updated_at,
        "assignedAt": ticket.assigned_at,
        "firstResponseAt": ticket.first_response_at,
        "resolvedAt": ticket.resolved_at,
        "closedAt": ticket.closed_at,
    })
}
