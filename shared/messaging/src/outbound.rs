//! What travels on the outbound queue: which message to send, not what it says.

use domain::ids::OrganizationId;
use domain::message::MessageRef;
use serde::{Deserialize, Serialize};

use crate::Entry;

/// A message that waits to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outbound {
    /// The organization.
    pub org: OrganizationId,
    /// The message, in the form of `MessageRef`.
    pub message: String,
}

impl Outbound {
    /// The queue's entry: messages of a conversation keep their order, and a repetition of the stream is dropped.
    pub fn entry(&self, reference: &MessageRef) -> Result<Entry, serde_json::Error> {
        let body = serde_json::to_string(self)?;
        Ok(Entry { body, fifo: Some((reference.conversation.to_string(), reference.id.clone())) })
    }
}
