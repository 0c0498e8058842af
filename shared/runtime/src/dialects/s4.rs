//! Seed S4: the agents' queue, claims and own tickets, in `snake_case` as `FastAPI` spells them; lists are bare arrays.

use domain::message::{Direction, Message};
use domain::ticket::{Ticket, TicketState};
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};
use storage::Statistics;

use super::s0::by_status;
use super::v3::shapes::{ContextShape, MediaShape};
use super::{Dialect, Part, References, TicketView};
use crate::Problem;

/// The dialect.
#[derive(Debug)]
pub struct S4;

impl Dialect for S4 {
    fn name(&self) -> &'static str {
        "s4"
    }

    fn has(&self, path: &str) -> bool {
        path.starts_with("/api/")
    }

    fn status(&self, ticket: &Ticket) -> &'static str {
        status(ticket.state, ticket.agent.is_some())
    }

    fn statuses(&self) -> &'static [&'static str] {
        &["pending", "assigned", "in_progress", "waiting_customer", "resolved", "escalated", "closed"]
    }

    fn written(&self, name: &str) -> Option<TicketState> {
        match name {
            "pending" => Some(TicketState::Open),
            "assigned" => Some(TicketState::Assigned),
            "in_progress" => Some(TicketState::InProgress),
            "waiting_customer" => Some(TicketState::PendingCustomer),
            "resolved" => Some(TicketState::Resolved),
            "escalated" => Some(TicketState::Escalated),
            "closed" => Some(TicketState::Closed),
            _ => None,
        }
    }

    fn ticket(&self, view: &TicketView, _: Timestamp) -> Value {
        ticket(view)
    }

    fn page(&self, part: &Part<'_>, _: Timestamp) -> Value {
        part.views.iter().map(ticket).collect()
    }

    fn statistics(&self, counts: &Statistics) -> Value {
        json!({
            "total": counts.total,
            "by_status": by_status(counts, |state| status(state, false)),
            "by_priority": counts.by_priority,
        })
    }

    fn refusal(&self, problem: &Problem) -> (StatusCode, Value) {
        (problem.status(), json!({"detail": problem.to_string()}))
    }
}

fn status(state: TicketState, is_assigned: bool) -> &'static str {
    match state {
        TicketState::Reopened if is_assigned => "assigned",
        TicketState::New | TicketState::Open | TicketState::Reopened => "pending",
        TicketState::Assigned => "assigned",
        TicketState::InProgress => "in_progress",
        TicketState::PendingCustomer => "waiting_customer",
        TicketState::Escalated => "escalated",
        TicketState::Resolved => "resolved",
        TicketState::Closed | TicketState::Cancelled => "closed",
    }
}

fn ticket(view: &TicketView) -> Value {
    let ticket = &view.ticket;
    json!({
        "id": ticket.number.number,
        "ticket_number": ticket.number.number,
        "ticket_id": ticket.number.year_form().to_string(),
        "display_number": view.display_number(),
        "uid": ticket.id,
        "chat_id": ticket.conversation,
        "status": status(ticket.state, ticket.agent.is_some()),
        "canonicalStatus": ticket.state,
        "priority": ticket.priority,
        "category": ticket.category,
        "title": ticket.title,
        "queue_id": ticket.queue,
        "connection_id": ticket.connection,
        "customer_id": ticket.contact,
        "customer_name": view.contact_name(),
        "customer_phone": view.phone(),
        "agent_id": ticket.agent,
        "agent_name": view.agent_name,
        "unread_count": view.unread(),
        "window_expires_at": view.window_expires_at(),
        "created_at": ticket.created_at,
        "updated_at": ticket.updated_at,
        "assigned_at": ticket.assigned_at,
        "first_response_at": ticket.first_response_at,
        "resolved_at": ticket.resolved_at,
        "closed_at": ticket.closed_at,
        "sla": {
            "first_response_due_at": ticket.sla.first_response.due_at,
            "resolution_due_at": ticket.sla.resolution.due_at,
        },
    })
}

/// A message of a ticket's conversation. What it refers to stands beside it, where it does.
pub fn message(message: &Message, references: &References<'_>) -> Value {
    let mut body = json!({
        "id": message.reference.to_string(),
        "type": message.content.kind,
        "body": message.content.text,
        "sent_at": message.reference.sent_at,
        "provider_message_id": message.provider_id,
        "ticket": message.ticket,
        "from_me": false,
    });
    if let Some(media) = &message.content.media {
        body["media"] = json!(MediaShape::from(media));
    }
    if let (Value::Object(body), Ok(Value::Object(context))) =
        (&mut body, serde_json::to_value(ContextShape::of(message, references)))
    {
        body.extend(context.into_iter().filter(|(_, told)| !told.is_null()));
    }
    if let Direction::Out { agent, delivery, error } = &message.direction {
        body["from_me"] = true.into();
        body["agent_id"] = json!(agent);
        body["status"] = json!(delivery);
        body["error"] = json!(error);
        // What an answer is made of beside its words.
        body["content"] =
            message.content.raw.as_deref().and_then(|raw| serde_json::from_str(raw).ok()).unwrap_or_default();
    }
    body
}
