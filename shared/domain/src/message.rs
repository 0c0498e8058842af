//! What was said: inbound messages as a channel understood them, and messages as they are stored.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::alias::{Alias, AliasKind};
use crate::context::Context;
use crate::delivery::{Delivery, DeliveryError};
use crate::ids::{AgentId, ConversationId, OutboundId, ProviderMessageId, TicketId};
use crate::media::Media;

/// What a message is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// `text`, or the provider's name of another kind (`image`, `location`, `unsupported` …), lower case.
    pub kind: String,
    /// The words of it: the body of a text, the caption of an image, the title of a button.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// For kinds that are not text: the provider's own JSON, kept whole so that nothing is lost before the kind is handled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
    /// Its file, if what somebody else wrote came with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media: Option<Media>,
    /// What it refers to, where it does.
    #[serde(default, rename = "ctx", skip_serializing_if = "Option::is_none")]
    pub context: Option<Box<Context>>,
}

impl Content {
    /// A text message.
    pub fn text(body: impl Into<String>) -> Self {
        Self { kind: "text".to_owned(), text: Some(body.into()), raw: None, media: None, context: None }
    }
}

/// Who wrote an inbound message, as the channel saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// Every identity of the contact (of the group, for a group's message), strongest first. Never empty.
    pub aliases: Vec<Alias>,
    /// The name that the contact shows.
    pub name: Option<String>,
    /// Whether the contact is a group.
    pub is_group: bool,
}

impl Sender {
    /// The user name that it shows, without the `@` that people put before it.
    pub fn username(&self) -> Option<&str> {
        let named = self.aliases.iter().find(|alias| alias.kind == AliasKind::Username)?;
        Some(named.value.trim_start_matches('@'))
    }
}

/// What an inbound message may do besides being stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// A customer wrote: it opens, joins or reopens a ticket.
    Opens,
    /// It is stored in its conversation and does nothing else (a reaction, an own echo, history, a group's small talk).
    Silent,
}

/// One inbound message in domain terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundMessage {
    /// The provider's id of it.
    pub provider_id: ProviderMessageId,
    /// When it was sent, by the provider's clock, verbatim: it is part of the message's key. The epoch where it is not known.
    pub sent_at: Timestamp,
    /// Who wrote it, or to whom an own echo was written.
    pub sender: Sender,
    /// What it says.
    pub content: Content,
    /// Whether the contact (`true`) or our own side (`false`, an echo of the phone app) wrote it.
    pub from_contact: bool,
    /// What it may do.
    pub effect: Effect,
}

impl InboundMessage {
    /// When it was written, as far as clocks and windows go: never in the future, and now where the provider did not say
    /// (then `sent_at` is the epoch, so that the message keeps its key when it comes again).
    pub fn written_at(&self, now: Timestamp) -> Timestamp {
        if self.sent_at == Timestamp::UNIX_EPOCH { now } else { self.sent_at.min(now) }
    }
}

/// Which side a stored message came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "direction")]
pub enum Direction {
    /// From the contact.
    In,
    /// From our side.
    Out {
        /// The agent who wrote it; absent for echoes of the phone app.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent: Option<AgentId>,
        /// How far it has come.
        delivery: Delivery,
        /// Why it failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<DeliveryError>,
    },
}

/// A message as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Where it is stored; also its public id.
    pub reference: MessageRef,
    /// The ticket that it belongs to, if it belongs to one.
    pub ticket: Option<TicketId>,
    /// Which side it came from.
    pub direction: Direction,
    /// What it says.
    pub content: Content,
    /// The provider's id; absent until the provider took an outbound message.
    pub provider_id: Option<ProviderMessageId>,
    /// 1, 2, 3 … among the contact's messages of the conversation; 0 for ours.
    pub seq: u64,
}

impl Message {
    /// What a conversation is sorted by: the provider's time, which has seconds alone, then the order in which messages came. What has no
    /// place (a reaction, an echo) comes after those of its second that have one. Source: docs/providers.md §1.3.
    pub fn order(&self) -> (i64, u64, &str) {
        let place = if self.seq == 0 { u64::MAX } else { self.seq };
        (self.reference.sent_at_ms(), place, &self.reference.id)
    }
}

