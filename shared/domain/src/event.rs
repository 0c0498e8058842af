//! What happened to a ticket: one history row for every change, and exactly one event for every row (invariant I6).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{AgentId, ContactId, NoteId, QueueId, TicketId};
use crate::number::TicketNumber;
use crate::sla::Metric;
use crate::ticket::{Priority, Ticket, TicketState};

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
    /// The ticket was taken from its agent and waits again.
    TicketUnassigned {
        /// Who had it.
        agent: AgentId,
    },
    /// The ticket was handed to the team of another queue.
    TicketTransferred {
        /// The queue that it was in before.
        from_queue: QueueId,
        /// The queue that it is in now.
        to_queue: QueueId,
    },
    /// The ticket moved from state to state.
    TicketStateChanged,
    /// The ticket became more urgent, or less.
    PriorityChanged {
        /// Before.
        old: Priority,
        /// After.
        new: Priority,
    },
    /// What is written on the ticket changed: title, category, tags …
    TicketEdited {
        /// The names of the fields that changed, without what they say.
        fields: Vec<String>,
    },
    /// It became a part of another ticket.
    TicketMerged {
        /// The other.
        into: TicketId,
        /// The other's number.
        #[serde(rename = "other")]
        number: u64,
    },
    /// It is a ticket of its own again.
    TicketUnmerged {
        /// The ticket that it was a part of.
        whole: TicketId,
        /// That one's number.
        #[serde(rename = "other")]
        number: u64,
    },
    /// Another ticket became a part of it.
    TicketAbsorbed {
        /// The other.
        ticket: TicketId,
        /// The other's number.
        #[serde(rename = "other")]
        number: u64,
    },
    /// A ticket that was a part of it is one of its own again.
    TicketReleased {
        /// The other.
        ticket: TicketId,
        /// The other's number.
        #[serde(rename = "other")]
        number: u64,
    },
    /// Somebody wrote a note.
    NoteAdded {
        /// The note's id.
        note: NoteId,
        /// Whether the contact may see it.
        visible: bool,
    },
    /// The contact was asked whether it still needs help.
    ContactReminded,
    /// The time in which the contact could be asked went by, and nobody had looked.
    ReminderLapsed,
    /// The contact wrote to a resolved ticket that its message does not reopen: it stays resolved until the hard limit.
    ClosingPostponed,
    /// An agent answered for the first time in this cycle.
    FirstAnswerGiven,
    /// An SLA deadline passed.
    SlaBreached {
        /// Which one.
        metric: Metric,
    },
}

impl Happening {
    /// Whether its row spans the change of state: it is the change, or implies it.
    pub fn spans_states(&self) -> bool {
        match self {
            Self::TicketAssigned { .. }
            | Self::TicketUnassigned { .. }
            | Self::TicketTransferred { .. }
            | Self::TicketMerged { .. }
            | Self::TicketUnmerged { .. }
            | Self::TicketStateChanged => true,
            Self::PriorityChanged { .. }
            | Self::TicketEdited { .. }
            | Self::TicketAbsorbed { .. }
            | Self::TicketReleased { .. }
            | Self::NoteAdded { .. }
            | Self::ClosingPostponed
            | Self::ContactReminded
            | Self::ReminderLapsed
            | Self::FirstAnswerGiven
            | Self::SlaBreached { .. } => false,
        }
    }
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
    /// For how long its clocks stood, in milliseconds, where they ran again with this. Less than since they came to stand, where the
    /// contact had written a while before we knew.
    #[serde(rename = "stood", default, skip_serializing_if = "Option::is_none")]
    pub stood_ms: Option<i64>,
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
