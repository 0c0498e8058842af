//! What `/v3` shows.

use domain::organization::Settings;
use domain::sla::{Clock, Metric};
use domain::ticket::{AutoClose, Category, Priority, TicketState};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::dialects::TicketView;

mod context;
mod files;
mod lines;
mod people;
mod talk;

pub use context::{CallShape, ChoiceShape, ContextShape, ProductShape, ReferralShape, ReferredShape};
pub use files::{AttachmentShape, MediaLink, MediaShape, UploadShape};
pub use lines::{ConnectionDetails, ConnectionShape, TemplateShape, UsableTemplate};
pub use people::{ApartCauseName, ApartShape, BesideContact, ContactShape, IdentityShape};
pub use talk::{ConversationShape, HistoryEntry, MessageShape, NoteShape};

macro_rules! names {
    ($(#[$doc:meta])* $name:ident, $of:ident: $($variant:ident),+) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        #[expect(missing_docs, reason = "the names of the domain")]
        pub enum $name {
            $($variant),+
        }

        impl From<$name> for $of {
            fn from(name: $name) -> Self {
                match name {
                    $($name::$variant => Self::$variant),+
                }
            }
        }
    };
}

names!(/// Where a ticket is in its life.
    StateName, TicketState: New, Open, Assigned, InProgress, PendingCustomer, Escalated, Resolved, Closed, Cancelled, Reopened);
names!(/// How urgent a ticket is.
    PriorityName, Priority: Low, Medium, High, Urgent);
names!(/// What a ticket is about.
    CategoryName, Category: Support, Technical, Billing, Sales, Complaint, FeatureRequest, Account, Other);

/// A ticket.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ticket {
    /// Its id, for ever.
    pub id: String,
    /// 1, 2, 3 … within the organization.
    pub number: u64,
    /// Within the year: `TICKET-2026-000297`.
    pub year_number: String,
    /// As the organization writes its numbers.
    pub display_number: String,
    /// Where it is in its life.
    #[schema(value_type = StateName)]
    pub state: TicketState,
    /// How urgent it is.
    #[schema(value_type = PriorityName)]
    pub priority: Priority,
    /// What it is about.
    #[schema(value_type = CategoryName)]
    pub category: Category,
    /// A finer word.
    pub subcategory: Option<String>,
    /// Words to find it by, in lower case.
    pub tags: Vec<String>,
    /// One line.
    pub title: String,
    /// More words.
    pub description: Option<String>,
    /// Who made it: `customer`, `agent`, `ai`, `system`.
    pub source: String,
    /// Whom it is for.
    pub contact: ContactBrief,
    /// Who works on it.
    pub agent: Option<AgentBrief>,
    /// Where it waits, or waited.
    pub queue_id: String,
    /// The conversation that it belongs to.
    pub conversation_id: Option<String>,
    /// The connection of that conversation.
    pub connection_id: Option<String>,
    /// Messages of the contact that nobody has read.
    pub unread_count: u64,
    /// Until when free text may be sent to the contact.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub window_expires_at: Option<Timestamp>,
    /// How it was resolved.
    pub resolution: Option<String>,
    /// Tickets about the same thing, by id.
    pub related: Vec<String>,
    /// The ticket that it became a part of, by id.
    pub merged_into: Option<String>,
    /// The ticket that was closed too long ago to be reopened, by id.
    pub previous: Option<String>,
    /// How often it was reopened.
    pub reopen_count: u32,
    /// Its clocks.
    pub sla: Clocks,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was changed last.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// When its agent got it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub assigned_at: Option<Timestamp>,
    /// When an agent first answered, in this cycle.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub first_response_at: Option<Timestamp>,
    /// When it was resolved, in this cycle.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub resolved_at: Option<Timestamp>,
    /// When its contact is reminded, while it waits for it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub reminds_at: Option<Timestamp>,
    /// When it is resolved because its contact stays silent.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub resolves_at: Option<Timestamp>,
    /// When it closes by itself.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closes_at: Option<Timestamp>,
    /// When it was closed or cancelled.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closed_at: Option<Timestamp>,
    /// Rises with every change; also its `ETag`.
    pub version: u64,
}

/// A contact beside its ticket.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContactBrief {
    /// Its id.
    pub id: String,
    /// The name that it gave itself.
    pub name: Option<String>,
    /// Its phone number, if one is known.
    pub phone: Option<String>,
    /// Whether it is a group.
    pub is_group: bool,
}

/// An agent beside its ticket.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgentBrief {
    /// Its id.
    pub id: String,
    /// Its name; absent once the agent is gone.
    pub name: Option<String>,
}

/// The clocks of a ticket's present cycle.
#[derive(Debug, Serialize, ToSchema)]
pub struct Clocks {
    /// When the cycle began: when the contact wrote.
    #[schema(value_type = String, format = DateTime)]
    pub began_at: Timestamp,
    /// The first answer.
    pub first_response: Deadline,
    /// The resolution.
    pub resolution: Deadline,
    /// Since when the clocks stand, because the ticket waits for its contact.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub paused_at: Option<Timestamp>,
    /// For how long they stood before that, in milliseconds.
    pub stood_ms: i64,
}

/// One clock.
#[derive(Debug, Serialize, ToSchema)]
pub struct Deadline {
    /// When it must have been stopped. Moves by the time that it stood, once it runs again.
    #[schema(value_type = String, format = DateTime)]
    pub due_at: Timestamp,
    /// When it was stopped.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub stopped_at: Option<Timestamp>,
    /// When its breach was recorded.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub breached_at: Option<Timestamp>,
}

