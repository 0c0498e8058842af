//! Seed S0: `GET /api/tickets` and `/api/tickets/stats`, in camelCase with numbers for ids.

use std::collections::BTreeMap;

use domain::ticket::TicketState;
use serde_json::{Value, json};
use storage::Statistics;

use super::{TicketView, refused};

refused!(|problem| json!({"error": problem.to_string()}));

/// The name of a state (requirements.md, status dialects).
pub fn status(state: TicketState) -> &'static str {
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

/// A ticket.
pub fn ticket(view: &TicketView) -> Value {
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

/// A page of tickets.
pub fn page(views: &[TicketView], page: u64, limit: u64, total: u64) -> Value {
    json!({
        "tickets": views.iter().map(ticket).collect::<Vec<_>>(),
        "pagination": {"page": page, "limit": limit, "total": total, "pages": total.div_ceil(limit.max(1))},
    })
}

/// The counts. States that this dialect does not tell apart are added up; empty ones are left out.
pub fn statistics(statistics: &Statistics) -> Value {
    let mut by_status: BTreeMap<&str, u64> = BTreeMap::new();
    for (state, count) in &statistics.by_state {
        *by_status.entry(status(*state)).or_default() += count;
    }
    let by_priority: BTreeMap<&str, u64> =
        statistics.by_priority.iter().map(|(priority, count)| (priority.as_str(), *count)).collect();
    json!({"total": statistics.total, "byStatus": by_status, "byPriority": by_priority})
}
