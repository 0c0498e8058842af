//! A ticket and its life cycle.
//!
//! Every change is a function from a ticket and a time to the changed ticket and the rows of its history; who may ask for it
//! is decided in `access`, and that it happens only once in `storage`, by the version.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::{Actor, Happening, HistoryRow};
use crate::ids::{AgentId, ConnectionId, ContactId, ConversationId, OrganizationId, QueueId, TicketId};
use crate::number::TicketNumber;
use crate::sla::{Metric, Sla};

mod state;

pub use state::{Phase, TicketState};

/// How urgent a ticket is; greater is more urgent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Can wait a day.
    Low,
    /// The default.
    #[default]
    Medium,
    /// Within the hour.
    High,
    /// Now.
    Urgent,
}

impl Priority {
    /// All, from low to urgent.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Urgent];

    /// The name in every dialect.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Urgent => "urgent",
        }
    }

    /// Reads a name; case does not matter.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|priority| priority.as_str().eq_ignore_ascii_case(text))
    }
}

/// What a ticket is about (seed S1's eight).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Category {
    #[default]
    Support,
    Technical,
    Billing,
    Sales,
    Complaint,
    FeatureRequest,
    Account,
    Other,
}

impl Category {
    /// All eight.
    pub const ALL: [Self; 8] = [
        Self::Support,
        Self::Technical,
        Self::Billing,
        Self::Sales,
        Self::Complaint,
        Self::FeatureRequest,
        Self::Account,
        Self::Other,
    ];

    /// The name in every dialect.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Support => "support",
            Self::Technical => "technical",
            Self::Billing => "billing",
            Self::Sales => "sales",
            Self::Complaint => "complaint",
            Self::FeatureRequest => "feature_request",
            Self::Account => "account",
            Self::Other => "other",
        }
    }

    /// Reads a name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.as_str() == text)
    }
}

/// Who made a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A contact, by writing.
    Customer,
    /// An agent.
    Agent,
}

impl Source {
    /// The name in every dialect.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Agent => "agent",
        }
    }
}

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

/// Why a change is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The life cycle has no such step.
    #[error("a ticket in state {} cannot become {}", from.as_str(), to.as_str())]
    IllegalTransition {
        /// The state it is in.
        from: TicketState,
        /// The state asked for.
        to: TicketState,
    },
    /// It has an agent already.
    #[error("the ticket was already claimed")]
    AlreadyClaimed {
        /// Who has it.
        by: AgentId,
    },
    /// It is resolved, closed or cancelled.
    #[error("the ticket is {}", state.as_str())]
    NotWaiting {
        /// The state it is in.
        state: TicketState,
    },
}

impl Ticket {
    /// Whether it takes up one of its agent's places: it has an agent and is not done.
    pub fn holder(&self) -> Option<&AgentId> {
        self.agent.as_ref().filter(|_| self.state.is_active())
    }

    /// An agent takes it. Errors: `AlreadyClaimed`, `NotWaiting`.
    pub fn claimed_by(&self, agent: &AgentId, now: Timestamp) -> Result<TicketChange, Refusal> {
        if let Some(by) = &self.agent
            && self.state.is_active()
        {
            return Err(Refusal::AlreadyClaimed { by: by.clone() });
        }
        if !self.state.is_active() {
            return Err(Refusal::NotWaiting { state: self.state });
        }
        Ok(self.change(now, &Actor::Agent(agent.clone()), None, |after| {
            after.state = TicketState::Assigned;
            after.agent = Some(agent.clone());
            after.assigned_at = Some(now);
            vec![Happening::TicketAssigned { agent: agent.clone() }]
        }))
    }

    /// An agent moves it to another state. Work on a ticket without an agent makes the agent who starts it its agent.
    ///
    /// Errors: `IllegalTransition`.
    pub fn moved_to(
        &self,
        to: TicketState,
        by: &AgentId,
        reason: Option<&str>,
        now: Timestamp,
    ) -> Result<TicketChange, Refusal> {
        if !self.state.next().contains(&to) {
            return Err(Refusal::IllegalTransition { from: self.state, to });
        }
        Ok(self.change(now, &Actor::Agent(by.clone()), reason, |after| {
            if to == TicketState::InProgress && after.agent.is_none() {
                after.agent = Some(by.clone());
                after.assigned_at = Some(now);
            }
            after.enter(to, now, now);
            vec![Happening::TicketStateChanged]
        }))
    }