impl From<Clock> for Deadline {
    fn from(clock: Clock) -> Self {
        Self { due_at: clock.due_at, stopped_at: clock.stopped_at, breached_at: clock.breached_at }
    }
}

impl From<&TicketView> for Ticket {
    fn from(view: &TicketView) -> Self {
        let ticket = &view.ticket;
        let text = |id: &dyn std::fmt::Display| id.to_string();
        Self {
            id: text(&ticket.id),
            number: ticket.number.number,
            year_number: ticket.number.year_form().to_string(),
            display_number: view.display_number(),
            state: ticket.state,
            priority: ticket.priority,
            category: ticket.category,
            subcategory: ticket.details.subcategory.clone(),
            tags: ticket.details.tags.clone(),
            title: ticket.title.clone(),
            description: ticket.description.clone(),
            source: ticket.source.as_str().to_owned(),
            contact: ContactBrief {
                id: text(&ticket.contact),
                name: view.contact_name().map(str::to_owned),
                phone: view.phone().map(str::to_owned),
                is_group: ticket.is_group,
            },
            agent: ticket.agent.as_ref().map(|id| AgentBrief { id: text(id), name: view.agent_name.clone() }),
            queue_id: text(&ticket.queue),
            conversation_id: ticket.conversation.as_ref().map(|id| text(id)),
            connection_id: ticket.connection.as_ref().map(|id| text(id)),
            unread_count: view.unread(),
            window_expires_at: view.window_expires_at(),
            resolution: ticket.details.resolution.clone(),
            related: ticket.details.related.iter().map(|id| text(id)).collect(),
            merged_into: ticket.details.merged_into.as_ref().map(|id| text(id)),
            previous: ticket.previous.as_ref().map(|id| text(id)),
            reopen_count: ticket.reopen_count,
            sla: Clocks {
                began_at: ticket.sla.opened_at,
                first_response: ticket.sla.clock(Metric::FirstResponse).into(),
                resolution: ticket.sla.clock(Metric::Resolution).into(),
                paused_at: ticket.sla.paused_at,
                stood_ms: ticket.sla.stood_ms,
            },
            created_at: ticket.created_at,
            updated_at: ticket.updated_at,
            assigned_at: ticket.assigned_at,
            first_response_at: ticket.first_response_at,
            resolved_at: ticket.resolved_at,
            reminds_at: ticket.details.patience.and_then(|patience| patience.reminder).map(|reminder| reminder.at),
            resolves_at: ticket.details.patience.and_then(|patience| patience.resolve_at),
            closes_at: ticket.details.auto_close.map(AutoClose::at),
            closed_at: ticket.closed_at,
            version: ticket.version,
        }
    }
}

/// What an organization's administrators set.
#[derive(Debug, Serialize, ToSchema)]
pub struct SettingsShape {
    /// How new tickets' numbers are written; absent for `#297`.
    pub number_pattern: Option<String>,
    /// The patterns before it, the latest first: what they wrote is still read.
    pub former_patterns: Vec<String>,
    /// Whether agents may give their tickets, and waiting ones, to others.
    pub agents_may_assign_others: bool,
    /// The language of what the system itself tells contacts: `es`, `pt`, `id`, `ru` or `en`.
    pub locale: String,
    /// Hours after a contact's last message in which it is reminded once, if a ticket waits for it; absent where nobody is reminded.
    pub remind_after_hours: Option<u8>,
    /// Hours after which a ticket that waits for its contact is resolved; absent where it waits for ever.
    pub resolve_after_hours: Option<u16>,
}

impl From<&Settings> for SettingsShape {
    fn from(settings: &Settings) -> Self {
        Self {
            number_pattern: settings.number_pattern.as_ref().map(ToString::to_string),
            former_patterns: settings.former_patterns.iter().map(ToString::to_string).collect(),
            agents_may_assign_others: settings.agents_may_assign_others,
            locale: settings.locale.unwrap_or_default().code().to_owned(),
            remind_after_hours: settings.waiting.remind_after_hours,
            resolve_after_hours: settings.waiting.resolve_after_hours,
        }
    }
}

/// A part of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The things.
    pub data: Vec<T>,
    /// What to pass as `cursor` for the next part; absent at the end. A part may be empty and have a next one.
    pub next_cursor: Option<String>,
}

/// What became of one ticket of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchResult {
    /// The ticket as the request named it.
    pub ticket: String,
    /// The status that the command alone would have been answered with.
    pub status: u16,
    /// The problem's code, where there is one.
    pub code: Option<String>,
    /// What is wrong, in a sentence.
    pub detail: Option<String>,
    /// The ticket's version afterwards.
    pub version: Option<u64>,
}

/// What became of all of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchResults {
    /// In the order of the request.
    pub results: Vec<BatchResult>,
}

/// How many tickets there are.
#[derive(Debug, Serialize, ToSchema)]
pub struct Counts {
    /// All.
    pub total: u64,
    /// By state; those without a ticket are left out.
    #[schema(value_type = Object)]
    pub by_state: Value,
    /// By priority; those without a ticket are left out.
    #[schema(value_type = Object)]
    pub by_priority: Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_those_of_the_domain() {
        for state in TicketState::ALL {
            let name: StateName = serde_json::from_value(state.as_str().into()).unwrap();
            assert_eq!(TicketState::from(name), state);
        }
        for priority in Priority::ALL {
            let name: PriorityName = serde_json::from_value(priority.as_str().into()).unwrap();
            assert_eq!(Priority::from(name), priority);
        }
        for category in Category::ALL {
            let name: CategoryName = serde_json::from_value(category.as_str().into()).unwrap();
            assert_eq!(Category::from(name), category);
        }
    }
}
