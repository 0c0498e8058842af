//! What is said: notes, history, messages and conversations.

use domain::conversation::Conversation;
use domain::event::{Actor, HistoryRow};
use domain::message::{Direction, Message};
use domain::note::Note;
use domain::number::mentions;
use domain::organization::Settings;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::StateName;
use super::context::ContextShape;
use super::files::{AttachmentShape, MediaShape};
use crate::dialects::References;

/// A note.
#[derive(Debug, Serialize, ToSchema)]
pub struct NoteShape {
    /// Its id.
    pub id: String,
    /// Who wrote it.
    pub agent_id: String,
    /// What it says.
    pub text: String,
    /// Whether the contact may see it.
    pub is_visible: bool,
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// The file beside it, an attachment of the ticket.
    pub attachment: Option<AttachmentShape>,
}

impl From<&Note> for NoteShape {
    fn from(note: &Note) -> Self {
        Self {
            id: note.id.to_string(),
            agent_id: note.agent.to_string(),
            text: note.text.clone(),
            is_visible: note.visible,
            created_at: note.at,
            attachment: note.attachment.as_ref().map(AttachmentShape::from),
        }
    }
}

/// A row of a ticket's history.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryEntry {
    /// The ticket's version after it.
    pub version: u64,
    /// What happened: `ticket_assigned`, `ticket_state_changed` …
    pub kind: String,
    /// What belongs to it: the agent, the queue, the priorities …
    #[schema(value_type = Object)]
    pub details: Value,
    /// The state before; absent for the making of the ticket.
    #[schema(value_type = Option<StateName>)]
    pub from: Option<domain::ticket::TicketState>,
    /// The state after.
    #[schema(value_type = StateName)]
    pub to: domain::ticket::TicketState,
    /// Who did it: `agent`, `customer`, `service` (a model by its key) or `system`.
    pub actor_type: String,
    /// The agent.
    pub actor_id: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// For how long the ticket's clocks stood, in milliseconds, where they ran again with this: how long the contact was waited for.
    pub clocks_stood_ms: Option<i64>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

impl HistoryEntry {
    /// A row with the version that it led to.
    pub fn of(version: u64, row: &HistoryRow) -> Self {
        let mut details = serde_json::to_value(&row.happening).unwrap_or_default();
        let kind = details.as_object_mut().and_then(|fields| fields.remove("kind"));
        let (actor_type, actor_id) = match &row.actor {
            Actor::Agent(agent) => ("agent", Some(agent.to_string())),
            Actor::Customer => ("customer", None),
            Actor::System => ("system", None),
        };
        Self {
            version,
            kind: kind.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned(),
            details,
            from: Some(row.from),
            to: row.to,
            actor_type: actor_type.to_owned(),
            actor_id,
            reason: row.reason.clone(),
            clocks_stood_ms: row.stood_ms,
            at: row.at,
        }
    }
}

/// A message.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageShape {
    /// Its id.
    pub id: String,
    /// The conversation.
    pub conversation_id: String,
    /// The ticket that it belongs to.
    pub ticket_id: Option<String>,
    /// `in` from the contact, `out` from our side.
    pub direction: String,
    /// `text`, `image` …
    pub kind: String,
    /// The words of it.
    pub text: Option<String>,
    /// Its file.
    pub media: Option<MediaShape>,
    /// The agent who wrote it.
    pub agent_id: Option<String>,
    /// How far an outbound message has come.
    pub delivery: Option<String>,
    /// Why it failed.
    pub error_code: Option<Value>,
    /// What it refers to.
    #[serde(flatten)]
    pub context: ContextShape,
    /// The tickets that it names in its words, in whatever form: `#297`, `TICKET-2026-000297`. Whether they exist is not said.
    pub mentions: Vec<String>,
    /// When it was sent.
    #[schema(value_type = String, format = DateTime)]
    pub sent_at: Timestamp,
}

impl MessageShape {
    /// A message, with the tickets that it names in one of these patterns or in the forms that everybody has, and with what was found
    /// of the messages that it refers to.
    pub fn naming(message: &Message, settings: &Settings, references: &References<'_>) -> Self {
        let text = message.content.text.as_deref().unwrap_or_default();
        let patterns: Vec<_> = settings.patterns().collect();
        let mentions = mentions(text, &patterns).iter().map(ToString::to_string).collect();
        Self { mentions, ..Self::of(message, references) }
    }

    /// A message, with what was found of the messages that it refers to.
    pub fn of(message: &Message, references: &References<'_>) -> Self {
        let (direction, agent_id, delivery, error_code) = match &message.direction {
            Direction::In => ("in", None, None, None),
            Direction::Out { agent, delivery, error } => (
                "out",
                agent.as_ref().map(ToString::to_string),
                Some(delivery.as_str().to_owned()),
                error.as_ref().map(|error| serde_json::json!(error.code)),
            ),
        };
        Self {
            id: message.reference.to_string(),
            conversation_id: message.reference.conversation.to_string(),
            ticket_id: message.ticket.as_ref().map(ToString::to_string),
            direction: direction.to_owned(),
            kind: message.content.kind.clone(),
            text: message.content.text.clone(),
            media: message.content.media.as_ref().map(MediaShape::from),
            agent_id,
            delivery,
            error_code,
            context: ContextShape::of(message, references),
            mentions: Vec::new(),
            sent_at: message.reference.sent_at,
        }
    }
}

/// A conversation.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConversationShape {
    /// Its id.
    pub id: String,
    /// The contact.
    pub contact_id: String,
    /// The connection.
    pub connection_id: String,
    /// The active ticket, by id.
    pub ticket_id: Option<String>,
    /// The ticket before it, by id.
    pub previous_ticket_id: Option<String>,
    /// How many messages the contact wrote.
    pub inbound_count: u64,
    /// How many of them nobody has read.
    pub unread_count: u64,
    /// Until when free text may be sent.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub window_expires_at: Option<Timestamp>,
    /// When the contact wrote last.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_inbound_at: Option<Timestamp>,
    /// When our side wrote last.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_outbound_at: Option<Timestamp>,
}

impl From<&Conversation> for ConversationShape {
    fn from(conversation: &Conversation) -> Self {
        Self {
            id: conversation.id.to_string(),
            contact_id: conversation.contact.to_string(),
            connection_id: conversation.connection.to_string(),
            ticket_id: conversation.slot.as_ref().map(ToString::to_string),
            previous_ticket_id: conversation.previous.as_ref().map(ToString::to_string),
            inbound_count: conversation.in_seq,
            unread_count: conversation.unread(),
            window_expires_at: conversation.window_expires_at(),
            last_inbound_at: conversation.last_in_at,
            last_outbound_at: conversation.last_out_at,
        }
    }
}
