//! What travels on the media queue: whose file is to be fetched, not what it is.

use domain::ids::OrganizationId;
use domain::message::MessageRef;
use serde::{Deserialize, Serialize};

use crate::Entry;

/// The file of a message is to be fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fetch {
    /// The organization.
    pub org: OrganizationId,
    /// The message.
    pub message: MessageRef,
}

impl Fetch {
    /// On the queue. A repetition does no harm: the message says whether its file is still waited for.
    pub fn entry(org: &OrganizationId, message: &MessageRef) -> Result<Entry, serde_json::Error> {
        let fetch = Self { org: org.clone(), message: message.clone() };
        Ok(Entry { body: serde_json::to_string(&fetch)?, fifo: None })
    }
}
