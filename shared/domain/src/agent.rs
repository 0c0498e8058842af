//! The person inside who answers: role, queues and capacity.

use serde::{Deserialize, Serialize};

use crate::ids::{AgentId, QueueId};

/// What an agent may do (docs/requirements.md C14).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees and works on own tickets and on unassigned ones of own queues.
    Agent,
    /// Sees and works on everything of the organization.
    Supervisor,
    /// As a supervisor, and changes the organization's settings.
    Admin,
}

/// An agent of an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// The agent's id.
    pub id: AgentId,
    /// Name, as shown to colleagues.
    pub name: String,
    /// What the agent may do.
    pub role: Role,
    /// The queues whose waiting tickets the agent sees and may claim.
    pub queues: Vec<QueueId>,
    /// How many tickets the agent may hold at once.
    pub capacity: u32,
    /// How many it holds now; changed only in the transactions that change a ticket's agent.
    pub load: u32,
    /// An agent that was removed or suspended may do nothing.
    pub is_active: bool,
}
