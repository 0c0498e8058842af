//! What travels on the fan-out queues: one event for every change, with an id by which a repetition is recognised.
//!
//! An event names things by id and never carries a message's text, a name or a phone number: whoever may know reads them.

use domain::delivery::Delivery;
use domain::event::{Actor, Happening, HistoryRow, Subject};
use domain::ids::{ConnectionId, OrganizationId};
use domain::line::Stop;
use domain::media::MediaState;
use domain::message::{Direction, Message};
use domain::ticket::Ticket;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// An event as it stands in a queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The same for every repetition of this event, different for every other.
    pub id: String,
    /// What happened: `ticket_created`, `sla_breach_alert` … (docs/requirements.md §1.5).
    pub kind: String,
    /// The organization.
    pub org: OrganizationId,
    /// When it happened.
    pub at: Timestamp,
    /// What of: ids, states and times.
    pub data: Value,
}

impl Event {
    /// A ticket was made.
    pub fn ticket_created(ticket: &Ticket) -> Self {
        Self {
            id: format!("{}.1", ticket.id),
            kind: "ticket_created".to_owned(),
            org: ticket.org.clone(),
            at: ticket.created_at,
            data: json!({
                "ticketId": ticket.number.year_form().to_string(),
                "ticketNumber": ticket.number.number,
                "ticket": ticket.id,
                "customerId": ticket.contact,
                "conversationId": ticket.conversation,
                "connectionId": ticket.connection,
                "queueId": ticket.queue,
                "assignedAgent": ticket.agent,
                "priority": ticket.priority,
                "category": ticket.category,
                "status": ticket.state,
            }),
        }
    }

    /// Something happened to a ticket: row `version` of its history.
    pub fn ticket_changed(org: &OrganizationId, ticket: &Subject, version: u64, row: &HistoryRow) -> Self {
        let mut data = json!({
            "ticketId": ticket.number.year_form().to_string(),
            "ticketNumber": ticket.number.number,
            "ticket": ticket.id,
            "customerId": ticket.contact,
            "queueId": ticket.queue,
            "version": version,
        });
        let kind = match &row.happening {
            Happening::TicketAssigned { agent } => {
                data["agentId"] = json!(agent);
                data["oldStatus"] = json!(row.from);
                data["newStatus"] = json!(row.to);
                "ticket_assigned"
            }
            Happening::TicketStateChanged => {
                data["oldStatus"] = json!(row.from);
                data["newStatus"] = json!(row.to);
                "ticket_status_changed"
            }
            Happening::TicketUnassigned { agent } => {
                data["agentId"] = json!(agent);
                data["assignedAgent"] = Value::Null;
                data["oldStatus"] = json!(row.from);
                data["newStatus"] = json!(row.to);
                "ticket_unassigned"
            }
            Happening::TicketTransferred { from_queue, to_queue } => {
                data["fromQueueId"] = json!(from_queue);
                data["toQueueId"] = json!(to_queue);
                data["oldStatus"] = json!(row.from);
                data["newStatus"] = json!(row.to);
                "ticket_transferred"
            }
            Happening::TicketMerged { into, number } => {
                data["mergedInto"] = json!(into);
                data["mergedIntoNumber"] = json!(number);
                data["oldStatus"] = json!(row.from);
                data["newStatus"] = json!(row.to);
                "ticket_merged"
            }
            Happening::TicketUnmerged { whole, number } => {
                data["mergedFrom"] = json!(whole);
                data["mergedFromNumber"] = json!(number);
                data["oldStatus"] = json!(row.from);
                data["newStatus"] = json!(row.to);
                "ticket_unmerged"
            }
            Happening::TicketAbsorbed { ticket, number } => {
                data["absorbed"] = json!(ticket);
                data["absorbedNumber"] = json!(number);
                "ticket_updated"
            }
            Happening::TicketReleased { ticket, number } => {
                data["released"] = json!(ticket);
                data["releasedNumber"] = json!(number);
                "ticket_updated"
            }
            Happening::PriorityChanged { old, new } => {
                data["oldPriority"] = json!(old);
                data["newPriority"] = json!(new);
                if new > old { "ticket_priority_escalated" } else { "ticket_updated" }
            }
            Happening::TicketEdited { fields } => {
                data["fields"] = json!(fields);
                "ticket_updated"
            }
            Happening::NoteAdded { note, visible } => {
                data["noteId"] = json!(note);
                data["isVisible"] = json!(visible);
                "ticket_note_added"
            }
            Happening::ClosingPostponed | Happening::ReminderLapsed => "ticket_updated",
            Happening::ContactReminded => {
                data["isReminded"] = json!(true);
                "ticket_updated"
            }
            Happening::FirstAnswerGiven => {
                data["firstResponseAt"] = json!(row.at);
                "ticket_updated"
            }
            Happening::SlaBreached { metric } => {
                data["assignedAgent"] = json!(ticket.agent);
                data["breachType"] = json!(metric);
                "sla_breach_alert"
            }
        };
        data["changedBy"] = match &row.actor {
            Actor::Agent(agent) => json!(agent),
            Actor::Customer => json!("customer"),
            Actor::System => json!("system"),
        };
        Self { id: format!("{}.{version}", ticket.id), kind: kind.to_owned(), org: org.clone(), at: row.at, data }
    }

