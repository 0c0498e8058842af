//! What happened to a ticket: one history row for every change, and exactly one event for every row (invariant I6).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{AgentId, ContactId, QueueId, TicketId};
use crate::number::TicketNumber;
use crate::sla::Metric;
use crate::ticket::{Ticket, TicketState};

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type", content = "id")]
pub enum Actor {
    /// An agent.
    Agent(AgentId),
    /// The contact, by writing.
    Customer,
    /// A rule of the system.
    System,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Happening {
    /// An agent took the ticket, or was given it.
    TicketAssigned {
        /// The agent.
        agent: AgentId,
    },
    /// The ticket moved from state to state.
    TicketStateChanged,
    /// An agent answered for the first time in this cycle.
    FirstAnswerGiven,
    /// An SLA deadline passed.
    SlaBreached {
        /// Which one.
        metric: Metric,
    },
}

/// One row of a ticket's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryRow {
    /// What happened.
    #[serde(flatten)]
    pub happening: Happening,
    /// The state before.
    pub from: TicketState,
    /// The state after; equal to `from` where the state did not change.
    pub to: TicketState,
    /// Who did it.
    pub actor: Actor,
    /// Why, in the actor's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub at: Timestamp,
}

/// The ticket that a history row is about, as far as those need who hear of it: kept with the row, so that an event is told
/// from its row alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// The ticket.
    #[serde(rename = "tkt")]
    pub id: TicketId,
    /// Its numbers.
    #[serde(flatten)]
    pub number: TicketNumber,
    /// Whom it is for.
    #[serde(rename = "ctc")]
    pub contact: ContactId,
    /// Where it waits, or waited.
    #[serde(rename = "que")]
    pub queue: QueueId,
    /// Who worked on it after what happened.
    #[serde(rename = "agt", default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
}

impl From<&Ticket> for Subject {
    fn from(ticket: &Ticket) -> Self {
        Self {
            id: ticket.id.clone(),
            number: ticket.number,
            contact: ticket.contact.clone(),
            queue: ticket.queue.clone(),
            agent: ticket.agent.clone(),
        }
    }
}
