//! The person or group outside who writes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::alias::Alias;
use crate::ids::ContactId;

/// A contact with every identity seen of it. A phone number is optional.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The contact's id.
    pub id: ContactId,
    /// The name that the contact gave itself, as last seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Identities, strongest first; the first is the one to answer to.
    pub aliases: Vec<Alias>,
    /// Whether this is a group.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_group: bool,
    /// When the contact was first seen.
    pub created_at: Timestamp,
}
