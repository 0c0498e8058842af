//! What people write beside a ticket: internal notes, and notes that the contact may see.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{AgentId, NoteId, TicketId};

/// The longest note, in characters.
pub const LONGEST_NOTE: usize = 5000;

/// A note of an agent on a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The note's id.
    pub id: NoteId,
    /// The ticket.
    #[serde(rename = "tkt")]
    pub ticket: TicketId,
    /// Who wrote it.
    #[serde(rename = "agt")]
    pub agent: AgentId,
    /// What it says: 1 to 5,000 characters.
    pub text: String,
    /// Whether the contact may see it. Internal unless said otherwise.
    pub visible: bool,
    /// When it was written.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub at: Timestamp,
}