    /// The contact wrote to a ticket that waited for it, or that was done. `None` when the message changes nothing.
    ///
    /// `sent_at` is the message's own time: a reopened ticket's clocks count from it.
    pub fn customer_wrote(&self, sent_at: Timestamp, now: Timestamp) -> Option<TicketChange> {
        let to = match self.state {
            TicketState::PendingCustomer => TicketState::InProgress,
            TicketState::Resolved | TicketState::Closed => TicketState::Reopened,
            _ => return None,
        };
        Some(self.change(now, &Actor::Customer, None, |after| {
            if to == TicketState::Reopened {
                // The agent may be gone by now: a reopened ticket waits for the team, and whoever is there takes it.
                after.agent = None;
                after.assigned_at = None;
            }
            after.enter(to, sent_at, now);
            vec![Happening::TicketStateChanged]
        }))
    }

    /// An agent answered. `None` when that changes nothing: it is not the first answer, or the ticket is resolved and the answer a
    /// last word. Errors: `NotWaiting` when the ticket is closed or cancelled.
    pub fn answered_by(&self, agent: &AgentId, now: Timestamp) -> Result<Option<TicketChange>, Refusal> {
        if self.state.is_final() {
            return Err(Refusal::NotWaiting { state: self.state });
        }
        let first = self.first_response_at.is_none();
        let starts = self.state == TicketState::Assigned;
        if !self.state.is_active() || !(first || starts) {
            return Ok(None);
        }
        Ok(Some(self.change(now, &Actor::Agent(agent.clone()), None, |after| {
            let mut happened = Vec::new();
            if first {
                after.first_response_at = Some(now);
                after.sla.stop(Metric::FirstResponse, now);
                happened.push(Happening::FirstAnswerGiven);
            }
            if starts {
                after.enter(TicketState::InProgress, now, now);
                happened.push(Happening::TicketStateChanged);
            }
            happened
        })))
    }

    /// Records the SLA breaches that fell due. `None` when there are none.
    pub fn scanned(&self, now: Timestamp) -> Option<TicketChange> {
        let mut sla = self.sla;
        let metrics = sla.record_breaches(now);
        (!metrics.is_empty()).then(|| {
            self.change(now, &Actor::System, None, |after| {
                after.sla = sla;
                metrics.into_iter().map(|metric| Happening::SlaBreached { metric }).collect()
            })
        })
    }

    /// Applies `edit`, which says what happened, and writes one history row for each happening.
    fn change(
        &self,
        now: Timestamp,
        actor: &Actor,
        reason: Option<&str>,
        edit: impl FnOnce(&mut Self) -> Vec<Happening>,
    ) -> TicketChange {
        let mut after = self.clone();
        let happened = edit(&mut after);
        let row = |happening: Happening| {
            // Only the happening that names the change of state, or the assignment that is one, spans it.
            let spans = matches!(happening, Happening::TicketStateChanged | Happening::TicketAssigned { .. });
            let (from, to) = if spans { (self.state, after.state) } else { (self.state, self.state) };
            HistoryRow { happening, from, to, actor: actor.clone(), reason: reason.map(str::to_owned), at: now }
        };
        let rows: Vec<HistoryRow> = happened.into_iter().map(row).collect();
        after.version += rows.len() as u64;
        after.updated_at = now;
        TicketChange { before: self.clone(), after, rows }
    }

    /// Enters a state; `began_at` is when a new cycle begins if the state begins one.
    fn enter(&mut self, to: TicketState, began_at: Timestamp, now: Timestamp) {
        match to {
            TicketState::Resolved => self.resolved_at = Some(now),
            TicketState::Closed | TicketState::Cancelled => self.closed_at = Some(now),
            TicketState::Reopened => {
                self.reopen_count += 1;
                self.first_response_at = None;
                self.resolved_at = None;
                self.closed_at = None;
                self.sla = Sla::starting(began_at.min(now), self.priority);
            }
            _ => {}
        }
        if !to.is_active() {
            self.sla.stop(Metric::FirstResponse, now);
            self.sla.stop(Metric::Resolution, now);
        }
        self.state = to;
    }
}

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;
