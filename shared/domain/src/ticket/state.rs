//! The ten states of a ticket and the steps between them.

use serde::{Deserialize, Serialize};

/// Where a ticket is in its life (docs/requirements.md C1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the field's own words; `Phase` groups them")]
pub enum TicketState {
    New,
    Open,
    Assigned,
    InProgress,
    PendingCustomer,
    Escalated,
    Resolved,
    Closed,
    Cancelled,
    Reopened,
}

/// What a state means for the people who work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Waits in a queue.
    Queue,
    /// Somebody works on it.
    Active,
    /// Waits for the contact.
    Waiting,
    /// Nothing is to be done.
    Done,
}

impl TicketState {
    /// All ten.
    pub const ALL: [Self; 10] = [
        Self::New,
        Self::Open,
        Self::Assigned,
        Self::InProgress,
        Self::PendingCustomer,
        Self::Escalated,
        Self::Resolved,
        Self::Closed,
        Self::Cancelled,
        Self::Reopened,
    ];

    /// The canonical name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Open => "open",
            Self::Assigned => "assigned",
            Self::InProgress => "in_progress",
            Self::PendingCustomer => "pending_customer",
            Self::Escalated => "escalated",
            Self::Resolved => "resolved",
            Self::Closed => "closed",
            Self::Cancelled => "cancelled",
            Self::Reopened => "reopened",
        }
    }

    /// Reads a canonical name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// What the state means for the people who work.
    pub fn phase(self) -> Phase {
        match self {
            Self::New | Self::Open | Self::Reopened => Phase::Queue,
            Self::Assigned | Self::InProgress | Self::Escalated => Phase::Active,
            Self::PendingCustomer => Phase::Waiting,
            Self::Resolved | Self::Closed | Self::Cancelled => Phase::Done,
        }
    }

    /// Whether work remains.
    pub fn is_active(self) -> bool {
        self.phase() != Phase::Done
    }

    /// Whether it has given up its conversation's slot. A resolved ticket keeps it, so that a late "thank you" makes no new one.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Closed | Self::Cancelled)
    }

    /// The states that an agent may move it to (docs/requirements.md §1.3; `assigned` and `escalated` take `in_progress`'s steps).
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::New => &[Self::Open, Self::Cancelled],
            Self::Open => &[Self::InProgress, Self::Cancelled],
            Self::Assigned | Self::Escalated => {
                &[Self::InProgress, Self::PendingCustomer, Self::Resolved, Self::Cancelled]
            }
            Self::InProgress => &[Self::PendingCustomer, Self::Resolved, Self::Cancelled],
            Self::PendingCustomer => &[Self::InProgress, Self::Resolved, Self::Cancelled],
            Self::Resolved => &[Self::Closed, Self::Reopened],
            Self::Closed => &[Self::Reopened],
            Self::Cancelled => &[],
            Self::Reopened => &[Self::InProgress],
        }
    }
}