/// What stands before the provider's id of a message that our own side wrote in the phone app.
pub const ECHO: &str = "own.";

/// Names one message: its conversation, its time and its id there. Also what a provider gives back with statuses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MessageRef {
    /// The conversation.
    pub conversation: ConversationId,
    /// When it was sent (inbound: provider's clock; outbound: ours), in milliseconds at most.
    pub sent_at: Timestamp,
    /// The provider's id of an inbound message, our own of an outbound one.
    pub id: String,
}

impl MessageRef {
    /// The longest id that a message is stored under, in bytes. No longer text names one: it could not stand in a key.
    const LONGEST_ID: usize = ProviderMessageId::LONGEST + ECHO.len();

    /// Names an inbound message. Deterministic, so that the stored message is its own mark against repetition.
    pub fn inbound(conversation: ConversationId, message: &InboundMessage) -> Self {
        let author = if message.from_contact { "" } else { ECHO };
        Self { conversation, sent_at: message.sent_at, id: format!("{author}{}", message.provider_id) }
    }

    /// Names an outbound message.
    pub fn outbound(conversation: ConversationId, sent_at: Timestamp, id: &OutboundId) -> Self {
        Self { conversation, sent_at, id: id.as_str().to_owned() }
    }

    /// The time in milliseconds, as it stands in the key.
    pub fn sent_at_ms(&self) -> i64 {
        self.sent_at.as_millisecond().max(0)
    }
}

impl fmt::Display for MessageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.conversation, self.sent_at_ms(), self.id)
    }
}

/// Why a text does not name a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a message is named by conversation, time and id, separated by dots")]
pub struct InvalidMessageRef;

impl FromStr for MessageRef {
    type Err = InvalidMessageRef;

    fn from_str(text: &str) -> Result<Self, InvalidMessageRef> {
        let mut parts = text.splitn(3, '.');
        let (Some(conversation), Some(ms), Some(id)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(InvalidMessageRef);
        };
        let conversation = ConversationId::new(conversation).map_err(|_| InvalidMessageRef)?;
        // Unsigned, as it is written: a sign would make two names of one message.
        let ms = ms.parse::<u64>().ok().filter(|_| !ms.starts_with('+')).ok_or(InvalidMessageRef)?;
        let ms = i64::try_from(ms).map_err(|_| InvalidMessageRef)?;
        let sent_at = Timestamp::from_millisecond(ms).map_err(|_| InvalidMessageRef)?;
        if id.is_empty() || id.len() > Self::LONGEST_ID {
            return Err(InvalidMessageRef);
        }
        Ok(Self { conversation, sent_at, id: id.to_owned() })
    }
}

impl TryFrom<String> for MessageRef {
    type Error = InvalidMessageRef;

    fn try_from(text: String) -> Result<Self, InvalidMessageRef> {
        text.parse()
    }
}

impl From<MessageRef> for String {
    fn from(reference: MessageRef) -> Self {
        reference.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_reference_round_trips() {
        let text = "cnv_1.1763694120123.wamid.HBgLNzc=.x";
        let reference: MessageRef = text.parse().unwrap();
        assert_eq!(reference.id, "wamid.HBgLNzc=.x");
        assert_eq!(reference.to_string(), text);
    }

    #[test]
    fn a_foreign_callback_is_not_a_reference() {
        for text in
            ["", "order-5", "cnv_1.x.y", "cnv_1.5.", "cnv_1.-5.x", "cnv_1.+5.x", "c#.5.x", "cnv.99999999999999999999.x"]
        {
            assert_eq!(text.parse::<MessageRef>(), Err(InvalidMessageRef), "{text}");
        }
    }

    #[test]
    fn a_reference_names_what_may_be_stored_and_nothing_longer() {
        let longest = ProviderMessageId::new(&"w".repeat(ProviderMessageId::LONGEST));
        let echo = format!("cnv_1.5.{ECHO}{longest}");
        assert_eq!(echo.parse::<MessageRef>().unwrap().to_string(), echo);
        assert_eq!(format!("{echo}w").parse::<MessageRef>(), Err(InvalidMessageRef));
        assert_eq!(format!("cnv_1.5.{}", "é".repeat(10_000)).parse::<MessageRef>(), Err(InvalidMessageRef));
    }
}
