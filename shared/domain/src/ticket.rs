//! A ticket as it is stored and changed.
//!
//! Every change is a function from a ticket and a time to the changed ticket and the rows of its history (`commands`); who may
//! ask for it is decided in `access`, and that it happens only once in `storage`, by the version.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::HistoryRow;
use crate::ids::{AgentId, ConnectionId, ContactId, ConversationId, OrganizationId, QueueId, TicketId};
use crate::number::{TicketNumber, TicketRef};
use crate::sla::Sla;

mod assignment;
mod closing;
mod commands;
pub mod details;
mod editing;
mod labels;
mod merging;
mod reporting;
mod state;
mod waiting;

pub use closing::{AutoClose, ClosingPolicy};
pub use commands::Refusal;
pub use details::Details;
pub use editing::Edit;
pub use labels::{Category, Priority, Source};
pub use merging::{Apart, MOST_RELATED, PairRefusal};
pub use reporting::Report;
pub use state::{Phase, TicketState};
pub use waiting::{Patience, WaitingPolicy};

/// A ticket.
///
/// Attribute names are short where the item is written often: the whole item stays below 1 KB, which is one write unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// Its id.
    pub id: TicketId,
    /// The organization.
    pub org: OrganizationId,
    /// Its numbers, fixed for ever.
    #[serde(flatten)]
    pub number: TicketNumber,
    /// Where it is in its life.
    pub state: TicketState,
    /// How urgent it is.
    pub priority: Priority,
    /// What it is about.
    pub category: Category,
    /// One line of at most 200 characters.
    pub title: String,
    /// Up to 5,000 characters; absent where the title says it all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Who made it.
    pub source: Source,
    /// Whom it is for.
    #[serde(rename = "ctc")]
    pub contact: ContactId,
    /// The conversation that it belongs to.
    #[serde(rename = "cnv", default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<ConversationId>,
    /// The connection of that conversation.
    #[serde(rename = "con", default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<ConnectionId>,
    /// Where it waits, or waited.
    #[serde(rename = "que")]
    pub queue: QueueId,
    /// Who works on it.
    #[serde(rename = "agt", default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
    /// Whether the contact is a group.
    #[serde(rename = "grp", default, skip_serializing_if = "std::ops::Not::not")]
    pub is_group: bool,
    /// The generation of its conversation's slot that it holds; absent for tickets that hold none.
    #[serde(rename = "gen", default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<u32>,
    /// The ticket that was closed too long ago to be reopened.
    #[serde(rename = "prev", default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<TicketId>,
    /// When it was made.
    #[serde(rename = "created", with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub created_at: Timestamp,
    /// When it was changed last.
    #[serde(rename = "updated", with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub updated_at: Timestamp,
    /// When its agent took it.
    #[serde(
        rename = "assigned",
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::millisecond::optional"
    )]
    pub assigned_at: Option<Timestamp>,
    /// When an agent first answered, in this cycle.
    #[serde(
        rename = "answered",
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::millisecond::optional"
    )]
    pub first_response_at: Option<Timestamp>,
    /// When it was resolved, in this cycle.
    #[serde(
        rename = "resolved",
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::millisecond::optional"
    )]
    pub resolved_at: Option<Timestamp>,
    /// When it was closed or cancelled.
    #[serde(
        rename = "closed",
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::millisecond::optional"
    )]
    pub closed_at: Option<Timestamp>,
    /// How often it was reopened.
    #[serde(rename = "reopens", default)]
    pub reopen_count: u32,
    /// What most tickets do not have.
    #[serde(flatten)]
    pub details: Details,
    /// The clocks of the present cycle.
    pub sla: Sla,
    /// Rises with every change; a change is written only over the version that it was decided on.
    #[serde(rename = "v")]
    pub version: u64,
}

/// A ticket before and after a change, with what its history says of it. The version after is the version before plus one a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketChange {
    /// The ticket as it was read.
    pub before: Ticket,
    /// The ticket as it is to be.
    pub after: Ticket,
    /// The rows to add, at least one.
    pub rows: Vec<HistoryRow>,
}

impl Ticket {
    /// Its number as it was given: by the organization's pattern of that time, or `#297`.
    pub fn display_number(&self) -> String {
        match &self.details.pattern {
            Some(pattern) => pattern.write(&self.number),
            None => TicketRef::Number(self.number.number).to_string(),
        }
    }

    /// Whether it takes up one of its agent's places: it has an agent and is not done.
    pub fn holder(&self) -> Option<&AgentId> {
        self.agent.as_ref().filter(|_| self.state.is_active())
    }
}

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;