    /// A message was stored.
    pub fn message_stored(org: &OrganizationId, message: &Message) -> Self {
        let kind = match message.direction {
            Direction::In => "message_received",
            Direction::Out { delivery: Delivery::Parked, .. } => "message_parked",
            Direction::Out { .. } => "message_queued",
        };
        Self::of_message(org, message, kind, format!("{}.stored", message.reference))
    }

    /// An outbound message came further. `seen_at` is when the table recorded it.
    pub fn message_delivered(org: &OrganizationId, message: &Message, seen_at: Timestamp) -> Self {
        let rank = match &message.direction {
            Direction::Out { delivery, .. } => delivery.as_str(),
            Direction::In => "received",
        };
        let event = Self::of_message(org, message, "message_status_changed", format!("{}.{rank}", message.reference));
        Self { at: seen_at, ..event }
    }

    /// The file of a message was kept or given up, or is to be tried again. `seen_at` is when the table recorded it.
    pub fn media_changed(org: &OrganizationId, message: &Message, seen_at: Timestamp) -> Self {
        let (state, round) =
            message.content.media.as_ref().map_or(("none", 0), |media| (media.state.as_str(), media.round));
        let id = format!("{}.media.{round}.{state}", message.reference);
        Self { at: seen_at, ..Self::of_message(org, message, "message_media_changed", id) }
    }

    /// A connection stopped sending, or sends again. `since` is when it stopped.
    pub fn line_changed(
        org: &OrganizationId,
        connection: &ConnectionId,
        stop: Option<&Stop>,
        since: Option<Timestamp>,
        seen_at: Timestamp,
    ) -> Self {
        let kind = if stop.is_some() { "connection_stopped" } else { "connection_resumed" };
        let mark = since.map_or(0, Timestamp::as_millisecond);
        Self {
            id: format!("{connection}.{mark}.{kind}"),
            kind: kind.to_owned(),
            org: org.clone(),
            at: seen_at,
            data: json!({
                "connectionId": connection,
                "errorCode": stop.map(|stop| stop.code),
                "since": since,
            }),
        }
    }

    fn of_message(org: &OrganizationId, message: &Message, kind: &str, id: String) -> Self {
        let mut data = json!({
            "messageId": public_id(message),
            "conversationId": message.reference.conversation,
            "ticket": message.ticket,
            "type": message.content.kind,
        });
        if let Some(media) = &message.content.media {
            data["media"] = json!(media.state.as_str());
            if let MediaState::Failed { reason } = &media.state {
                data["mediaReason"] = json!(reason.as_str());
            }
        }
        if let Direction::Out { agent, delivery, error } = &message.direction {
            data["agentId"] = json!(agent);
            data["status"] = json!(delivery);
            data["errorCode"] = json!(error.as_ref().map(|error| error.code));
        }
        Self { id, kind: kind.to_owned(), org: org.clone(), at: message.reference.sent_at, data }
    }
}

fn public_id(message: &Message) -> String {
    message.reference.to_string()
}
