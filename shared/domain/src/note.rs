//! What people write beside a ticket: internal notes, and notes that the contact may see.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{AgentId, NoteId, OrganizationId, TicketId};
use crate::media::{FileName, KeptUpload, MediaType};

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
    /// The file beside it. The files of all its notes are the attachments of a ticket.
    #[serde(rename = "file", default, skip_serializing_if = "Option::is_none")]
    pub attachment: Option<Attachment>,
}

/// A file beside a note, which is kept with the files of messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Which upload it was.
    #[serde(rename = "upl")]
    pub upload: KeptUpload,
    /// What its agent calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<FileName>,
    /// What its agent says that it is.
    #[serde(rename = "type")]
    pub media_type: MediaType,
    /// Its length in bytes.
    pub size: u64,
    /// Its SHA-256 in lower-case hex.
    pub sha256: String,
}

impl Attachment {
    /// Where it is kept.
    pub fn key(&self, org: &OrganizationId) -> String {
        self.upload.key(org)
    }
}
