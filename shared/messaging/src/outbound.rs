//! What travels on the outbound queue: which work `send` has, not what anybody says.

use domain::ids::{ConnectionId, ConversationId, OrganizationId};
use domain::message::MessageRef;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Entry;

/// Work for `send`. The kinds differ by their fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Outbound {
    /// A message waits to be sent.
    Send {
        /// The organization.
        org: OrganizationId,
        /// The message, in the form of `MessageRef`.
        message: String,
    },
    /// The contact of a conversation with parked answers has written.
    Release {
        /// The organization.
        org: OrganizationId,
        /// The conversation.
        release: ConversationId,
    },
    /// The contact of a conversation should be shown that its messages are read, or that somebody types.
    Mark {
        /// The organization.
        org: OrganizationId,
        /// The conversation.
        mark: ConversationId,
        /// Whether somebody types.
        is_typing: bool,
        /// When it began: long after, there is nothing to show.
        at: Timestamp,
    },
    /// The templates of a connection should be read from its provider.
    Sync {
        /// The organization.
        org: OrganizationId,
        /// The connection.
        sync: ConnectionId,
    },
}

impl Outbound {
    /// Sending a message: those of a conversation keep their order, and a repetition of the stream is dropped.
    pub fn send(org: &OrganizationId, message: &MessageRef) -> Result<Entry, serde_json::Error> {
        let work = Self::Send { org: org.clone(), message: message.to_string() };
        work.entry(message.conversation.to_string(), message.id.clone())
    }

    /// Releasing what is parked, in its turn among the conversation's messages. `mark` differs for each cause.
    pub fn release(
        org: &OrganizationId,
        conversation: &ConversationId,
        mark: &str,
    ) -> Result<Entry, serde_json::Error> {
        let work = Self::Release { org: org.clone(), release: conversation.clone() };
        work.entry(conversation.to_string(), format!("release.{mark}"))
    }

    /// Showing that messages are read or that somebody types, in its turn among the conversation's messages.
    pub fn mark(
        org: &OrganizationId,
        conversation: &ConversationId,
        is_typing: bool,
        at: Timestamp,
    ) -> Result<Entry, serde_json::Error> {
        let work = Self::Mark { org: org.clone(), mark: conversation.clone(), is_typing, at };
        work.entry(conversation.to_string(), format!("mark.{}.{is_typing}", at.as_millisecond()))
    }

    /// Reading templates, one connection's in turn. `mark` differs for each cause.
    pub fn sync(org: &OrganizationId, connection: &ConnectionId, mark: &str) -> Result<Entry, serde_json::Error> {
        let work = Self::Sync { org: org.clone(), sync: connection.clone() };
        work.entry(format!("sync.{org}.{connection}"), format!("sync.{mark}"))
    }

    fn entry(&self, group: String, deduplication: String) -> Result<Entry, serde_json::Error> {
        Ok(Entry { body: serde_json::to_string(self)?, fifo: Some((group, deduplication)) })
    }
}
